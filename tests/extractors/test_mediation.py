"""Mediation: the login, pages that drift while one reads, and what is folded at the edge."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests

from extractors import discover
from simulator.wires.mediation import Mediation, make
from tests.extractors.kit_fixtures import Replay, Row, errors, expected_rows, landed, leaks, manifests, run, store_of

KEY = "mediation"
DAY = ("2022-11-01", "2022-11-02")
EXPIRED = '{"code": 40101, "message": "x", "data": null}'
BUSY = '{"code": 50001, "message": "x"}'
Serve = Callable[..., Mediation]
Go = Callable[..., Any]


def dispute(number: int, moment: str = "2022-11-01 10:00:00", **fields: Any) -> tuple[str, str, Row]:
    key = f"TJ{number:08}"
    said = {"dispute_no": key, "event_type": "0302", "involved_cnt": 2, "accept_date": "2022-11-01",
            "agreement_amt": None, "update_time": moment, "statement": "CANARY-statement",
            "parties": [{"name": "CANARY-name"}]}  # fmt: skip
    return moment, key, said | fields


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Start a wire over hand-made disputes."""
    with ExitStack() as stack:

        def start(rows: list[tuple[str, str, Row]], **options: Any) -> Mediation:
            return stack.enter_context(make(store_of(tmp_path, {(KEY, "dispute"): rows}), options=options))

        yield start


@pytest.fixture
def go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Go:
    """Run one day, ten rows a page."""
    source = replace(discover()[KEY], options={"page_size": 10, "passes": 3})
    monkeypatch.setattr("tests.extractors.kit_fixtures.discover", lambda: {KEY: source})
    return lambda wire, **overrides: run(KEY, wire, *DAY, tmp_path, monkeypatch, **overrides)


def pages(wire: Mediation) -> list[str]:
    return [seen.query["pageNo"] for seen in wire.seen("/api/disputes")]


def test_the_sample_becomes_its_rows(go: Go, tmp_path: Path) -> None:
    names = {"/api/login": "reply_login.json", "/api/disputes": "reply.json"}
    with Replay(KEY, lambda request: names[request.path], login="u", password="p") as wire:
        summary = go(wire)
    assert (summary.exit_status, summary.findings) == (0, [])
    assert {entity: landed(tmp_path, KEY, entity) for entity in expected_rows(KEY)} == expected_rows(KEY)
    assert leaks(tmp_path, KEY, summary, ("CANARY", "TJ2022", "t-0001")) == []


def test_classes_are_folded_and_amounts_banded(serve: Serve, go: Go, tmp_path: Path) -> None:
    kinds = {"1402": "3.5万元", "1501": 0, "1602": "12,000", "0302": "50000.00元", "9901": "约2万", "0804": None}
    go(serve([dispute(n, event_type=kind, agreement_amt=amt) for n, (kind, amt) in enumerate(kinds.items())]))
    found = [(row["event_type"], row.get("agreement_amt")) for row in landed(tmp_path, KEY, "dispute")]
    assert [kind for kind, _ in found] == ["99", "99", "99", "03", "99", "08"]
    assert [amt for _, amt in found] == ["10000-49999", "<1", "10000-49999", "50000-99999", "invalid", None]


@pytest.mark.parametrize("kind", ["1401", " 1501 ", "１６０２"])
def test_folded_classes_are_folded_however_they_are_padded(serve: Serve, go: Go, tmp_path: Path, kind: str) -> None:
    go(serve([dispute(1, event_type=kind)]))
    assert [row["event_type"] for row in landed(tmp_path, KEY, "dispute")] == ["99"]


def test_a_pass_that_drifted_is_read_again(serve: Serve, go: Go, tmp_path: Path) -> None:
    wire = serve([dispute(n) for n in range(35)], drifts=2)
    summary = go(wire)
    assert (summary.exit_status, summary.notes) == (0, {"passes_repeated": 2})
    assert summary.entities["dispute"].reconciled()
    assert len({row["dispute_no"] for row in landed(tmp_path, KEY, "dispute")}) == 35
    assert pages(wire) == ["1", "2", "3", "4"] * 3


def test_after_three_passes_that_drifted_nothing_lands(serve: Serve, go: Go, tmp_path: Path) -> None:
    wire = serve([dispute(n) for n in range(35)], drifts=3)
    summary = go(wire)
    assert (summary.exit_status, errors(summary)) == (3, ["EX-MOVING"])
    assert (manifests(tmp_path, KEY), len(pages(wire))) == ([], 12)


def test_a_dispute_that_changes_during_a_pass_spoils_it(serve: Serve, go: Go) -> None:
    wire = serve([dispute(n) for n in range(20)], drifts=0)
    wire.faults.add("set_field", "/api/disputes", nth=2, field="dispute_no", value="TJ00000003")
    assert go(wire).notes == {"passes_repeated": 1}


@pytest.mark.parametrize(
    ("kind", "options"),
    [("lose_rows", {}), ("total", {"by": 1}), ("empty_page", {}), ("repeat_page", {})],
)
def test_a_page_that_does_not_add_up_spoils_the_pass(serve: Serve, go: Go, kind: str, options: Row) -> None:
    wire = serve([dispute(n) for n in range(25)], drifts=0)
    wire.faults.add(kind, "/api/disputes", nth=2, **options)
    summary = go(wire)
    assert (summary.exit_status, summary.notes) == (0, {"passes_repeated": 1})
    assert (summary.entities["dispute"].source_total, summary.entities["dispute"].rows) == (25, 25)


def test_a_row_that_came_before_is_taken_once(serve: Serve, go: Go) -> None:
    wire = serve([dispute(n) for n in range(25)], drifts=0)
    wire.faults.add("duplicate_rows", "/api/disputes", nth=3, count=2)
    assert (go(wire).entities["dispute"].rows, pages(wire)) == (25, ["1", "2", "3"])


def test_only_the_newest_version_is_listed(serve: Serve, go: Go, tmp_path: Path) -> None:
    summary = go(serve([dispute(1), dispute(1, "2022-11-01 11:00:00"), dispute(2, "2022-11-02 00:00:00")]))
    assert summary.entities["dispute"].source_total == 1
    assert landed(tmp_path, KEY, "dispute")[0]["update_time"] == "2022-11-01 11:00:00"


def test_an_expired_token_is_renewed_on_the_same_page(serve: Serve, go: Go) -> None:
    wire = serve([dispute(n) for n in range(25)], drifts=0)
    wire.faults.add("expired_token", "/api/disputes", nth=2)
    assert go(wire).exit_status == 0
    assert (pages(wire), len(wire.seen("/api/login"))) == (["1", "2", "2", "3"], 2)


def test_a_new_token_that_is_refused_too_ends_the_run(serve: Serve, go: Go, tmp_path: Path) -> None:
    wire = serve([dispute(1)])
    wire.faults.add("expired_token", "/api/disputes")
    summary = go(wire)
    assert (summary.exit_status, errors(summary), manifests(tmp_path, KEY)) == (4, ["EX-AUTH"], [])
    assert len(wire.seen("/api/login")) == 2


def test_a_wrong_password_is_tried_once(serve: Serve, go: Go) -> None:
    wire = serve([dispute(1)])
    summary = go(wire, password="wrong")
    assert (summary.exit_status, errors(summary), len(wire.log)) == (4, ["EX-AUTH"], 1)


@pytest.mark.parametrize("path", ["/api/login", "/api/disputes"])
def test_a_busy_platform_is_asked_again_and_then_left(serve: Serve, go: Go, tmp_path: Path, path: str) -> None:
    wire = serve([dispute(1)])
    wire.faults.add("replace", path, times=2, body=BUSY, content_type="application/json")
    assert go(wire).exit_status == 0
    wire.faults.add("replace", path, body=BUSY, content_type="application/json")
    summary = go(wire)
    assert (summary.exit_status, errors(summary)) == (3, ["EX-BUSY"])


@pytest.mark.parametrize(
    ("kind", "options", "status", "code"),
    [
        ("replace", {}, 4, "EX-SHAPE"),
        ("replace", {"body": '{"code": 40001, "message": "CANARY"}', "content_type": "text/json"}, 4, "EX-CODE"),
        ("replace", {"body": '{"code": 0, "data": {"list": []}}', "content_type": "text/json"}, 4, "EX-SHAPE"),
        ("redirect", {}, 4, "EX-ORIGIN"),
        ("truncate", {"at": 20}, 3, "EX-TRUNC"),
        ("rename_field", {"field": "update_time", "to": "time"}, 4, "DE-SCHEMA"),
    ],
)
def test_what_is_wrong_lands_nothing(
    serve: Serve, go: Go, tmp_path: Path, kind: str, options: Row, status: int, code: str
) -> None:
    wire = serve([dispute(1)])
    wire.faults.add(kind, "/api/disputes", **options)
    summary = go(wire)
    assert (summary.exit_status, errors(summary), manifests(tmp_path, KEY)) == (status, [code], [])
    assert leaks(tmp_path, KEY, summary, ("CANARY", "TJ0000")) == []


def test_a_second_run_lands_nothing_new_and_an_empty_window_is_no_error(serve: Serve, go: Go, tmp_path: Path) -> None:
    wire = serve([dispute(n) for n in range(5)])
    assert {go(wire).entities["dispute"].load_id for _ in range(2)} == {manifests(tmp_path, KEY)[0][1].load_id}
    wire.at = "2022-10-01 00:00:00"
    assert (go(wire).exit_status, go(wire).entities["dispute"].source_total) == (0, 0)


def test_the_wire_refuses_what_the_real_one_refuses(serve: Serve) -> None:
    wire = serve([dispute(1)])
    login = {"username": wire.login, "password": wire.password}
    token = requests.post(f"{wire.url}/api/login", json=login, timeout=5).json()["data"]["token"]

    def code(bearer: str, **query: Any) -> int:
        span = {"updateTimeStart": "2022-11-01 00:00:00", "updateTimeEnd": "2022-11-02 00:00:00"}
        asked: dict[str, Any] = {**span, "pageNo": 1, "pageSize": 5, **query}
        headers = {"Authorization": f"Bearer {bearer}"}
        return int(requests.get(f"{wire.url}/api/disputes", params=asked, headers=headers, timeout=5).json()["code"])

    assert [code(token), code("x")] == [0, 40101]
    assert [code(token, pageSize=501), code(token, pageNo=0), code(token, updateTimeEnd="?")] == [40001] * 3
    wire.clock = lambda: 4e9
    assert code(token) == 40101

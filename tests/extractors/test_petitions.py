"""Petitions: the keyset, the codes, accusations dropped at the edge, and receipts only for what is durable."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests

from extractors import discover
from extractors._kit.signing import xtif_headers
from simulator.wires._http import Request, json_response
from simulator.wires.petitions import Petitions, make
from tests.extractors.kit_fixtures import Replay, Row, errors, expected_rows, landed, leaks, manifests, run, store_of

KEY = "petitions"
DAY = ("2022-11-01", "2022-11-02")
Serve = Callable[..., Petitions]
Go = Callable[..., Any]


def case(number: int, moment: str = "2022-11-01 10:00:00", **fields: Any) -> tuple[str, str, Row]:
    key = f"XF{number:08}"
    said = {"xfjid": key, "xzqh": "440111017", "xfmddm": "02", "djsj": "2022/11/01 09:00:00", "xfrs": 1,
            "nrfldm": "030502", "xm": "CANARY-xm", "bfyrxm": "CANARY-bfyr", "lastmodifytime": moment}  # fmt: skip
    return moment, key, said | fields


def opinion(number: int, moment: str = "2022-11-01 12:00:00") -> tuple[str, str, Row]:
    key = f"XF{number:08}"
    return moment, key, {"xfjid": key, "dxfbmpj": "1", "dzrdwpj": "2", "lastmodifytime": moment, "zjhm": "CANARY-zjhm"}


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Start a wire over hand-made cases and ratings."""
    with ExitStack() as stack:

        def start(cases: list[tuple[str, str, Row]], opinions: list[tuple[str, str, Row]] | None = None) -> Petitions:
            store = store_of(tmp_path, {(KEY, "case"): cases, (KEY, "evaluation"): opinions or []})
            return stack.enter_context(make(store))

        yield start


@pytest.fixture
def go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Go:
    """Run one day, ten rows a page and ten ids a receipt."""
    source = replace(discover()[KEY], options={"page_size": 10, "receipt_size": 10})
    monkeypatch.setattr("tests.extractors.kit_fixtures.discover", lambda: {KEY: source})
    return lambda wire, **overrides: run(KEY, wire, *DAY, tmp_path, monkeypatch, **overrides)


def sample_of(request: Request) -> str:
    names = {"/xfj/list": "case", "/xfj/evaluation/list": "evaluation", "/xfj/ack": "ack"}
    return f"reply_{names[request.path]}.json"


def test_the_sample_becomes_its_rows(go: Go, tmp_path: Path) -> None:
    with Replay(KEY, sample_of, login="u", password="p", extra={"area_code": "440111017"}) as wire:
        summary = go(wire)
    assert (summary.exit_status, summary.findings) == (0, [])
    assert {entity: landed(tmp_path, KEY, entity) for entity in expected_rows(KEY)} == expected_rows(KEY)
    assert leaks(tmp_path, KEY, summary, ("CANARY", "XF2022")) == []


def test_ties_at_page_boundaries_lose_nothing(serve: Serve, go: Go, tmp_path: Path) -> None:
    wire = serve([case(n) for n in range(35)], [opinion(n) for n in range(12)])
    counts = {name: (e.source_total, e.rows) for name, e in go(wire).entities.items()}
    assert counts == {"case": (35, 35), "evaluation": (12, 12)}
    assert len({row["xfjid"] for row in landed(tmp_path, KEY, "case")}) == 35


def test_a_case_and_its_rating_share_a_token(serve: Serve, go: Go, tmp_path: Path) -> None:
    go(serve([case(1), case(2)], [opinion(2)]))
    assert landed(tmp_path, KEY, "case")[1]["xfjid"] == landed(tmp_path, KEY, "evaluation")[0]["xfjid"]


def test_accusations_are_dropped_counted_and_acknowledged(serve: Serve, go: Go, tmp_path: Path) -> None:
    wire = serve([case(1), case(2, xfmddm="04", blfs="10"), case(3, xfmddm=" 04"), case(4, xfmddm="０４")])
    entity = go(wire).entities["case"]
    assert (entity.source_total, entity.rows, entity.dropped) == (4, 1, {"accusation_is_not_taken": 3})
    assert entity.reconciled()
    assert {row["xfmddm"] for row in landed(tmp_path, KEY, "case")} == {"02"}
    assert go(wire).entities["case"].source_total == 0


@pytest.mark.parametrize("code", ["030502", " 030502", "０３０５０２"])
def test_the_class_of_the_matter_is_cut_after_its_padding(serve: Serve, go: Go, tmp_path: Path, code: str) -> None:
    go(serve([case(1, nrfldm=code)]))
    assert [row["nrfldm"] for row in landed(tmp_path, KEY, "case")] == ["03"]


def test_receipts_go_out_in_chunks_after_the_manifests(serve: Serve, go: Go, tmp_path: Path) -> None:
    wire = serve([case(n) for n in range(15)], [opinion(n) for n in range(10, 25)])
    durable: list[int] = []
    acknowledge = wire._acknowledge

    def watched(asked: Row) -> Row:
        durable.append(len(manifests(tmp_path, KEY)))
        return acknowledge(asked)

    wire._acknowledge = watched  # type: ignore[method-assign]
    assert go(wire).exit_status == 0
    assert durable == [2, 2, 2]
    assert {name: e.source_total for name, e in go(wire).entities.items()} == {"case": 0, "evaluation": 0}
    assert len(landed(tmp_path, KEY, "case")) == 15


def test_what_changes_after_its_receipt_is_sent_again(serve: Serve, go: Go) -> None:
    wire = serve([case(1), case(1, "2022-11-01 20:00:00", bjbz="1")])
    wire.at = "2022-11-01 18:00:00"
    assert go(wire).entities["case"].source_total == 1
    wire.at = None
    assert go(wire).entities["case"].source_total == 1


def test_a_backfill_acknowledges_nothing_so_any_window_tells_the_same_before_and_after_another(
    serve: Serve, go: Go
) -> None:
    wire = serve([case(1)])
    assert [go(wire, history=True).entities["case"].rows for _ in range(2)] == [1, 1]
    assert [go(wire).entities["case"].rows for _ in range(2)] == [1, 0]


def test_nothing_is_acknowledged_that_did_not_land(serve: Serve, go: Go, tmp_path: Path) -> None:
    wire = serve([case(n) for n in range(5)], [opinion(1)])
    wire.faults.add("lose_rows", "/xfj/evaluation/list", times=1)
    summary = go(wire)
    assert (summary.exit_status, errors(summary), manifests(tmp_path, KEY)) == (3, ["EX-GAP"], [])
    assert wire.seen("/xfj/ack") == []
    assert go(wire).entities["case"].rows == 5


@pytest.mark.parametrize(
    "answer",
    [
        {"code": "0001", "successStr": "XF00000000", "conflictStr": "", "failSituationList": []},
        {"code": "0001", "successStr": "XF00000000,", "conflictStr": "",
         "failSituationList": [{"failId": "XF00000001", "failReason": "CANARY"}]},
        {"code": "0404", "message": "CANARY"},
    ],
)  # fmt: skip
def test_a_refused_receipt_is_an_error_and_the_rows_stay(serve: Serve, go: Go, tmp_path: Path, answer: Row) -> None:
    wire = serve([case(n) for n in range(2)])
    body = json_response(answer).body.decode()
    wire.faults.add("replace", "/xfj/ack", body=body, content_type="application/json", times=1)
    summary = go(wire)
    assert (summary.exit_status, errors(summary)) == (3, ["EX-ACK"])
    assert leaks(tmp_path, KEY, summary, ("CANARY", "XF0000")) == []
    assert len(landed(tmp_path, KEY, "case")) == 2
    assert go(wire).exit_status == 0


def test_a_lost_answer_to_a_receipt_is_asked_again_and_the_conflict_is_no_refusal(
    serve: Serve, go: Go, tmp_path: Path
) -> None:
    wire = serve([case(n) for n in range(3)])
    wire.faults.add("drop", "/xfj/ack", after=True, nth=1)
    assert (go(wire).exit_status, len(landed(tmp_path, KEY, "case"))) == (0, 3)
    assert len(wire.seen("/xfj/ack")) == 2


@pytest.mark.parametrize(
    ("kind", "options", "status", "code"),
    [
        ("repeat_page", {"nth": 2}, 4, "EX-LOOP"),
        ("empty_page", {"nth": 2}, 3, "EX-GAP"),
        ("total", {"by": 1}, 3, "EX-GAP"),
        ("duplicate_rows", {"nth": 1}, 3, "EX-GAP"),
        ("replace", {"nth": 2}, 4, "EX-SHAPE"),
        ("replace", {"body": '{"code": "0202"}', "content_type": "application/json"}, 4, "EX-CODE"),
        ("replace", {"body": '{"code": "0301"}', "content_type": "application/json"}, 4, "EX-CODE"),
        ("replace", {"body": '{"code": "0304"}', "content_type": "application/json"}, 4, "EX-DENIED"),
        ("replace", {"body": '{"code": "0001"}', "content_type": "application/json"}, 4, "EX-SHAPE"),
        ("status", {"status": 403}, 4, "EX-DENIED"),
        ("status", {"status": 502}, 3, "EX-BUSY"),
        ("rename_field", {"field": "xfmddm", "to": "mddm"}, 4, "DE-SCHEMA"),
    ],
)
def test_what_is_wrong_lands_nothing_and_acknowledges_nothing(
    serve: Serve, go: Go, tmp_path: Path, kind: str, options: Row, status: int, code: str
) -> None:
    wire = serve([case(n) for n in range(21)])
    wire.faults.add(kind, "/xfj/list", **options)
    summary = go(wire)
    assert (summary.exit_status, errors(summary)) == (status, [code])
    assert (manifests(tmp_path, KEY), wire.seen("/xfj/ack")) == ([], [])


@pytest.mark.parametrize(("kind", "options"), [("status", {"status": 503}), ("truncate", {"at": 9}), ("drop", {})])
def test_what_may_pass_is_asked_again(serve: Serve, go: Go, kind: str, options: Row) -> None:
    wire = serve([case(n) for n in range(25)])
    wire.faults.add(kind, "/xfj/list", nth=2, times=2, **options)
    assert go(wire).exit_status == 0


def test_a_wrong_token_a_wrong_clock_and_a_foreign_division_are_refused(serve: Serve, go: Go, tmp_path: Path) -> None:
    wire = serve([case(1)])
    assert errors(go(wire, password="wrong")) == ["EX-AUTH"]
    assert errors(go(wire, extra={"area_code": "440106"})) == ["EX-DENIED"]
    wire.clock = lambda: time.time() - 301
    summary = go(wire)
    assert (summary.exit_status, errors(summary), manifests(tmp_path, KEY)) == (4, ["EX-AUTH"], [])


def test_the_wire_answers_by_the_letter(serve: Serve) -> None:
    wire = serve([case(n) for n in range(3)], [opinion(1)])

    def post(path: str, **said: Any) -> Row:
        span = {"begin": f"{DAY[0]} 00:00:00", "end": f"{DAY[1]} 00:00:00"}
        whole = {"xzqh": "440111017", **span, "lastId": "", "limit": 2}
        headers = xtif_headers(wire.login, wire.password)
        answer: Row = requests.post(wire.url + path, json=said or whole, headers=headers, timeout=5).json()
        return answer

    first = post("/xfj/list")
    assert (first["code"], first["total"], len(first["rows"]), first["nextId"]) == ("0001", 3, 2, "XF00000001")
    assert post("/xfj/nothing")["code"] == "0301"
    assert post("/xfj/list", limit=201, xzqh="440111017", begin=DAY[0], end=DAY[1])["code"] == "0202"
    said = post("/xfj/ack", ids="XF00000001,XF00000009")
    assert (said["successStr"], said["failSituationList"][0]["failId"]) == ("XF00000001", "XF00000009")
    assert post("/xfj/ack", ids="XF00000001")["conflictStr"] == "XF00000001"
    assert post("/xfj/list")["total"] == 2

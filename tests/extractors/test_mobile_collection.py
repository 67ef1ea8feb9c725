"""Mobile collection: nesting, versions, cancellations, keyset ties, the signature, and five calls a second."""

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
from simulator.wires.mobile_collection import MobileCollection, make
from tests.extractors.kit_fixtures import Replay, Row, errors, expected_rows, landed, leaks, manifests, run, store_of

KEY = "mobile_collection"
DAY = ("2022-11-01", "2022-11-02")
Serve = Callable[..., MobileCollection]
Go = Callable[..., Any]


def collection(number: int, moment: str = "2022-11-01 10:00:00", **fields: Any) -> tuple[str, str, Row]:
    key = f"01GGTA{number:020}"
    person = {"id_type": "111", "id_no": "440197198805123212", "name": "张伟", "sex": "1", "birth_date": "1988-05-12",
              "pop_type": "3", "move_in": "2022-10-01", "nation": "CANARY-nation", "phone": "CANARY-139"}  # fmt: skip
    said = {"collect_id": key, "op": "A", "collector_grid": "440111017001003", "collect_time": moment,
            "upload_time": moment, "verify_result": "1", "house": {"house_id": f"H{number}", "room_no": "302房"},
            "persons": [person], "vehicles": [{"plate": "粤A12345", "kind": "01"}], "facilities": [],
            "remark": "CANARY-remark"}  # fmt: skip
    return moment, key, said | fields


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Start a wire over hand-made collections."""
    with ExitStack() as stack:

        def start(rows: list[tuple[str, str, Row]], **options: Any) -> MobileCollection:
            store = store_of(tmp_path, {(KEY, "collection"): rows})
            return stack.enter_context(make(store, options={"rate": None} | options))

        yield start


@pytest.fixture
def go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Go:
    """Run one day; `page_size` shortens the pages and drops the limit of calls."""

    def run_day(wire: Any, page_size: int | None = None, **overrides: Any) -> Any:
        if page_size:
            source = replace(discover()[KEY], options={"page_size": page_size}, rate=None)
            monkeypatch.setattr("tests.extractors.kit_fixtures.discover", lambda: {KEY: source})
        return run(KEY, wire, *DAY, tmp_path, monkeypatch, **overrides)

    return run_day


def test_the_sample_becomes_its_rows(go: Go, tmp_path: Path) -> None:
    with Replay(KEY, lambda request: "reply.json", login="u", password="p") as wire:
        summary = go(wire)
    assert (summary.exit_status, summary.findings) == (0, [])
    assert {entity: landed(tmp_path, KEY, entity) for entity in expected_rows(KEY)} == expected_rows(KEY)
    assert leaks(tmp_path, KEY, summary, ("CANARY", "440197198805123212", "欧阳晓敏", "买买提", "粤AD12345")) == []


def test_a_collection_becomes_five_entities_linked_by_its_id(serve: Serve, go: Go, tmp_path: Path) -> None:
    two = [{"id_no": "1", "name": "甲"}, {"id_no": "2", "name": "乙"}]
    parts = [{"part_code": "0403"}]
    summary = go(serve([collection(1, persons=two, facilities=parts), collection(2, persons=None, vehicles=None)]))
    counts = {name: (e.source_total, e.rows) for name, e in summary.entities.items()}
    assert counts == {"house": (2, 2), "person": (2, 2), "residence": (2, 2), "vehicle": (1, 1), "facility": (1, 1)}
    people = landed(tmp_path, KEY, "person")
    stays = landed(tmp_path, KEY, "residence")
    assert [(p["collect_id"][-1], p["ordinal"]) for p in people] == [("1", "1"), ("1", "2")]
    assert [(s["collect_id"][-1], s["ordinal"], s["house_id"]) for s in stays] == [("1", "1", "H1"), ("1", "2", "H1")]
    assert landed(tmp_path, KEY, "vehicle")[0]["plate_mask"] == "粤A·***45"


def test_one_person_in_two_houses_has_one_token(serve: Serve, go: Go, tmp_path: Path) -> None:
    go(serve([collection(1), collection(2)]))
    tokens = {row["id_token"] for row in landed(tmp_path, KEY, "person")}
    assert len(tokens) == 1
    assert [row["house_id"] for row in landed(tmp_path, KEY, "residence")] == ["H1", "H2"]


def test_the_same_id_with_other_content_is_two_versions(serve: Serve, go: Go, tmp_path: Path) -> None:
    go(serve([collection(1), collection(1, "2022-11-01 11:00:00", verify_result="2", persons=[])]))
    houses = [(row["collect_id"][-1], row["verify_result"]) for row in landed(tmp_path, KEY, "house")]
    assert houses == [("1", "1"), ("1", "2")]


@pytest.mark.parametrize("house", [None, {}])
def test_a_cancellation_that_names_no_dwelling_is_not_lost(
    serve: Serve, go: Go, tmp_path: Path, house: Row | None
) -> None:
    summary = go(serve([collection(1, op="C", house=house, persons=[], vehicles=[])]))
    assert summary.exit_status == 0
    row = landed(tmp_path, KEY, "house")[0]
    assert (row["op"], row["upload_time"]) == ("C", "2022-11-01 10:00:00")
    assert "house_id" not in row


def test_a_late_upload_lands_in_the_window_of_its_upload(serve: Serve, go: Go, tmp_path: Path) -> None:
    rows = [collection(1, collect_time="2022-10-18 09:00:00"), collection(2, "2022-11-02 00:00:00")]
    summary = go(serve(rows))
    assert summary.entities["house"].source_total == 1
    assert landed(tmp_path, KEY, "house")[0]["collect_time"] == "2022-10-18 09:00:00"


def test_ties_at_page_boundaries_lose_nothing_and_repeat_nothing(serve: Serve, go: Go, tmp_path: Path) -> None:
    wire = serve([collection(n) for n in range(45)])
    assert go(wire, page_size=10).entities["house"].rows == 45
    assert len({row["collect_id"] for row in landed(tmp_path, KEY, "house")}) == 45
    assert [seen.status for seen in wire.seen()] == [200] * 5


def test_a_second_run_lands_nothing_new(serve: Serve, go: Go, tmp_path: Path) -> None:
    wire = serve([collection(n) for n in range(5)])
    loads = [{e: s.load_id for e, s in go(wire).entities.items()} for _ in range(2)]
    assert loads[0] == loads[1]
    assert len(manifests(tmp_path, KEY)) == 5


def test_five_calls_a_second_are_kept(serve: Serve, go: Go, monkeypatch: pytest.MonkeyPatch) -> None:
    source = replace(discover()[KEY], options={"page_size": 1})
    monkeypatch.setattr("tests.extractors.kit_fixtures.discover", lambda: {KEY: source})
    wire = serve([collection(n) for n in range(9)], rate=5)
    start = time.monotonic()
    assert go(wire).exit_status == 0
    assert time.monotonic() - start > 1.5
    assert [seen.status for seen in wire.seen()] == [200] * 9


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("rate_limit", {"seconds": 0}),
        ("status", {"status": 503}),
        ("truncate", {"at": 40}),
        ("drop", {}),
        ("drop", {"at": 30}),
    ],
)
def test_what_may_pass_is_asked_again(serve: Serve, go: Go, kind: str, options: Row) -> None:
    wire = serve([collection(n) for n in range(25)])
    wire.faults.add(kind, "/collect/records", nth=2, times=2, **options)
    assert (go(wire, page_size=10).exit_status, len(wire.seen())) == (0, 5)


@pytest.mark.parametrize(
    ("kind", "options", "status", "code"),
    [
        ("repeat_page", {"nth": 2}, 4, "EX-LOOP"),
        ("empty_page", {"nth": 2}, 3, "EX-GAP"),
        ("replace", {"nth": 2}, 4, "EX-SHAPE"),
        ("replace", {"nth": 2, "body": '{"records": {}}', "content_type": "application/json"}, 4, "EX-SHAPE"),
        ("replace", {"nth": 2, "body": '{"records": [', "content_type": "application/json"}, 4, "DE-JSON"),
        ("gzip_bomb", {"nth": 2}, 4, "EX-BOMB"),
        ("redirect", {"nth": 2}, 4, "EX-ORIGIN"),
        ("rate_limit", {"nth": 2, "retry_after": "ten_days"}, 3, "EX-LIMIT"),
        ("status", {"nth": 2, "times": 9, "status": 503}, 3, "EX-BUSY"),
        ("rename_field", {"field": "house.house_id", "to": "room_id"}, 4, "DE-SCHEMA"),
        ("remove_field", {"field": "persons.id_no"}, 4, "DE-SCHEMA"),
        ("set_field", {"field": "persons", "value": {"id_no": "1"}}, 4, "EX-SHAPE"),
        ("set_field", {"field": "house", "value": "H1"}, 4, "EX-SHAPE"),
        ("set_field", {"field": "persons.name", "value": {"first": "张"}}, 4, "EX-SHAPE"),
    ],
)
def test_what_is_wrong_stops_the_source_and_lands_nothing(
    serve: Serve, go: Go, tmp_path: Path, kind: str, options: Row, status: int, code: str
) -> None:
    wire = serve([collection(n) for n in range(25)])
    wire.faults.add(kind, "/collect/records", **options)
    summary = go(wire, page_size=10)
    assert (summary.exit_status, errors(summary)) == (status, [code])
    assert manifests(tmp_path, KEY) == []
    assert leaks(tmp_path, KEY, summary, ("440197198805123212", "张", "CANARY")) == []


def test_a_wrong_token_and_a_wrong_clock_are_refused(serve: Serve, go: Go, tmp_path: Path) -> None:
    wire = serve([collection(1)])
    assert errors(go(wire, password="wrong")) == errors(go(wire, login="wrong")) == ["EX-AUTH"]
    wire.clock = lambda: time.time() + 301
    summary = go(wire)
    assert (summary.exit_status, errors(summary)) == (4, ["EX-AUTH"])
    assert manifests(tmp_path, KEY) == []
    wire.clock = lambda: time.time() - 290
    assert go(wire).exit_status == 0


def test_what_cannot_be_decoded_is_set_aside_by_position(serve: Serve, go: Go, tmp_path: Path) -> None:
    wire = serve([collection(1), collection(2, persons=[{"id_no": "1", "name": "甲"}, "张伟"])])
    wire.faults.add("set_field", field="vehicles", value=["粤A12345"], times=1)
    summary = go(wire)
    assert summary.exit_status == 0
    assert {name: e.rejected for name, e in summary.entities.items() if e.rejected} == {
        "person": {"DE-ROW": 1}, "residence": {"DE-ROW": 1}, "vehicle": {"DE-ROW": 2},
    }  # fmt: skip
    assert leaks(tmp_path, KEY, summary, ("张伟", "粤A12345")) == []


def test_a_new_field_is_counted_once_and_not_kept(serve: Serve, go: Go, tmp_path: Path) -> None:
    wire = serve([collection(1), collection(2)])
    wire.faults.add("add_field", field="persons.health_code", value="CANARY-green")
    wire.faults.add("add_field", field="team", value="CANARY-team")
    summary = go(wire)
    found = [(f["entity"], f["field"], f["rows"]) for f in summary.findings if f["code"] == "EX-UNDECLARED"]
    assert found == [("house", "team", 2), ("person", "health_code", 2)]
    assert leaks(tmp_path, KEY, summary) == []


def test_a_field_of_the_collection_never_stands_in_for_one_of_a_person(serve: Serve, go: Go, tmp_path: Path) -> None:
    summary = go(serve([collection(1, sex="CANARY", kind="CANARY", persons=[{"id_no": "1", "name": "甲"}])]))
    assert "sex" not in landed(tmp_path, KEY, "person")[0]
    assert (summary.exit_status, leaks(tmp_path, KEY, summary)) == (0, [])


def test_the_wire_refuses_what_the_real_one_refuses(serve: Serve) -> None:
    wire = serve([collection(n) for n in range(3)], rate=5)

    def ask(token: str = wire.password, **query: Any) -> requests.Response:
        headers = xtif_headers(wire.login, token)
        return requests.get(f"{wire.url}/collect/records", params=query, headers=headers, timeout=5)

    first = ask(last_id="", limit=2, updated_since="2022-11-01 00:00:00", updated_before="2022-11-02 00:00:00")
    assert first.headers["Content-Encoding"] == "gzip"
    assert (len(first.json()["records"]), first.json()["has_more"]) == (2, True)
    assert ask(last_id=first.json()["last_id"], limit=2).json()["has_more"] is False
    assert [ask(limit=1001).status_code, ask(last_id="?").status_code] == [400, 400]
    assert ask("wrong").status_code == 401
    refused = ask()
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "1")


def test_one_collection_of_another_shape_is_set_aside_and_the_others_land(serve: Serve, go: Go, tmp_path: Path) -> None:
    wire = serve([collection(1), collection(2, house="CANARY"), collection(3, persons="CANARY"),
                  collection(4, persons=[{"id_no": "1", "name": {"first": "CANARY"}}])])  # fmt: skip
    summary = go(wire)
    assert (summary.exit_status, errors(summary)) == (0, [])
    assert summary.entities["house"].rejected == {"DE-ROW": 2}
    assert summary.entities["person"].rejected == {"DE-ROW": 1}
    assert len(landed(tmp_path, KEY, "house")) == 2
    assert leaks(tmp_path, KEY, summary) == []

"""Grid dispatch: the signed login, fresh uids, numbered pages, notices that are signed only when all is durable."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests

from expectations.contract import load_contract
from extractors import discover
from extractors._kit.signing import hmac_sm3_hex
from simulator.wires._http import Request
from simulator.wires.grid_dispatch import GridDispatch, make
from tests.extractors.kit_fixtures import Replay, Row, errors, expected_rows, landed, leaks, manifests, run, store_of

KEY = "grid_dispatch"
DAY = ("2022-11-01", "2022-11-02")
Records = dict[tuple[str, str], list[tuple[str, str, Row]]]
Serve = Callable[..., GridDispatch]
CELL = ("2018-01-01 00:00:00", "440111017002001", {"grid_code": "440111017002001", "polygon": "POLYGON EMPTY"})


def event(number: int, moment: str = "2022-11-01 08:00:00") -> tuple[str, str, Row]:
    fields = {"rec_id": f"E{number}", "task_num": f"RW{number}", "create_time": moment, "event_state_id": "2",
              "modify_time": moment, "reporter": "CANARY-张三丰"}  # fmt: skip
    return moment, f"E{number}", fields


def notice(number: int, about: int, moment: str = "2022-11-01 12:00:00") -> tuple[str, str, Row]:
    return moment, f"N{number}", {"noticeId": f"N{number}", "recId": f"E{about}", "noticeTime": moment}


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Start a wire over hand-made events and notices, and one grid cell."""
    with ExitStack() as stack:

        def start(events: list[Any], notices: list[Any] | None = None, **options: Any) -> GridDispatch:
            records: Records = {(KEY, "event"): events, (KEY, "notice"): notices or [], (KEY, "grid_cell"): [CELL]}
            return stack.enter_context(make(store_of(tmp_path, records), options=options))

        yield start


@pytest.fixture
def short_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    source = replace(discover()[KEY], options={"page_size": 10, "reach": 100})
    monkeypatch.setattr("tests.extractors.kit_fixtures.discover", lambda: {KEY: source})


def answer(records: object) -> str:
    return json.dumps({"code": 0, "data": {"total": 1, "records": records}})


def asked(wire: GridDispatch, action: str) -> list[Row]:
    bodies = [json.loads(seen.body) for seen in wire.seen("/openapi/service")]
    return [body for body in bodies if body["action"] == action]


def ids(tmp_path: Path) -> list[str]:
    return [row["rec_id"] for row in landed(tmp_path, KEY, "event")]


def named(request: Request) -> str:
    return f"reply_{request.json().get('action', 'client')}.json"


def test_the_sample_becomes_its_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Replay(KEY, named, login="u", password="p", extra={"sender_code": "440111017"}) as wire:
        summary = run(KEY, wire, "2022-11-01", "2022-11-08", tmp_path, monkeypatch)
        signed = [json.loads(seen.body) for seen in wire.seen() if b"NOTICE_SIGNING" in seen.body]
    assert (summary.exit_status, summary.findings) == (0, [])
    assert {entity: landed(tmp_path, KEY, entity) for entity in expected_rows(KEY)} == expected_rows(KEY)
    assert [body["data"] for body in signed] == [{"noticeIds": ["N-1", "N-2"]}]
    assert leaks(tmp_path, KEY, summary, ("CANARY", "440197199001010017", "RW2022")) == []


def test_a_void_event_is_withdrawn_and_a_closed_one_is_not() -> None:
    (claim,) = (c for c in load_contract(KEY).entities["event"].claims if c.entity == "case")
    assert dict(claim.ended) == {"event_state_id": ("7",)}


def test_an_event_of_a_notice_and_of_the_window_counts_once(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = [event(7, "2022-10-20 08:00:00"), event(8, "2022-10-21 08:00:00")]
    wire = serve([*outside, event(1), event(2)], [notice(1, 1), notice(2, 7), notice(3, 7), notice(4, 8)])
    summary = run(KEY, wire, *DAY, tmp_path, monkeypatch)
    assert (summary.exit_status, summary.entities["event"].source_total) == (0, 4)
    assert ids(tmp_path) == ["E1", "E2", "E7", "E8"]
    assert [body["data"]["recId"] for body in asked(wire, "REC_GET")] == ["E7", "E8"]
    assert wire.signed == {"N1", "N2", "N3", "N4"}


def test_notices_are_signed_after_the_manifests_and_come_again_until_then(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = serve([event(7, "2022-10-20 08:00:00")], [notice(1, 7)])
    wire.faults.add("status", "NOTICE_SIGNING", times=6, status=503)
    first = run(KEY, wire, *DAY, tmp_path, monkeypatch)
    assert (first.exit_status, errors(first), ids(tmp_path), wire.signed) == (3, ["EX-BUSY"], ["E7"], set())
    second = run(KEY, wire, *DAY, tmp_path, monkeypatch)
    assert (second.exit_status, ids(tmp_path), wire.signed) == (0, ["E7"], {"N1"})  # landed once, as one load
    third = run(KEY, wire, *DAY, tmp_path, monkeypatch)
    assert (third.exit_status, third.entities["event"].source_total) == (0, 0)


def test_a_refused_signing_is_an_open_receipt(serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wire = serve([event(7, "2022-10-20 08:00:00")], [notice(1, 7)])
    body = json.dumps({"code": 50000, "message": "CANARY", "data": None})
    wire.faults.add("replace", "NOTICE_SIGNING", body=body, content_type="application/json")
    summary = run(KEY, wire, *DAY, tmp_path, monkeypatch)
    assert (summary.exit_status, errors(summary), ids(tmp_path)) == (3, ["EX-ACK"], ["E7"])
    assert leaks(tmp_path, KEY, summary) == []


def test_nothing_is_signed_when_nothing_is_landed(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = serve([event(7, "2022-10-20 08:00:00"), event(1)], [notice(1, 7)])
    wire.faults.add("lose_rows", "GRID_LIST")
    summary = run(KEY, wire, *DAY, tmp_path, monkeypatch)
    assert (summary.exit_status, errors(summary), manifests(tmp_path, KEY)) == (3, ["EX-GAP"], [])
    assert (asked(wire, "NOTICE_SIGNING"), wire.signed) == ([], set())


def test_a_notice_without_a_record_is_counted_and_not_signed(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = serve([event(1), event(7, "2022-10-20 08:00:00")], [notice(1, 99), notice(2, 7)])
    summary = run(KEY, wire, *DAY, tmp_path, monkeypatch)
    figures = summary.entities["event"]
    assert (summary.exit_status, figures.source_total, figures.rows, figures.rejected) == (0, 3, 2, {"DE-ROW": 1})
    assert wire.signed == {"N2"}


@pytest.mark.parametrize("action", ["GET_NOTICE_INFO", "REC_LIST", "REC_GET", "GRID_LIST", "NOTICE_SIGNING"])
def test_an_expired_token_is_renewed_and_the_same_call_repeated(
    action: str, serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = serve([event(7, "2022-10-20 08:00:00"), event(1)], [notice(1, 7)])
    wire.faults.add("expired_token", action, nth=1)
    assert run(KEY, wire, *DAY, tmp_path, monkeypatch).exit_status == 0
    assert (ids(tmp_path), wire.signed) == (["E1", "E7"], {"N1"})
    assert len(wire.seen("/openapi/client")) == 3  # one for the run, one for the receipts, one renewed


def test_a_token_that_is_never_good_needs_a_person(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = serve([event(1)])
    wire.faults.add("expired_token", "REC_LIST")
    summary = run(KEY, wire, *DAY, tmp_path, monkeypatch)
    assert (summary.exit_status, errors(summary), manifests(tmp_path, KEY)) == (4, ["EX-AUTH"], [])


def test_a_wrong_secret_is_tried_once(serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wire = serve([event(1)])
    summary = run(KEY, wire, *DAY, tmp_path, monkeypatch, password="CANARY-wrong")
    assert (summary.exit_status, errors(summary), len(wire.seen())) == (4, ["EX-AUTH"], 1)
    assert leaks(tmp_path, KEY, summary) == []


def test_every_attempt_has_a_uid_of_its_own(serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wire = serve([event(1)])
    wire.faults.add("status", "REC_LIST", times=2, status=503, after=True)  # handled, the answer lost
    wire.faults.add("drop", "PART_LIST", nth=1, after=True)
    assert run(KEY, wire, *DAY, tmp_path, monkeypatch).exit_status == 0
    uids = [json.loads(seen.body)["uid"] for seen in wire.seen("/openapi/service")]
    assert len(uids) == len(set(uids)) == 4 + 3
    assert all(uuid.UUID(uid).version == 4 for uid in uids)


def test_a_uid_the_platform_calls_repeated_is_replaced(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = serve([event(1)])
    body = json.dumps({"code": 40003, "message": "uid 重复", "data": None})
    rule = wire.faults.add("replace", "REC_LIST", times=2, body=body, content_type="application/json")
    assert (run(KEY, wire, *DAY, tmp_path, monkeypatch).exit_status, rule.fired, ids(tmp_path)) == (0, 2, ["E1"])


@pytest.mark.parametrize(
    ("action", "kind", "options", "status", "code"),
    [
        ("REC_LIST", "replace", {}, 4, "EX-SHAPE"),
        ("REC_LIST", "replace", {"body": '{"code": 50012, "message": "CANARY"}'}, 4, "EX-CODE"),
        ("REC_LIST", "replace", {"body": '{"message": "CANARY"}'}, 4, "EX-SHAPE"),
        ("REC_LIST", "replace", {"body": '{"code": 0, "code": 1}'}, 4, "DE-JSON"),
        ("REC_LIST", "replace", {"body": answer(3)}, 4, "EX-SHAPE"),
        ("REC_GET", "replace", {"body": answer([{"rec_id": "E1"}])}, 4, "EX-SHAPE"),
        ("GET_NOTICE_INFO", "replace", {"body": answer([{}])}, 4, "EX-SHAPE"),
        ("REC_LIST", "remove_field", {"field": "modify_time"}, 4, "DE-SCHEMA"),
        ("REC_LIST", "total", {"by": 1, "nth": 1}, 0, ""),  # moved while it was read: the second reading is steady
        ("REC_LIST", "total", {}, 3, "EX-GAP"),
        ("REC_LIST", "repeat_page", {"nth": 2, "times": 999}, 4, "EX-LOOP"),
        ("REC_LIST", "lose_rows", {"nth": 2, "times": 999}, 3, "EX-GAP"),
        ("REC_LIST", "empty_page", {"nth": 2, "times": 999}, 3, "EX-GAP"),
        ("REC_LIST", "truncate", {"at": 40}, 3, "EX-TRUNC"),
        ("PART_LIST", "status", {"status": 403}, 4, "EX-DENIED"),
        ("GRID_LIST", "empty_page", {}, 3, "EX-GAP"),
        ("/openapi/client", "replace", {}, 4, "EX-SHAPE"),
        ("/openapi/client", "replace", {"body": '{"code": 0, "data": {}}'}, 4, "EX-SHAPE"),
    ],
)  # fmt: skip
def test_faults_end_with_their_code_and_land_nothing(
    action: str, kind: str, options: Row, status: int, code: str, serve: Serve, short_pages: None,
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    wire = serve([event(7, "2022-10-20 08:00:00"), *(event(n) for n in range(10, 35))], [notice(1, 7)])
    if "body" in options:
        options = {"content_type": "application/json", **options}
    wire.faults.add(kind, action, **options)
    summary = run(KEY, wire, *DAY, tmp_path, monkeypatch)
    assert (summary.exit_status, errors(summary)) == (status, [code] if code else [])
    assert (manifests(tmp_path, KEY) == []) is (status != 0)
    assert leaks(tmp_path, KEY, summary) == []


def test_no_grid_cell_at_all_is_no_snapshot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with make(store_of(tmp_path, {(KEY, "event"): [event(1)]})) as wire:
        summary = run(KEY, wire, *DAY, tmp_path, monkeypatch)
    assert (summary.exit_status, errors(summary), manifests(tmp_path, KEY)) == (3, ["EX-EMPTY"], [])


def test_the_grid_is_a_snapshot_and_the_rest_is_not(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(KEY, serve([event(1)]), *DAY, tmp_path, monkeypatch)
    assert {m.entity: m.snapshot for _, m in manifests(tmp_path, KEY)} == {
        "event": False,
        "facility": False,
        "grid_cell": True,
    }


def test_the_wire_refuses_what_the_platform_refuses(serve: Serve) -> None:
    now = [time.time()]
    wire = serve([event(n) for n in range(3)], token_seconds=60, clock=lambda: now[0])

    def login(secret: str) -> Row:
        stamp = 1667260800
        body = {"clientId": wire.login, "timestamp": stamp, "sign": hmac_sm3_hex(secret, f"{wire.login}{stamp}")}
        said: Row = requests.post(f"{wire.url}/openapi/client", json=body).json()
        return said

    token = login(wire.password)["data"]["token"]
    assert login("wrong")["code"] not in (0, 40101, 40003)

    def ask(action: str, data: Row, uid: str = "", sender: str = "440111017", token: str = token) -> int:
        body = {"action": action, "senderCode": sender, "uid": uid or str(uuid.uuid4()), "data": data}
        answer = requests.post(f"{wire.url}/openapi/service?token={token}", json=body)
        assert answer.status_code == 200
        return int(answer.json()["code"])

    span = {"modifyTimeBegin": "2022-11-01 00:00:00", "modifyTimeEnd": "2022-11-02 00:00:00", "pageNo": 1}
    once = str(uuid.uuid4())
    assert [ask("REC_LIST", span | {"pageSize": 500}, once), ask("GRID_LIST", {}, once)] == [0, 40003]
    wrong = [ask("REC_LIST", span | {"pageSize": 501}), ask("REC_LIST", span | {"pageSize": 1, "pageNo": 0})]
    wrong += [ask("REC_LIST", {}), ask("NO_SUCH", {}), ask("GRID_LIST", {}, "1"), ask("GRID_LIST", {}, "", "x")]
    assert not {0, 40101, 40003} & set(wrong)
    assert ask("GRID_LIST", {}, token="no") == 40101
    now[0] += 61
    assert ask("GRID_LIST", {}) == 40101


def test_events_that_cannot_be_decoded_are_set_aside_and_a_missing_time_is_a_null(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = event(1)[2]
    timeless = {name: value for name, value in event(2)[2].items() if name != "modify_time"}
    records = ["CANARY", good, timeless, {**good, "rec_id": None, "task_num": "CANARY"}, {"task_num": "CANARY"}]
    body = json.dumps({"code": 0, "data": {"total": len(records), "records": records}})
    wire = serve([event(1)])
    wire.faults.add("replace", "REC_LIST", body=body, content_type="application/json")
    summary = run(KEY, wire, *DAY, tmp_path, monkeypatch)
    assert (summary.exit_status, errors(summary)) == (0, [])
    assert summary.entities["event"].rejected == {"DE-ROW": 3}
    assert [(r["rec_id"], r.get("modify_time")) for r in landed(tmp_path, KEY, "event")] == [
        ("E1", "2022-11-01 08:00:00"), ("E2", None),
    ]  # fmt: skip
    assert leaks(tmp_path, KEY, summary) == []


def test_a_backfill_asks_neither_for_notices_nor_for_the_grid_and_signs_nothing(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = serve([event(1), event(2, "2022-12-24 08:00:00")], [notice(1, about=2)])
    summary = run(KEY, wire, *DAY, tmp_path, monkeypatch, history=True)
    assert (summary.exit_status, sorted(summary.entities)) == (0, ["event", "facility"])
    assert [row["rec_id"] for row in landed(tmp_path, KEY, "event")] == ["E1"]
    assert wire.signed == set()
    assert run(KEY, wire, *DAY, tmp_path, monkeypatch).entities["event"].rows == 2
    assert wire.signed == {"N1"}

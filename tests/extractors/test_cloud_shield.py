"""Cloud Shield: the array envelope, its codes, the reach of the export, suppressed counts, moving pages."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests

from extractors import discover
from extractors._kit.spec import Source
from simulator.wires.cloud_shield import REACH, CloudShield, make
from tests.extractors.kit_fixtures import Replay, Row, errors, expected_rows, landed, leaks, manifests, run, store_of

KEY = "cloud_shield"
DAY = ("2022-11-01", "2022-11-02")
BOMB = [{"resp_code": "000000000000", "total": 1, "hits": [{"door_device_id": "1"}]}]
Serve = Callable[..., CloudShield]


def device(number: int, second: int = 0) -> tuple[str, str, Row]:
    moment = f"2022-11-01 00:{second // 60:02}:{second % 60:02}"
    key = f"YD{number:08}"
    return moment, key, {"door_device_id": key, "device_type": "1", "update_time": moment, "mac": "CANARY-mac"}


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Start a wire over hand-made door devices."""
    with ExitStack() as stack:

        def start(devices: list[tuple[str, str, Row]], **options: Any) -> CloudShield:
            return stack.enter_context(make(store_of(tmp_path, {(KEY, "door_device"): devices}), options=options))

        yield start


@pytest.fixture
def short_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten records a page and a reach of forty: the same arithmetic on a tiny store."""
    source = replace(discover()[KEY], options={"page_size": 10, "reach": 40})
    monkeypatch.setattr("tests.extractors.kit_fixtures.discover", lambda: {KEY: source})


def test_the_sample_becomes_its_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Replay(KEY, lambda r: f"reply_{r.json()['type']}.json", login="u", password="p") as wire:
        summary = run(KEY, wire, "2022-11-01", "2022-11-08", tmp_path, monkeypatch)
    assert (summary.exit_status, summary.findings) == (0, [])
    assert {entity: landed(tmp_path, KEY, entity) for entity in expected_rows(KEY)} == expected_rows(KEY)
    assert leaks(tmp_path, KEY, summary, ("CANARY", "440197199001010017")) == []


def test_a_second_run_lands_nothing_new(serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wire = serve([device(n, n) for n in range(30)])
    loads = []
    for _ in range(2):
        assert run(KEY, wire, *DAY, tmp_path, monkeypatch).exit_status == 0
        loads.append(sorted(path for path, _ in manifests(tmp_path, KEY)))
    assert loads[0] == loads[1]
    assert len(loads[0]) == 3


def test_a_window_beyond_the_reach_is_halved_until_its_parts_fit(
    serve: Serve, short_pages: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = serve([device(n, n // 3) for n in range(300)])
    summary = run(KEY, wire, *DAY, tmp_path, monkeypatch)
    assert (summary.exit_status, summary.entities["door_device"].source_total) == (0, 300)
    keys = [row["door_device_id"] for row in landed(tmp_path, KEY, "door_device")]
    assert keys == sorted(f"YD{n:08}" for n in range(300))
    asked = [json.loads(seen.body) for seen in wire.seen()]
    assert max(a["from"] + a["size"] for a in asked) <= 40


def test_exactly_the_reach_is_read_without_halving(
    serve: Serve, short_pages: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = serve([device(n, n) for n in range(40)])
    summary = run(KEY, wire, *DAY, tmp_path, monkeypatch)
    assert (summary.exit_status, summary.rows, "windows_halved" in summary.notes) == (0, 40, False)
    assert len(wire.seen()) == 4 + 2


def test_one_second_beyond_the_reach_needs_a_person(
    serve: Serve, short_pages: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    summary = run(KEY, serve([device(n) for n in range(41)]), *DAY, tmp_path, monkeypatch)
    assert (summary.exit_status, errors(summary), manifests(tmp_path, KEY)) == (4, ["EX-TOOMANY"], [])


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ([{"resp_code": "100000000009", "resp_msg": "CANARY-张三丰", "total": 0, "hits": []}], "EX-CODE"),
        ([{"resp_code": "CANARY 张三丰 440197199001010017"}], "EX-CODE"),
        ({"resp_code": "000000000000", "total": 0, "hits": []}, "EX-SHAPE"),
        (BOMB * 2, "EX-SHAPE"),
        ([], "EX-SHAPE"),
        ([{"resp_code": "000000000000", "total": "many", "hits": []}], "EX-SHAPE"),
        ([{"resp_code": "000000000000", "total": 1, "hits": {"door_device_id": "1"}}], "EX-SHAPE"),
        (BOMB, "DE-SCHEMA"),
    ],
)
def test_an_answer_that_is_not_the_agreed_array_stops_the_source(
    body: object, code: str, serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = serve([device(1)])
    wire.faults.add("replace", body=json.dumps(body, ensure_ascii=False), content_type="application/json")
    summary = run(KEY, wire, *DAY, tmp_path, monkeypatch)
    assert (summary.exit_status, errors(summary), manifests(tmp_path, KEY)) == (4, [code], [])
    assert leaks(tmp_path, KEY, summary, ("CANARY", "440197199001010017")) == []


@pytest.mark.parametrize(
    ("kind", "options", "status", "code"),
    [
        ("replace", {}, 4, "EX-SHAPE"),  # a login page with status 200
        ("status", {"status": 403}, 4, "EX-DENIED"),
        ("status", {"status": 503}, 3, "EX-BUSY"),
        ("rate_limit", {"retry_after": "ten_days"}, 3, "EX-LIMIT"),
        ("truncate", {"at": 30}, 3, "EX-TRUNC"),
        ("drop", {}, 3, "EX-NET"),
        ("redirect", {}, 4, "EX-HTTP"),
        ("redirect", {"status": 307}, 4, "EX-ORIGIN"),
        ("gzip_bomb", {"megabytes": 20}, 4, "EX-BOMB"),
        ("encoding", {"write_as": "gb18030"}, 4, "DE-JSON"),
        ("total", {"by": 1}, 3, "EX-GAP"),
        ("lose_rows", {}, 3, "EX-GAP"),
        ("empty_page", {}, 3, "EX-GAP"),
        ("repeat_page", {}, 4, "EX-LOOP"),
    ],
)
def test_what_lasts_lands_nothing(
    kind: str, options: Row, status: int, code: str, serve: Serve, short_pages: None,
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    wire = serve([device(n, n) for n in range(30)])
    # The second page of every reading, so that a repeated page has one before it.
    wire.faults.add(kind, "DOOR_DEVICE", **({"nth": 2, "times": 999} | options))
    summary = run(KEY, wire, *DAY, tmp_path, monkeypatch)
    assert (summary.exit_status, errors(summary), manifests(tmp_path, KEY)) == (status, [code], [])


@pytest.mark.parametrize("kind", ["lose_rows", "duplicate_rows", "empty_page", "repeat_page", "total", "truncate"])
def test_what_happens_once_is_mended_by_reading_again(
    kind: str, serve: Serve, short_pages: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = serve([device(n, n) for n in range(30)])
    wire.faults.add(kind, "DOOR_DEVICE", nth=2)
    summary = run(KEY, wire, *DAY, tmp_path, monkeypatch)
    assert (summary.exit_status, summary.entities["door_device"].source_total) == (0, 30)
    assert len({row["door_device_id"] for row in landed(tmp_path, KEY, "door_device")}) == 30


def test_a_row_that_moves_between_pages_is_noticed(
    serve: Serve, short_pages: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = serve([device(n, n) for n in range(30)])
    again = wire.store.offset_page(KEY, "door_device", None, None, offset=9, limit=10)
    body = json.dumps([{"resp_code": "000000000000", "total": 30, "hits": [row.fields for row in again]}])
    wire.faults.add("replace", "DOOR_DEVICE", nth=2, body=body, content_type="application/json")
    summary = run(KEY, wire, *DAY, tmp_path, monkeypatch)
    assert (summary.exit_status, summary.notes["read_again"]) == (0, 1)
    assert len({row["door_device_id"] for row in landed(tmp_path, KEY, "door_device")}) == 30


def test_a_half_that_comes_back_empty_is_noticed(
    serve: Serve, short_pages: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = serve([device(n, n) for n in range(60)])
    # The first night asks for everything there is; halves are of a night's own window after that.
    assert run(KEY, wire, "2022-10-31", "2022-11-01", tmp_path, monkeypatch).exit_status == 0
    empty = json.dumps([{"resp_code": "000000000000", "total": 0, "hits": []}])
    wire.faults.add("replace", "DOOR_DEVICE", nth=2, body=empty, content_type="application/json")
    summary = run(KEY, wire, *DAY, tmp_path, monkeypatch)
    assert (summary.exit_status, summary.notes["read_again"], summary.rows) == (0, 1, 60)


def test_two_equal_records_on_two_pages_are_read_in_parts_and_both_land(
    serve: Serve, short_pages: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    devices = [device(n, n) for n in range(20)]
    devices[10] = ("2022-11-01 00:00:10", "YD00000009", devices[9][2])
    wire = serve(devices)
    summary = run(KEY, wire, *DAY, tmp_path, monkeypatch)
    assert (summary.exit_status, summary.notes["read_again"], summary.rows) == (0, 1, 20)


def test_a_wrong_password_needs_a_person(serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wire = serve([device(1)])
    summary = run(KEY, wire, *DAY, tmp_path, monkeypatch, password="CANARY-wrong")
    assert (summary.exit_status, errors(summary), len(wire.seen())) == (4, ["EX-AUTH"], 1)
    assert leaks(tmp_path, KEY, summary) == []


@pytest.mark.parametrize(
    ("sent", "kept", "flag"),
    [(0, "0", "false"), (1, None, "true"), ("９", None, "true"), (9, None, "true"), (10, "10", "false"),
     (None, None, "false"), ("约5", "invalid", "false"), ("", "", "false")],
)  # fmt: skip
def test_counts_of_one_to_nine_do_not_land(
    sent: object, kept: str | None, flag: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = "2022-11-01 00:00:00"
    counts = {"checkin_cnt": sent, "checkout_cnt": 10, "renew_cnt": 5}
    row = {"stat_month": "202210", "jzw_dzbm": "g", **counts, "update_time": moment}
    with make(store_of(tmp_path, {(KEY, "month_count"): [(moment, "k", row)]})) as wire:
        assert run(KEY, wire, *DAY, tmp_path, monkeypatch).exit_status == 0
    (got,) = landed(tmp_path, KEY, "month_count")
    assert (got.get("checkin_cnt"), got["checkin_cnt_suppressed"]) == (kept, flag)
    assert (got["checkout_cnt"], "renew_cnt" in got, got["renew_cnt_suppressed"]) == ("10", False, "true")


def test_the_wire_refuses_what_the_system_refuses(serve: Serve) -> None:
    wire = serve([device(n, n) for n in range(3)])
    good = {"type": "DOOR_DEVICE", "begin": "2022-11-01 00:00:00", "end": "2022-11-01 00:00:02", "from": 0, "size": 10}

    def ask(**changes: object) -> tuple[str, int, int]:
        answer = requests.post(f"{wire.url}/openapi/export", json=good | changes, auth=(wire.login, wire.password))
        (said,) = answer.json()
        return said["resp_code"], said["total"], len(said["hits"])

    assert ask() == ("000000000000", 2, 2)  # half-open
    assert ask(**{"from": 1}) == ("000000000000", 2, 1)
    assert ask(size=1000)[0] == ask(**{"from": REACH - 10})[0] == "000000000000"
    refused = [ask(type="PERSON"), ask(size=1001), ask(**{"from": REACH - 9}), ask(begin="2022-11-01"), ask(size="10")]
    assert all(code != "000000000000" and (total, hits) == (0, 0) for code, total, hits in refused)
    assert requests.post(f"{wire.url}/openapi/export", json=good, auth=("x", wire.password)).status_code == 401


def test_the_source_asks_for_no_more_than_the_export_gives() -> None:
    source: Source = discover()[KEY]
    assert source.options["reach"] % source.options["page_size"] == 0
    assert (source.options["page_size"], source.options["reach"]) == (1000, REACH)


def test_one_record_that_cannot_be_decoded_is_set_aside_and_the_others_land(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = {"door_device_id": "1", "device_type": "1", "update_time": "2022-11-01 08:00:00"}
    hits: list[Any] = [good, "CANARY", None, {**good, "device_type": {"a": "CANARY"}}, {"update_time": "CANARY"}]
    body = json.dumps([{"resp_code": "000000000000", "total": len(hits), "hits": hits}])
    wire = serve([])
    wire.faults.add("replace", body=body, content_type="application/json", times=1)
    summary = run(KEY, wire, *DAY, tmp_path, monkeypatch)
    assert (summary.exit_status, errors(summary)) == (0, [])
    assert summary.entities["door_device"].rejected == {"DE-ROW": 4}
    assert [row["door_device_id"] for row in landed(tmp_path, KEY, "door_device")] == ["1"]
    assert len(list((tmp_path / "landing" / KEY / "quarantine" / "door_device").rglob("*.parquet"))) == 1
    assert leaks(tmp_path, KEY, summary) == []


def test_what_shows_the_present_only_is_asked_for_whole_once_and_never_for_the_past(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = serve([device(1), ("2019-05-01 00:00:00", "YD2", {**device(2)[2], "update_time": "2019-05-01 00:00:00"})])
    past = run(KEY, wire, "2019-05-01", "2019-06-01", tmp_path, monkeypatch, history=True)
    assert sorted(past.entities) == ["month_count"]
    assert run(KEY, wire, *DAY, tmp_path, monkeypatch).entities["door_device"].rows == 2
    assert run(KEY, wire, *DAY, tmp_path, monkeypatch).entities["door_device"].rows == 2, "the same night again"
    assert run(KEY, wire, "2022-11-02", "2022-11-03", tmp_path, monkeypatch).entities["door_device"].rows == 0

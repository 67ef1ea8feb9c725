"""Bulk text with a control file: complete or not there yet, agreed to the byte, and person files never opened."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from extractors._kit.signing import sm3_hex
from simulator.wires._drop import put
from simulator.wires.insurance_enrolment import InsuranceEnrolment, bulk_file, make
from tests.extractors.drop_fixtures import empty_store, sample_folder
from tests.extractors.kit_fixtures import Row, errors, expected_rows, landed, leaks, manifests, run, store_of

KEY = "insurance_enrolment"
ENTITY = "enrolment_task"
BEGIN, END = "2022-12-01", "2022-12-08"
NAME = "QMCB_440111017_20221203_001.txt"
MOMENT = "2022-12-10 03:00:00"  # outside the window: only the date in the name counts


def line(community: str = "440111017001", **changes: Any) -> Row:
    said = {"task_batch": "QM20221203", "community_code": community, "task_type": "01", "issued_cnt": "31"}
    said |= {"visited_cnt": "24", "found_cnt": "20", "notfound_cnt": "4", "dup_cnt": "0"}
    return said | {"due_date": "2022-12-09", "finish_date": "2022-12-02"} | changes


@pytest.fixture
def wire(tmp_path: Path) -> Iterator[InsuranceEnrolment]:
    with make(empty_store(tmp_path)) as folder:
        yield folder


def told(content: bytes, rows: int) -> str:
    return f"{rows}\n{len(content)}\n{sm3_hex(content)}\n"


def put_text(wire: InsuranceEnrolment, content: bytes, rows: int, name: str = NAME) -> None:
    """A file whose control file is right about bytes and SM3, and says so many rows."""
    put(wire.drop, name, content, MOMENT)
    put(wire.drop, name.replace(".txt", ".ctl"), told(content, rows).encode(), MOMENT)
    put(wire.drop, name.replace(".txt", ".ok"), b"", MOMENT)


def test_the_sample_becomes_its_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with sample_folder(KEY) as wire:
        summary = run(KEY, wire, BEGIN, END, tmp_path, monkeypatch)
        assert wire.seen("open", "*QMCB_P_*") == []
    assert (summary.exit_status, summary.findings) == (0, [])
    assert {ENTITY: landed(tmp_path, KEY, ENTITY)} == expected_rows(KEY)
    assert leaks(tmp_path, KEY, summary) == []


def test_every_number_of_a_day_lands_and_the_window_goes_by_the_date_in_the_name(
    wire: InsuranceEnrolment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for day, seq in (
        ("20221130", "001"),
        ("20221201", "002"),
        ("20221201", "001"),
        ("20221207", "001"),
        ("20221208", "001"),
    ):
        wire.add(f"QMCB_440111017_{day}_{seq}.txt", [line()], MOMENT)
    wire.add("QMCB_440111018_20221203_001.txt", [line()], MOMENT)  # another street's
    loads = [run(KEY, wire, BEGIN, END, tmp_path, monkeypatch) for _ in range(2)]
    assert loads[0].exit_status == 0
    assert loads[0].entities[ENTITY].load_id == loads[1].entities[ENTITY].load_id
    found = [(row["file_date"], row["file_seq"], row["file_order"]) for row in landed(tmp_path, KEY, ENTITY)]
    assert found == [
        ("20221201", "1", "2022-12-01 00:00:01"),
        ("20221201", "2", "2022-12-01 00:00:02"),
        ("20221207", "1", "2022-12-07 00:00:01"),
    ]


def test_person_files_are_never_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = store_of(tmp_path, {(KEY, ENTITY): [("2022-12-03 02:00:00", NAME, line())]})
    with make(store) as wire:
        assert (wire.drop / "QMCB_P_440111017_20221203_001.txt").exists()
        summary = run(KEY, wire, BEGIN, END, tmp_path, monkeypatch)
        assert (summary.exit_status, summary.rows) == (0, 1)
        assert wire.seen("open", "*QMCB_P_*") == []
    assert leaks(tmp_path, KEY, summary) == []


def test_a_file_without_its_marker_is_not_there_yet(
    wire: InsuranceEnrolment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire.add(NAME, [line()], MOMENT, ok=False)
    summary = run(KEY, wire, BEGIN, END, tmp_path, monkeypatch)
    assert (summary.exit_status, summary.rows, summary.notes) == (0, 0, {"not_there_yet": 1})
    assert wire.seen("open") == []


def test_a_marker_without_its_file_is_asked_for_later(
    wire: InsuranceEnrolment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(wire.drop, NAME.replace(".txt", ".ok"), b"", MOMENT)
    summary = run(KEY, wire, BEGIN, END, tmp_path, monkeypatch)
    assert (summary.exit_status, errors(summary)) == (3, ["EX-SFTP"])


def _without_trailer() -> tuple[bytes, int]:
    return bulk_file([line()]).rpartition(b"#END")[0], 1


BAD: dict[str, tuple[bytes, int, str]] = {
    "rows": (bulk_file([line()]), 2, "DE-COUNT"),
    "trailer": (bulk_file([line()]).replace(b"#END|@|1", b"#END|@|2"), 1, "DE-COUNT"),
    "no trailer": (*_without_trailer(), "DE-COUNT"),
    "after the trailer": (bulk_file([line()]) + b"more\n", 1, "DE-COUNT"),
    "heading": (bulk_file([line()]).replace(b"task_batch", b"batch_task"), 1, "DE-HEAD"),
    "not one row": (bulk_file([line()]).replace(b"440111017001", b"\xff\xff\xff\xff"), 1, "DE-ENC"),
    "utf-16": (bulk_file([line()]).decode().encode("utf-16"), 1, "DE-HEAD"),
}


@pytest.mark.parametrize(("content", "rows", "code"), BAD.values(), ids=BAD.keys())
def test_a_file_that_disagrees_is_refused_and_its_sibling_lands(
    wire: InsuranceEnrolment, content: bytes, rows: int, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_text(wire, content, rows)
    wire.add(NAME.replace("_001", "_002"), [line()], MOMENT)
    summary = run(KEY, wire, BEGIN, END, tmp_path, monkeypatch)
    assert (summary.exit_status, errors(summary)) == (4, [code])
    assert [row["file_seq"] for row in landed(tmp_path, KEY, ENTITY)] == ["2"]


@pytest.mark.parametrize(
    "control", ["1\n9\n{sm3}\n", "1\n{size}\n" + "0" * 64, "", "1\n{size}\n", "x\n{size}\n{sm3}\n"]
)
def test_a_wrong_or_broken_control_file_refuses_the_file(
    wire: InsuranceEnrolment, control: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = bulk_file([line()])
    wire.add(NAME, [line()], MOMENT, control.format(size=len(content), sm3=sm3_hex(content)))
    summary = run(KEY, wire, BEGIN, END, tmp_path, monkeypatch)
    assert (summary.exit_status, errors(summary), summary.rows) == (4, ["DE-SIGN"], 0)


def test_a_missing_control_file_refuses_the_file_and_capitals_in_its_sum_do_not(
    wire: InsuranceEnrolment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = bulk_file([line()])
    wire.add(NAME, [line()], MOMENT, told(content, 1).upper().replace("\n", "\r\n"))
    wire.add(NAME.replace("_001", "_002"), [line()], MOMENT)
    (wire.drop / NAME.replace("_001.txt", "_002.ctl")).unlink()
    summary = run(KEY, wire, BEGIN, END, tmp_path, monkeypatch)
    assert (errors(summary), summary.rows) == (["DE-SIGN"], 1)


def test_rows_that_cannot_be_decoded_are_set_aside_by_their_position(
    wire: InsuranceEnrolment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [line(f"4401110170{n:02}", dup_cnt="张三丰" if n == 2 else "0") for n in range(1, 6)]
    content = bulk_file(rows).replace(b"440111017003", b"\xff\xff\xff\xff").replace(b"440111017004|@|", b"440111017004")
    put_text(wire, content.replace(b"440111017005", b"44011101\x00005"), 5)
    summary = run(KEY, wire, BEGIN, END, tmp_path, monkeypatch)
    assert (summary.exit_status, summary.rows, summary.entities[ENTITY].rejected) == (0, 2, {"DE-ROW": 3})
    assert [row["community_code"] for row in landed(tmp_path, KEY, ENTITY)] == ["440111017001", "440111017002"]
    (path,) = (tmp_path / "landing" / KEY / "quarantine" / ENTITY).rglob("*.parquet")
    assert "QMCB" not in str(path)


def test_characters_that_hold_the_separators_bytes_stay_whole(
    wire: InsuranceEnrolment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "亅亇@𠮷"  # 8140-8147 and such: trail bytes 0x40 and 0x7C lie among them
    wire.add(NAME, [line(dup_cnt="丂丄侤@"), line("440111017002", dup_cnt=text)], MOMENT)
    assert run(KEY, wire, BEGIN, END, tmp_path, monkeypatch).exit_status == 0
    assert [row["dup_cnt"] for row in landed(tmp_path, KEY, ENTITY)] == ["丂丄侤@", text]


def test_a_new_column_is_dropped_and_reported(
    wire: InsuranceEnrolment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire.add(NAME, [line(remark="CANARY-x")], MOMENT)
    summary = run(KEY, wire, BEGIN, END, tmp_path, monkeypatch)
    assert (summary.exit_status, [f["field"] for f in summary.findings]) == (0, ["remark"])
    assert leaks(tmp_path, KEY, summary) == []


def test_a_line_that_breaks_in_mid_file_is_made_again(
    wire: InsuranceEnrolment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire.add(NAME, [line(f"{n:012}") for n in range(40_000)], MOMENT)
    wire.faults.add("drop", f"*{NAME}", nth=1, at=1_200_000)
    wire.faults.add("drop", f"*{NAME}", nth=3, at=2_000_000)
    summary = run(KEY, wire, BEGIN, END, tmp_path, monkeypatch)
    assert (summary.exit_status, summary.rows) == (0, 40_000)


def test_a_file_replaced_between_two_readings_lands_nothing(
    wire: InsuranceEnrolment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire.add(NAME, [line()], MOMENT)
    wire.faults.add("truncate", f"*{NAME}", nth=2, times=99, at=50)
    summary = run(KEY, wire, BEGIN, END, tmp_path, monkeypatch)
    assert (summary.exit_status, errors(summary), manifests(tmp_path, KEY)) == (3, ["EX-TRUNC"], [])


def test_memory_stays_flat_over_a_large_file(
    wire: InsuranceEnrolment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire.add(NAME, [line(f"{n:012}") for n in range(40_000)], MOMENT)  # 3 MB
    tracemalloc.start()
    assert run(KEY, wire, BEGIN, END, tmp_path, monkeypatch).rows == 40_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 24 << 20


def test_hostile_names_are_passed_over_and_ours_that_break_the_agreement_are_refused(
    wire: InsuranceEnrolment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire.faults.add("hostile_names")
    for name in ("QMCB_440111017_20221399_001.txt", "QMCB_440111017_2022123_001.txt", "QMCB_440111018_1.txt", "x.ok"):
        put(wire.drop, name, b"x", "2022-12-03 02:00:00")
    put(wire.drop, "QMCB_440111017_2022.txt", b"x", MOMENT)  # some other night's
    summary = run(KEY, wire, BEGIN, END, tmp_path, monkeypatch)
    assert (summary.exit_status, errors(summary), wire.seen("open")) == (4, ["EX-NAME", "EX-NAME"], [])


def test_any_agreed_heading_under_another_name_refuses_the_file(
    wire: InsuranceEnrolment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_text(wire, bulk_file([line()]).replace(b"finish_date", b"finished_on"), 1)
    assert errors(run(KEY, wire, BEGIN, END, tmp_path, monkeypatch)) == ["DE-HEAD"]

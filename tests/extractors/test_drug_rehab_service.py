"""Monthly CSV counts: checksum before parsing, the tripwire, versions of a month, odd digits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from extractors._kit.signing import sm3_hex
from simulator.wires._drop import put
from simulator.wires.drug_rehab_service import DrugRehabService, make
from tests.extractors.drop_fixtures import BEGIN, END, IN_WINDOW, counts, empty_store, sample_folder
from tests.extractors.kit_fixtures import Row, errors, expected_rows, landed, leaks, manifests, run

KEY = "drug_rehab_service"
ENTITY = "service_count"
PERSON = "440197199003072316"
ROW = "202211,440111017,01,12,12,10,2,1\r\n"


def line(kind: str = "01", **changes: Any) -> Row:
    said = {"stat_month": "202211", "area_code": "440111017", "service_type": kind, "service_cnt": "12"}
    return said | {"planned_cnt": "12", "ontime_cnt": "10", "staff_cnt": "2", "station_cnt": "1"} | changes


@pytest.fixture
def wire(tmp_path: Path) -> Iterator[DrugRehabService]:
    with make(empty_store(tmp_path)) as folder:
        yield folder


def test_the_sample_becomes_its_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with sample_folder(KEY) as wire:
        summary = run(KEY, wire, BEGIN, END, tmp_path, monkeypatch)
    assert (summary.exit_status, summary.findings) == (0, [])
    assert {ENTITY: landed(tmp_path, KEY, ENTITY)} == expected_rows(KEY)


def test_a_second_run_lands_nothing_new(
    wire: DrugRehabService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire.add("JDFW_202211.csv", [line(), line("02")], IN_WINDOW)
    loads = [run(KEY, wire, BEGIN, END, tmp_path, monkeypatch).entities[ENTITY].load_id for _ in range(2)]
    assert loads[0] == loads[1]
    assert len(manifests(tmp_path, KEY)) == 1


def test_both_versions_of_a_month_land_and_the_window_goes_by_the_modification_time(
    wire: DrugRehabService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire.add("JDFW_202210.csv", [line(stat_month="202210")], "2022-11-30 23:59:59")
    wire.add("JDFW_202211.csv", [line()], "2022-12-01 00:00:00")
    wire.add("JDFW_202211_2.csv", [line(service_cnt="13")], "2022-12-07 23:59:59")
    wire.add("JDFW_202212.csv", [line(stat_month="202212")], "2022-12-08 00:00:00")
    assert run(KEY, wire, BEGIN, END, tmp_path, monkeypatch).exit_status == 0
    found = [(r["file_version"], r["service_cnt"], r["file_mtime"]) for r in landed(tmp_path, KEY, ENTITY)]
    assert found == [("1", "12", "2022-12-01 00:00:00"), ("2", "13", "2022-12-07 23:59:59")]


def test_an_empty_window_is_no_error(wire: DrugRehabService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    summary = run(KEY, wire, BEGIN, END, tmp_path, monkeypatch)
    assert (summary.exit_status, summary.entities[ENTITY].source_total) == (0, 0)


@pytest.mark.parametrize("checksum", ["0" * 64, "no hex"])
def test_a_wrong_checksum_refuses_the_file_and_not_its_sibling(
    wire: DrugRehabService, checksum: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire.add("JDFW_202210.csv", [line(stat_month="202210")], IN_WINDOW)
    wire.add("JDFW_202211.csv", [line()], IN_WINDOW, sm3=checksum)
    summary = run(KEY, wire, BEGIN, END, tmp_path, monkeypatch)
    assert (summary.exit_status, errors(summary)) == (4, ["DE-SIGN"])
    assert counts(landed(tmp_path, KEY, ENTITY)) == [("202210", "01", "12")]


def test_a_file_without_a_checksum_is_refused(
    wire: DrugRehabService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire.add("JDFW_202211.csv", [line()], IN_WINDOW)
    (wire.drop / "JDFW_202211.sm3").unlink()
    assert errors(run(KEY, wire, BEGIN, END, tmp_path, monkeypatch)) == ["DE-SIGN"]


@pytest.mark.parametrize(
    "extra",
    [{"姓名": "张三丰"}, {"备注": PERSON}, {"remark": "13825123456"}, {f"c{n}": "1" for n in range(5)}],
    ids=["column", "number", "mobile", "width"],
)
def test_the_tripwire_refuses_the_file_whole(
    wire: DrugRehabService, extra: Row, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    wire.add("JDFW_202210.csv", [line(stat_month="202210")], IN_WINDOW)
    wire.add("JDFW_202211.csv", [line(), line("02", **extra)], IN_WINDOW)
    summary = run(KEY, wire, BEGIN, END, tmp_path, monkeypatch)
    assert (summary.exit_status, errors(summary)) == (4, ["EX-TRIPWIRE"])
    assert counts(landed(tmp_path, KEY, ENTITY)) == [("202210", "01", "12")]
    assert leaks(tmp_path, KEY, summary, ("张三丰", PERSON, "13825123456", "JDFW_202211")) == []
    assert not {"张三丰", PERSON, "JDFW_202211"} & set(caplog.text.split())


def test_odd_digits_land_as_they_were_written(
    wire: DrugRehabService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire.add("JDFW_202211.csv", [line(service_cnt="/", planned_cnt="１２", staff_cnt="３人")], IN_WINDOW)
    assert run(KEY, wire, BEGIN, END, tmp_path, monkeypatch).exit_status == 0
    (row,) = landed(tmp_path, KEY, ENTITY)
    assert (row["service_cnt"], row["planned_cnt"], row["staff_cnt"]) == ("/", "１２", "３人")


def test_a_new_column_is_dropped_and_reported(
    wire: DrugRehabService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire.add("JDFW_202211.csv", [line(remark="CANARY-x")], IN_WINDOW)
    summary = run(KEY, wire, BEGIN, END, tmp_path, monkeypatch)
    assert (summary.exit_status, [f["field"] for f in summary.findings]) == (0, ["remark"])
    assert leaks(tmp_path, KEY, summary) == []


def test_a_missing_heading_refuses_the_file(
    wire: DrugRehabService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(wire.drop, "JDFW_202211.csv", b"stat_month,area_code,kind\r\n202211,1,01\r\n", IN_WINDOW)
    put(wire.drop, "JDFW_202211.sm3", b"", IN_WINDOW)
    assert errors(run(KEY, wire, BEGIN, END, tmp_path, monkeypatch)) == ["DE-SIGN"]
    wire.add("JDFW_202211.csv", [{**line(), "service_type": None}], IN_WINDOW)
    summary = run(KEY, wire, BEGIN, END, tmp_path, monkeypatch)
    assert summary.entities[ENTITY].rejected == {"DE-ROW": 1}  # a row without its key cannot be addressed


def test_a_name_that_breaks_the_agreement_is_refused_and_foreign_ones_are_not_opened(
    wire: DrugRehabService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire.faults.add("hostile_names")
    for name in ("JDFW_2022-11.csv", "JDFW_202213.csv", "readme.txt", "JDFW_202211.csv.part", "~$JDFW_202211.csv"):
        put(wire.drop, name, b"x", IN_WINDOW)
    assert errors(run(KEY, wire, BEGIN, END, tmp_path, monkeypatch)) == ["EX-NAME", "EX-NAME"]
    assert wire.seen("open") == []


def test_a_file_still_being_written_makes_the_load_partial(
    wire: DrugRehabService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire.add("JDFW_202210.csv", [line(stat_month="202210")], IN_WINDOW)
    wire.add("JDFW_202211.csv", [line()], IN_WINDOW)
    wire.faults.add("growing", "*JDFW_202211.csv", at=10, step=0, nth=1, times=1)
    summary = run(KEY, wire, BEGIN, END, tmp_path, monkeypatch)
    assert (summary.exit_status, errors(summary), summary.entities[ENTITY].partial) == (3, ["EX-SFTP"], True)
    assert counts(landed(tmp_path, KEY, ENTITY)) == [("202210", "01", "12")]


def test_who_is_not_let_in_and_who_does_not_answer(
    wire: DrugRehabService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    summary = run(KEY, wire, BEGIN, END, tmp_path, monkeypatch, password="wrong")
    assert (summary.exit_status, errors(summary)) == (4, ["EX-AUTH"])
    wire.faults.add("new_host_key", times=1)
    wire.restart()
    summary = run(KEY, wire, BEGIN, END, tmp_path, monkeypatch)
    assert (summary.exit_status, errors(summary)) == (4, ["EX-HOSTKEY"])
    wire.stop()
    summary = run(KEY, wire, BEGIN, END, tmp_path, monkeypatch)
    assert (summary.exit_status, errors(summary)) == (3, ["EX-NET"])
    assert manifests(tmp_path, KEY) == []


def _drop(wire: DrugRehabService, content: bytes) -> None:
    put(wire.drop, "JDFW_202211.csv", content, IN_WINDOW)
    put(wire.drop, "JDFW_202211.sm3", sm3_hex(content).encode(), IN_WINDOW)


def test_any_agreed_heading_under_another_name_refuses_the_file(
    wire: DrugRehabService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _drop(wire, f"{','.join(line())[: -len('station_cnt')]}stations\r\n{ROW}".encode())
    assert errors(run(KEY, wire, BEGIN, END, tmp_path, monkeypatch)) == ["DE-HEAD"]


def test_a_row_that_does_not_decode_is_set_aside_and_the_tripwire_reads_it_all_the_same(
    wire: DrugRehabService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = ",".join(line()).encode() + b"\r\n"
    bad = ROW.encode().replace(b",12,", b",\xff\xff,")
    _drop(wire, head + ROW.encode() + bad)
    summary = run(KEY, wire, BEGIN, END, tmp_path, monkeypatch)
    assert (summary.exit_status, summary.entities[ENTITY].rejected) == (0, {"DE-ROW": 1})
    assert len(landed(tmp_path, KEY, ENTITY)) == 1
    _drop(wire, head + bad)
    assert errors(run(KEY, wire, BEGIN, END, tmp_path, monkeypatch)) == ["DE-ENC"]
    _drop(wire, head + ROW.encode() + bad.replace(b"\r\n", b",13800138000\r\n"))
    assert errors(run(KEY, wire, BEGIN, END, tmp_path, monkeypatch)) == ["EX-TRIPWIRE"]

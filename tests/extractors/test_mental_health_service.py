"""Monthly workbooks under a password: merged headings, months however written, and the tripwire in every corner."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openpyxl.comments import Comment

from expectations.errors import CallRejected
from simulator.wires._drop import put
from simulator.wires._workbook import locked, saved
from simulator.wires.mental_health_service import MentalHealthService, make, month_sheet
from tests.extractors.drop_fixtures import BEGIN, END, IN_WINDOW, counts, empty_store, sample_folder
from tests.extractors.kit_fixtures import Row, errors, expected_rows, landed, leaks, manifests, run
from tests.malicious.corpus import adding, honest

KEY = "mental_health_service"
ENTITY = "service_count"
PASSWORD = "demo-wb-2022"
PERSON = "440197199003072316"
NAME = "服务量汇总_202211.xlsx"


def line(kind: str = "01", **changes: Any) -> Row:
    said = {"stat_month": "202211", "area_code": "440111017", "service_type": kind, "service_cnt": 386}
    said |= {"due_cnt": 400, "ontime_cnt": 380, "staff_cnt": 5, "report_org": "某中心"}
    return said | {"report_time": "2022-12-04 09:00:00"} | changes


@pytest.fixture
def wire(tmp_path: Path) -> Iterator[MentalHealthService]:
    with make(empty_store(tmp_path)) as folder:
        yield folder


def test_the_sample_becomes_its_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with sample_folder(KEY, extra={"workbook_password": "sample-workbook"}) as wire:
        summary = run(KEY, wire, BEGIN, END, tmp_path, monkeypatch)
    assert (summary.exit_status, summary.findings, summary.notes) == (0, [], {})
    assert {ENTITY: landed(tmp_path, KEY, ENTITY)} == expected_rows(KEY)


def test_chinese_headings_and_field_names_both_do_and_a_second_run_lands_nothing_new(
    wire: MentalHealthService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire.add("服务量汇总_202210.xlsx", [line(stat_month="2022.10")], IN_WINDOW)
    wire.add(NAME, [line(), line("02", stat_month=44866)], IN_WINDOW)
    loads = [run(KEY, wire, BEGIN, END, tmp_path, monkeypatch).entities[ENTITY].load_id for _ in range(2)]
    assert loads[0] == loads[1]
    found = [(row["stat_month"], row["service_month"]) for row in landed(tmp_path, KEY, ENTITY)]
    assert found == [("2022.10", "202210"), ("202211", "202211"), ("44866", "202211")]


def test_a_month_that_comes_twice_lands_twice(
    wire: MentalHealthService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire.add(NAME, [line(), line(service_cnt=7, report_time="2022-12-04 10:00:00")], IN_WINDOW)
    wire.add("服务量汇总_202211_2.xlsx", [line(service_cnt="386人次")], "2022-12-07 08:00:00")
    assert run(KEY, wire, BEGIN, END, tmp_path, monkeypatch).exit_status == 0
    found = [(row["file_version"], row["service_cnt"]) for row in landed(tmp_path, KEY, ENTITY)]
    assert found == [("1", "386"), ("1", "7"), ("2", "386人次")]


HIDDEN: dict[str, list[list[Any]]] = {
    "name": [["姓名", "服务类型"], ["张三丰", "01"]],
    "id": [["x"], [None, PERSON]],
    "id as a number": [[int(PERSON)]],
    "mobile": [["联系人手机见此", 13825123456]],
    "diagnosis": [["编号", "诊断", "等级"], ["1", "张三丰", "3"]],
    "telephone": [["编号", "电话"], ["1", "020-86123456"]],
}


@pytest.mark.parametrize("hidden", HIDDEN.values(), ids=HIDDEN.keys())
def test_a_person_in_a_hidden_sheet_refuses_the_file_whole(
    wire: MentalHealthService, hidden: list[list[Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire.add("服务量汇总_202210.xlsx", [line(stat_month="202210")], IN_WINDOW)
    wire.add(NAME, [line()], IN_WINDOW, hidden=hidden)
    summary = run(KEY, wire, BEGIN, END, tmp_path, monkeypatch)
    assert (summary.exit_status, errors(summary)) == (4, ["EX-TRIPWIRE"])
    assert counts(landed(tmp_path, KEY, ENTITY)) == [("202210", "01", "386")]
    assert leaks(tmp_path, KEY, summary, ("张三丰", PERSON, "13825123456", NAME[:-5])) == []


def test_a_person_in_a_comment_or_a_cached_table_refuses_the_file(
    wire: MentalHealthService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sheet = month_sheet([line()], chinese=True)
    sheet.active["A3"].comment = Comment(f"来自 {PERSON}", "某人")
    put(wire.drop, NAME, locked(saved(sheet), PASSWORD), IN_WINDOW)
    cached = adding(("xl/pivotCache/pivotCacheDefinition1.xml", '<x><cacheField name="姓名"/></x>'.encode()))
    put(wire.drop, "服务量汇总_202211_2.xlsx", locked(cached, PASSWORD), IN_WINDOW)
    orphan = adding(("xl/worksheets/sheet9.xml", f"<sheetData><c><is><t>{PERSON}</t></is></c></sheetData>".encode()))
    put(wire.drop, "服务量汇总_202211_3.xlsx", locked(orphan, PASSWORD), IN_WINDOW)
    summary = run(KEY, wire, BEGIN, END, tmp_path, monkeypatch)
    assert errors(summary) == ["EX-TRIPWIRE"] * 3
    assert summary.rows == 0


def test_the_offices_telephone_in_a_footnote_is_no_person(
    wire: MentalHealthService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sheet = month_sheet([line()], chinese=True)
    for note in (["填报人", "李四", "联系电话", "020-86000001"], ["注：不含姓名、身份证号。"], ["负责人姓名：王五"]):
        sheet.active.append(note)
    put(wire.drop, NAME, locked(saved(sheet), PASSWORD), IN_WINDOW)
    summary = run(KEY, wire, BEGIN, END, tmp_path, monkeypatch)
    assert (summary.exit_status, summary.rows) == (0, 1)


def test_a_mobile_number_in_a_footnote_refuses_the_file(
    wire: MentalHealthService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sheet = month_sheet([line()], chinese=True)
    sheet.active.append(["联系电话：13825123456"])
    put(wire.drop, NAME, locked(saved(sheet), PASSWORD), IN_WINDOW)
    assert errors(run(KEY, wire, BEGIN, END, tmp_path, monkeypatch)) == ["EX-TRIPWIRE"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (locked(honest(), "another"), "DE-PASSWORD"),
        (honest(), "DE-PASSWORD"),
        (locked(adding(("xl/vbaProject.bin", b"x")), PASSWORD), "DE-ACTIVE"),
        (locked(adding(("xl/a.xml", bytes(30_000_000))), PASSWORD), "DE-BOMB"),
        (b"<html></html>", "DE-KIND"),
    ],
    ids=["other password", "no password", "macro", "bomb", "html"],
)
def test_a_bad_workbook_is_refused_and_its_sibling_lands(
    wire: MentalHealthService, content: bytes, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire.add("服务量汇总_202210.xlsx", [line(stat_month="202210")], IN_WINDOW)
    put(wire.drop, NAME, content, IN_WINDOW)
    summary = run(KEY, wire, BEGIN, END, tmp_path, monkeypatch)
    assert (summary.exit_status, errors(summary)) == (4, [code])
    assert counts(landed(tmp_path, KEY, ENTITY)) == [("202210", "01", "386")]


def test_another_sheet_or_a_missing_heading_refuses_the_file(
    wire: MentalHealthService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    renamed = month_sheet([line()], chinese=True)
    renamed.active.title = "别的"
    put(wire.drop, NAME, locked(saved(renamed), PASSWORD), IN_WINDOW)
    short = month_sheet([line()], chinese=True)
    short.active["D2"] = "别的"
    put(wire.drop, "服务量汇总_202211_2.xlsx", locked(saved(short), PASSWORD), IN_WINDOW)
    assert errors(run(KEY, wire, BEGIN, END, tmp_path, monkeypatch)) == ["DE-HEAD", "DE-HEAD"]


def test_a_new_column_is_dropped_and_reported_and_a_wrong_sum_is_noted(
    wire: MentalHealthService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sheet = month_sheet([line(remark="CANARY-x")], chinese=True)
    sheet.active["D4"] = 1
    put(wire.drop, NAME, locked(saved(sheet), PASSWORD), IN_WINDOW)
    summary = run(KEY, wire, BEGIN, END, tmp_path, monkeypatch)
    assert (summary.exit_status, [f["field"] for f in summary.findings]) == (0, ["remark"])
    assert summary.notes == {"totals_row_differs": 1}
    assert leaks(tmp_path, KEY, summary) == []


def test_a_link_in_place_of_a_workbook_is_refused(
    wire: MentalHealthService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire.add(NAME, [line()], IN_WINDOW)
    wire.faults.add("symlink", f"*{NAME}")
    assert errors(run(KEY, wire, BEGIN, END, tmp_path, monkeypatch)) == ["EX-NAME"]
    assert wire.seen("open") == []


def test_a_connection_without_the_workbook_password_starts_nothing(
    wire: MentalHealthService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    extra = {"folder": wire.folder, "host_key": wire.host_key}
    with pytest.raises(CallRejected, match="SC-CONN"):
        run(KEY, wire, BEGIN, END, tmp_path, monkeypatch, extra=extra)
    assert manifests(tmp_path, KEY) == []
    assert wire.seen("login") == []

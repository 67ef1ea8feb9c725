"""Headings wherever they stand, and what is data beneath them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from expectations.errors import RecordRejected
from extractors._kit.monthly import month_of
from extractors._kit.tables import Row, counts_of, csv_counts, find_table
from extractors._kit.xlsx import read_workbook
from simulator.wires._workbook import locked, saved

HEADINGS = {
    "month": ["统计月份"],
    "street": ["街道代码"],
    "kind": ["服务类型"],
    "count": ["服务量"],
    "due": ["应服务量"],
}
KEY = ["month", "street", "kind"]
OPTIONS = {"headings": HEADINGS, "required": [*KEY, "count"], "key": KEY}
GOOD = ["202211", "440111017", "01", "386", "400"]


def numbered(*rows: list[Any]) -> list[Row]:
    return list(enumerate(rows, 1))


def found(*rows: list[Any]) -> list[Any]:
    return list(counts_of(numbered(*rows), OPTIONS))


@pytest.mark.parametrize(
    "head",
    [
        [["month", "street", "kind", "count", "due"]],
        [["统计月份", "街道代码", "服务类型", "服务量", "应服务量"]],
        [["统计\n月份", " 街道代码 ", "服务类型", "服务量（人次）", "应服务量(人次)"]],
        [["某表"], ["统计月份", "街道代码", "服务类型", "服务量", "应服务量"]],
        [["统计月份", "街道代码", "服务类型", "服务情况", None], [None, None, None, "服务量", "应服务量"]],
        [["基本情况", None, None, "服务情况"], ["统计月份", "街道代码", "服务类型", "服务量", "应服务量"]],
        [["统计月份", "街道代码", "服务类型", "服务量", "应服务量"], ["month", "street", "kind", "count", "due"]],
        [
            ["某表"],
            ["单位：人次"],
            ["统计月份", "街道代码", "服务类型", None],
            [None, None, None, "服务量", "应服务量"],
        ],
    ],
)
def test_headings_are_found_in_one_row_or_over_merged_ones(head: list[list[Any]]) -> None:
    wanted = dict(zip(("month", "street", "kind", "count", "due"), GOOD, strict=True))
    assert found(*head, GOOD) == [["row", len(head) + 1, wanted]]


def test_headings_in_another_order_and_new_ones_keep_their_columns() -> None:
    table = find_table(numbered(["备注", "服务量", "服务类型", "街道代码", "统计月份"], ["x"]), HEADINGS, KEY)
    assert table is not None
    assert dict(table.fields) == {0: "备注", 1: "count", 2: "kind", 3: "street", 4: "month"}


def test_missing_and_doubled_headings_refuse_the_file() -> None:
    for head in (["统计月份", "街道代码", "服务类型"], ["统计月份", "街道代码", "服务类型", "服务量", "服务量"]):
        with pytest.raises(RecordRejected, match="DE-HEAD"):
            found(head, GOOD)


def test_totals_and_footnotes_are_no_records() -> None:
    head = ["统计月份", "街道代码", "服务类型", "服务量", "应服务量"]
    rows = found(
        head, GOOD, ["202211", "440111017", "02", None, None], [None, "440111017", "03", "1", "2"],
        ["合 计", None, None, "387", "402"], ["注：单位为人次"],
        ["填报人：李", None, "电话：020-1", "x", "y"], [None, "（盖章）"],
    )  # fmt: skip
    assert [(kind, line) for kind, line, _ in rows] == [("row", 2), ("row", 3), ("row", 4), ("totals", 5)]


def test_a_csv_row_of_another_width_is_bad_and_trailing_commas_are_not() -> None:
    text = (
        "month,street,kind,count,due\r\n202211,1,01,5,6,,\r\n202211,1,02,5,6,7\r\n202211,1,03,/,６\r\n202211,1,04,5\r\n"
    )
    rows = list(csv_counts(text.encode("gb18030"), OPTIONS))
    assert [row[:2] for row in rows] == [["row", 2], ["bad", 3], ["row", 4], ["bad", 5]]
    assert rows[2][2]["count"] == "/"
    assert rows[2][2]["due"] == "６"


def workbook(*values: Any, epoch: Any = None, styles: dict[int, str] | None = None) -> bytes:
    book = Workbook()
    if epoch is not None:
        book.epoch = epoch
    for row, value in enumerate(values, 1):
        book.active.cell(row, 1, value).number_format = (styles or {}).get(row, "General")
    return saved(book)


def cells(data: bytes) -> list[str | None]:
    return [row[0] for _, row in read_workbook(data).sheets[0].rows]


def test_values_are_handed_over_as_the_sheet_holds_them() -> None:
    styles = {1: "yyyy-mm-dd hh:mm:ss", 2: 'yyyy"年"m"月"'}
    values = (
        datetime(2022, 12, 4, 9, 30),
        date(2022, 11, 1),
        386,
        2022.11,
        0.1,
        "386人次",
        "１２",
        True,
        440197199003072316,
    )
    assert cells(workbook(*values, styles=styles)) == [
        "2022-12-04 09:30:00", "2022-11-01", "386", "2022.11", "0.1", "386人次", "１２", "true", "440197199003072320",
    ]  # fmt: skip


def test_a_serial_of_1904_lands_as_the_serial_of_1900() -> None:
    assert cells(workbook(44866)) == ["44866"]
    assert cells(workbook(44866 - 1462, 386, epoch=CALENDAR_MAC_1904)) == ["44866", "386"]
    styled = workbook(44866 - 1462, epoch=CALENDAR_MAC_1904, styles={1: "yyyy-mm-dd"})
    assert cells(styled) == ["2022-11-01"]


def test_hidden_sheets_and_texts_outside_the_cells_are_handed_over() -> None:
    book = Workbook()
    hidden = book.create_sheet("别处")
    hidden.sheet_state = "veryHidden"
    hidden["C7"] = "x"
    book.active["A1"].comment = Comment("批注里的话", "某人")
    read = read_workbook(locked(saved(book), "p"), "p")
    assert [(sheet.hidden, sheet.rows) for sheet in read.sheets] == [(False, []), (True, [(7, [None, None, "x"])])]
    assert read.encrypted
    assert {"批注里的话", "别处"} <= set(read.beside)
    assert "x" in read.strings


@pytest.mark.parametrize(
    ("text", "month"),
    [
        ("202211", "202211"), ("2022年11月", "202211"), ("2022年1月", "202201"), ("2022.11", "202211"),
        ("2022-11", "202211"),
        ("２０２２１１", "202211"), ("44866", "202211"), ("44866.0", "202211"), ("2022-11-01", "202211"),
        ("2022-11-01 00:00:00", "202211"), ("2022.1", "202210"), ("十一月", "202210"), ("", "202210"),
        (None, "202210"),
        ("202213", "202210"),
    ],
)  # fmt: skip
def test_a_month_is_one_month_however_it_is_written(text: str | None, month: str) -> None:
    assert month_of(text, "202210") == month


def test_january_with_one_digit_is_not_october() -> None:
    assert month_of("2022.1", "202201") == "202201"

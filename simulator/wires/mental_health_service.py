"""02 Mental-health service: one password-protected workbook a month in an SFTP drop folder.

Sheet 服务量汇总: headings over two merged rows (their Chinese names in one month, the field names in the next), the
data, a totals row, footnotes. A file's modification time is the moment it was dropped.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from openpyxl import Workbook

from simulator.store import Store
from simulator.wires._drop import Rows, files_of, put, sftp_options
from simulator.wires._sftp import SftpWire
from simulator.wires._workbook import locked, saved

NUMBER = 2
TITLE = "广州市严重精神障碍患者社会化服务系统"
SHEET = "服务量汇总"
HEADINGS = {
    "stat_month": "统计月份", "area_code": "街道代码", "service_type": "服务类型", "service_cnt": "服务量",
    "due_cnt": "应服务量", "ontime_cnt": "按期完成量", "staff_cnt": "参与人员数", "report_org": "填报单位",
    "report_time": "填报时间",
}  # fmt: skip
SUMMED = ("service_cnt", "due_cnt", "ontime_cnt", "staff_cnt")
FOOTNOTES = (
    ("注：本表只统计服务人次，不含服务对象姓名、身份证号等个人信息。",),
    ("填报单位：鹤龙街道社区卫生服务中心", None, None, "联系电话：020-86000000"),
)


class MentalHealthService(SftpWire):
    """The monthly workbooks of one town."""

    key = "mental_health_service"

    def __init__(self, store: Store, at: str | None = None, **options: Any) -> None:
        """`at`: nothing later is shown. Options are those of SftpWire."""
        demo = {"login": "helong_js", "password": "demo-js-2022", "folder": "/out/fwl"}
        super().__init__(**(demo | {"extra": {"workbook_password": "demo-wb-2022"}} | options))
        self.store, self.at = store, at

    def holds(self) -> str:
        return f"服务量汇总 {self.store.count(self.key, 'service_count', None, self.at)} 行"

    def fill(self, drop: Path) -> None:
        for name, moment, rows in files_of(self.store, self.key, "service_count", self.at):
            self.add(name, self.faults.rows(rows, name), moment)

    def add(self, name: str, rows: Rows, moment: str, hidden: Sequence[Sequence[Any]] = ()) -> None:
        """Drop one workbook; `hidden` are the rows of a second sheet that nobody sees."""
        sheet = month_sheet(rows, chinese=not re.search(r"[13579](?:_\d+)?\.xlsx$", name))
        if hidden:
            page = sheet.create_sheet("Sheet2")
            page.sheet_state = "hidden"
            for row in hidden:
                page.append(list(row))
        put(self.drop, name, locked(saved(sheet), self.extra["workbook_password"]), moment)


def month_sheet(rows: Rows, *, chinese: bool) -> Workbook:
    """The workbook of one month; fields that a fault added stand in columns of their own."""
    book = Workbook()
    page = book.active
    page.title = SHEET
    names = [*HEADINGS, *sorted({name for row in rows for name in row} - set(HEADINGS))]
    page.append([None, None, None, "服务情况", None, None, None, "填报情况", None])
    page.append([HEADINGS.get(name, name) if chinese else name for name in names])
    for column in "ABC":  # a heading that spans both rows holds its text in the upper one
        page[f"{column}1"], page[f"{column}2"] = page[f"{column}2"].value, None
        page.merge_cells(f"{column}1:{column}2")
    page.merge_cells("D1:G1")
    page.merge_cells("H1:I1")
    for row in rows:
        page.append([row.get(name) for name in names])
    page.append(["合计", None, None, *(sum(_count(row.get(name)) for row in rows) for name in SUMMED)])
    for note in FOOTNOTES:
        page.append(list(note))
    return book


def _count(value: Any) -> int:
    digits = re.match(r"\d+", str(value))
    return int(digits[0]) if digits else 0


def make(
    store: Store, *, port: int = 0, at: str | None = None, options: dict[str, Any] | None = None
) -> MentalHealthService:
    """The wire over a town."""
    return MentalHealthService(store, at, port=port, **sftp_options(options))

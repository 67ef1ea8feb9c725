"""09 Drug-rehabilitation service: one GB18030 CSV a month with its SM3 in an SFTP drop folder.

Headings are the Chinese names in one month and the field names in the next. A file's modification time is the moment
it was dropped; the checksum is written right after it.
"""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import Any

from extractors._kit.signing import sm3_hex
from simulator.store import Store
from simulator.wires._drop import Rows, files_of, put, sftp_options
from simulator.wires._sftp import SftpWire

NUMBER = 9
TITLE = "广州吸毒人员社会化管控系统"
HEADINGS = {
    "stat_month": "统计月份", "area_code": "街道代码", "service_type": "服务类型", "service_cnt": "服务量",
    "planned_cnt": "计划量", "ontime_cnt": "按期完成量", "staff_cnt": "工作人员数", "station_cnt": "工作站数",
}  # fmt: skip


class DrugRehabService(SftpWire):
    """The monthly files of one town."""

    key = "drug_rehab_service"

    def __init__(self, store: Store, at: str | None = None, **options: Any) -> None:
        """`at`: nothing later is shown. Options are those of SftpWire."""
        super().__init__(**({"login": "helong_jd", "password": "demo-jd-2022", "folder": "/jdfw"} | options))
        self.store, self.at = store, at

    def holds(self) -> str:
        return f"服务量 {self.store.count(self.key, 'service_count', None, self.at)} 行"

    def fill(self, drop: Path) -> None:
        for name, moment, rows in files_of(self.store, self.key, "service_count", self.at):
            self.add(name, self.faults.rows(rows, name), moment)

    def add(self, name: str, rows: Rows, moment: str, sm3: str | None = None) -> None:
        """Drop one file with its checksum, or with another one."""
        content = month_file(rows, chinese=not re.search(r"[13579](?:_\d+)?\.csv$", name))
        put(self.drop, name, content, moment)
        put(self.drop, name.replace(".csv", ".sm3"), (sm3 or sm3_hex(content)).encode(), moment)


def month_file(rows: Rows, *, chinese: bool) -> bytes:
    """The CSV of one month; fields that a fault added stand in columns of their own."""
    names = [*HEADINGS, *sorted({name for row in rows for name in row} - set(HEADINGS))]
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([HEADINGS.get(name, name) if chinese else name for name in names])
    writer.writerows([row.get(name) for name in names] for row in rows)
    return out.getvalue().encode("gb18030")


def make(
    store: Store, *, port: int = 0, at: str | None = None, options: dict[str, Any] | None = None
) -> DrugRehabService:
    """The wire over a town."""
    return DrugRehabService(store, at, port=port, **sftp_options(options))

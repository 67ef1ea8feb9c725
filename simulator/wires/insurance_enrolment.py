"""08 Universal insurance enrolment: bulk text, control file and ok marker in an SFTP drop folder.

`QMCB_440111017_YYYYMMDD_NNN.txt` in GB18030 with the separator `|@|`; `.ctl` holds rows, bytes and SM3 on three lines
(the SM3 of a corrected file in capitals), `.ok` comes last. A file of persons (`QMCB_P_…`) lies there too: whoever
opens it does wrong.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from extractors._kit.signing import sm3_hex
from simulator.store import Store
from simulator.wires._drop import Rows, files_of, put, sftp_options
from simulator.wires._sftp import SftpWire

NUMBER = 8
TITLE = "广东省全民参保信息管理系统"
FIELDS = (
    "task_batch", "community_code", "task_type", "issued_cnt", "visited_cnt", "found_cnt", "notfound_cnt", "dup_cnt",
    "due_date", "finish_date",
)  # fmt: skip
SEPARATOR, TRAILER = "|@|", "#END"
PERSONS = "QMCB_P_440111017_{date}_001"


class InsuranceEnrolment(SftpWire):
    """The bulk files of one town."""

    key = "insurance_enrolment"

    def __init__(self, store: Store, at: str | None = None, **options: Any) -> None:
        """`at`: nothing later is shown. Options are those of SftpWire."""
        super().__init__(**({"login": "helong_qmcb", "password": "demo-qmcb-2022", "folder": "/qmcb/out"} | options))
        self.store, self.at = store, at

    def holds(self) -> str:
        return f"参保任务 {self.store.count(self.key, 'enrolment_task', None, self.at)} 行"

    def fill(self, drop: Path) -> None:
        for name, moment, rows in files_of(self.store, self.key, "enrolment_task", self.at):
            self.add(name, self.faults.rows(rows, name), moment)
            persons = PERSONS.format(date=name.split("_")[2])
            put(
                drop, f"{persons}.txt", "person_name|@|id_no\nCANARY-张三丰|@|CANARY-440197\n".encode("gb18030"), moment
            )
            put(drop, f"{persons}.ok", b"", moment)

    def add(self, name: str, rows: Rows, moment: str, control: str | None = None, *, ok: bool = True) -> None:
        """Drop one file with its control file (or another one), and its marker unless it is not complete yet."""
        content = bulk_file(rows)
        stem = name.removesuffix(".txt")
        put(self.drop, name, content, moment)
        digest = sm3_hex(content) if stem.endswith("_001") else sm3_hex(content).upper()
        told = f"{len(rows)}\n{len(content)}\n{digest}\n" if control is None else control
        put(self.drop, f"{stem}.ctl", told.encode(), moment)
        if ok:
            put(self.drop, f"{stem}.ok", b"", moment)


def bulk_file(rows: Rows) -> bytes:
    """Header, rows and trailer; fields that a fault added stand in columns of their own."""
    names = [*FIELDS, *sorted({name for row in rows for name in row} - set(FIELDS))]
    lines = [names, *([_text(row.get(name)) for name in names] for row in rows), [TRAILER, str(len(rows))]]
    return "".join(SEPARATOR.join(line) + "\n" for line in lines).encode("gb18030")


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def make(
    store: Store, *, port: int = 0, at: str | None = None, options: dict[str, Any] | None = None
) -> InsuranceEnrolment:
    """The wire over a town."""
    return InsuranceEnrolment(store, at, port=port, **sftp_options(options))

"""Monthly count files of a drop folder: which ones are due, and the columns an extractor adds to their rows.

A file is due while nobody has taken it (`seen.py`). Its name says month and version; the rows say the
month in their own ways, and `month_of` brings those together, since a key must not depend on how a month is written.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from expectations.errors import RecordRejected, SourceLater
from extractors._kit.context import Context
from extractors._kit.sftp import DropFolder, RemoteFile
from extractors._kit.window import WIRE

# Names that a file bears while an SFTP client or an office program still has it in hand.
UNFINISHED = re.compile(r"(?i)^[.~]|\.(?:part|filepart|tmp|temp|crdownload)$")
_MONTH = re.compile(r"(\d{4})(?:[年./\-]?(\d{2})|[年./\-](\d))(?:月|[./\-]\d{1,2}日?(?: [\d:]+)?)?")
_SERIAL = re.compile(r"[2-7]\d{4}(?:\.0+)?")
_SERIAL_BEGIN = date(1899, 12, 30)  # day 0 of the 1900 system, its 29 February 1900 taken into account


@dataclass(frozen=True)
class MonthlyFile:
    """One file that is due."""

    remote: RemoteFile
    month: str  # yyyyMM of the name
    version: int

    def marks(self, stat_month: str | None) -> dict[str, str | int]:
        """What the extractor adds to a row: which file it came from, and its month in one form."""
        return {
            "service_month": month_of(stat_month, self.month),
            "file_month": self.month,
            "file_version": self.version,
            "file_mtime": self.remote.modified.strftime(WIRE),
        }


def monthly_files(
    ctx: Context, folder: DropFolder, entity: str, prefix: str, suffix: str, beside: str = ""
) -> Iterator[MonthlyFile]:
    """The files `<prefix>YYYYMM[_N]<suffix>` that are due and nobody is still writing; `beside` lies next to them.

    A name that begins like ours and breaks the agreement is refused; one in the making makes the load partial.
    """
    wanted = re.compile(rf"(?i){re.escape(prefix)}(\d{{4}}(?:0[1-9]|1[0-2]))(?:_(\d{{1,3}}))?{re.escape(suffix)}")
    found = folder.files(lambda name: name.startswith(prefix) and not UNFINISHED.search(name))
    sums = {f.stem.casefold(): f for f in found if beside and f.name.casefold().endswith(beside)}
    due = []
    for file in (f for f in found if not (beside and f.name.casefold().endswith(beside))):
        name = wanted.fullmatch(file.name)
        told = f"{name[1]}_{int(name[2] or 1)}" if name else ""
        mate = sums.get(file.stem.casefold())
        if ctx.seen[entity].due(file, file.modified, [mate] if mate else [], told):
            due.append((file, name))
    steady = folder.settled([file for file, _ in due])
    for file, name in due:
        if file not in steady:
            ctx.partial(entity, SourceLater("EX-SFTP", detail=f"file {file.alias} is still being written"))
        elif name:
            yield MonthlyFile(file, name[1], int(name[2] or 1))
        else:
            ctx.refuse_file(entity, file, RecordRejected("EX-NAME", detail=f"file {file.alias}"))


def month_of(text: str | None, file_month: str) -> str:
    """`yyyyMM` of a month as people write it (202211, 2022年11月, 2022.11, an Excel serial), else the file's month."""
    plain = unicodedata.normalize("NFKC", text or "").strip()
    if _SERIAL.fullmatch(plain):
        return f"{_SERIAL_BEGIN + timedelta(days=int(float(plain))):%Y%m}"
    found = _MONTH.fullmatch(plain)
    if found is None:
        return file_month
    month = int(found[2] or found[3])
    # A sheet that takes 2022.10 for a number hands over 2022.1; the name of the file knows better.
    if plain == f"{file_month[:4]}.1" and file_month[4:] == "10":
        month = 10
    return f"{found[1]}{month:02d}" if 1 <= month <= 12 else file_month

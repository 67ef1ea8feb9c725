"""Enrolment task counts (bulk text on SFTP): every file that nobody has taken yet and whose `.ok` is there.

A file is read twice, so that neither memory nor disk holds it: first its size, SM3 and rows are compared with the
control file and the trailer, then its rows are yielded, and its SM3 must come out the same again.

Flow: QMCB_<area>_<date>_<NNN>.ok -> .ctl -> .txt -> landing/insurance_enrolment/enrolment_task
Alone: python -m extractors insurance_enrolment --begin 2022-11-01 --end 2022-11-08 --landing DIR
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from expectations.errors import RecordRejected, SourceLater
from extractors._kit.bulk_text import BulkText
from extractors._kit.context import Context, Page
from extractors._kit.sftp import DropFolder, RemoteFile
from extractors._kit.window import WIRE

ENTITY = "enrolment_task"
CONTROL_BYTES = 4096


@dataclass(frozen=True)
class Part:
    """One file that is due, with what stands beside it."""

    text: RemoteFile
    control: RemoteFile | None
    date: datetime
    seq: int

    def refused(self, code: str, why: str) -> RecordRejected:
        """A refusal that names the file by its alias."""
        return RecordRejected(code, detail=f"file {self.text.alias}: {why}")


@dataclass(frozen=True)
class Agreed:
    """What a control file says of its text file."""

    rows: int
    size: int
    sm3: str


def extract(ctx: Context) -> Iterator[Page]:
    """Yield the rows of each file; a refused one does not stop the others."""
    ctx.expect(ENTITY, 0)
    with DropFolder(ctx.connection) as folder:
        for part in _parts(ctx, folder):
            try:
                agreed = _survey(ctx, folder, part)
            except RecordRejected as error:
                ctx.refuse_file(ENTITY, part.text, error)
            except SourceLater as error:
                ctx.partial(ENTITY, error)
            else:
                if ctx.seen[ENTITY].read(part.text, agreed.sm3):
                    ctx.expect(ENTITY, agreed.rows, add=True)
                    yield from _pages(ctx, folder, part, agreed)


def _parts(ctx: Context, folder: DropFolder) -> Iterator[Part]:
    """The files that are due, each dated by its name; those without `.ok` are not there yet, and are waited for."""
    prefix = f"QMCB_{ctx.option('area')}_"
    name = re.compile(rf"{prefix}(\d{{8}})_(\d{{3}})\.(txt|ctl|ok)")
    beside = {file.name: file for file in folder.files(lambda text: text.startswith(prefix))}
    for file in beside.values():
        told = name.fullmatch(file.name)
        date = _date(told[1]) if told else None
        if told is None or date is None:
            if ctx.seen[ENTITY].due(file, file.modified):
                ctx.refuse_file(ENTITY, file, RecordRejected("EX-NAME", detail=f"file {file.alias}"))
        elif told[3] == "txt":
            yield from _part(ctx, file, (date, int(told[2])), beside)
        elif told[3] == "ok" and f"{file.stem}.txt" not in beside and ctx.window.holds(date):
            ctx.partial(ENTITY, SourceLater("EX-SFTP", detail=f"file {file.alias}: ready, but its text is not there"))


def _part(ctx: Context, text: RemoteFile, told: tuple[datetime, int], beside: dict[str, RemoteFile]) -> Iterator[Part]:
    """One file with what lies beside it, if it is due and ready."""
    date, seq = told
    mates = [beside[n] for n in (f"{text.stem}.ctl", f"{text.stem}.ok") if n in beside]
    if not ctx.seen[ENTITY].due(text, date, mates, f"{date:%Y%m%d}_{seq:03d}"):
        return
    if f"{text.stem}.ok" in beside:
        yield Part(text, beside.get(f"{text.stem}.ctl"), date, seq)
    else:
        ctx.note("not_there_yet")
        ctx.seen[ENTITY].waits(text)


def _date(digits: str) -> datetime | None:
    with suppress(ValueError):
        return datetime.strptime(digits, "%Y%m%d")
    return None


def _opened(ctx: Context, folder: DropFolder, part: Part) -> BulkText:
    pieces = folder.pieces(part.text, ctx.option("file_bytes"))
    return BulkText(pieces, ctx.option("separator"), ctx.option("trailer"), part.text.alias)


def _survey(ctx: Context, folder: DropFolder, part: Part) -> Agreed:
    """The first reading. Raises RecordRejected DE-SIGN, DE-COUNT, DE-HEAD or DE-ENC."""
    agreed = _agreed(folder, part)
    reading = _opened(ctx, folder, part)
    good = rows = 0
    for _, cells in reading.rows():
        rows += 1
        good += cells is not None
    if reading.size != agreed.size or reading.sm3 != agreed.sm3:
        raise part.refused("DE-SIGN", f"{reading.size} bytes, {agreed.size} agreed")
    agreed_names = {c.name for c in ctx.contract.entities[ENTITY].columns if not c.name.startswith("file_")}
    if not agreed_names <= set(reading.header) or len(set(reading.header)) < len(reading.header):
        raise part.refused("DE-HEAD", "the headings are not the agreed fields")
    if [cell.strip() for cell in reading.trailer[1:]] != [str(rows)] or rows != agreed.rows or reading.beyond:
        raise part.refused("DE-COUNT", f"{rows} rows, {agreed.rows} agreed")
    if rows and not good:
        raise part.refused("DE-ENC", "not one row can be decoded")
    return agreed


def _agreed(folder: DropFolder, part: Part) -> Agreed:
    told = folder.read(part.control, CONTROL_BYTES).decode("ascii", "replace").split() if part.control else []
    if len(told) != 3 or not (told[0].isdecimal() and told[1].isdecimal()):
        raise part.refused("DE-SIGN", "no control file of three lines beside it")
    return Agreed(int(told[0]), int(told[1]), told[2].lower())


def _pages(ctx: Context, folder: DropFolder, part: Part, agreed: Agreed) -> Iterator[Page]:
    """The second reading. Raises SourceLater EX-SFTP when it is no longer the same file."""
    reading, rows = _opened(ctx, folder, part), list[list[str]]()
    for number, cells in reading.rows():
        if cells is None:
            ctx.reject(ENTITY, f"{part.text.alias}:{number}", "DE-ROW")
            continue
        rows.append(cells)
        if len(rows) == ctx.option("page_size"):
            yield _page(reading.header, rows, part)
            rows = []
    if reading.sm3 != agreed.sm3:
        raise SourceLater("EX-SFTP", detail=f"file {part.text.alias} changed between two readings")
    if rows:
        yield _page(reading.header, rows, part)


def _page(header: list[str], rows: list[list[str]], part: Part) -> Page:
    order = part.date + timedelta(seconds=part.seq)
    marks = {
        "file_date": f"{part.date:%Y%m%d}",
        "file_seq": str(part.seq),
        "file_order": order.strftime(WIRE),
        "file_mtime": part.text.modified.strftime(WIRE),
    }
    columns = dict(zip(header, map(list, zip(*rows, strict=True)), strict=True))
    return Page(ENTITY, columns={**columns, **{name: [value] * len(rows) for name, value in marks.items()}})

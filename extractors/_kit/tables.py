"""Rows of text as records: where the headings stand, what is data and what is not; and CSV files as such rows.

Flow: bytes -> rows of text -> tripwire -> the headings, wherever they stand -> records. Title rows above the headings,
the totals row and the footnotes below are no records. Runs in the child of `sandbox`, as `sheets` does for workbooks.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from expectations.errors import RecordRejected
from extractors._kit.tripwire import check_rows

Row = tuple[int, Sequence[str | None]]
SEARCHED = 10  # rows from the top in which headings may stand
MERGED = 3  # rows over which one set of headings may spread
MAX_CSV_COLUMNS = 12
_TOTALS = re.compile("合计|总计|小计|累计|共计")
_FOOTNOTE = re.compile(
    "^(?:注|备注|说明|填报人|填表人|制表人|审核|复核|负责人|单位负责人|经办人|联系|打印|报送|主管|分管)"
)
_UNDECODED = "\ufffd"
_MOJIBAKE = re.compile(f"锟斤|{_UNDECODED}")


@dataclass(frozen=True)
class Table:
    """Where the data of a sheet begin, and which field stands in which place."""

    fields: Mapping[int, str]
    first: int


def csv_counts(data: bytes, options: Mapping[str, Any]) -> Iterator[Any]:
    """`["row" or "totals", line, record]` of a counts-only CSV file in GB18030; `["bad", line]`: of another width."""
    text = _gb18030(data)
    rows = _csv_rows(text)
    if any(len(_stripped(cells)) > MAX_CSV_COLUMNS for _, cells in rows):
        raise RecordRejected("EX-TRIPWIRE", detail=f"more than {MAX_CSV_COLUMNS} columns")
    check_rows([cells for _, cells in rows])
    found = [_told(row) for row in counts_of(rows, options, width=True)]
    if _UNDECODED in text and not any(kind == "row" for kind, *_ in found):
        raise RecordRejected("DE-ENC", detail="not one row can be decoded")
    yield from found


def _told(row: list[Any]) -> list[Any]:
    """The row, or `["bad", line]` for one whose bytes did not decode."""
    kind, line, *record = row
    undecoded = any(_UNDECODED in (text or "") for held in record for text in held.values())
    return ["bad", line] if kind == "row" and undecoded else row


def find_table(rows: Sequence[Row], headings: Mapping[str, Sequence[str]], required: Sequence[str]) -> Table | None:
    """The highest rows that together name every required field; headings: field -> the names it goes by."""
    names = {_plain(name): field for field, known in headings.items() for name in (field, *known)}
    for end in range(1, min(SEARCHED, len(rows)) + 1):
        for start in range(end - 1, max(0, end - MERGED) - 1, -1):
            fields = _fields(rows[start:end], names)
            if set(required) <= set(fields.values()):
                while end < len(rows) and _only_headings(rows[end][1], names):
                    end += 1
                return Table(_fields(rows[start:end], names), end)
    return None


def _fields(rows: Sequence[Row], names: Mapping[str, str]) -> dict[int, str]:
    """Column by column, from the bottom up: a known heading counts, else the lowest text is the column's name."""
    fields: dict[int, str] = {}
    for place in range(max(len(cells) for _, cells in rows)):
        texts = [cells[place] for _, cells in reversed(rows) if place < len(cells)]
        told = [text for text in texts if text is not None and text.strip()]
        if told:
            known = (names[plain] for plain in map(_plain, told) if plain in names)
            fields[place] = next(known, told[0].strip()[:40])
    agreed = [field for field in fields.values() if field in names.values()]
    if len(set(agreed)) < len(agreed):
        raise RecordRejected("DE-HEAD", detail="two columns bear the same heading")
    return fields


def _only_headings(cells: Sequence[str | None], names: Mapping[str, str]) -> bool:
    told = [text for text in cells if text is not None and text.strip()]
    return bool(told) and all(_plain(text) in names for text in told)


def _plain(text: str) -> str:
    """A heading without width, blanks, line breaks and units in brackets."""
    return re.sub(r"\s|\(.*?\)", "", unicodedata.normalize("NFKC", text)).casefold()


def record_of(table: Table, cells: Sequence[str | None]) -> dict[str, str | None]:
    """The cells of one row under the names of their columns."""
    return {field: cells[place] if place < len(cells) else None for place, field in table.fields.items()}


def counts_of(rows: Sequence[Row], options: Mapping[str, Any], *, width: bool = False) -> Iterator[Any]:
    """`["row" or "totals", line, record]` of the data under the headings. Raises RecordRejected DE-HEAD."""
    table = find_table(rows, options["headings"], options["required"])
    if table is None:
        raise RecordRejected("DE-HEAD", detail="the agreed headings are not there")
    for line, cells in rows[table.first :]:
        record = record_of(table, cells)
        kind = _kind(record, options)
        if kind == "row" and width and not len(_stripped(cells)) <= max(table.fields) + 1 <= len(cells):
            yield ["bad", line]
        elif kind is not None:
            yield [kind, line, record]


def _kind(record: Mapping[str, str | None], options: Mapping[str, Any]) -> str | None:
    """`row`, `totals` or None for a footnote."""
    told = [text.strip() for text in record.values() if text is not None and text.strip()]
    plain = ["".join(text.split()) for text in told]
    if not told or _FOOTNOTE.search(plain[0]):
        return None
    if any(_TOTALS.search(text) for text in plain[:3]):
        return "totals"
    keys = all((record.get(field) or "").strip() for field in options["key"])
    return "row" if keys or 2 * len(told) >= len(options["headings"]) else None


def _stripped(cells: Sequence[str | None]) -> Sequence[str | None]:
    end = len(cells)
    while end and not (cells[end - 1] or "").strip():
        end -= 1
    return cells[:end]


def _gb18030(data: bytes) -> str:
    """The text; U+FFFD stands for bytes that are no GB18030, and for nothing else.

    Raises RecordRejected DE-KIND for what is no text, DE-ENC for text in another encoding.
    """
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF")) or data.lstrip()[:1] == b"<":
        raise RecordRejected("DE-KIND", detail="not a CSV file")
    if b"\0" in data:
        raise RecordRejected("DE-ENC", detail=f"NUL at byte {data.index(0)}")
    if not data.isascii() and _is("utf-8", data):
        raise RecordRejected("DE-ENC", detail="UTF-8 where GB18030 is agreed")
    lines = data.split(b"\n")  # no GB18030 character holds a line feed
    if any(_MOJIBAKE.search(line.decode("gb18030")) for line in lines if _is("gb18030", line)):
        raise RecordRejected("DE-ENC", detail="characters that an earlier wrong decoding leaves")
    return "\n".join(line.decode("gb18030", "replace") for line in lines).removeprefix("\ufeff")


def _is(encoding: str, data: bytes) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _csv_rows(text: str) -> list[Row]:
    """Strictly: an open quote would swallow the rest of the file, so a record may not span lines."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[Row] = []
    broken = False
    try:
        for line, cells in enumerate(reader, 1):
            if reader.line_num != line:
                broken = True
                break
            if any(cell.strip() for cell in cells):
                rows.append((line, [cell or None for cell in cells]))
    except csv.Error:
        broken = True
    if broken:
        raise RecordRejected("DE-QUOTE", detail=f"a quote is open from line {len(rows) + 1} or a little below")
    return rows

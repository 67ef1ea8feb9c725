"""Workbooks as rows of text. Runs in the child of `sandbox`: bytes -> checks on the package -> openpyxl -> `Workbook`.

Nothing is evaluated and nothing is guessed: macros, formulas, links to other files and embedded objects refuse the
file. Hidden sheets are read like the others, and what stands outside the sheets (comments, pivot caches, headers)
is handed over too, so that the tripwire sees it.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from io import BytesIO
from typing import Any
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile, ZipFile

import msoffcrypto
from msoffcrypto.exceptions import DecryptionError, FileFormatError, InvalidKeyError
from msoffcrypto.exceptions import ParseError as NotEncryption
from openpyxl import load_workbook
from openpyxl.styles.numbers import is_datetime
from openpyxl.utils.datetime import MAC_EPOCH

from expectations.errors import RecordRejected
from extractors._kit.archive import MAGIC, Bounds, check_directory, read_directory, read_entry

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
MAX_ROW, MAX_COLUMN, MAX_CELLS = 200_000, 256, 2_000_000
LAST_ROW = 1_048_576  # of any sheet: empty rows up to here are passed over
BOUNDS = Bounds()
# From 1904-01-01 to 1900-01-00: a 1904 serial lands as a 1900 serial, for nobody later knows the workbook's flag.
EPOCHS_APART = 1462
SERIALS = range(32_874, 73_051)  # 1990 to 2099 in the 1900 system: what a bare number in a month cell can be

_ACTIVE = re.compile(
    r"(?i)vbaProject|/(?:externalLinks|embeddings|activeX|ctrlProps|macrosheets|dialogsheets|queryTables)/"
    r"|connections\.xml|customUI|xl/webextensions|\.(?:exe|dll|js|vbs|ole|swf)$"
)
_MACRO_TYPE = re.compile(rb"(?i)macroEnabled|vbaProject|ms-office\.activeX")
_RELATION = re.compile(rb"(?is)<(?:\w+:)?Relationship\b[^>]*>")
_EXTERNAL = re.compile(rb"(?i)TargetMode\s*=\s*[\"']External[\"']")
_HYPERLINK = re.compile(rb"(?i)Type\s*=\s*[\"'][^\"']*/hyperlink[\"']")
_DTD = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_SILENT = re.compile(r"(?i)^\[Content_Types\]|\.rels$|/styles\.xml$|/theme/|/calcChain\.xml$")
_CELLS = re.compile(r"(?i)sharedStrings\.xml$|/worksheets/[^/]*\.xml$")
_TEXT = re.compile(r'>([^<>]+)<|="([^"]*)"')

Row = tuple[int, list[str | None]]


@dataclass(frozen=True)
class Sheet:
    """One sheet: its rows that hold anything, each with its number in the workbook."""

    name: str
    hidden: bool
    rows: list[Row]


@dataclass(frozen=True)
class Workbook:
    """What a workbook says, as text.

    beside: texts of comments, cached tables, charts, properties; strings: those of the raw sheets and of the list of
    strings, where a sheet may hide that the workbook does not name. encrypted: it came under a password.
    """

    sheets: list[Sheet]
    beside: list[str]
    strings: list[str]
    encrypted: bool


def read_workbook(data: bytes, password: str | None = None) -> Workbook:
    """All sheets of one xlsx. Raises RecordRejected DE-KIND, -PASSWORD, -BOMB, -LIMIT, -ACTIVE, -XML."""
    encrypted = data.startswith(OLE)
    package = _decrypted(data, password) if encrypted else data
    if not package.startswith(MAGIC):
        raise RecordRejected("DE-KIND", detail="not an xlsx workbook")
    archive = read_directory(package)
    parts = _checked_parts(archive)
    book = None
    try:
        book = load_workbook(BytesIO(package), read_only=True, keep_links=False)
        sheets = list(_sheets(book))
    except (BadZipFile, ParseError, KeyError, ValueError, TypeError, IndexError, AttributeError, OSError):
        book = None  # openpyxl says all sorts of things of a malformed package, and quotes cells doing so
    if book is None:
        raise RecordRejected("DE-KIND", detail="the workbook is malformed")
    beside = [text for name in parts if not _CELLS.search(name) for text in _texts(name, parts[name])]
    strings = [text for name in parts if _CELLS.search(name) for text in _texts(name, parts[name])]
    return Workbook(sheets, beside, strings, encrypted)


def _decrypted(data: bytes, password: str | None) -> bytes:
    """The package behind a password. Raises RecordRejected DE-KIND for another OLE file, such as an old xls."""
    out, code, why = BytesIO(), None, ""
    try:
        book = msoffcrypto.OfficeFile(BytesIO(data))
        if book.format != "ooxml":
            raise FileFormatError
        book.load_key(password=password or "-", verify_password=True)
        book.decrypt(out)
    except (InvalidKeyError, DecryptionError):
        code, why = "DE-PASSWORD", "the workbook does not open with the agreed password"
    except (FileFormatError, NotEncryption, ValueError, KeyError, TypeError, AttributeError, OSError):
        code, why = "DE-KIND", "an OLE file that holds no encrypted xlsx"
    if code:
        raise RecordRejected(code, detail=why)
    return out.getvalue()


def _checked_parts(archive: ZipFile) -> dict[str, bytes]:
    """The XML parts, each of them judged as bytes: what no part may hold is refused before any parser sees it."""
    entries = archive.infolist()
    strings = sum(e.file_size for e in entries if e.filename.lower().endswith("sharedstrings.xml"))
    if strings > BOUNDS.total_bytes:
        raise RecordRejected("DE-LIMIT", detail=f"{strings} bytes of shared strings")
    check_directory(entries, BOUNDS)
    if "[Content_Types].xml" not in archive.namelist():
        raise RecordRejected("DE-KIND", detail="a zip that is no workbook")
    if any(_ACTIVE.search(e.filename) for e in entries):
        raise RecordRejected("DE-ACTIVE", detail="the package holds macros, links or embedded objects")
    parts = {}
    for e in entries:
        if e.filename.lower().endswith((".xml", ".rels", ".vml")):
            parts[e.filename] = _check_part(e.filename, read_entry(archive, e))
    return parts


def _check_part(name: str, part: bytes) -> bytes:
    # UTF-16 would hide a DTD from the search and not from the parser.
    if _DTD.search(part.replace(b"\0", b"")):
        raise RecordRejected("DE-XML", detail="a part of the workbook holds a DTD")
    if name == "[Content_Types].xml" and _MACRO_TYPE.search(part):
        raise RecordRejected("DE-ACTIVE", detail="a workbook of the macro kind")
    if name.endswith(".rels"):
        for relation in _RELATION.findall(part):
            if _EXTERNAL.search(relation) and not _HYPERLINK.search(relation):
                raise RecordRejected("DE-ACTIVE", detail="the package refers to another file")
    return part


def _sheets(book: Any) -> Iterator[Sheet]:
    shift = EPOCHS_APART if book.epoch == MAC_EPOCH else 0
    left = MAX_CELLS
    for sheet in book.worksheets:
        sheet.reset_dimensions()  # what a sheet says of its own size is not believed
        rows: list[Row] = []
        for number, cells in enumerate(sheet.iter_rows(), 1):
            last = 0
            texts: list[str | None] = []
            for place, cell in enumerate(cells, 1):
                text = None if cell.value is None else _text(cell, shift)
                texts.append(text)
                last = place if text is not None else last
            left -= last
            if number > (MAX_ROW if last else LAST_ROW) or last > MAX_COLUMN or left < 0:
                raise RecordRejected("DE-LIMIT", detail=f"a sheet reaches beyond {MAX_ROW} x {MAX_COLUMN} cells")
            if last:
                rows.append((number, texts[:last]))
        yield Sheet(sheet.title, sheet.sheet_state != "visible", rows)


def _text(cell: Any, shift: int) -> str | None:
    """A value as the sheet holds it. Dates of date-formatted cells in the forms of the wires."""
    if cell.data_type == "f":
        raise RecordRejected("DE-ACTIVE", detail="a cell holds a formula")
    value = cell.value
    if isinstance(value, str):
        return value if value.strip() else None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        moment = (value + timedelta(milliseconds=500)).replace(microsecond=0)
        only_day = is_datetime(cell.number_format or "") == "date"
        return moment.strftime("%Y-%m-%d" if only_day else "%Y-%m-%d %H:%M:%S")
    if isinstance(value, int | float) and value == value // 1 and abs(value) < 1e18:
        number = int(value)
        return str(number + shift if shift and number + shift in SERIALS else number)
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value)


def _texts(name: str, part: bytes) -> Iterator[str]:
    """Texts and attributes of an XML part, unless it holds only the file's own plumbing."""
    if not _SILENT.search(name):
        for found in _TEXT.finditer(part.decode("utf-8", "replace")):
            text = html.unescape(found[1] or found[2] or "").strip()
            if text:
                yield text

"""Workbooks as Office makes them, plain and under a password."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

from msoffcrypto.method.ecma376_agile import ECMA376Agile
from openpyxl import Workbook

# Excel writes 100,000; a town of sixty workbooks would take half a minute to lock, and the reader does not care.
SPIN = 1_000


def plain_workbook(headings: Sequence[str], rows: Sequence[Mapping[str, Any]], sheet: str = "Sheet1") -> bytes:
    """One sheet: the headings, then a row for each mapping."""
    book = Workbook(write_only=True)
    page = book.create_sheet(sheet)
    page.append(list(headings))
    for row in rows:
        page.append([row.get(name) for name in headings])
    return saved(book)


def saved(book: Workbook) -> bytes:
    """The bytes of a workbook."""
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def locked(workbook: bytes, password: str) -> bytes:
    """The workbook under a password (ECMA-376 agile encryption, as Office does it)."""
    sealed: bytes = ECMA376Agile.encrypt(password, BytesIO(workbook), spin_count=SPIN)
    return sealed

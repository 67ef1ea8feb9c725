"""Workbooks as records. The decoders that run in the child of `sandbox`: bytes -> `xlsx` -> tripwire -> `tables`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from expectations.errors import RecordRejected
from extractors._kit.tables import counts_of, find_table, record_of
from extractors._kit.tripwire import check_loose, check_rows
from extractors._kit.xlsx import read_workbook


def workbook_table(data: bytes, options: Mapping[str, Any]) -> Iterator[Any]:
    """`["row", line, record]` of the first visible sheet that has the headings, in a workbook without a password."""
    for sheet in read_workbook(data).sheets:
        table = None if sheet.hidden else find_table(sheet.rows, options["headings"], options["required"])
        if table is not None:
            for line, cells in sheet.rows[table.first :]:
                yield ["row", line, record_of(table, cells)]
            return
    raise RecordRejected("DE-HEAD", detail="no sheet has the agreed headings")


def workbook_counts(data: bytes, options: Mapping[str, Any]) -> Iterator[Any]:
    """`["row" or "totals", line, record]` of the agreed sheet of a counts-only workbook under a password.

    All sheets and all that stands outside them pass the tripwire first: what is wrong with a file that holds persons
    is that it holds persons.
    """
    book = read_workbook(data, options["password"])
    for sheet in book.sheets:
        check_rows([cells for _, cells in sheet.rows])
    check_loose(book.beside, heads=True)
    check_loose(book.strings, heads=False)
    if not book.encrypted:
        raise RecordRejected("DE-PASSWORD", detail="the workbook came without a password")
    rows = next((s.rows for s in book.sheets if s.name.strip() == options["sheet"]), None)
    if rows is None:
        raise RecordRejected("DE-HEAD", detail="the agreed sheet is not there")
    yield from counts_of(rows, options)

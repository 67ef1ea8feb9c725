"""Monthly service counts (password-protected xlsx on SFTP): every workbook that nobody has taken yet.

A workbook is read into memory and decoded in a limited child process, which also holds the tripwire: one sign of a
person in any sheet and nothing of the file reaches this process but the refusal.

Flow: 服务量汇总_YYYYMM[_N].xlsx -> sandbox (password, tripwire, headings)
      -> landing/mental_health_service/service_count
Alone: python -m extractors mental_health_service --begin 2022-11-01 --end 2022-12-01 --landing DIR
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from expectations.errors import RecordRejected, SourceLater
from extractors._kit.context import Context, Page
from extractors._kit.edge import number_of
from extractors._kit.monthly import MonthlyFile, monthly_files
from extractors._kit.sandbox import decode
from extractors._kit.sftp import DropFolder

ENTITY = "service_count"
COUNTS = ("service_cnt", "due_cnt", "ontime_cnt", "staff_cnt")


def extract(ctx: Context) -> Iterator[Page]:
    """Yield the rows of each workbook; a refused one does not stop the others."""
    ctx.expect(ENTITY, 0)
    options = _options(ctx)
    with DropFolder(ctx.connection) as folder:
        for file in monthly_files(ctx, folder, ENTITY, ctx.option("prefix"), ctx.option("suffix")):
            try:
                data = folder.read(file.remote, ctx.option("file_bytes"))
                found = decode("extractors._kit.sheets:workbook_counts", data, options, about=file.remote.alias)
            except RecordRejected as error:
                ctx.refuse_file(ENTITY, file.remote, error)
            except SourceLater as error:
                ctx.partial(ENTITY, error)
            else:
                if ctx.seen[ENTITY].read(file.remote, hashlib.sha256(data).hexdigest()):
                    yield _page(ctx, file, found)


def _options(ctx: Context) -> dict[str, Any]:
    headings: Mapping[str, str] = ctx.option("headings")
    entity = ctx.contract.entities[ENTITY]
    return {
        "password": ctx.connection.setting("workbook_password"),
        "sheet": ctx.option("sheet"),
        "headings": {field: [heading] for field, heading in headings.items()},
        "required": list(headings),  # a heading under another name would land as an empty column
        "key": [field for field in ("stat_month", *entity.key) if field in headings],
    }


def _page(ctx: Context, file: MonthlyFile, found: list[Any]) -> Page:
    records = [record | file.marks(record["stat_month"]) for kind, _, record in found if kind == "row"]
    ctx.expect(ENTITY, len(records), add=True)
    for kind, _, totals in found:
        if kind == "totals" and any(_differs(name, totals, records) for name in COUNTS):
            ctx.note("totals_row_differs")  # hand-made sums: worth a look, no reason to refuse the month
    return Page(ENTITY, records)


def _differs(name: str, totals: Mapping[str, Any], records: list[dict[str, Any]]) -> bool:
    told = number_of(totals.get(name))
    return told is not None and told != sum(number_of(record.get(name)) or 0 for record in records)

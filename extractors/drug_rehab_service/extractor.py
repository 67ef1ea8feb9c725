"""Monthly service counts (GB18030 CSV with an SM3 file on SFTP): every file whose modification time lies in the window.

The checksum is compared before a byte is parsed; parsing happens in a limited child process, which also holds the
tripwire: one sign of a person, or more than 12 columns, and nothing of the file reaches this process.

Flow: JDFW_YYYYMM[_N].csv + .sm3 -> SM3 agrees -> sandbox (tripwire, headings)
      -> landing/drug_rehab_service/service_count
Alone: python -m extractors drug_rehab_service --begin 2022-11-01 --end 2022-12-01 --landing DIR
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from expectations.errors import RecordRejected, SourceLater
from extractors._kit.context import Context, Page
from extractors._kit.monthly import MonthlyFile, monthly_files
from extractors._kit.sandbox import decode
from extractors._kit.sftp import DropFolder
from extractors._kit.signing import sm3_hex

ENTITY = "service_count"
CHECKSUM_BYTES = 1024


def extract(ctx: Context) -> Iterator[Page]:
    """Yield the rows of each file; a refused one does not stop the others."""
    ctx.expect(ENTITY, 0)
    options = _options(ctx)
    with DropFolder(ctx.connection) as folder:
        for file in monthly_files(ctx, folder, ENTITY, *map(ctx.option, ("prefix", "suffix", "checksum"))):
            try:
                data = folder.read(file.remote, ctx.option("file_bytes"))
                _check_sum(ctx, folder, file, data)
                found = decode("extractors._kit.tables:csv_counts", data, options, about=file.remote.alias)
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
        "headings": {field: [heading] for field, heading in headings.items()},
        "required": list(headings),  # a heading under another name would land as an empty column
        "key": [field for field in ("stat_month", *entity.key) if field in headings],
    }


def _check_sum(ctx: Context, folder: DropFolder, file: MonthlyFile, data: bytes) -> None:
    """Raises RecordRejected DE-SIGN when the checksum is not there or is another one."""
    beside = f"{file.remote.stem}{ctx.option('checksum')}".casefold()
    told = [folder.read(found, CHECKSUM_BYTES) for found in folder.files(lambda name: name.casefold() == beside)]
    if not told:
        raise RecordRejected("DE-SIGN", detail=f"file {file.remote.alias}: no checksum beside it")
    if told[0].strip().lower().decode("ascii", "replace") != sm3_hex(data):
        raise RecordRejected("DE-SIGN", detail=f"file {file.remote.alias}")


def _page(ctx: Context, file: MonthlyFile, found: list[Any]) -> Page:
    bad = [line for kind, line, *_ in found if kind == "bad"]
    for line in bad:
        ctx.reject(ENTITY, f"{file.remote.alias}:{line}", "DE-ROW")
    records = [row[2] | file.marks(row[2]["stat_month"]) for row in found if row[0] == "row"]
    ctx.expect(ENTITY, len(records) + len(bad), add=True)
    return Page(ENTITY, records)

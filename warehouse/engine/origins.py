"""What a purge leaves of a record that is still there: when it began, and until when the entity's past is gone.

`landing/<source>/<entity>/_purged.parquet` holds one row per such record, its age, and in its metadata the moment up to
which versions were taken out. It lies in the landing zone, so that a rebuild finds what belongs to the rows that are
left; staging copies it into the ledger, claims read it there.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from expectations.contract import Contract
from expectations.errors import SourceChanged
from warehouse.engine.connection import Connection, transaction
from warehouse.engine.evidence import sha256_of

PURGED = "purged"  # the named drop that explains what is missing
FILE = "_purged.parquet"
UNTIL = b"known_until"
SCHEMA = pa.schema(
    [("source_record_id", pa.string()), ("first_at", pa.timestamp("us")), ("first_known", pa.timestamp("us"))]
)


def origins_file(landing: Path, source: str, entity: str) -> Path:
    """Where the origins of an entity lie."""
    return landing / source / entity / FILE


def write_origins(file: Path, rows: pa.Table, until: datetime) -> None:
    """Put the origins in place, durable, for this user alone; rows: as SCHEMA, in any order."""
    temp = file.with_name(f".tmp-{os.getpid()}{FILE}")
    ordered = rows.cast(SCHEMA).sort_by("source_record_id")
    pq.write_table(ordered.replace_schema_metadata({UNTIL: until.isoformat().encode()}), temp, compression="zstd")
    temp.chmod(0o600)
    with temp.open("rb+") as handle:
        os.fsync(handle.fileno())
    temp.replace(file)
    folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def read_origins(file: Path) -> tuple[pa.Table, datetime | None]:
    """The origins and the moment they were purged up to; nothing and None where nothing was. Raises LA-CORRUPT."""
    if not file.exists():
        return SCHEMA.empty_table(), None
    try:
        rows = pq.read_table(file)
        return rows.replace_schema_metadata(None).cast(SCHEMA), datetime.fromisoformat(
            rows.schema.metadata[UNTIL].decode()
        )
    except (pa.ArrowInvalid, OSError, KeyError, TypeError, ValueError) as error:
        raise SourceChanged("LA-CORRUPT", detail=f"{file.parent.name}: {FILE} cannot be read") from error


def forget_origins(file: Path, stays: Callable[[str], bool]) -> int:
    """Take the records out that may not stay (an erasure). Returns how many there were."""
    rows, until = read_origins(file)
    if until is None:
        return 0
    mask = pa.array([stays(record) for record in rows["source_record_id"].to_pylist()], pa.bool_())
    left = rows.filter(mask)
    if gone := rows.num_rows - left.num_rows:
        write_origins(file, left, until)
    return int(gone)


def load_origins(connection: Connection, landing: Path, contract: Contract) -> None:
    """Bring the ledger in line with the origins of a source's entities. Raises SourceChanged LA-CORRUPT."""
    for entity in sorted(contract.entities):
        file, scope = origins_file(landing, contract.source, entity), {"source": contract.source, "entity": entity}
        digest = sha256_of(file) if file.exists() else None
        known = connection.execute(
            "select digest from ledger.purged where source = $source and entity = $entity", scope
        ).fetchall()
        if known == ([(digest,)] if digest else []):
            continue
        _, until = read_origins(file)
        with transaction(connection):
            connection.execute("delete from ledger.origin where source = $source and entity = $entity", scope)
            connection.execute("delete from ledger.purged where source = $source and entity = $entity", scope)
            if digest is not None:
                connection.execute(
                    "insert into ledger.origin select $source, $entity, source_record_id, first_at, first_known "
                    "from read_parquet($file)",
                    {**scope, "file": str(file)},
                )
                connection.execute(
                    "insert into ledger.purged values ($source, $entity, $until, $digest)",
                    {**scope, "until": until, "digest": digest},
                )


def purged_until(connection: Connection, sources: Sequence[str] | None = None) -> datetime | None:
    """The moment before which nobody can say any more what was known; None where nothing was purged."""
    [(moment,)] = connection.execute(
        "select max(known_until) from ledger.purged where $sources is null or list_contains($sources, source)",
        {"sources": list(sources) if sources is not None else None},
    ).fetchall()
    return moment if isinstance(moment, datetime) else None

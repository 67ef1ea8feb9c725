"""The decision store without the erased: vault entries nobody else uses, and what people decided about the records.

A name is shared: its entry goes only when no staged version, no landed file and no correction in force holds its token.
All of it happens in one transaction with the receipt, so that an erasure is never half done here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from sqlalchemy import Connection, Engine, delete, select

from warehouse.decisions import journal
from warehouse.decisions.corrections import IDENTITY, correction_history
from warehouse.decisions.keys import Keyed
from warehouse.decisions.models import Correction, Judgement, QualityWaiver, VaultEntry
from warehouse.decisions.tombstones import VAULT, Stone, Tombstones

_BATCH = 5_000
# By table the columns that name a record.
_SIDES = {
    "judgement": tuple((f"{s}_source", f"{s}_entity", f"{s}_record_id") for s in ("left", "right")),
    "correction": (("source", "entity", "record_id"),),
    "quality_waiver": (("source", "entity", "source_record_id"),),
}


def vault_tokens(engine: Engine) -> Iterator[str]:
    """Every token of the vault, in order, a batch at a time."""
    column = VaultEntry.__table__.c.token
    last = ""
    while True:
        with engine.connect() as connection:
            batch = connection.scalars(select(column).where(column > last).order_by(column).limit(_BATCH)).all()
        if not batch:
            return
        yield from batch
        last = batch[-1]


def restored_tokens(engine: Engine, tombstones: Tombstones) -> set[str]:
    """Entries that an erasure had removed and a restored vault holds again."""
    if tombstones.keyed is None:
        return set()
    wanted = tombstones.vault | set(tombstones.tokens)
    digest = tombstones.keyed.token
    return {token for token in vault_tokens(engine) if digest(token) in wanted}


def corrected_tokens(engine: Engine, wanted: Collection[str], tombstones: Tombstones) -> set[str]:
    """Tokens that a correction of somebody else still needs."""
    texts = [
        text
        for row in correction_history(engine)
        if row.attribute in IDENTITY and not _erased(tombstones, row.source, row.entity, row.record_id)
        for text in (row.value, row.old_value)
        if text
    ]
    return {token for token in wanted if any(token in text for text in texts)}


def remove_decisions(connection: Connection, tombstones: Tombstones) -> dict[str, int]:
    """Delete judgements, corrections and waivers about erased records; counts by table."""
    judged = [
        (row.number, any(_erased(tombstones, *side) for side in _sides(row)))
        for row in connection.execute(select(*Judgement.__table__.c))
    ]
    corrected = [
        (row.number, _erased(tombstones, row.source, row.entity, row.record_id))
        for row in connection.execute(select(*Correction.__table__.c))
    ]
    waived = [
        (row.waiver_id, _erased(tombstones, row.source, row.entity, row.source_record_id or ""))
        for row in connection.execute(select(*QualityWaiver.__table__.c))
    ]
    return {
        table: _remove(connection, column, [key for key, gone in rows if gone])
        for table, column, rows in (
            (Judgement.__tablename__, Judgement.number, judged),
            (Correction.__tablename__, Correction.number, corrected),
            (QualityWaiver.__tablename__, QualityWaiver.waiver_id, waived),
        )
    }


def forget_words(engine: Engine, tombstones: Tombstones) -> None:
    """Take judgements, corrections and waivers about erased records out of the journal too."""

    def gone(key: journal.Key, row: dict[str, Any]) -> bool:
        sides = _SIDES.get(key[0], ())
        return any(_erased(tombstones, *(str(row[column]) for column in side)) for side in sides)

    journal.forget(engine, gone)


def remove_entries(connection: Connection, tokens: Collection[str]) -> dict[str, int]:
    """Delete vault entries; counts by kind."""
    columns, counts = VaultEntry.__table__.c, dict[str, int]()
    for batch in _batches(sorted(tokens)):
        for kind in connection.scalars(select(columns.kind).where(columns.token.in_(batch))):
            counts[kind] = counts.get(kind, 0) + 1
        connection.execute(delete(VaultEntry).where(columns.token.in_(batch)))
    return dict(sorted(counts.items()))


def vault_stones(keyed: Keyed, tokens: Collection[str], erasure_id: str) -> list[Stone]:
    """What tells a restored vault apart from one that never lost these entries."""
    return [Stone(keyed.token(token), erasure_id, VAULT, None, None) for token in sorted(tokens)]


def empty_free_pages(engine: Engine) -> None:
    """Let nothing deleted linger in SQLite's write-ahead log; PostgreSQL's own vacuum does it there."""
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.exec_driver_sql("pragma wal_checkpoint(truncate)")


def _erased(tombstones: Tombstones, source: str, entity: str, record_id: str) -> bool:
    records = tombstones.records.get((source, entity))
    return bool(records and tombstones.keyed and tombstones.keyed.record(source, entity, record_id) in records)


def _sides(row: Any) -> list[tuple[str, str, str]]:
    left = (row.left_source, row.left_entity, row.left_record_id)
    return [left, (row.right_source, row.right_entity, row.right_record_id)]


def _remove(connection: Connection, column: Any, keys: list[Any]) -> int:
    for batch in _batches(keys):
        connection.execute(delete(column.class_).where(column.in_(batch)))
    return len(keys)


def _batches(items: list[Any]) -> Iterator[list[Any]]:
    for at in range(0, len(items), 500):
        yield items[at : at + 500]

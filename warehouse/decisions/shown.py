"""How an observation is shown before somebody decides on it: masks and facets of a person, a dwelling's address."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from expectations.model import Contract
from expectations.relations import staged, staged_column, table_name
from expectations.sql import fill, joined, name
from warehouse.decisions.judgements import Record
from warehouse.decisions.subjects import no_record
from warehouse.engine.connection import Connection

_MASKS: Final = ("name_mask", "id_mask")
_ATTRIBUTES: Final = {"person": ("birth_date", "sex"), "house": ("address", "room_no")}
_NEWEST: Final = """
select {{columns}} from {{table}} where source_record_id = $record and op = 'upsert'
order by changed_at desc nulls last, known_from desc, content_hash desc limit 1
"""


def shown(connection: Connection, contracts: Sequence[Contract], kind: str, record: Record) -> str:
    """One line about a record, nothing in it unmasked. Raises CallRejected DS-NONE for one that was never staged."""
    contract = next((c for c in contracts if c.source == record.source), None)
    entity = contract.entities.get(record.entity) if contract else None
    there = connection.execute(
        "select count(*) from duckdb_tables() where schema_name = 'staging' and table_name = $table",
        {"table": table_name(record.source, record.entity)},
    ).fetchall()
    if entity is None or there != [(1,)]:
        raise no_record(record)
    said = [c.attributes[a].column for c in entity.claims if c.entity == kind for a in _ATTRIBUTES[kind]
            if a in c.attributes]  # fmt: skip
    columns = [*(_MASKS if kind == "person" and entity.identity else ()), *(staged_column(c) for c in said if c)]
    listed = joined([name(c) for c in columns or ["source_record_id"]], ", ")
    query = fill(_NEWEST, columns=listed, table=staged(record.source, record.entity))
    rows = connection.execute(query, {"record": record.record_id}).fetchall()
    if not rows:
        raise no_record(record)
    return "  ".join(["|".join(record), *(str(v) for v in rows[0] if v is not None)])

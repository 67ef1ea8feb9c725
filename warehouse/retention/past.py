"""What of an entity is past its retention: a pure question to the staged versions, answered in `temp.past`.

In zone R a version goes when its time is over, as long as a newer one stays. In the zones without persons, and for
snapshots, a record goes as a whole: a mart tells from the versions of a case whether it was re-opened, and a snapshot
that lost single rows would close records that were there.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time

from expectations.errors import CallRejected
from expectations.model import Contract, Entity
from expectations.relations import acceptance, staged, staged_column, table_name
from expectations.sql import Sql, fill, name
from warehouse.engine.connection import Connection
from warehouse.engine.snapshots import End, held_back, observed
from warehouse.engine.staged import StagedEntity
from warehouse.retention.statements import statement

NOT_STAGED = "staged under another contract: run stage first"
NOT_JUDGED = "never judged: run the check first"
FLOOR = "without these records another old snapshot would count as complete: confirm or replace it first"


@dataclass(frozen=True)
class Past:
    """What `temp.past` holds of an entity: versions, records that go wholly, and when the first and last ended."""

    versions: int = 0
    records: int = 0
    oldest: datetime | None = None
    newest: datetime | None = None
    last_seen: datetime | None = None
    problem: str | None = None


def kept_from(contract: Contract, night: date) -> datetime:
    """The first moment that is still within the contract's period on a night. Raises CallRejected CT-SPEC."""
    years, unit = contract.retention[:-1], contract.retention[-1:]
    if unit != "y" or not years.isdecimal() or not int(years):
        raise CallRejected("CT-SPEC", detail=f"{contract.source}: retention {contract.retention!r}, expected 5y")
    try:
        day = night.replace(year=night.year - int(years))
    except ValueError:  # 29 February
        day = night.replace(year=night.year - int(years), day=28)
    return datetime.combine(day, time())


def find_past(
    connection: Connection, contract: Contract, entity: str, moment: datetime, spared: Collection[str] = ()
) -> Past:
    """Fill `temp.past` with the versions that ended before a moment. spared: records that keep versions while they are.

    Where something is past that cannot be purged now, `problem` says why and the table is empty.
    """
    shape = StagedEntity(contract.source, contract.entities[entity])
    for part in statement("_scratch").split(";\n"):
        connection.execute(part)
    if not _is_old(connection, contract.source, entity, moment):
        return Past()
    if not _in_shape(connection, shape):
        return Past(problem=NOT_STAGED)
    if not table_is_there(connection, "acceptance", table_name(contract.source, entity)):
        return Past(problem=NOT_JUDGED)
    whole = Sql("null")
    if column := whole_column(contract.entities[entity]):
        _fill_wholes(connection, contract)
        whole = fill("nullif(trim(staged.{{c}}::varchar), '')", c=name(staged_column(column)))
    connection.execute(
        statement("past_insert", table=shape.table, acceptance=acceptance(contract.source, entity), whole=whole),
        {"kept_from": moment, "by_version": contract.zone == "R" and not shape.snapshot, "spared": list(spared)},
    )
    found = _count(connection)
    if found.versions and shape.snapshot and _moves_floor(connection, shape):
        connection.execute("delete from past")
        return replace(Past(), problem=FLOOR)
    return found


def whole_column(entity: Entity) -> str | None:
    """The column that names the whole a record is a part of, where all that it claims goes by it."""
    named = {claim.whole for claim in entity.claims}
    return next(iter(named)) if len(named) == 1 else None


def _fill_wholes(connection: Connection, contract: Contract) -> None:
    for entity in sorted(contract.entities):
        columns = {claim.whole for claim in contract.entities[entity].claims if claim.whole}
        there = table_is_there(connection, "acceptance", table_name(contract.source, entity))
        if columns and there and _in_shape(connection, StagedEntity(contract.source, contract.entities[entity])):
            for column in sorted(columns):
                connection.execute(statement(
                    "whole_insert",
                    whole=name(staged_column(column)), table=staged(contract.source, entity),
                    acceptance=acceptance(contract.source, entity),
                ))  # fmt: skip


def _count(connection: Connection) -> Past:
    [(versions, records, oldest, newest, seen)] = connection.execute(
        "select count(*), count(distinct source_record_id) filter (where is_wholly), min(ended_at), max(ended_at), "
        "max(seen_at) from past"
    ).fetchall()
    return Past(versions, records, oldest, newest, seen)


def _moves_floor(connection: Connection, shape: StagedEntity) -> bool:
    """Whether old snapshots would be judged otherwise without the records, and so close others."""
    ends = observed(connection, shape)
    gone = dict(connection.execute(
        "select picture.dated, count(distinct presence.source_record_id) from ledger.picture as picture "
        "join ledger.presence as presence on presence.load_id = picture.load_id "
        "where picture.source = $source and picture.entity = $entity "
        "and presence.content_hash in (select content_hash from past) group by picture.dated",
        {"source": shape.source, "entity": shape.entity.name},
    ).fetchall())  # fmt: skip
    after = [replace(e, keys=e.keys - gone.get(e.shown_at, 0)) for e in ends]
    return _held(shape, ends) != _held(shape, after)


def _held(shape: StagedEntity, ends: Sequence[End]) -> list[datetime]:
    return [e.shown_at for e in held_back(ends, shape.entity.floor, shape.entity.empty_ok, ())]


def _is_old(connection: Connection, source: str, entity: str, moment: datetime) -> bool:
    """Whether anything of the entity was landed before the moment; most entities answer no at once."""
    found = connection.execute(
        "select 1 from ledger.load where source = $source and entity = $entity and window_end < $moment limit 1",
        {"source": source, "entity": entity, "moment": moment},
    ).fetchall()
    return bool(found)


def _in_shape(connection: Connection, shape: StagedEntity) -> bool:
    found = connection.execute(
        "select 1 from ledger.shape where source = $source and entity = $entity and shape = $shape",
        {"source": shape.source, "entity": shape.entity.name, "shape": shape.shape},
    ).fetchall()
    return bool(found)


def table_is_there(connection: Connection, schema: str, table: str) -> bool:
    """Whether the warehouse has a table by now."""
    found = connection.execute(
        "select 1 from duckdb_tables() where schema_name = $schema and table_name = $table",
        {"schema": schema, "table": table},
    ).fetchall()
    return bool(found)


def refused(problems: dict[str, str]) -> str:
    """Problems by entity as one line of an error's detail."""
    return "; ".join(f"{place}: {why}" for place, why in sorted(problems.items()))

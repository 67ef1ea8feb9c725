"""Closings and returns of snapshot and compared entities, derived from the presence of all their loads.

A complete snapshot that lacks a record closes it; a content that comes back after that, or after another content,
gets a version of its own, because the first one says only that it was known once. Both follow from the set of loads
alone: a snapshot that arrives late moves them to where they belong.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from expectations.faultpoint import faultpoint, register
from warehouse.engine.connection import Connection, transaction
from warehouse.engine.sql import statement
from warehouse.engine.staged import StagedEntity

FEW = 10  # records that a comparison may miss however small the source is: two of three disputes may well be withdrawn

register("snapshot.before_insert", "snapshot.before_commit", "snapshot.after_commit")


@dataclass(frozen=True)
class End:
    """All pictures of a snapshot entity that show one moment, as one observation."""

    shown_at: datetime
    complete: tuple[str, ...]  # ids of its complete loads
    keys: int
    held: bool = False  # the verdict the ledger holds


@dataclass(frozen=True)
class Derived:
    """What changed: closings and returns added, loads that the floor holds back now."""

    closed: int = 0
    returned: int = 0
    held: tuple[str, ...] = ()
    latest_held: bool = False


def held_back(
    ends: Sequence[End], floor: float | None, empty_ok: bool, confirmed: Collection[str], few: int = 0
) -> list[End]:
    """The complete observations that shrank too sharply to close anything.

    Each is held against the last one that was itself accepted: against a shrunken one, a second shrunken night would
    pass. Without a floor, only an empty snapshot of an entity that is never empty is held. few: so many may always go.
    """
    held = []
    before = 0
    for end in ends:
        if not end.complete:
            continue
        shrunk = end.keys < floor * before if floor is not None else (end.keys == 0 < before and not empty_ok)
        if shrunk and before - end.keys > few and not set(end.complete) & set(confirmed):
            held.append(end)
        else:
            before = end.keys
    return held


def derive(connection: Connection, staged: StagedEntity, confirmed: Collection[str]) -> Derived:
    """Bring closings and returns of one entity in line with its loads, in one transaction."""
    ends = observed(connection, staged)
    held = held_back(ends, staged.entity.floor, staged.entity.empty_ok, confirmed, FEW if staged.compared else 0)
    if not _stale(connection, staged, ends, held):
        return Derived(held=(), latest_held=_latest_held(ends, held))
    connection.execute(statement("_derived"))
    before = _derived_rows(connection, staged)
    scope = {"source": staged.source, "entity": staged.entity.name}
    with transaction(connection):
        connection.execute(statement("floor_held"), {**scope, "held": [e.shown_at for e in held]})
        connection.execute(statement("derived_insert"), scope)
        connection.execute(statement("derived_drop", table=staged.table), scope)
        faultpoint("snapshot.before_insert")
        connection.execute(
            statement("derived_add", table=staged.table, carried=staged.carried()), {"source": staged.source}
        )
        if not staged.compared:  # what is read by change time is known since its window ended
            connection.execute(statement("version_dated", table=staged.table), {**scope, "clocked": staged.clocked})
        connection.execute(statement("derived_figures"), scope)
        faultpoint("snapshot.before_commit")
    faultpoint("snapshot.after_commit")
    after = _derived_rows(connection, staged)
    return Derived(
        closed=after[0] - before[0],
        returned=after[1] - before[1],
        held=tuple(sorted(i for e in held if not e.held for i in e.complete)),
        latest_held=_latest_held(ends, held),
    )


def observed(connection: Connection, staged: StagedEntity) -> list[End]:
    """What the loads of a snapshot entity have shown, in the order of the moments they show."""
    rows = connection.execute(
        statement("snapshot_ends"), {"source": staged.source, "entity": staged.entity.name}
    ).fetchall()
    return [End(moment, tuple(complete or ()), keys, held) for moment, complete, keys, held in rows]


def _stale(connection: Connection, staged: StagedEntity, ends: Sequence[End], held: Sequence[End]) -> bool:
    """Whether a load was not derived yet, or a confirmation changed a verdict."""
    [(waiting,)] = connection.execute(
        "select count(*) from ledger.load where source = $source and entity = $entity and closed is null",
        {"source": staged.source, "entity": staged.entity.name},
    ).fetchall()
    return bool(waiting) or {e.shown_at for e in ends if e.held} != {e.shown_at for e in held}


def _latest_held(ends: Sequence[End], held: Sequence[End]) -> bool:
    complete = [e for e in ends if e.complete]
    return bool(complete) and complete[-1] in held


def _derived_rows(connection: Connection, staged: StagedEntity) -> tuple[int, int]:
    [(closed, returned)] = connection.execute(
        'select coalesce(sum(closed), 0)::bigint, coalesce(sum("returned"), 0)::bigint from ledger.load '
        "where source = $source and entity = $entity",
        {"source": staged.source, "entity": staged.entity.name},
    ).fetchall()
    return closed, returned

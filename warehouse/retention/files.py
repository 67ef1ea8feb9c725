"""The landed files that hold past rows, found by the content each version was made from.

A file keeps its place and its window stays landed: what goes is counted in its manifest under `purged`, so that every
row of the source stays explained and nobody asks the source for it again. What no manifest names, a killed landing has
left; past the period it is destroyed.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from expectations.model import Contract
from warehouse.decisions.landing_sweep import Held, named_by, searchable, tokens_of
from warehouse.engine.connection import Connection
from warehouse.engine.sql import statement
from warehouse.engine.staged import StagedEntity
from warehouse.retention.past import Past

_FOLDER = "%Y%m%dT%H%M%S"


def past_files(
    connection: Connection, contract: Contract, entity: str, landing: Path, past: Past, moment: datetime
) -> Iterator[Held]:
    """The files of an entity that hold versions of `temp.past`, and the orphans of windows that ended before a moment.

    Raises: SourceChanged LA-CORRUPT, LO-CONTRACT for a file in which no record can be found.
    """
    shape = StagedEntity(contract.source, contract.entities[entity])
    for path in sorted((landing / contract.source / entity).glob("*/*.parquet")):
        end = window_end(path)
        manifests = named_by(path)
        if manifests and past.last_seen is not None and end <= past.last_seen:
            if places := _places(connection, shape, path):
                tokens = tokens_of(path, places, shape.entity)
                yield Held(contract.source, entity, path, manifests, places, tokens)
        elif not manifests and end < moment:
            yield Held(contract.source, entity, path, (), (), frozenset())


def window_end(path: Path) -> datetime:
    """The end of the window that a landed file lies under."""
    return datetime.strptime(path.parent.name.partition("-")[2], _FOLDER)


def _places(connection: Connection, shape: StagedEntity, path: Path) -> tuple[int, ...]:
    """The places of a file's rows whose version is past, in order."""
    reader, present = searchable(shape, path)
    connection.execute(statement("_batch"))
    landed = shape.landed(present)
    connection.execute(statement("batch_insert", landed=landed, content_hash=shape.content_hash()), {"file": reader})
    rows = connection.execute(
        "select place from batch where content_hash in (select content_hash from past) order by place"
    ).fetchall()
    return tuple(place for (place,) in rows)

"""Rows that were erased at a resident's request do not become versions again, however they come back.

Flow: tombstones of the decision store -> per load the places of the rows they name -> out of the batch, counted as
dropped by the rule `erased`. A load of an entity that no tombstone concerns costs nothing.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from warehouse.decisions.keys import ERASURE, Keyed
from warehouse.decisions.store import URL_VARIABLE, decisions_url
from warehouse.decisions.tombstones import Tombstones, load_tombstones
from warehouse.engine.connection import Connection
from warehouse.engine.sql import NULL, name, statement
from warehouse.engine.staged import StagedEntity

TOKEN_COLUMN = "id_token"  # noqa: S105 - the name of a column


def decisions_of(warehouse: Path) -> str:
    """The decision store of a warehouse: REGISTER_DECISIONS_URL, or `decisions.db` beside it."""
    return os.environ.get(URL_VARIABLE) or decisions_url(warehouse.absolute().parent)


def tombstones_of(warehouse: Path) -> Tombstones:
    """Those in force for a warehouse. Raises SourceLater DS-STORE, CallRejected DS-KEY, SC-KEY."""
    return load_tombstones(decisions_of(warehouse))


def find_erased(
    connection: Connection,
    staged: StagedEntity,
    reader_path: str,
    present: Mapping[str, str],
    tombstones: Tombstones,
) -> list[int]:
    """The places of the rows of a landed file that a tombstone names, also in `temp.erased`.

    present: the columns of the contract that the file has, each with the field that holds it.
    """
    parameters = arm(connection, staged, tombstones)
    if parameters is None:
        return []
    token = staged.landed_column(TOKEN_COLUMN) if staged.entity.identity else NULL
    text = statement("erased_insert", landed=staged.landed(present), record_id=staged.record_id(), token=token)
    connection.execute(text, {**parameters, "file": reader_path})
    return [place for (place,) in connection.execute("select place from erased order by place").fetchall()]


def find_erased_versions(connection: Connection, staged: StagedEntity, tombstones: Tombstones) -> int:
    """How many staged versions a tombstone names; their hashes and records stand in `temp.gone`."""
    parameters = arm(connection, staged, tombstones)
    if parameters is None:
        return 0
    token = name(TOKEN_COLUMN) if staged.entity.identity else NULL
    connection.execute(statement("gone_insert", table=staged.table, token=token), parameters)
    return int(connection.execute("select count(*) from gone").fetchall()[0][0])


def arm(connection: Connection, staged: StagedEntity, tombstones: Tombstones) -> dict[str, Any] | None:
    """Make `temp.tombstone` with those that concern an entity; the parameters of its digests, or None for none."""
    entity, person = staged.entity.name, staged.entity.identity is not None
    connection.execute(statement("_erased"))
    if not tombstones.concern(staged.source, entity, person=person):
        return None
    digests = [*tombstones.records.get((staged.source, entity), {}), *(tombstones.tokens if person else ())]
    connection.execute("insert into tombstone select unnest($digests::varchar[])", {"digests": digests})
    keyed = tombstones.keyed or Keyed.from_env(ERASURE)
    return {"source": staged.source, "entity": entity, "inner": keyed.inner, "outer": keyed.outer}

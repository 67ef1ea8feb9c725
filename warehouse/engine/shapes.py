"""The table of an entity and the shape it was made in.

Staging is a function of landing and contract. When a contract changes what a staged row looks like, the entity is
staged anew: altering the table would leave rows that the present contract would not have made.
"""

from __future__ import annotations

from pathlib import Path

from expectations.errors import SourceChanged
from expectations.faultpoint import faultpoint, register
from warehouse.engine.connection import Connection, transaction
from warehouse.engine.sql import statement
from warehouse.engine.staged import StagedEntity

register("stage.restage")

FORGET = (
    "delete from ledger.load where source = $source and entity = $entity",
    "delete from ledger.reading where source = $source and entity = $entity",
    "delete from ledger.presence where source = $source and entity = $entity",
    "delete from ledger.shape where source = $source and entity = $entity",
)


def ensure_table(connection: Connection, staged: StagedEntity, landing: Path) -> bool:
    """Make the table, or clear it for staging anew when its shape changed. Returns whether it was cleared.

    Raises: SourceChanged LO-MIGRATION when a load that made the table no longer lies in the landing zone.
    """
    scope = {"source": staged.source, "entity": staged.entity.name}
    found = connection.execute(
        "select shape from ledger.shape where source = $source and entity = $entity", scope
    ).fetchall()
    if found == [(staged.shape,)]:
        return False
    if found:
        _demand_evidence(connection, scope, landing / staged.source)
    with transaction(connection):
        clear_table(connection, staged)
        faultpoint("stage.restage")
    return bool(found)


def clear_table(connection: Connection, staged: StagedEntity) -> None:
    """Make the table anew and forget its loads, inside the caller's transaction; staging fills it from landing."""
    scope = {"source": staged.source, "entity": staged.entity.name}
    connection.execute(statement("staged_drop", table=staged.table))
    for step in FORGET:
        connection.execute(step, scope)
    connection.execute(statement("staged_table", table=staged.table, declarations=staged.declarations()))
    connection.execute("insert into ledger.shape values ($source, $entity, $shape)", {**scope, "shape": staged.shape})


def _demand_evidence(connection: Connection, scope: dict[str, str], root: Path) -> None:
    files = connection.execute(
        "select file from ledger.load where source = $source and entity = $entity", scope
    ).fetchall()
    if gone := sum(not (root / file).exists() for (file,) in files):
        raise SourceChanged("LO-MIGRATION", detail=f"{scope['entity']}: new contract, but {gone} landed files are gone")

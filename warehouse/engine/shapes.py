"""The table of an entity and the shape it was made in.

Staging is a function of landing and contract. When a contract changes what a staged row looks like, the entity is
staged anew, aside (`anew.py`): altering the table would leave rows that the present contract would not have made, and
clearing it first would leave none while it is filled.
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
    "delete from ledger.undeclared where source = $source and entity = $entity",
    "delete from ledger.shape where source = $source and entity = $entity",
)


def ensure_table(connection: Connection, staged: StagedEntity, landing: Path) -> bool:
    """Make the table if there is none. Returns whether there is one of another shape, which stays as it is.

    Raises: SourceChanged LO-MIGRATION when a load that made that table no longer lies in the landing zone.
    """
    if is_behind(connection, staged):
        _demand_evidence(connection, {"source": staged.source, "entity": staged.entity.name}, landing / staged.source)
        return True
    if shape_of(connection, staged) is None:
        with transaction(connection):
            clear_table(connection, staged)
            faultpoint("stage.restage")
    return False


def is_behind(connection: Connection, staged: StagedEntity) -> bool:
    """Whether the table is there in another shape than the contract's."""
    return shape_of(connection, staged) not in (None, staged.shape)


def shape_of(connection: Connection, staged: StagedEntity) -> str | None:
    """The shape the table was made in; None where there is no table."""
    found = connection.execute(
        "select shape from ledger.shape where source = $source and entity = $entity",
        {"source": staged.source, "entity": staged.entity.name},
    ).fetchall()
    return str(found[0][0]) if found else None


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

"""Staging entities anew beside their tables, and putting the result in place in one transaction with the ledger.

Flow: a scratch database beside the warehouse -> every load of the changed entities under the present contract -> proof
that each load that made the old table is in the new one -> table, ledger, presence, shape and views swapped at once. A
kill anywhere leaves the old table whole, and what lies in the scratch folder is a copy of landing that the next run
clears away.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb

from expectations.desk import Desk
from expectations.faultpoint import faultpoint, register
from expectations.label import make_acceptance, open_entity
from expectations.relations import acceptance, table_name
from expectations.sql import Sql, fill, name, value
from warehouse.engine.connection import Connection, transaction
from warehouse.engine.shapes import clear_table
from warehouse.engine.sql import statement
from warehouse.engine.staged import SCHEMA, StagedEntity, staged_name

register("restage.aside", "restage.before_commit")

_ANEW = "anew"
_LEDGERS = ("load", "reading", "presence", "undeclared")


def restage(connection: Connection, changed: Sequence[StagedEntity], stage: Callable[[], None]) -> list[StagedEntity]:
    """Stage entities anew aside and swap in those whose every load could be read; those that could not, returned.

    stage: stages everything that is landed of them over the same connection, whose tables are then those aside.
    """
    if not changed:
        return []
    with _aside(connection) as main:
        stage()
        faultpoint("restage.aside")
        connection.execute(fill("use {{main}}", main=main))
        whole = [s for s in changed if not _missing(connection, s)]
        for staged in whole:
            _swap(connection, staged)
    return [s for s in changed if s not in whole]


def _missing(connection: Connection, staged: StagedEntity) -> int:
    """How many loads of the old table the new one lacks."""
    [(loads,)] = connection.execute(
        "select count(*) from ledger.load where source = $source and entity = $entity "
        "and load_id not in (select load_id from anew.ledger.load)",
        {"source": staged.source, "entity": staged.entity.name},
    ).fetchall()
    return int(loads)


def _swap(connection: Connection, staged: StagedEntity) -> None:
    scope = {"source": staged.source, "entity": staged.entity.name}
    made = name(_ANEW, SCHEMA, table_name(staged.source, staged.entity.name))
    with transaction(connection):
        clear_table(connection, staged)
        connection.execute(fill("insert into {{table}} select * from {{made}}", table=staged.table, made=made))
        for ledger in _LEDGERS:
            text = "insert into {{to}} by name select * from {{made}} where source = $source and entity = $entity"
            made = name(_ANEW, "ledger", ledger)
            connection.execute(fill(text, to=name("ledger", ledger), made=made), scope)
        _reopen(connection, staged)
        faultpoint("restage.before_commit")


def _reopen(connection: Connection, staged: StagedEntity) -> None:
    """The views over the table, which a table of other columns has made invalid."""
    known = connection.execute(
        "select 1 from duckdb_tables() where schema_name = 'acceptance' and table_name = $table "
        "and database_name = current_database()",
        {"table": table_name(staged.source, staged.entity.name)},
    ).fetchall()
    if not known:
        return
    make_acceptance(Desk(connection), staged.source, staged.entity.name)
    for column in staged.columns:
        for old in column.was or ():
            _follow(connection, staged, staged_name(old), staged_name(column.name))
    open_entity(Desk(connection), staged.source, staged.entity)


def _follow(connection: Connection, staged: StagedEntity, old: str, new: str) -> None:
    """What was emptied under a column's old name is under its new one."""
    connection.execute(
        fill(
            "update {{labels}} set blanked = list_append(list_filter(blanked, lambda b: b <> $old), $new) "
            "where list_contains(blanked, $old)",
            labels=acceptance(staged.source, staged.entity.name),
        ),
        {"old": old, "new": new},
    )


@contextmanager
def _aside(connection: Connection) -> Iterator[Sql]:
    """A database for what is staged anew, in use, under the connection's one memory limit; the name of the main one."""
    [(main, file)] = connection.execute(
        "select database_name, path from duckdb_databases() where database_name = current_database()"
    ).fetchall()
    workshop = Path(f"{file}.anew")
    shutil.rmtree(workshop, ignore_errors=True)
    workshop.mkdir(mode=0o700)
    place = value(str(workshop / "anew.duckdb"))
    connection.execute(fill("attach {{place}} as {{anew}}", place=place, anew=name(_ANEW)))
    try:
        connection.execute(fill("use {{anew}}", anew=name(_ANEW)))
        for script in ("_schema", "_origin", "_reading", "_undeclared"):
            connection.execute(statement(script))
        yield name(main)
    finally:
        with suppress(duckdb.Error):  # a fatal error has closed the database, and is what is to be told
            connection.execute(fill("use {{main}}", main=name(main)))
            connection.execute(fill("detach {{anew}}", anew=name(_ANEW)))
        shutil.rmtree(workshop, ignore_errors=True)

"""The statements a night runs, read off a night: the engine builds an empty warehouse, and every statement is read.

Nothing is rendered a second time: templates, generated columns and the order are the engine's own. The build is done
twice, in full and again, because a second night takes other ways. No file, no network, no decision store.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import duckdb

from expectations.contract import Contract
from expectations.desk import Desk, prepare
from expectations.label import open_entity
from expectations.sql import fill, name
from warehouse.engine.claims import build_claims
from warehouse.engine.connection import Connection, opened
from warehouse.engine.marts import build_marts
from warehouse.engine.register import build_register
from warehouse.engine.shapes import clear_table
from warehouse.engine.staged import staged_entities
from warehouse.lineage.statements import Statements
from warehouse.resolver import model_in_use

NIGHT = date(2022, 11, 8)  # any night: nothing is in the warehouse
NO_STORE = "sqlite://"  # in memory: whoever has REGISTER_DECISIONS_URL set gets the same lineage
_READ = ("create", "insert", "update", "delete")


class Recorder:
    """A connection that hands every statement on and then has it read."""

    def __init__(self, connection: Connection, dictionaries: Mapping[str, str]) -> None:
        self._connection = connection
        self.statements = Statements(self._columns, dictionaries)
        self.listening = True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def execute(self, query: str, parameters: object = None) -> Any:
        """As the connection does."""
        rows = self._connection.execute(query, parameters).fetchall()
        self._take(query)
        return _Fetched(rows)

    def executemany(self, query: str, parameters: object = None) -> Any:
        """As the connection does."""
        done = self._connection.executemany(query, parameters)
        self._take(query)
        return done

    def _take(self, query: str) -> None:
        if self.listening and _written(query):
            self.statements.take(query)

    def _columns(self, table: str) -> list[str]:
        schema, _, name_ = table.partition(".")
        try:
            rows = self._connection.execute(fill("describe {{table}}", table=name(schema, name_))).fetchall()
        except duckdb.CatalogException:
            return []
        return [str(column).lower() for column, *_ in rows]


class _Fetched:
    """Rows already read: asking for columns in between would end a result that is still open."""

    def __init__(self, rows: list[tuple[Any, ...]]) -> None:
        self._rows = rows

    def fetchall(self) -> list[tuple[Any, ...]]:
        return self._rows

    def fetchone(self) -> tuple[Any, ...] | None:
        return self._rows[0] if self._rows else None


def _written(query: str) -> bool:
    lines = (line for line in query.splitlines() if line.strip() and not line.lstrip().startswith("--"))
    return next(lines, "").split(maxsplit=1)[0].lower() in _READ


def record(contracts: Iterable[Contract], dictionaries: Mapping[str, str]) -> Statements:
    """What a full build, the one after it and the marts do with these contracts. dictionaries: see `Reader`.

    Raises: UnknownColumn for SQL that is not understood.
    """
    listed = list(contracts)
    with TemporaryDirectory(prefix="lineage-") as folder, opened(Path(folder) / "empty.duckdb") as plain:
        recorder = Recorder(plain, dictionaries)
        connection = cast(Connection, recorder)
        recorder.listening = False
        prepare(connection)
        _stage(connection, listed, recorder)
        build_claims(connection, listed)
        for full in (True, False):
            build_register(connection, NO_STORE, model_in_use(), full=full)
        build_marts(connection, NIGHT)
        recorder.statements.describe_all(tables(recorder))
        return recorder.statements


def _stage(connection: Connection, contracts: list[Contract], recorder: Recorder) -> None:
    desk = Desk(connection)
    for contract in contracts:
        for staged in staged_entities(contract).values():
            clear_table(connection, staged)
            recorder.listening = True
            open_entity(desk, contract.source, staged.entity)
            recorder.listening = False
    recorder.listening = True


def tables(connection: Recorder) -> list[str]:
    """Every table and view that is there when the build has ended, as `schema.table`."""
    rows = connection.execute(
        "select distinct case database_name when 'temp' then 'temp' else schema_name end || '.' || table_name "
        "from duckdb_columns() where not internal order by 1"
    ).fetchall()
    return [str(t).lower() for (t,) in rows]

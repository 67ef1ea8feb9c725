"""A SQLAlchemy dialect through which Great Expectations reads a DuckDB connection that is already open.

The warehouse has one writer and one transaction; Great Expectations must see exactly what that transaction sees, and
must neither commit it nor close it. So the connection is lent, by name, and its cursors fetch every result at once:
Great Expectations closes a connection before it reads the result, which on DuckDB would destroy it (the stock dialect
fails for that reason). Nothing here imports Great Expectations.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import duckdb
from sqlalchemy import pool
from sqlalchemy.dialects import registry
from sqlalchemy.engine.default import DefaultDialect

DRIVER = "lent"
_lent: dict[str, duckdb.DuckDBPyConnection] = {}
registry.register(f"duckdb.{DRIVER}", __name__, "LentDialect")


@contextmanager
def lend(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """The SQLAlchemy URL under which the connection can be read, as long as the block lasts."""
    handle = uuid4().hex
    _lent[handle] = connection
    try:
        yield f"duckdb+{DRIVER}:///{handle}"
    finally:
        del _lent[handle]


class _Module:
    """What SQLAlchemy asks of a DBAPI module."""

    apilevel, threadsafety, paramstyle = "2.0", 1, "qmark"
    Error = duckdb.Error


class _Cursor:
    """Holds the whole result, so that it outlives whatever happens to the connection."""

    rowcount = -1
    arraysize = 1

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._rows: list[tuple[Any, ...]] = []
        self.description: Any = None

    def execute(self, text: str, parameters: Sequence[Any] | None = None) -> None:
        """Run a statement and fetch its result."""
        self._connection.execute(text, list(parameters or ()))
        self.description = self._connection.description
        self._rows = self._connection.fetchall()

    def fetchall(self) -> list[tuple[Any, ...]]:
        """All rows not fetched yet."""
        rows, self._rows = self._rows, []
        return rows

    def fetchone(self) -> tuple[Any, ...] | None:
        """The next row."""
        return self._rows.pop(0) if self._rows else None

    def fetchmany(self, size: int = 1) -> list[tuple[Any, ...]]:
        """The next rows."""
        rows, self._rows = self._rows[:size], self._rows[size:]
        return rows

    def close(self) -> None:
        """The result stays; there is nothing to close."""


class _Loan:
    """The lent connection: transactions and closing are its owner's business."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def cursor(self) -> _Cursor:
        """A cursor that buffers."""
        return _Cursor(self._connection)

    def commit(self) -> None:
        """Nothing: the transaction is the owner's."""

    def rollback(self) -> None:
        """Nothing: the transaction is the owner's."""

    def close(self) -> None:
        """Nothing: the connection is the owner's."""


class LentDialect(DefaultDialect):
    """DuckDB over a lent connection; as much of a dialect as counting rows takes."""

    name = "duckdb"
    driver = DRIVER
    default_paramstyle = "qmark"
    supports_statement_cache = False

    @classmethod
    def import_dbapi(cls) -> Any:
        """The stand-in for a DBAPI module."""
        return _Module

    @classmethod
    def get_pool_class(cls, url: Any) -> type[pool.Pool]:
        """One connection, for there is only one."""
        return pool.StaticPool

    def create_connect_args(self, url: Any) -> Any:
        """The handle that `lend` gave out."""
        return [url.database], {}

    def connect(self, *handles: Any, **_: Any) -> Any:
        """The lent connection. Raises KeyError once it was taken back."""
        return _Loan(_lent[handles[0]])

    def initialize(self, connection: Any) -> None:
        """Ask the server nothing."""
        self.default_schema_name = "main"

    def has_table(self, connection: Any, table_name: str, schema: str | None = None, **_: Any) -> bool:
        """What is asked for is ours; a table that is not there fails when it is read."""
        return True

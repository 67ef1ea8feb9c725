"""Read-only views of a source's database, through any SQLAlchemy URL: one snapshot, one count, blocks of columns.

Flow: describe the view -> COUNT(*) -> rows ordered by (change time, key), streamed -> blocks -> pages. All of it in
one read-only snapshot. A cancelled snapshot or a lost connection is taken up after the last key that was handed on.
Names come from the caller's allow-list and are quoted by the driver's dialect; values are bound parameters.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from expectations.errors import CallRejected, PipelineError, SourceChanged, SourceLater
from extractors._kit.connection import Connection
from extractors._kit.retry import RetryPolicy
from extractors._kit.sql_errors import meaning

Row = Sequence[Any]
Clause = sa.ColumnElement[bool]

# What makes the transaction a read-only snapshot. Elsewhere the stated total is what notices a moving view.
SNAPSHOT = {
    "postgresql": ("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY",),
    "oracle": ("SET TRANSACTION READ ONLY",),
    "mysql": ("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",),
    "sqlite": ("PRAGMA query_only = ON", "BEGIN"),
}
PATIENCE = {"psycopg": {"connect_timeout": 10}, "pysqlite": {"timeout": 30}}  # seconds


@dataclass(frozen=True)
class View:
    """What is wanted of one view: `columns` (no other is ever selected), in the order of `changed_at` and `key`.

    name may be `schema.view`; change time and key are among the columns.
    """

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    changed_at: str


@dataclass(frozen=True)
class Block:
    """Some rows as columns, and what the source says it has in all. A column that is not selected has no values."""

    total: int
    columns: Mapping[str, Sequence[Any]]


@dataclass
class _Position:
    """How far a reading has come: rows handed on, and change time and key of the last; `loose`: past the keyed rows."""

    rows: int = 0
    last: Row | None = None
    loose: bool = False


@dataclass(frozen=True)
class _Query:
    """One view as the database describes it: its table, our columns by their name in it, and all its names."""

    view: View
    table: sa.TableClause
    names: Mapping[str, str]
    others: tuple[str, ...]
    begin: str
    end: str

    @cached_property
    def order(self) -> tuple[sa.ColumnClause[Any], ...]:
        """Change time and key, as the database calls them."""
        return tuple(sa.column(self.names[name]) for name in (self.view.changed_at, *self.view.key))

    def keyed(self, last: Row | None) -> Clause:
        """Rows of the window that have a place in the order; those after `last`, if it is given."""
        held = sa.and_(self._in_window(), *(column.is_not(None) for column in self.order[1:]))
        return held if last is None else sa.and_(held, self._after(last))

    def loose(self) -> Clause:
        """Rows without a change time (of which no window tells), and rows of the window whose key is incomplete."""
        keyless = sa.or_(*(column.is_(None) for column in self.order[1:]))
        return sa.or_(self.order[0].is_(None), sa.and_(self._in_window(), keyless))

    def select(self, where: Clause, *, ordered: bool = False) -> sa.Executable:
        """Our columns of the rows that match."""
        columns: list[sa.ColumnClause[Any]] = [sa.column(name) for name in self.names.values()]
        return sa.select(*columns).select_from(self.table).where(where).order_by(*self.order if ordered else ())

    def count(self, where: Clause) -> sa.Select[int]:
        """How many rows match."""
        return sa.select(sa.func.count()).select_from(self.table).where(where)

    def _in_window(self) -> Clause:
        changed = self.order[0]
        return sa.and_(changed >= _bound(self.begin), changed < _bound(self.end))

    def _after(self, last: Row) -> Clause:
        """Lexicographic `order > last`, spelt out: not every database compares rows."""
        column, value = self.order[-1], last[-1]
        after: Clause = column > _bound(value)
        for column, value in list(zip(self.order, last, strict=True))[-2::-1]:
            after = sa.or_(column > _bound(value), sa.and_(column == _bound(value), after))
        return after


class Database:
    """Read access to one source's views. `allowed` names them; `note` is told of every resumed reading."""

    def __init__(
        self,
        connection: Connection,
        allowed: Sequence[str],
        *,
        block: int,
        policy: RetryPolicy | None = None,
        note: Callable[[str], None] = lambda name: None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._engine = _engine(connection)
        self._allowed = frozenset(allowed)
        self._block = block
        self._policy = policy or RetryPolicy.from_env()
        self._note = note
        self._sleep = sleep
        assert self._engine.dialect.dbapi is not None
        self._errors: tuple[type[Exception], ...] = (sa.exc.DBAPIError, self._engine.dialect.dbapi.Error)

    def __enter__(self) -> Database:
        return self

    def __exit__(self, *_: object) -> None:
        self._engine.dispose()

    def changes(self, view: View, begin: str, end: str) -> Iterator[Block]:
        """The rows with begin <= change time < end, and those without a change time; at least one block, maybe empty.

        Raises SourceLater EX-DB when it cannot be read for now, EX-GAP when the count is not what came;
        SourceChanged EX-DB when the database refuses, DE-SCHEMA when the view lacks key or change time.
        """
        if view.name not in self._allowed:
            raise CallRejected("CT-SPEC", detail="a view that is not on the list of the source")
        position = _Position()
        for tries in range(1, self._policy.tries + 1):
            try:
                yield from self._rest(view, begin, end, position)
            except self._errors as error:
                problem, reason = meaning(error)
            else:
                return
            # Out of the except block on purpose: the driver's error quotes values, and must not be chained.
            self._failed(view, position, tries, problem, reason)

    def _failed(self, view: View, position: _Position, tries: int, problem: type[PipelineError], reason: str) -> None:
        """Wait, if reading on may help; raise if not."""
        detail = f"{view.name}: {reason}; {tries} tries, {position.rows} rows read"
        if problem is not SourceLater or position.loose or tries == self._policy.tries:
            raise problem("EX-DB", detail=detail)
        self._note("readings_resumed")
        self._sleep(self._policy.backoff(tries))

    def _rest(self, view: View, begin: str, end: str, position: _Position) -> Iterator[Block]:
        """What has not been handed on yet, in one snapshot, with the total as this snapshot has it."""
        with self._snapshot() as connection:
            query = self._describe(connection, view, begin, end)
            keyed = query.keyed(position.last)
            loose = connection.scalar(query.count(query.loose())) or 0
            total = position.rows + loose + (connection.scalar(query.count(keyed)) or 0)
            yield self._page(query, total, [])
            for rows in self._groups(connection, query, keyed):
                yield self._page(query, total, rows)
                position.rows += len(rows)
                position.last = _place(rows[-1], len(query.order))
            if loose:
                for rows in self._blocks(connection, query.select(query.loose())):
                    position.loose = True
                    yield self._page(query, total, rows)
                    position.rows += len(rows)
        if position.rows != total:
            raise SourceLater("EX-GAP", detail=f"{view.name}: the source states {total}, {position.rows} came")

    @contextmanager
    def _snapshot(self) -> Iterator[sa.Connection]:
        """A connection of its own in a read-only transaction, rolled back at the end."""
        with self._engine.connect() as connection:
            for statement in SNAPSHOT.get(self._engine.dialect.name, ()):
                connection.exec_driver_sql(statement)
            yield connection

    def _describe(self, connection: sa.Connection, view: View, begin: str, end: str) -> _Query:
        """Find our columns among those of the view, in whatever case it writes them."""
        schema, _, name = view.name.rpartition(".")
        table = sa.table(name, schema=schema or None)
        everything: sa.Executable = sa.select(sa.literal_column("*")).select_from(table).where(sa.false())
        with connection.execute(everything) as said:
            found = {str(name).casefold(): str(name) for name in list(said.keys())}
        # Change time and key come first: a place in the order is the head of a row.
        wanted = dict.fromkeys((view.changed_at, *view.key, *view.columns))
        names = {name: found.pop(name.casefold()) for name in wanted if name.casefold() in found}
        if missing := [name for name in (view.changed_at, *view.key) if name not in names]:
            raise SourceChanged("DE-SCHEMA", detail=f"{view.name}: missing {', '.join(missing)}")
        return _Query(view, table, names, tuple(found), begin, end)

    def _blocks(self, connection: sa.Connection, statement: sa.Executable) -> Iterator[list[Row]]:
        """Raw rows of the driver: SQLAlchemy's own cost a sixth more, and nobody looks at them."""
        with connection.execution_options(stream_results=True).execute(statement) as result:
            # SQLAlchemy has looked at the first row of a server-side cursor already; so that one comes through it.
            rows: list[Row] = [tuple(row) for row in result.fetchmany(1)]
            cursor = result.cursor
            while rows and cursor is not None:
                yield rows
                rows = list(cursor.fetchmany(self._block))

    def _groups(self, connection: sa.Connection, query: _Query, where: Clause) -> Iterator[list[Row]]:
        """Rows in order, never cut between two of one change time and key: a view may hold several versions."""
        width = len(query.order)
        held: list[Row] = []
        for rows in self._blocks(connection, query.select(where, ordered=True)):
            rows = [*held, *rows]
            last, cut = _place(rows[-1], width), len(rows) - 1
            while cut and _place(rows[cut - 1], width) == last:
                cut -= 1
            held = rows[cut:]
            if cut:
                yield rows[:cut]
        if held:
            yield held

    def _page(self, query: _Query, total: int, rows: Sequence[Row]) -> Block:
        columns: dict[str, Sequence[Any]] = dict.fromkeys(query.names, ())
        if rows:
            columns = dict(zip(query.names, zip(*rows, strict=True), strict=True))
        return Block(total, columns | dict.fromkeys(query.others, ()))


def _place(row: Row, width: int) -> Row:
    return row[:width]


def _bound(value: Any) -> sa.BindParameter[Any]:
    """A parameter without a type of ours: the database compares it as it does the column."""
    return sa.bindparam(None, value, type_=sa.types.NullType())


def _engine(connection: Connection) -> sa.Engine:
    """An engine that keeps no connection and shows no values. Raises CallRejected SC-CONN."""
    reason = ""
    try:
        url = _existing(sa.make_url(connection.setting("url")))
        driver = url.get_dialect().driver
        return sa.create_engine(url, poolclass=NullPool, hide_parameters=True, connect_args=PATIENCE.get(driver, {}))
    except ModuleNotFoundError as error:
        reason = f"the driver {error.name} is not installed"
    except sa.exc.NoSuchModuleError:
        reason = "extra.url names a database SQLAlchemy does not know"
    except (sa.exc.ArgumentError, ValueError):
        reason = "extra.url is not a SQLAlchemy URL"
    raise CallRejected("SC-CONN", detail=f"connection {connection.key}: {reason}")


def _existing(url: sa.URL) -> sa.URL:
    """The URL itself; for an SQLite file one that never creates the file it does not find."""
    plain = url.get_backend_name() == "sqlite" and url.database and not url.query
    if not plain or url.database == ":memory:":
        return url
    place = quote(str(Path(str(url.database)).absolute()))
    return url.set(database=f"file:{place}", query={"mode": "rw", "uri": "true"})

"""Publishing to PostgreSQL: the current generation's file into a schema of its own, checked, then one transaction.

`marts_next_<n>` -> ADBC -> figures compared -> lock the views readers hold, turn them to the new tables, commit. What
readers see, and what an office grants and builds upon, are the views of schema `marts`: they stay the same objects from
generation to generation, so that grants of other roles hold and views of others on them are never stale. The lock makes
a reader's transaction see one generation only: it waits for readers for moments, gives up, and tries again, so that
they are never refused. Two older generations stay, closed to readers. All of it belongs to `marts_owner`, a role nobody
logs in as.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import duckdb
import psycopg
from psycopg import sql

from expectations.errors import CallRejected, SourceChanged, SourceLater
from expectations.faultpoint import faultpoint, register
from expectations.sql import Sql, fill, joined, name
from warehouse.publish.switch import LOCK_FOR, generations, schemas, switch
from warehouse.publish.versions import rows_of

SCHEMA: Final = "marts"
OWNER: Final = "marts_owner"
KEPT: Final = 2
WAIT: Final = 120.0
BATCH: Final = 65_536
_GATE: Final = 7_361_802_212
_NUMBERS: Final = ("BIGINT", "INTEGER", "SMALLINT", "HUGEINT", "DOUBLE", "DECIMAL")

register("publish.pg_loaded", "publish.pg_checked", "publish.pg_switched")


def publish_postgres(generation: Path, url: str, *, wait: float = WAIT) -> dict[str, Any]:
    """Publish the generation in a file of `publish_duckdb` on a server that `setup` has prepared.

    Returns generation, tables, rows, seconds, and whether it was there already. Raises: SourceLater PU-BUSY when
    readers do not let go within `wait` seconds, PU-SERVER; SourceChanged PU-TORN when a table differs, PU-VIEWS when a
    column that goes is used by views of others; CallRejected PU-OLD for a night older than the published one.
    """
    started = time.monotonic()
    with _server_errors(), duckdb.connect(str(generation), read_only=True) as source:
        number, tables = _contents(source)
        with psycopg.connect(url, autocommit=True) as server:
            server.execute(sql.SQL("set role {}").format(sql.Identifier(OWNER)))
            server.execute("select pg_advisory_lock(%s)", [_GATE])
            _refuse_older(source, server)
            there = _published(server) == _signature(source)
            rows = 0
            if not there:
                shadow = f"{SCHEMA}_next_{number}"
                _clear_shadows(server)
                rows = _load(source, url, shadow, tables)
                faultpoint("publish.pg_loaded")
                _check(source, server, shadow, tables)
                _analyze(source, server, shadow)
                faultpoint("publish.pg_checked")
                switch(server, shadow, tables, rows_of(source), wait)
                faultpoint("publish.pg_switched")
            _clear_old(server)
    return {"generation": number, "tables": len(tables), "rows": rows, "already": there,
            "seconds": round(time.monotonic() - started, 3)}  # fmt: skip


@contextmanager
def _server_errors() -> Iterator[None]:
    try:
        yield
    except psycopg.Error as error:
        raise SourceLater("PU-SERVER", detail=type(error).__name__) from error


def _contents(source: duckdb.DuckDBPyConnection) -> tuple[int, list[str]]:
    rows = source.execute("select table_name from duckdb_tables() where schema_name = 'marts' order by 1").fetchall()
    [(number,)] = source.execute("select max(generation) from marts.generation").fetchall()
    return int(number), [table for (table,) in rows]


def _signature(source: duckdb.DuckDBPyConnection) -> list[tuple[Any, ...]]:
    rows = source.execute("select mart, generation, digest from marts.generation order by mart").fetchall()
    return [tuple(row) for row in rows]


def _published(server: psycopg.Connection[Any]) -> list[tuple[Any, ...]] | None:
    [there] = server.execute("select to_regclass('marts.generation') is not null").fetchone() or (False,)
    if not there:
        return None
    rows = server.execute('select mart, generation, digest from marts.generation order by mart collate "C"')
    return [tuple(row) for row in rows.fetchall()]


def _refuse_older(source: duckdb.DuckDBPyConnection, server: psycopg.Connection[Any]) -> None:
    if _published(server) is None:
        return
    [(fresh,)] = source.execute("select max(night) from marts.generation").fetchall()
    [there] = server.execute("select max(night) from marts.generation").fetchone() or (None,)
    if there is not None and fresh < there:
        raise CallRejected("PU-OLD", detail=f"{fresh} < {there}")


def _load(source: duckdb.DuckDBPyConnection, url: str, shadow: str, tables: list[str]) -> int:
    """All tables into the shadow schema, one transaction; rows."""
    from adbc_driver_postgresql import dbapi as adbc  # brings pandas and polars, which a file's publication can spare

    rows = 0
    try:
        with adbc.connect(url) as target, target.cursor() as cursor:
            cursor.execute(str(fill("set role {{owner}}", owner=name(OWNER))))
            cursor.execute(str(fill("create schema {{shadow}}", shadow=name(shadow))))
            for table in tables:
                reader = source.sql(fill("select * from {{t}}", t=name(SCHEMA, table))).to_arrow_reader(BATCH)
                rows += cursor.adbc_ingest(table, reader, mode="create", db_schema_name=shadow)
            target.commit()
    except adbc.Error as error:
        raise SourceLater("PU-SERVER", detail=type(error).__name__) from error
    return rows


def _check(source: duckdb.DuckDBPyConnection, server: psycopg.Connection[Any], shadow: str, tables: list[str]) -> None:
    """Rows, values and sums of every column on both sides; one scan each."""
    for table in tables:
        columns = source.execute(
            "select column_name, data_type from duckdb_columns() where schema_name = 'marts' and table_name = $t "
            "order by column_index", {"t": table},
        ).fetchall()  # fmt: skip
        query = _figures(columns)
        ours = source.execute(fill("select {{f}} from {{t}}", f=query, t=name(SCHEMA, table))).fetchall()[0]
        asked = fill("select {{f}} from {{t}}", f=query, t=name(shadow, table))
        theirs = server.execute(sql.SQL(asked)).fetchone() or ()
        if [_plain(v) for v in ours] != [_plain(v) for v in theirs]:
            raise SourceChanged("PU-TORN", detail=f"{shadow}.{table}")


def _analyze(source: duckdb.DuckDBPyConnection, server: psycopg.Connection[Any], shadow: str) -> None:
    """What the planner wants to know of the tables."""
    server.execute("set default_statistics_target = 20")  # at 100 a million rows cost 0.2 s of a publish of 2 s
    for table in _contents(source)[1]:
        server.execute(sql.SQL("analyze {}").format(sql.Identifier(shadow, table)))


def _figures(columns: list[tuple[str, str]]) -> Sql:
    parts = [fill("count(*)")]
    for column, kind in columns:
        parts += [fill("count({{c}})", c=name(column)), fill(_SAID.get(kind, _said_of(kind)), c=name(column))]
    return joined(parts, ", ")


_SAID: Final = {
    "VARCHAR": "sum(length({{c}}))",
    "BOOLEAN": "sum(case when {{c}} then 1 else 0 end)",
}


def _said_of(kind: str) -> str:
    return "sum({{c}})" if kind.startswith(_NUMBERS) else "min({{c}})"


def _plain(value: Any) -> Any:
    return round(float(value), 6) if isinstance(value, (int, float)) or hasattr(value, "as_tuple") else value


def _clear_shadows(server: psycopg.Connection[Any]) -> None:
    """What an interrupted publish left."""
    for schema in schemas(server, r"marts\_next\_%"):
        server.execute(sql.SQL("drop schema {} cascade").format(sql.Identifier(schema)))


def _clear_old(server: psycopg.Connection[Any]) -> None:
    """All but the present one and the last two older ones; one that a reader still holds goes next time."""
    for schema in generations(server)[: -KEPT - 1]:
        try:
            with server.transaction():
                server.execute(sql.SQL("set local lock_timeout = {}").format(sql.Literal(LOCK_FOR)))
                server.execute(sql.SQL("drop schema {} cascade").format(sql.Identifier(schema)))
        except psycopg.errors.LockNotAvailable:
            return

"""Opening the one DuckDB file: lock, settings, schema version, and errors a person can act on.

Whoever writes the warehouse comes in through `open_warehouse`. The file, its .wal and its temporary folder are for
this user alone; readers get published copies, never this file.
"""

from __future__ import annotations

import errno
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeAlias

import duckdb

from expectations.errors import PipelineError, SourceChanged, SourceLater
from expectations.faultpoint import faultpoint, register
from warehouse.engine.lock import POLL, writer_lock
from warehouse.engine.sql import statement

Connection: TypeAlias = duckdb.DuckDBPyConnection

SCHEMA_VERSION = "1"
WAIT = "REGISTER_WAREHOUSE_WAIT"  # seconds to wait for the lock
THREADS = "REGISTER_DUCKDB_THREADS"  # default: all cores
MEMORY = "REGISTER_DUCKDB_MEMORY"  # such as 2GB
FULL = (errno.ENOSPC, errno.EDQUOT)
BROKEN = (errno.EIO, errno.EROFS)

register("warehouse.schema", "warehouse.before_checkpoint", "warehouse.after_checkpoint")


@contextmanager
def open_warehouse(path: Path, *, wait: float | None = None) -> Iterator[Connection]:
    """Hold and open the warehouse for writing; made with its ledger if it is not there; checkpointed on a clean end.

    Raises: SourceLater LO-LOCKED, LA-SPACE or LA-IO, SourceChanged LO-WAREHOUSE or LO-MIGRATION.
    """
    with wait_and_lock(path, wait), opened(path, wait=wait) as connection:
        yield connection


@contextmanager
def wait_and_lock(path: Path, wait: float | None = None) -> Iterator[None]:
    """Hold the warehouse without opening it. Raises SourceLater LO-LOCKED, LA-SPACE, LA-IO."""
    os.umask(0o077)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with writer_lock(path, _patience(wait)), disk_errors():
        yield


@contextmanager
def opened(path: Path, *, wait: float | None = None) -> Iterator[Connection]:
    """The same for whoever holds the lock already; an outside reader of the file is waited for."""
    connection = _connect(path, time.monotonic() + _patience(wait))
    try:
        _settle(connection)
        yield connection
        faultpoint("warehouse.before_checkpoint")
        connection.execute("checkpoint")
        faultpoint("warehouse.after_checkpoint")
    finally:
        connection.close()


@contextmanager
def transaction(connection: Connection) -> Iterator[None]:
    """All or nothing."""
    connection.execute("begin transaction")
    try:
        yield
        connection.execute("commit")
    except BaseException:
        # A failed commit has already rolled back, and a fatal error closed the database: nothing is left to undo.
        with suppress(duckdb.Error):
            connection.execute("rollback")
        raise


@contextmanager
def disk_errors(what: str = "warehouse") -> Iterator[None]:
    """What the disk refuses, as LA-SPACE or LA-IO. Whatever was not committed is gone, whatever was is safe."""
    try:
        yield
    except (OSError, duckdb.Error) as error:
        if (refusal := _disk_refusal(error, what)) is not None:
            raise refusal from error
        raise


def _disk_refusal(error: BaseException, what: str) -> PipelineError | None:
    number = getattr(error, "errno", None)
    # DuckDB wraps a full disk in whatever it was doing: an I/O error, or a fatal one when it was a checkpoint.
    if number in FULL or "No space left" in str(error):
        return SourceLater("LA-SPACE", detail=what)
    if isinstance(error, duckdb.OutOfMemoryException):
        return SourceLater("LA-SPACE", detail=f"the memory limit ({MEMORY}) or the temporary folder")
    if number in BROKEN or isinstance(error, duckdb.IOException):
        return SourceLater("LA-IO", detail=what)
    return None


def _patience(wait: float | None) -> float:
    return float(os.environ.get(WAIT, "60")) if wait is None else wait


def _connect(path: Path, until: float) -> Connection:
    scratch = path.with_name(f"{path.name}.tmp")
    settings: dict[str, Any] = {
        "temp_directory": str(scratch),
        "preserve_insertion_order": False,  # rows are a set; keeping their order would cost memory
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "python_enable_replacements": False,  # a table name must never resolve to a Python variable
    }
    for name, variable in (("threads", THREADS), ("memory_limit", MEMORY)):
        if value := os.environ.get(variable):
            settings[name] = value
    _empty(scratch)
    while True:
        try:
            connection = duckdb.connect(str(path), config=settings)
            break
        except duckdb.Error as error:
            refusal = _refusal(path, error)
            if refusal.code != "LO-LOCKED" or time.monotonic() >= until:
                raise refusal from error
        time.sleep(POLL)
    path.chmod(0o600)
    return connection


def _empty(scratch: Path) -> None:
    """A killed process leaves what it had spilled: rows in the clear, of no use to anyone. The lock is ours."""
    scratch.mkdir(mode=0o700, exist_ok=True)
    for left in scratch.iterdir():
        left.unlink()


def _refusal(path: Path, error: duckdb.Error) -> PipelineError:
    """Why DuckDB would not open the file. Nothing is deleted here, above all no .wal: it may hold the last commits."""
    text = str(error)
    if "No space left" in text:
        return SourceLater("LA-SPACE", detail="warehouse")
    if "lock on file" in text:
        holder = re.search(r"PID (\d+)", text)
        who = f"pid {holder[1]}" if holder else "a process"
        return SourceLater("LO-LOCKED", detail=f"{who}, outside the pipeline, has the file open")
    if "version number" in text or "storage version" in text:
        return SourceChanged("LO-MIGRATION", detail=f"{path.name}: storage of another DuckDB version")
    beside = ", its .wal is kept beside it" if path.with_name(f"{path.name}.wal").exists() else ""
    return SourceChanged("LO-WAREHOUSE", detail=f"{path.name}: {type(error).__name__}{beside}")


def _settle(connection: Connection) -> None:
    """Check or make the schema, and load the typing macros, which are temporary: code is never older than the file."""
    present = connection.execute(
        "select count(*) from duckdb_tables() where schema_name = 'ledger' and table_name = 'meta'"
    ).fetchall()
    if present == [(1,)]:
        version = connection.execute("select value from ledger.meta where name = 'schema'").fetchall()
        if version != [(SCHEMA_VERSION,)]:
            raise SourceChanged(
                "LO-MIGRATION", detail=f"schema {version[0][0] if version else '?'}, expected {SCHEMA_VERSION}"
            )
    elif connection.execute("select count(*) from duckdb_tables() where not temporary").fetchall() != [(0,)]:
        raise SourceChanged("LO-MIGRATION", detail="tables, but no ledger: not a warehouse of this project")
    else:
        _make_schema(connection)
    connection.execute(statement("_types"))
    connection.execute(statement("_origin"))
    connection.execute(statement("_reading"))
    connection.execute(statement("_undeclared"))


def _make_schema(connection: Connection) -> None:
    with transaction(connection):
        connection.execute(statement("_schema"))
        connection.execute("insert into ledger.meta values ('schema', $version)", {"version": SCHEMA_VERSION})
        faultpoint("warehouse.schema")

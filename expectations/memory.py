"""How much memory judging may take: little first, and all the engine may have only for what does not fit.

DuckDB keeps every page it has read as long as its limit allows, four fifths of the machine by default: a table of five
million rows then costs five times what one of a million does, though no statement of a check needs it. Under the bound
the rest is read again or spilled, at a few hundredths of the CPU time (docs/performance.md).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from expectations.sql import Sql, fill, value

BOUND = "256MiB"
_UNITS = {"B": 1, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40}
_SIZE = re.compile(r"([0-9.]+) ?([KMGT]?i?B|bytes?)", re.IGNORECASE)


@contextmanager
def bounded(connection: duckdb.DuckDBPyConnection, bound: str = BOUND) -> Iterator[None]:
    """Limit the engine's memory while the block lasts.

    A smaller limit that is already set (REGISTER_DUCKDB_MEMORY) stays.
    """
    [(before,)] = connection.execute(Sql("select current_setting('memory_limit')")).fetchall()
    if _bytes(before) <= _bytes(bound):
        yield
        return
    _limit(connection, bound)
    try:
        yield
    finally:
        _limit(connection, before)


def _limit(connection: duckdb.DuckDBPyConnection, size: str) -> None:
    connection.execute(fill("set memory_limit = {{size}}", size=value(size)))


def _bytes(size: str) -> float:
    """`18.8 GiB`, as DuckDB writes it, in bytes; no limit for a text that is not a size."""
    found = _SIZE.fullmatch(size)
    return float(found[1]) * _UNITS.get(found[2].upper(), 1) if found else float("inf")

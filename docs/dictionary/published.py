"""What readers see: the generation of each mart, the answers to the example queries, the limits, how old the data are.

Reads one published file, read-only and as an analyst does. A query that fails is told on its page, not hidden.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from expectations.errors import CallRejected
from expectations.marts import Marts

SHOWN = 12  # rows of an answer on a page
_MANIFEST = "select mart, generation, night, held, rows from marts.generation order by mart"
_LIMITS = (
    "select kind, step, days, day_kind, starts_from, extension_days, law, article, status, note_zh, note_en "
    "from marts.ref_sla order by kind, step, valid_from"
)
_FRESH = (
    "select source, max(loaded_until) as loaded_until, min(days_not_loaded) as days_not_loaded "
    "from marts.data_freshness group by source order by source"
)


@dataclass(frozen=True)
class Answer:
    """The answer to one example query: headings, the first rows, how many there are in all; or why there is none."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    total: int
    numeric: tuple[bool, ...]
    failed: str = ""


@dataclass(frozen=True)
class Generation:
    """Of which generation and night a published mart is, whether it was held back, how many rows it has."""

    number: int
    night: str
    held: bool
    rows: int


@dataclass
class Published:
    """What was read of a published file; without one everything is empty."""

    generations: dict[str, Generation] = field(default_factory=dict)
    answers: dict[tuple[str, int], Answer] = field(default_factory=dict)
    limits: list[dict[str, Any]] = field(default_factory=list)
    fresh: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def night(self) -> str:
        """The newest night of any mart."""
        return max((g.night for g in self.generations.values()), default="")

    @property
    def number(self) -> int:
        """The generation."""
        return max((g.number for g in self.generations.values()), default=0)


def read_published(path: Path | None, declared: Marts) -> Published:
    """Ask a published file all that the dictionary shows. Raises CallRejected SC-CALL for a file that is none."""
    if path is None:
        return Published()
    with _opened(path) as connection:
        found = Published()
        for mart, number, night, held, rows in connection.execute(_MANIFEST).fetchall():
            found.generations[mart] = Generation(int(number), str(night), bool(held), int(rows))
        for mart in declared.marts.values():
            for place, example in enumerate(mart.examples):
                found.answers[mart.name, place] = _answer(connection, example.sql)
        found.limits = _dicts(connection, _LIMITS)
        found.fresh = {row["source"]: row for row in _dicts(connection, _FRESH)}
        return found


@contextmanager
def _opened(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    try:
        connection = duckdb.connect(str(path.resolve(strict=True)), read_only=True)
    except (OSError, duckdb.Error) as error:
        raise CallRejected("SC-CALL", detail=f"--published: {path.name} is no published file") from error
    try:
        yield connection
    finally:
        connection.close()


def _answer(connection: duckdb.DuckDBPyConnection, query: str) -> Answer:
    try:
        found = connection.execute(query)
        columns = tuple(str(c[0]) for c in found.description or ())
        rows = found.fetchall()
    except duckdb.Error as error:
        return Answer((), (), 0, (), f"{type(error).__name__}")
    numeric = tuple(
        any(isinstance(r[i], (int, float, Decimal)) for r in rows) and "year" not in c for i, c in enumerate(columns)
    )
    shown = tuple(tuple(_cell(v) for v in row) for row in rows[:SHOWN])
    return Answer(columns, shown, len(rows), numeric)


def _cell(value: Any) -> str:
    """A value as a page shows it: what is withheld or unknown is a dash."""
    if value is None:
        return "—"
    if isinstance(value, bool):
        return "✓" if value else "✗"
    if isinstance(value, int):
        return str(value) if 1900 < value < 2100 else f"{value:,}"
    if isinstance(value, (Decimal, float)):
        return f"{value:,.2f}".removesuffix(".00")
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return value.isoformat() if isinstance(value, date) else str(value)


def _dicts(connection: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    try:
        found = connection.execute(query)
    except duckdb.CatalogException:
        return []  # the group was held back in its first night
    names = [str(c[0]) for c in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

"""The example queries asked twice: of what is published, and of the same tables as they are in the warehouse.

The true `people_totals` are counted from the marts here, row by row, by none of the code that publishes them.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from expectations.marts import Marts

Row = dict[str, Any]


def outside(published: Path, warehouse: Path, declared: Marts) -> Iterator[str]:
    """What a published answer says that is further from the truth than its row's margin."""
    with duckdb.connect() as true, duckdb.connect(str(published), read_only=True) as seen:
        true.execute(f"attach '{warehouse}' as w (read_only)")
        true.execute("create schema marts")
        for mart in declared.marts.values():
            margin = ", 0 as margin" if mart.counts else ""
            true.execute(f"create table marts.{mart.name} as select *{margin} from w.marts.{mart.name}")
        _totals(true, rows_of(seen, "select * from marts.people_totals"), declared)
        for mart in declared.marts.values():
            for example in mart.examples:
                asked, real = (rows_of(c, example.sql) for c in (seen, true))
                yield from (f"{mart.name}: {text}" for text in _compared(asked, real))


def rows_of(connection: duckdb.DuckDBPyConnection, query: str) -> list[Row]:
    """The rows of an answer."""
    found = connection.execute(query)
    names = [str(c[0]) for c in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def _compared(asked: list[Row], real: list[Row]) -> Iterator[str]:
    by_key = {_key(row): row for row in real}
    for row in asked:
        true = by_key.get(_key(row))
        if true is None:
            yield f"{_key(row)} is not there in truth"
            continue
        for column, figure in row.items():
            if column == "margin" or not _is_figure(column, figure) or true[column] is None:
                continue
            if abs(figure - true[column]) > row.get("margin", 0):
                yield f"{_key(row)}: {column} {figure} for {true[column]}, margin {row.get('margin', 0)}"


def _key(row: Row) -> tuple[str, ...]:
    return tuple(f"{c}={v}" for c, v in row.items() if c == "year" or not (v is None or _is_figure(c, v)))


def _is_figure(column: str, value: Any) -> bool:
    return column != "year" and isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)


def _totals(true: duckdb.DuckDBPyConnection, printed: list[Row], declared: Marts) -> None:
    true.execute("create table marts.people_totals (mart varchar, measure varchar, period varchar, level varchar, "
                 "place varchar, dimension varchar, category varchar, people bigint, margin integer)")  # fmt: skip
    tables = {m: rows_of(true, f"select * from marts.{m}") for m in {row["mart"] for row in printed}}
    for row in printed:
        hierarchy = declared.marts[row["mart"]].hierarchy
        wanted = {row["dimension"]: row["category"]} if row["dimension"] else {}
        if row["level"] != "street":
            wanted[next(c for c in hierarchy if c.startswith(row["level"]))] = row["place"]
        people = sum(
            told[row["measure"]] or 0
            for told in tables[row["mart"]]
            if all(str(told.get(c)) == v for c, v in wanted.items())
            and (not row["period"] or row["period"] in _when(told))
        )
        values = [*(row[c] for c in ("mart", "measure", "period", "level", "place", "dimension", "category")), people]
        true.execute("insert into marts.people_totals values (?, ?, ?, ?, ?, ?, ?, ?, 0)", values)


def _when(row: Row) -> set[str]:
    """The names of the periods a row lies in."""
    month, quarter = row.get("month"), row.get("quarter")
    found = {str(month), f"{month.year}-Q{(month.month + 2) // 3}", str(month.year)} if month else set()
    return found | ({quarter, quarter[:4]} if quarter else set()) | {str(row.get("year"))}

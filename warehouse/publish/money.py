"""Sums of money: to the fen where they are over enough cases, else none; and none that the others would give away.

For the whole street a sum is shown when it is over three cases or more. The months of a year add up to the year, which
the yearly report shows: so the months of a year that are left empty are together over three cases or more, too, or one
more month is. In a finer cut sums are shown only where every cell of the slice counts nothing or more cases than a
small count could be: money beside a count that is shown as 5 would say that it is three or more, and a single sum left
empty would be the street's less the others. Where a month of the quarter is empty so is the quarter's cut, which would
add up to it. What this does not stop: who compares the exact sums of two nights learns what the cases closed between
them brought.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

import pyarrow as pa

from expectations.marts import Mart, Marts
from expectations.sql import fill, name
from warehouse.engine.connection import Connection
from warehouse.publish.cells import slice_of
from warehouse.publish.rounding import WORK
from warehouse.publish.sheets import placed

LEAST: Final = 3  # cases under a sum


def shown_in_street(rows: Sequence[Mapping[str, Any]], amount: str, count: str) -> list[bool]:
    """Of each row of a street-level table whether its sum may be shown."""
    shown = [enough(row[count]) for row in rows]
    years: dict[object, list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        years[placed(dict(row)).get("year")].append(place)
    for places in years.values():
        left_out = [p for p in places if not shown[p]]
        rest = sorted((p for p in places if shown[p] and rows[p][count]), key=lambda p: (rows[p][count], p))
        while rest and left_out and sum(rows[p][count] or 0 for p in left_out) < LEAST:
            shown[rest[0]] = False
            left_out.append(rest.pop(0))
    return [yes and row[amount] is not None for yes, row in zip(shown, rows, strict=True)]


def shown_in_cut(mart: Mart, rows: Sequence[Mapping[str, Any]], count: str, empty: set[object]) -> list[bool]:
    """Of each row of a finer cut whether its sum may be shown. empty: quarters with a month that shows none."""
    slices: dict[object, list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        slices[slice_of(mart, placed(dict(row)))].append(place)
    shown = [False] * len(rows)
    for places in slices.values():
        counts = [rows[p][count] or 0 for p in places]
        if (
            all(n == 0 or n >= WORK.small_below for n in counts)
            and placed(dict(rows[places[0]]))["quarter"] not in empty
        ):
            for place in places:
                shown[place] = True
    return shown


def enough(count: int | None) -> bool:
    """Whether a sum over so many cases may be shown; over none it is 0."""
    return not count or count >= LEAST


def with_money(
    connection: Connection, table: pa.Table, mart: Mart, rows: Sequence[Mapping[str, Any]], declared: Marts
) -> pa.Table:
    """The released table with the sums that may be shown; rows: as they are, in its order."""
    if mart.is_traced:
        return with_column(table, "value", _yearly(connection, table, rows, declared))
    for amount, count in mart.amounts.items():
        if mart.is_cut:
            shown = shown_in_cut(mart, rows, count, empty_quarters(connection, amount, declared))
            shown = [yes and told is not None for yes, told in zip(shown, table[count].to_pylist(), strict=True)]
        else:
            shown = shown_in_street(rows, amount, count)
        table = with_column(table, amount, [row[amount] if yes else None for row, yes in zip(rows, shown, strict=True)])
    return table


def empty_quarters(connection: Connection, amount: str, declared: Marts) -> set[object]:
    """The quarters that have a month whose sum the street's table does not show."""
    found: set[object] = set()
    for mart in (m for m in declared.marts.values() if amount in m.amounts and not m.is_cut):
        rows = _rows(connection, mart)
        shown = shown_in_street(rows, amount, mart.amounts[amount])
        found |= {row["quarter"] for row, yes in zip(rows, shown, strict=True) if not yes}
    return found


def _yearly(
    connection: Connection, table: pa.Table, rows: Sequence[Mapping[str, Any]], declared: Marts
) -> list[Decimal | None]:
    """The values of a traced table: a sum of money over too few cases is none."""
    values: list[Decimal | None] = table["value"].to_pylist()
    for place, row in enumerate(rows):
        origin = declared.marts.get(row["mart"])
        if origin and (count := origin.amounts.get(row["measure"])):
            cases = sum(r[count] or 0 for r in _rows(connection, origin) if r["year"] == row["year"])
            values[place] = values[place] if enough(cases) else None
    return values


def _rows(connection: Connection, mart: Mart) -> list[dict[str, Any]]:
    told = connection.sql(fill("select * from {{t}}", t=name("marts", mart.name))).to_arrow_table()
    return [placed(row) for row in told.to_pylist()]


def with_column(table: pa.Table, column: str, values: list[Any]) -> pa.Table:
    """The same with other values in a column."""
    place = table.schema.get_field_index(column)
    return table.set_column(place, column, pa.array(values, table.schema.field(column).type))

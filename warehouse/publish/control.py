"""The release step: from the marts as they are to the tables that may be read, once for all of them.

Flow: marts (truth) -> cells -> protected release -> tables of the generation. Tables without protected measures are
copied. The others keep every column and get one more, `margin`; figures are the released ones, rows of slices that are
left out are not there. `people_totals` holds totals, each from the truth; `coarser_figures` names the figures that are
shown more coarsely than the rule says, and what is left empty or out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pyarrow as pa

from expectations.marts import Mart, Marts
from expectations.sql import Sql, fill, joined, name
from warehouse.engine.connection import Connection
from warehouse.publish.cells import Cells, read_cells, slice_of, total_at
from warehouse.publish.history import Said, key_of, marker
from warehouse.publish.money import with_column, with_money
from warehouse.publish.protect import History, Release, protect
from warehouse.publish.rounding import WORK
from warehouse.publish.sheets import TIMES, placed

TOTALS: Final = "people_totals"
COARSER: Final = "coarser_figures"
GENERATION: Final = "generation"
MARGIN: Final = "margin"
STREET: Final = "street"
_TOTAL_COLUMNS: Final = ("mart", "measure", "period", "level", "place", "dimension", "category")


@dataclass
class Shares:
    """How many figures of a table are shown to the unit, more coarsely, and not at all."""

    exact: int = 0
    coarser: int = 0
    empty: int = 0

    def add(self, true: Any, figure: Any, margin: int) -> None:
        """One more; what has no truth is no figure."""
        if true is not None:
            self.exact += figure is not None and not margin
            self.coarser += figure is not None and margin > 0
            self.empty += figure is None


@dataclass
class Controlled:
    """What the release step did: the release, the key of its marks, per table what is shown of its figures."""

    release: Release
    key: bytes = b""
    costs: dict[str, dict[str, float]] = field(default_factory=dict)
    shares: dict[str, Shares] = field(default_factory=dict)


def control(
    connection: Connection, declared: Marts, held: set[str], catalog: str, *, history: History = ()
) -> Controlled:
    """Write the released tables of all groups that are not held into `catalog.marts`."""
    marts = [m for m in declared.marts.values() if m.group not in held]
    key = key_of(connection)
    release = protect(read_cells(connection, [m for m in marts if m.counts]), history, key)
    made = Controlled(release, key)
    for mart in marts:
        target = name(catalog, "marts", mart.name)
        if not mart.counts:
            made.shares[mart.name] = _copied(connection, mart, target)
            continue
        source, made.shares[mart.name] = _released(_true(connection, mart), mart, release, declared, connection)
        made.costs[mart.name] = _cost(release, mart)
        _write_rows(connection, target, source)
    open_marts = {m.name for m in marts}
    totals = _totals(release, open_marts)
    shares = made.shares[TOTALS] = Shares()
    for row in totals.to_pylist():
        shares.add(0, row["people"], row[MARGIN])
    _write_rows(connection, name(catalog, "marts", TOTALS), totals)
    _write_rows(connection, name(catalog, "marts", COARSER), _coarser(release, open_marts))
    return made


def _true(connection: Connection, mart: Mart) -> pa.Table:
    columns, order = (joined([name(c) for c in some], ", ") for some in (mart.columns, mart.grain))
    query = fill("select {{c}} from {{t}} order by {{o}}", c=columns, t=name("marts", mart.name), o=order)
    return connection.sql(query).to_arrow_table()


def _copied(connection: Connection, mart: Mart, target: Sql) -> Shares:
    """A mart without protected measures, as it is."""
    columns = joined([name(c) for c in mart.columns], ", ")
    source = name("marts", mart.name)
    connection.execute(fill("create table {{t}} as select {{c}} from {{s}}", t=target, c=columns, s=source))
    if not mart.measures:
        return Shares()
    counted = joined([fill("count({{c}})", c=name(c)) for c in mart.measures], " + ")
    [(told,)] = connection.execute(fill("select {{c}} from {{s}}", c=counted, s=source)).fetchall()
    return Shares(exact=told)


def _released(
    true: pa.Table, mart: Mart, release: Release, declared: Marts, connection: Connection
) -> tuple[pa.Table, Shares]:
    """The rows of a mart with the released figures, and how many of them are exact, coarser or empty."""
    shares, table, margins = Shares(), true, [0] * true.num_rows
    rows = [placed(row) for row in true.to_pylist()]
    gone = {n for n, row in enumerate(rows) if not mart.is_traced and slice_of(mart, row) in release.out}
    for column in mart.counts:
        figures, told = _figures(rows, mart, column, release, declared)
        for row, (figure, margin) in enumerate(zip(figures, told, strict=True)):
            margins[row] = max(margins[row], margin)
            number = release.cells.shown.get((mart.name, column), [None] * len(rows))[row]
            gone |= {row} if number in release.hidden and not mart.is_traced else set()
            shares.add(rows[row][column], None if row in gone else figure, margin)
        table = with_column(table, column, figures)
    if mart.amounts or mart.is_traced:
        table = with_money(connection, table, mart, rows, declared)
    for column in (c for c in mart.measures if c not in mart.counts):
        for row, figure in enumerate(table[column].to_pylist()):
            shares.add(rows[row][column], None if row in gone else figure, 0)
    table = table.append_column(MARGIN, pa.array(margins, pa.int32()))
    return table.filter(pa.array([row not in gone for row in range(true.num_rows)], pa.bool_())), shares


def _figures(
    rows: list[dict[str, Any]], mart: Mart, column: str, release: Release, declared: Marts
) -> tuple[list[Any], list[int]]:
    """Of each row of a measure the figure and its margin."""
    if column in mart.services and mart.hierarchy:
        return [None] * len(rows), [0] * len(rows)  # the street only: what is below it stands in no table
    figures, margins = [row[column] for row in rows], [0] * len(rows)
    for row, number in enumerate(release.cells.shown.get((mart.name, column), [])):
        if number is not None:
            figures[row], margins[row] = release.figure(number), release.margin(number)
        elif mart.is_traced and (origin := declared.marts.get(rows[row]["mart"])):
            # What is made of people or services, a rate of them too, has no rule by which it may be shown.
            own = rows[row]["measure"] in origin.measures and not rows[row].get("of")
            figures[row] = figures[row] if own or origin.work or not origin.counts or not figures[row] else None
    return figures, margins


def _write_rows(connection: Connection, target: Sql, rows: pa.Table) -> None:
    connection.register("released", rows)
    connection.execute(fill("create table {{t}} as select * from released", t=target))
    connection.unregister("released")


def _totals(release: Release, marts: set[str]) -> pa.Table:
    rows = [
        {**_told(key, mart, column), "people": release.figure(number), MARGIN: release.margin(number)}
        for (mart, column), found in release.cells.totals.items() if mart in marts
        for key, number in found
        if number not in release.hidden and total_at(mart, column, key)[0] not in release.out
    ]  # fmt: skip
    texts = [(c, pa.string()) for c in _TOTAL_COLUMNS]
    return pa.Table.from_pylist(rows, pa.schema([*texts, ("people", pa.int64()), (MARGIN, pa.int32())]))


def _told(key: tuple[tuple[str, Any], ...], mart: str, column: str) -> dict[str, Any]:
    """The coordinates of a total as a row; the level is the column that names the place, `street` for all of it."""
    row: dict[str, Any] = {"mart": mart, "measure": column, "level": STREET, "place": STREET}
    for dimension, value in key:
        if dimension in TIMES:
            row["period"] = str(value)
        elif dimension.endswith(("grid_code", "community_code", "building_id")):
            row["level"], row["place"] = dimension.removesuffix("_code").removesuffix("_id"), str(value)
        else:
            row["dimension"], row["category"] = dimension, None if value is None else str(value)
    return row


def _coarser(release: Release, marts: set[str]) -> pa.Table:
    """Figures with another base than the rule's (0: empty); columns and slices without any are a line, base null."""
    rows: list[dict[str, Any]] = [
        {"figure": text, "base": release.base[cell]}
        for cell, names in enumerate(release.cells.texts())
        if release.base[cell] != release.cells.rules[cell].base and release.base[cell] >= 0
        and release.cells.holders[cell] and release.cells.holders[cell] <= marts
        for text in names
    ]  # fmt: skip
    left = {(place, "") for place in release.out}
    left |= {(place, f".{column}") for place, column in release.emptied if place not in release.out}
    told = (f"{p.table}{column}[{', '.join(f'{d}={v}' for d, v in p.key)}]" for p, column in left)
    rows += [{"figure": text, "base": None} for text in sorted(told)]
    return pa.Table.from_pylist(rows, pa.schema([("figure", pa.string()), ("base", pa.int64())]))


def _cost(release: Release, mart: Mart) -> dict[str, float]:
    """The cost in information: how far the figures of a mart lie from the truth."""
    numbers = [n for (m, _), ns in release.cells.shown.items() if m == mart.name for n in ns if n is not None]
    return cost_of(release, [n for n in numbers if release.cells.holders[n]])


def cost_of(release: Release, numbers: list[int]) -> dict[str, float]:
    """Of some cells: how many, how many small or shown more coarsely or not at all, mean and greatest difference."""
    truth, figures = [release.cells.truth[n] for n in numbers], [release.figure(n) for n in numbers]
    apart = [abs(f - t) for f, t in zip(figures, truth, strict=True) if f is not None]
    total = sum(t for f, t in zip(figures, truth, strict=True) if f is not None)
    return {
        "cells": len(numbers),
        "small": sum(0 < release.cells.truth[n] < release.cells.rules[n].small_below for n in numbers),
        "coarser": sum(release.base[n] != release.cells.rules[n].base for n in numbers),
        "withheld": sum(f is None for f in figures),
        "mean_difference": sum(apart) / len(apart) if apart else 0.0,
        "greatest_difference": max(apart, default=0),
        "share_of_people": sum(apart) / total if total else 0.0,
    }


def figures_of(release: Release, key: bytes = b"") -> Mapping[str, Said]:
    """What a release says of each cell, for the attacks on the next ones: no truth in it but marks of the key.

    Of work the cells without a figure too: whether a column of a slice is still the same is asked of all of them.
    """
    _, mark = marker(key)
    cells = release.cells
    return {
        text: Said(*release.published(cell), release.base[cell], mark(text, cells.truth[cell]))
        for cell, names in enumerate(cells.texts())
        if cells.holders[cell] and (release.figure(cell) is not None or cells.rules[cell] == WORK)
        for text in names
    }


__all__ = [
    "COARSER",
    "GENERATION",
    "MARGIN",
    "TOTALS",
    "Cells",
    "Controlled",
    "Shares",
    "control",
    "cost_of",
    "figures_of",
]

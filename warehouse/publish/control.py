"""The release step: from the marts as they are to the tables that may be read, once for all of them.

Flow: marts (truth) -> cells -> protected release -> tables of the generation. Tables without people are copied. Tables
with them keep every column; figures are the released ones, rows that would tell too much are not there.
`people_totals` holds the totals, each rounded from the truth; `coarser_figures` names the figures that are shown more
coarsely than the rule says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pyarrow as pa

from expectations.marts import Mart, Marts
from expectations.sql import Sql, fill, joined, name
from warehouse.engine.connection import Connection
from warehouse.publish.cells import Cells, read_cells
from warehouse.publish.history import Said, key_of, marker
from warehouse.publish.protect import History, Mode, Release, protect
from warehouse.publish.rounding import BASE, amount_shown
from warehouse.publish.sheets import TIMES

TOTALS: Final = "people_totals"
COARSER: Final = "coarser_figures"
GENERATION: Final = "generation"
STREET: Final = "street"
_TOTAL_COLUMNS: Final = ("mart", "measure", "period", "level", "place", "dimension", "category")


@dataclass
class Controlled:
    """What the release step did: the release, per mart the cost in information, and the groups it must hold back."""

    release: Release
    key: bytes = b""
    costs: dict[str, dict[str, float]] = field(default_factory=dict)
    weak: dict[str, list[str]] = field(default_factory=dict)


def control(
    connection: Connection,
    declared: Marts,
    held: set[str],
    catalog: str,
    *,
    mode: Mode = "round",
    history: History = (),
) -> Controlled:
    """Write the released tables of all groups that are not held into `catalog.marts`.

    weak: per group the small counts (coordinates only) that could not be protected; such a group is not written.
    """
    marts = [m for m in declared.marts.values() if m.group not in held]
    key = key_of(connection)
    release = protect(read_cells(connection, [m for m in marts if m.counts]), mode, history, key)
    made = Controlled(release, key, weak=_weak(release, declared))
    for mart in marts:
        if mart.group in made.weak:
            continue
        source = _money(_released(connection, mart, release), mart, declared) if mart.counts else None
        if source is not None:
            made.costs[mart.name] = _cost(release, mart)
        _write(connection, mart, source, name(catalog, "marts", mart.name))
    open_marts = {m.name for m in marts if m.group not in made.weak}
    _write_rows(connection, name(catalog, "marts", TOTALS), _totals(release, open_marts))
    _write_rows(connection, name(catalog, "marts", COARSER), _coarser(release, declared, open_marts))
    return made


def _weak(release: Release, declared: Marts) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    texts = release.cells.texts() if release.weak else []
    for weak in release.weak:
        for mart in release.cells.holders[weak.cell]:
            if (text := texts[weak.cell][0]) not in found.setdefault(declared.marts[mart].group, []):
                found[declared.marts[mart].group].append(text)
    return found


def _released(connection: Connection, mart: Mart, release: Release) -> pa.Table:
    """The rows of a mart with the released figures."""
    order = joined([name(c) for c in mart.grain], ", ")
    query = fill("select * from {{t}} order by {{o}}", t=name("marts", mart.name), o=order)
    table = connection.sql(query).to_arrow_table()
    gone: set[int] = set()
    for column in mart.counts:
        numbers = release.cells.shown.get((mart.name, column), [None] * table.num_rows)
        figures = table[column].to_pylist()
        for row, number in enumerate(numbers):
            if number is not None:
                figures[row] = release.figure(number)
                gone |= {row} if number in release.hidden else set()
        if mart.zone == "A" and mart.hierarchy:
            figures = [None] * table.num_rows  # the street only: what is below it stands in no table
        table = _with(table, column, figures)
    return table.filter(pa.array([row not in gone for row in range(table.num_rows)], pa.bool_()))


def _money(table: pa.Table, mart: Mart, declared: Marts) -> pa.Table:
    """The same with sums of money in steps, and none beside a small count; of a whole year in steps."""
    if mart.is_traced:
        told = zip(*(table[c].to_pylist() for c in ("mart", "measure", "value")), strict=True)
        shown = [amount_shown(v) if m in declared.marts.get(s, mart).amounts else v for s, m, v in told]
        return _with(table, "value", shown)
    for column, count in mart.amounts.items():
        both = zip(table[column].to_pylist(), table[count].to_pylist(), strict=True)
        table = _with(table, column, [None if n is None or 0 < n <= BASE else amount_shown(v) for v, n in both])
    return table


def _with(table: pa.Table, column: str, values: list[Any]) -> pa.Table:
    place = table.schema.get_field_index(column)
    return table.set_column(place, column, pa.array(values, table.schema.field(column).type))


def _write(connection: Connection, mart: Mart, source: pa.Table | None, target: Sql) -> None:
    columns = joined([name(c) for c in mart.columns], ", ")
    if source is None:
        connection.execute(fill("create table {{t}} as select {{c}} from {{s}}", t=target, c=columns,
                                s=name("marts", mart.name)))  # fmt: skip
        return
    connection.register("released", source)
    connection.execute(fill("create table {{t}} as select {{c}} from released", t=target, c=columns))
    connection.unregister("released")


def _write_rows(connection: Connection, target: Sql, rows: pa.Table) -> None:
    connection.register("released", rows)
    connection.execute(fill("create table {{t}} as select * from released", t=target))
    connection.unregister("released")


def _totals(release: Release, marts: set[str]) -> pa.Table:
    rows = [
        {**_told(key, mart, column), "people": release.figure(number)}
        for (mart, column), found in release.cells.totals.items() if mart in marts
        for key, number in found if number not in release.hidden
    ]  # fmt: skip
    texts = [(c, pa.string()) for c in _TOTAL_COLUMNS]
    return pa.Table.from_pylist(rows, pa.schema([*texts, ("people", pa.int64())]))


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


def _coarser(release: Release, declared: Marts, marts: set[str]) -> pa.Table:
    rows = [
        {"figure": text, "base": release.base[cell]}
        for cell, names in enumerate(release.cells.texts())
        if release.base[cell] != release.first_base(cell) and release.cells.holders[cell] <= marts
        for text in names
    ]
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
        "small": sum(release.is_small(n) for n in numbers),
        "coarser": sum(release.base[n] != release.first_base(n) for n in numbers),
        "withheld": sum(f is None for f in figures),
        "mean_difference": sum(apart) / len(apart) if apart else 0.0,
        "greatest_difference": max(apart, default=0),
        "share_of_people": sum(apart) / total if total else 0.0,
    }


def figures_of(release: Release, key: bytes = b"") -> Mapping[str, Said]:
    """What a release says of each cell, for the attacks on the next ones: no truth in it but marks of the key."""
    _, mark = marker(key)
    return {
        text: Said(*release.published(cell), release.base[cell], mark(text, release.cells.truth[cell]))
        for cell, names in enumerate(release.cells.texts())
        if release.cells.holders[cell] and release.figure(cell) is not None
        for text in names
    }


__all__ = ["COARSER", "GENERATION", "TOTALS", "Cells", "Controlled", "control", "cost_of", "figures_of"]

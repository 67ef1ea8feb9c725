"""Every count of people that is published, once: cells, which tables show them, and what adds up to what.

A cell is a measure at some coordinates: `residents` of a grid, an age band and a sex. The same cell shown by two tables
is one cell, so it can have one figure only. Beside the tables of the marts, totals are shown for each level of
geography and one attribute at a time; sums tie every table to the next coarser ones, across marts too. Where two tables
meet in figures that none shows, those are cells as well: nothing is known of them but what they add up to.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from expectations.marts import Mart
from warehouse.engine.connection import Connection
from warehouse.publish.attack import Sum
from warehouse.publish.sheets import Key, Row, Sheet, key_of, read_sheets
from warehouse.publish.ties import SENSITIVE, Equation, Family, View, equations

HOMOGENEOUS_BELOW: Final = 20
NOTHING_SAID: Final = ("unknown", "9", None)


@dataclass
class Cells:
    """All cells that are not 0, by number: true counts, zones, which marts show them, and sums.

    A total of one part is that part: two names, one cell. A cell no mart and no total shows has no holder.
    places: the community of a cell that has one. labels: per measure and view the mart and column that speak of it.
    shown: per mart and column, row by row, the number of the cell. totals: per mart and column, the cells beyond the
    marts' own tables. homogeneous: rows that would say something of everybody in a small group.
    """

    numbers: dict[tuple[str, Key], int] = field(default_factory=dict)
    truth: list[int] = field(default_factory=list)
    zones: list[str | None] = field(default_factory=list)
    places: list[object] = field(default_factory=list)
    holders: list[set[str]] = field(default_factory=list)
    sums: list[Sum] = field(default_factory=list)
    labels: dict[tuple[str, View], str] = field(default_factory=dict)
    shown: dict[tuple[str, str], list[int | None]] = field(default_factory=dict)
    totals: dict[tuple[str, str], list[tuple[Key, int]]] = field(default_factory=dict)
    homogeneous: set[int] = field(default_factory=set)

    def texts(self) -> list[list[str]]:
        """The names of each cell, coordinates and never a count."""
        texts: list[list[str]] = [[] for _ in self.truth]
        for (measure, key), number in self.numbers.items():
            label = self.labels.get((measure, frozenset(d for d, _ in key)), measure)
            texts[number].append(f"{label}[{', '.join(f'{d}={v}' for d, v in key)}]")
        return texts

    def add(self, measure: str, key: Key, count: int, zone: str | None, place: object) -> None:
        """A new cell."""
        self.numbers[measure, key] = len(self.truth)
        self.truth.append(count)
        self.zones.append(zone)
        self.places.append(place)
        self.holders.append(set())


def read_cells(connection: Connection, marts: Sequence[Mart]) -> Cells:
    """Read every measure that counts people and tie the cells together."""
    sheets = read_sheets(connection, marts)
    by_measure: dict[str, list[Sheet]] = defaultdict(list)
    for sheet in sheets:
        by_measure[sheet.measure].append(sheet)
    families = {measure: Family(shared) for measure, shared in by_measure.items()}
    declared = list(equations(marts, families))
    cells = Cells()
    for family in families.values():
        _add_measure(cells, family)
    for equation in declared:
        _add_equation(cells, equation)
    for sheet in sheets:
        _add_bounds(cells, sheet)
    return _merged(cells)


def _merged(cells: Cells) -> Cells:
    """The same with one number for a total and its only part, and without sums that say nothing any more."""
    same = [(s.total, s.parts[0]) for s in cells.sums if len(s.parts) == 1 and not s.at_least]
    size = len(cells.truth)
    graph = coo_array((np.ones(len(same)), tuple(np.array(same, int).reshape(-1, 2).T)), shape=(size, size))
    count, label = connected_components(graph, directed=False)
    to = [int(n) for n in label]
    firsts = dict(zip(reversed(to), reversed(range(size)), strict=True))
    made = Cells({name: to[n] for name, n in cells.numbers.items()}, labels=cells.labels)
    made.truth = [cells.truth[firsts[n]] for n in range(count)]
    made.places = [cells.places[firsts[n]] for n in range(count)]
    made.zones, made.holders = [None] * count, [set() for _ in range(count)]
    for old, new in enumerate(to):
        made.zones[new] = SENSITIVE if SENSITIVE in (made.zones[new], cells.zones[old]) else cells.zones[old]
        made.holders[new] |= cells.holders[old]
    sums = [Sum(to[s.total], tuple(sorted(to[p] for p in s.parts)), s.at_least) for s in cells.sums]
    made.sums = [s for s in dict.fromkeys(sums) if s.parts != (s.total,)]
    made.shown = {k: [None if n is None else to[n] for n in ns] for k, ns in cells.shown.items()}
    made.totals = {k: [(key, to[n]) for key, n in ns] for k, ns in cells.totals.items()}
    made.homogeneous = {to[n] for n in cells.homogeneous}
    return made


def _add_measure(cells: Cells, family: Family) -> None:
    """All views of one measure: the marts' own, the totals, and the links between them."""
    measure = family.root.measure
    for view, sheet in family.views.items():
        if sheet in family.sheets and frozenset(sheet.dims) == view:
            cells.labels[measure, view] = f"{sheet.mart.name}.{sheet.column}"
        places = family.places(view)
        for key, count in family.members(view).items():
            cells.add(measure, key, count, family.root.mart.zone, places.get(key))
    for sheet in (*family.sheets, *family.traced):
        _show(cells, sheet, sorted(family.view_of(family.root if sheet.traced else sheet, frozenset(sheet.dims))))
    shown = [(key, cells.numbers[measure, key]) for view in family.totals for key in family.members(view)]
    for _, number in shown:
        cells.holders[number].add(family.root.mart.name)
    if family.sheets:
        cells.totals[family.root.mart.name, family.root.column] = shown
    for coarse, fine in family.ties():
        for total, parts in family.parts(coarse, fine).items():
            numbers = sorted(cells.numbers[measure, part] for part in parts)
            cells.sums.append(Sum(cells.numbers[measure, total], tuple(numbers)))
    if family.root.mart.zone == "R":
        for attribute in family.root.attributes:
            _mark_homogeneous(cells, family.root, [r for r in family.root.rows if r[1]], attribute)


def _add_equation(cells: Cells, equation: Equation) -> None:
    for whole, parts in equation.cells:
        numbers = [cells.numbers[m, key] for m, key in zip(equation.parts, parts, strict=True) if key]
        cells.sums.append(Sum(cells.numbers[equation.whole, whole], tuple(sorted(numbers))))


def _show(cells: Cells, sheet: Sheet, dims: Sequence[str]) -> None:
    """Which cell stands in which row; several measures may share a column of a traced mart."""
    numbers = [cells.numbers[sheet.measure, key_of(r, dims)] if c else None for r, c in sheet.rows]
    if not (sheet.mart.zone == SENSITIVE and sheet.mart.hierarchy):  # the street only: its totals
        for number in numbers:
            if number is not None:
                cells.holders[number].add(sheet.mart.name)
    before = cells.shown.get((sheet.mart.name, sheet.column), [None] * len(numbers))
    cells.shown[sheet.mart.name, sheet.column] = [
        old if new is None else new for old, new in zip(before, numbers, strict=True)
    ]


def _mark_homogeneous(cells: Cells, root: Sheet, detail: Sequence[Row], attribute: str) -> None:
    """Of a small group that is all of one kind, the kind is not shown: everybody known to live there would be of it."""
    places: set[tuple[str, object]] = set()
    for number, level in enumerate(root.levels):
        groups: dict[object, list[Row]] = defaultdict(list)
        for row in detail:
            groups[row[0][level]].append(row)
        for rows in groups.values():
            said = {row[attribute] for row, _ in rows}
            if len(said) == 1 and not said & set(NOTHING_SAID) and sum(c or 0 for _, c in rows) < HOMOGENEOUS_BELOW:
                places |= {(finer, row[finer]) for row, _ in rows for finer in root.levels[: number + 1]}
    cells.homogeneous |= {
        number for (measure, key), number in cells.numbers.items()
        if measure == root.measure and any(pair in places for pair in key) and attribute in dict(key)
    }  # fmt: skip


def _add_bounds(cells: Cells, sheet: Sheet) -> None:
    """What a mart promises within a row: a measure that is bounded by another, or the sum of others."""
    mart = sheet.mart
    mine = cells.shown[mart.name, sheet.column]
    more = mart.at_most.get(sheet.column)
    if more in mart.counts:
        theirs = cells.shown[mart.name, str(more)]
        cells.sums += [Sum(m, (n,), True) for n, m in zip(mine, theirs, strict=True) if n is not None and m is not None]
    parts = mart.adds_up.get(sheet.column, ())
    if parts and set(parts) <= set(mart.counts):
        for whole, *numbers in zip(mine, *(cells.shown[mart.name, p] for p in parts), strict=True):
            if whole is not None:
                cells.sums.append(Sum(whole, tuple(n for n in numbers if n is not None)))

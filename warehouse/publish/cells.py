"""Every count of people that is published, once: cells, which tables show them, and what adds up to what.

A cell is a measure at some coordinates: `residents` of a grid, an age band and a sex. The same cell shown by two tables
is one cell, so it can have one figure only. Beside the tables of the marts, totals are shown for each level of
geography and one attribute at a time; sums tie every table to the next coarser ones, across marts too. Where two tables
meet in figures that none shows, those are cells as well: nothing is known of them but what they add up to. Of the
office's work a count of 0 is a cell too, for beside an exact total it says as much as another.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from expectations.marts import Mart
from warehouse.engine.connection import Connection
from warehouse.publish.attack import Sum
from warehouse.publish.rounding import PEOPLE, PEOPLE_STREET, SERVICES, WORK, WORK_STREET, Rule
from warehouse.publish.sheets import KIND, TIMES, Key, Row, Sheet, key_of, read_sheets
from warehouse.publish.ties import Equation, Family, View, equations

HOMOGENEOUS_BELOW: Final = 20
NOTHING_SAID: Final = ("unknown", "9", None)
PRESENCE: Final = ""  # in the place of a column: that the row is there


class Slice(NamedTuple):
    """The rows of one table that are left out together: of one period and kind, or of one community.

    table: a mart, or totals of one measure of it at some coordinates.
    """

    table: str
    key: Key


@dataclass
class Cells:
    """All cells by number: true counts, the rule of each, which marts show them, and sums.

    A total of one part is that part: two names, one cell. A cell no mart and no total shows has no holder.
    places: the community of a cell that has one. labels: per measure and view the mart and column that speak of it.
    shown: per mart and column, row by row, the number of the cell. totals: per mart and column, the cells beyond the
    marts' own tables. homogeneous: rows that would say something of everybody in a small group. stands: where a cell
    is printed: slice and column. floors: what is certain from figures that are shown as they are. present: cells for
    "this row is there", the sum of its measures that no other bounds. told: of finer cuts, what a table of the whole
    street shows to the unit (the hotline among the channels): known, so that it is the others that need protection.
    """

    numbers: dict[tuple[str, Key], int] = field(default_factory=dict)
    truth: list[int] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    places: list[object] = field(default_factory=list)
    holders: list[set[str]] = field(default_factory=list)
    sums: list[Sum] = field(default_factory=list)
    labels: dict[tuple[str, View], str] = field(default_factory=dict)
    shown: dict[tuple[str, str], list[int | None]] = field(default_factory=dict)
    totals: dict[tuple[str, str], list[tuple[Key, int]]] = field(default_factory=dict)
    homogeneous: set[int] = field(default_factory=set)
    stands: dict[int, set[tuple[Slice, str]]] = field(default_factory=lambda: defaultdict(set))
    floors: dict[int, int] = field(default_factory=dict)
    present: set[int] = field(default_factory=set)
    told: set[int] = field(default_factory=set)

    @property
    def fixed(self) -> list[int]:
        """The cells that everybody knows to the unit, and always will."""
        return [number for number, rule in enumerate(self.rules) if rule == WORK_STREET]

    def texts(self) -> list[list[str]]:
        """The names of each cell, coordinates and never a count."""
        texts: list[list[str]] = [[] for _ in self.truth]
        for (measure, key), number in self.numbers.items():
            label = self.labels.get((measure, frozenset(d for d, _ in key)), measure)
            texts[number].append(f"{label}[{', '.join(f'{d}={v}' for d, v in key)}]")
        return texts

    def add(self, measure: str, key: Key, count: int, rule: Rule, place: object) -> None:
        """A new cell."""
        self.numbers[measure, key] = len(self.truth)
        self.truth.append(count)
        self.rules.append(rule)
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
    for mart in marts:
        _add_presence(cells, mart, [s for s in sheets if s.mart == mart])
    return _merged(cells)


def rule_of(root: Sheet, dims: Iterable[str]) -> Rule:
    """How the cells of a measure are shown at some coordinates."""
    mart, finer = root.mart, set(dims) - {*TIMES, *KIND}
    if root.column in mart.services:
        return SERVICES
    if root.column in mart.people:
        return PEOPLE if finer and (mart.work or finer & set(mart.hierarchy) or len(finer) > 1) else PEOPLE_STREET
    return WORK if finer else WORK_STREET


def slice_of(mart: Mart, row: Mapping[str, Any]) -> Slice:
    """The slice a row is in: its period and kind; a table without them goes by the community."""
    dims = [d for d in mart.grain if d in (*TIMES, *KIND)] or mart.hierarchy[-1:]
    return Slice(mart.name, key_of(row, sorted(dims)))


def total_at(mart: str, column: str, key: Key) -> tuple[Slice, str]:
    """Where a total stands: all totals of a measure at the same coordinates are one slice."""
    return Slice(f"totals of {mart} by {', '.join(d for d, _ in key) or 'nothing'}", ()), column


def _merged(cells: Cells) -> Cells:
    """The same with one number for a total and its only part, and without sums that say nothing any more.

    Not where the two go by different rules: what the street shows to the unit, its only part does not.
    """
    same = [(s.total, s.parts[0]) for s in cells.sums
            if len(s.parts) == 1 and not s.at_least and cells.rules[s.total] == cells.rules[s.parts[0]]
            and not {s.total, s.parts[0]} & cells.present]  # fmt: skip
    size = len(cells.truth)
    graph = coo_array((np.ones(len(same)), tuple(np.array(same, int).reshape(-1, 2).T)), shape=(size, size))
    count, label = connected_components(graph, directed=False)
    to = [int(n) for n in label]
    firsts = dict(zip(reversed(to), reversed(range(size)), strict=True))
    made = Cells({name: to[n] for name, n in cells.numbers.items()}, labels=cells.labels)
    made.truth = [cells.truth[firsts[n]] for n in range(count)]
    made.places = [cells.places[firsts[n]] for n in range(count)]
    made.rules = [cells.rules[firsts[n]] for n in range(count)]
    made.holders = [set() for _ in range(count)]
    for old, new in enumerate(to):
        made.holders[new] |= cells.holders[old]
        if old in cells.stands:
            made.stands[new] |= cells.stands[old]
        made.floors[new] = max(made.floors.get(new, 0), cells.floors.get(old, 0))
    sums = [Sum(to[s.total], tuple(sorted(to[p] for p in s.parts)), s.at_least) for s in cells.sums]
    fixed = set(made.fixed)
    made.sums = [s for s in dict.fromkeys(sums) if s.parts != (s.total,) and not fixed.issuperset((s.total, *s.parts))]
    made.present, made.told = {to[n] for n in cells.present}, {to[n] for n in cells.told}
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
            cells.add(measure, key, count, rule_of(family.root, view), places.get(key))
    for sheet in (*family.sheets, *family.traced):
        _show(cells, sheet, sorted(family.view_of(family.root if sheet.traced else sheet, frozenset(sheet.dims))))
    shown = [(key, cells.numbers[measure, key]) for view in family.totals for key in family.members(view)]
    for key, number in shown:
        cells.holders[number].add(family.root.mart.name)
        cells.stands[number].add(total_at(family.root.mart.name, family.root.column, key))
    if family.sheets:
        cells.totals[family.root.mart.name, family.root.column] = shown
    for coarse, fine in family.ties():
        for total, parts in family.parts(coarse, fine).items():
            numbers = sorted(cells.numbers[measure, part] for part in parts)
            if (measure, total) in cells.numbers:
                cells.sums.append(Sum(cells.numbers[measure, total], tuple(numbers)))
    if family.root.mart.zone == "R":
        for attribute in family.root.attributes:
            _mark_homogeneous(cells, family.root, [r for r in family.root.rows if r[1]], attribute)


def _add_equation(cells: Cells, equation: Equation) -> None:
    for whole, parts in equation.cells:
        numbers = [cells.numbers[m, key] for m, key in zip(equation.parts, parts, strict=True) if key]
        number = cells.numbers[equation.whole, whole]
        cells.sums.append(Sum(number, tuple(sorted(numbers))))
        if cells.rules[number] == WORK_STREET and len(numbers) == 1:
            cells.told |= {n for n in numbers if cells.rules[n] == WORK}


def _show(cells: Cells, sheet: Sheet, dims: Sequence[str]) -> None:
    """Which cell stands in which row; several measures may share a column of a traced mart."""
    numbers = [cells.numbers.get((sheet.measure, key_of(r, dims))) if c is not None else None for r, c in sheet.rows]
    if not (sheet.column in sheet.mart.services and sheet.mart.hierarchy):  # the street only: its totals
        for (row, _), number in zip(sheet.rows, numbers, strict=True):
            if number is not None:
                cells.holders[number].add(sheet.mart.name)
                cells.stands[number].add((slice_of(sheet.mart, row), sheet.column))
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
    for column in (c for c, bound in mart.at_most.items() if bound == sheet.column and c not in mart.counts):
        for number, (row, _) in zip(mine, sheet.rows, strict=True):
            if number is not None:
                cells.floors[number] = max(cells.floors.get(number, 0), int(row[column] or 0))
    parts = mart.adds_up.get(sheet.column, ())
    if parts and set(parts) <= set(mart.counts):
        for whole, *numbers in zip(mine, *(cells.shown[mart.name, p] for p in parts), strict=True):
            if whole is not None:
                cells.sums.append(Sum(whole, tuple(n for n in numbers if n is not None)))


def _add_presence(cells: Cells, mart: Mart, sheets: Sequence[Sheet]) -> None:
    """In a finer cut of work a row that is there says that something was counted: one of the measures none bounds."""
    bounded = {*mart.at_most, *(part for parts in mart.adds_up.values() for part in parts)}
    free = [s for s in sheets if s.column not in bounded and s.column in mart.work]
    if not free or rule_of(free[0], free[0].dims) != WORK:
        return
    for row, *numbers in zip(free[0].rows, *(cells.shown[mart.name, s.column] for s in free), strict=True):
        parts = tuple(sorted(n for n in numbers if n is not None))
        if count := sum(cells.truth[n] for n in parts):
            number = len(cells.truth)
            cells.add(f"{mart.name} is there", key_of(row[0], mart.grain), count, WORK, None)
            cells.present.add(number)
            cells.stands[number].add((slice_of(mart, row[0]), PRESENCE))
            cells.sums.append(Sum(number, parts))

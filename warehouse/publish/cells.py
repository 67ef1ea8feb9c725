"""Every count of people that is published, once: cells, which tables show them, and what adds up to what.

A cell is a measure at some coordinates: `residents` of a grid, an age band and a sex. The same cell shown by two tables
is one cell, so it can have one figure only. Beside the tables of the marts, totals are shown for each level of
geography and one attribute at a time; sums tie every table to the next coarser ones, across marts too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from expectations.marts import Mart
from warehouse.engine.connection import Connection
from warehouse.publish.attack import Sum
from warehouse.publish.sheets import KIND, TIMES, Key, Row, Sheet, key_of, read_sheets

View: TypeAlias = frozenset[str]
HOMOGENEOUS_BELOW: Final = 20
NOTHING_SAID: Final = ("unknown", "9", None)


@dataclass
class Cells:
    """All cells that are not 0, by number: true counts, zones, which marts show them, and sums.

    A total of one part is that part: two names, one cell.
    shown: per mart and column, row by row, the number of the cell. totals: per mart and column, the cells beyond the
    marts' own tables. homogeneous: rows that would say something of everybody in a small group.
    """

    numbers: dict[tuple[str, Key], int] = field(default_factory=dict)
    truth: list[int] = field(default_factory=list)
    zones: list[str | None] = field(default_factory=list)
    blocks: list[tuple[object, ...]] = field(default_factory=list)
    holders: list[set[str]] = field(default_factory=list)
    sums: list[Sum] = field(default_factory=list)
    shown: dict[tuple[str, str], list[int | None]] = field(default_factory=dict)
    totals: dict[tuple[str, str], list[tuple[Key, int]]] = field(default_factory=dict)
    homogeneous: set[int] = field(default_factory=set)

    def texts(self) -> list[list[str]]:
        """The names of each cell, coordinates and never a count."""
        texts: list[list[str]] = [[] for _ in self.truth]
        for (measure, key), number in self.numbers.items():
            texts[number].append(f"{measure}[{', '.join(f'{d}={v}' for d, v in key)}]")
        return texts

    def cell(self, sheet: Sheet, key: Key, count: int) -> int:
        """The number of a cell, new or known."""
        number = self.numbers.setdefault((sheet.measure, key), len(self.truth))
        if number == len(self.truth):
            self.truth.append(count)
            self.zones.append(sheet.mart.zone)
            self.blocks.append((sheet.measure, *(v for d, v in key if d in TIMES)))
            self.holders.append(set())
        self.holders[number].add(sheet.mart.name)
        return number


def read_cells(connection: Connection, marts: Sequence[Mart]) -> Cells:
    """Read every measure that counts people and tie the cells together."""
    cells = Cells()
    sheets = read_sheets(connection, marts)
    by_measure: dict[str, list[Sheet]] = defaultdict(list)
    for sheet in sheets:
        by_measure[sheet.measure].append(sheet)
    for shared in by_measure.values():
        _add_measure(cells, shared)
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
    made = Cells({name: to[n] for name, n in cells.numbers.items()})
    made.truth = [cells.truth[firsts[n]] for n in range(count)]
    made.blocks = [cells.blocks[firsts[n]] for n in range(count)]
    made.zones, made.holders = [None] * count, [set() for _ in range(count)]
    for old, new in enumerate(to):
        made.zones[new] = "A" if "A" in (made.zones[new], cells.zones[old]) else cells.zones[old]
        made.holders[new] |= cells.holders[old]
    sums = [Sum(to[s.total], tuple(sorted(to[p] for p in s.parts)), s.at_least) for s in cells.sums]
    made.sums = [s for s in dict.fromkeys(sums) if s.parts != (s.total,)]
    made.shown = {k: [None if n is None else to[n] for n in ns] for k, ns in cells.shown.items()}
    made.totals = {k: [(key, to[n]) for key, n in ns] for k, ns in cells.totals.items()}
    made.homogeneous = {to[n] for n in cells.homogeneous}
    return made


def _add_measure(cells: Cells, shared: Sequence[Sheet]) -> None:
    """All views of one measure: the marts' own, and the totals."""
    root = next((s for s in shared if s.is_root), shared[0])
    own = {frozenset(sheet.dims): sheet for sheet in reversed(shared)}
    totals = [v for v in _total_views(root) if v not in own]
    detail = [(row, count) for row, count in root.rows if count]
    members = {view: _members(detail, view) for view in (*own, *totals)}
    for view, found in members.items():
        for key, count in found.items():
            cells.cell(own.get(view, root), key, count)
    for sheet in shared:
        _show(cells, sheet)
    cells.totals[root.mart.name, root.column] = [
        (key, cells.numbers[root.measure, key]) for view in totals for key in members[view]
    ]
    _tie(cells, root, detail, list(members))
    if root.mart.zone == "R":
        for attribute in root.attributes:
            _mark_homogeneous(cells, root, detail, attribute)


def _members(detail: Sequence[Row], view: View) -> dict[Key, int]:
    sums: dict[Key, int] = defaultdict(int)
    dims = sorted(view)
    for row, count in detail:
        sums[key_of(row, dims)] += count or 0
    return sums


def _show(cells: Cells, sheet: Sheet) -> None:
    """Which cell stands in which row; several measures may share a column of a traced mart."""
    dims = sorted(sheet.dims)
    numbers = [cells.cell(sheet, key_of(r, dims), c) if c else None for r, c in sheet.rows]
    before = cells.shown.get((sheet.mart.name, sheet.column), [None] * len(numbers))
    cells.shown[sheet.mart.name, sheet.column] = [
        old if new is None else new for old, new in zip(before, numbers, strict=True)
    ]


def _total_views(root: Sheet) -> list[View]:
    """Each level of geography and the street, all people and by one attribute; periods are never added up."""
    if root.traced:
        return []
    levels = [] if root.mart.zone == "A" else [(level,) for level in root.levels]
    by = [(), *((a,) for a in root.attributes)]
    return [frozenset((*root.times, *level, *attribute)) for level in (*levels, ()) for attribute in by]


def _tie(cells: Cells, root: Sheet, detail: Sequence[Row], views: Sequence[View]) -> None:
    """Each view is the sum of every view that is just finer; what lies between two says the rest."""
    follows = {view: _follows(view, root.levels) for view in views}
    for coarse in views:
        finer = [v for v in views if v != coarse and coarse <= follows[v]]
        for view in finer:
            if any(v != view and coarse <= follows[v] <= follows[view] for v in finer):
                continue
            parts: dict[int, set[int]] = defaultdict(set)
            above, below = sorted(coarse), sorted(view)
            for row, _ in detail:
                total = cells.numbers[root.measure, key_of(row, above)]
                parts[total].add(cells.numbers[root.measure, key_of(row, below)])
            cells.sums += [Sum(total, tuple(sorted(inside))) for total, inside in parts.items()]


def _follows(view: View, levels: Sequence[str]) -> View:
    """The coordinates that follow from those of a view: the community of a grid, the year of a month."""
    places = {coarse for n, fine in enumerate(levels) if fine in view for coarse in levels[n:]}
    periods = {"year"} if view & set(TIMES) else set()
    return view | places | periods | ({"kind"} if view & set(KIND) else set())


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
    if more in mart.people:
        theirs = cells.shown[mart.name, str(more)]
        cells.sums += [Sum(m, (n,), True) for n, m in zip(mine, theirs, strict=True) if n is not None and m is not None]
    parts = mart.adds_up.get(sheet.column, ())
    if parts and set(parts) <= set(mart.people):
        for whole, *numbers in zip(mine, *(cells.shown[mart.name, p] for p in parts), strict=True):
            if whole is not None:
                cells.sums.append(Sum(whole, tuple(n for n in numbers if n is not None)))

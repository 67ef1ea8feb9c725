"""What a reader can add up: the views of each measure, and how each is the sum of finer ones.

A view is a set of coordinates: `residents` by grid and sex, or by community. A measure has the views its marts show,
the totals that are shown beside them, and links: coordinates that two of its tables have in common and no table shows.
Months and a cut by quarter meet in quarters, whether a figure of the quarter is printed or not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, product
from typing import Final, NamedTuple, TypeAlias

from expectations.marts import Figure, Mart
from warehouse.publish.sheets import Key, Sheet, key_of

View: TypeAlias = frozenset[str]
CASES: Final = "W"


class Family:
    """One measure: all sheets that show it, and each view with a sheet that its cells can be counted from.

    totals: the views that are published beside the marts' own.
    """

    def __init__(self, sheets: Sequence[Sheet]) -> None:
        self.sheets = [s for s in sheets if not s.traced]
        self.root = next((s for s in self.sheets if s.is_root), sheets[0])
        self.traced = [s for s in sheets if s.traced]
        self.views: dict[View, Sheet] = {frozenset(s.dims): s for s in reversed(self.sheets)}
        self.totals = [v for v in _total_views(self.root) if v not in self.views] if self.sheets else []
        self.views |= dict.fromkeys(self.totals, self.root)
        for sheet in self.traced:
            self.view_of(self.root, frozenset(sheet.dims))
        for one, other in combinations(self.sheets, 2):
            self.view_of(one, join(one, other))

    def view_of(self, sheet: Sheet, dims: View) -> View:
        """The view that says the same as these coordinates, a link where there is none."""
        wanted = sheet.follows(dims)
        found = next((v for v, s in self.views.items() if s.follows(v) == wanted), None)
        view = found if found is not None else _least(sheet, dims)
        self.views.setdefault(view, sheet)
        return view

    def members(self, view: View) -> dict[Key, int]:
        """The cells of a view that are not 0; of work those of 0 too."""
        return self.views[view].sums(sorted(view), zeros=self.with_zeros)

    @property
    def with_zeros(self) -> bool:
        """Whether a count of 0 is a cell too: of work."""
        return self.root.column in self.root.mart.work

    def places(self, view: View) -> dict[Key, object]:
        """The community of each cell that lies in one."""
        sheet, dims = self.views[view], sorted(view)
        coarsest = sheet.levels[-1:]
        if not coarsest or not set(coarsest) <= sheet.follows(view):
            return {}
        return {key_of(row, dims): row[coarsest[0]] for row, count in sheet.rows if count is not None}

    def ties(self) -> Iterator[tuple[View, View]]:
        """Each view with every view that is just finer; what lies between two says the rest."""
        follows = {view: sheet.follows(view) for view, sheet in self.views.items()}
        for coarse in self.views:
            finer = [v for v in self.views if v != coarse and coarse <= follows[v]]
            for view in finer:
                if not any(v != view and coarse <= follows[v] <= follows[view] for v in finer):
                    yield coarse, view

    def parts(self, coarse: View, fine: View) -> dict[Key, set[Key]]:
        """Per cell of a view the cells of a finer one that add up to it."""
        parts: dict[Key, set[Key]] = defaultdict(set)
        above, below = sorted(coarse), sorted(fine)
        zeros = self.with_zeros
        for row, count in self.views[fine].rows:
            if count or (zeros and count == 0):
                parts[key_of(row, above)].add(key_of(row, below))
        return parts


class Equation(NamedTuple):
    """One measure is the sum of others, at some coordinates: per measure its name, and the keys of its cells."""

    whole: str
    parts: tuple[str, ...]
    cells: list[tuple[Key, tuple[Key, ...]]]


def join(one: Sheet, other: Sheet) -> View:
    """The coordinates that both sheets have, or that follow from theirs."""
    return one.follows(one.dims) & other.follows(other.dims)


def equations(marts: Sequence[Mart], families: dict[str, Family]) -> Iterator[Equation]:
    """What `agrees` declares between measures of two marts, at the finest coordinates that both have.

    An agreement is used where it is true of the counts at hand; links that it needs are added to the families.
    """
    by_column = {(s.mart.name, s.column): f for f in families.values() for s in f.sheets}
    for mart in marts:
        for agreed in mart.agrees:
            figures = (agreed.here, agreed.there)
            places = [(f.table.removeprefix("marts."), f) for f in figures]
            needed = {(m, c) for m, f in places for c in (f.column, f.less) if c}
            if needed <= set(by_column) and len({by_column[n].root.measure for n in needed}) > 1:
                yield from _equations(places, by_column)


def _equations(places: Sequence[tuple[str, Figure]], by_column: dict[tuple[str, str], Family]) -> Iterator[Equation]:
    (here, one), (there, other) = places
    first, second = by_column[here, str(one.column)], by_column[there, str(other.column)]
    taken = {*one.when, *other.when}
    pairs = [(a, b, join(a, b) - taken) for a, b in product(first.sheets, second.sheets)
             if _fixed(a, one) and _fixed(b, other)]  # fmt: skip
    for a, b, dims in pairs:
        if any(dims < more for _, _, more in pairs):
            continue
        # here - less = there - less, with everything on the side where it is added
        sides: tuple[list[tuple[str, dict[Key, Key], dict[Key, int]]], ...] = ([], [])
        for side, sheet, figure in ((0, a, one), (1, b, other)):
            for number, column in enumerate((figure.column, figure.less)):
                family = by_column.get((sheet.mart.name, str(column)))
                if family is not None:
                    sides[(side + number) % 2].append(_told(family, sheet, str(column), figure, dims))
        whole, parts = (sides[0][0], sides[1]) if len(sides[0]) == 1 else (sides[1][0], sides[0])
        keys = [k for k, n in whole[2].items() if n == sum(p[2].get(k, 0) for p in parts)]
        yield Equation(whole[0], tuple(p[0] for p in parts),
                       [(whole[1][k], tuple(p[1][k] if k in p[2] else () for p in parts)) for k in keys])  # fmt: skip


def _fixed(sheet: Sheet, figure: Figure) -> bool:
    """Whether a figure's condition is about coordinates of the sheet, one value each."""
    return (
        not figure.since
        and set(figure.when) <= sheet.follows(sheet.dims)
        and all(len(v) == 1 for v in figure.when.values())
    )


def _told(
    family: Family, like: Sheet, column: str, figure: Figure, dims: View
) -> tuple[str, dict[Key, Key], dict[Key, int]]:
    """A measure at the common coordinates: its name, the key of its cell there, its count."""
    sheet = next(s for s in family.sheets if (s.mart.name, s.column) == (like.mart.name, column))
    view = sorted(family.view_of(sheet, dims | set(figure.when)))
    common = sorted(dims)
    cells: dict[Key, Key] = {}
    counts: dict[Key, int] = defaultdict(int)
    for row, count in sheet.rows:
        if (count or (family.with_zeros and count == 0)) and all(row[c] == v for c, (v, *_) in figure.when.items()):
            key = key_of(row, common)
            cells[key] = key_of(row, view)
            counts[key] += count
    return family.root.measure, cells, dict(counts)


def _total_views(root: Sheet) -> list[View]:
    """Each level of geography and the street, all people and by one attribute; periods are not added up.

    Of cases and what hangs on them the street's years by kind, which is what the yearly report shows.
    """
    if root.mart.zone == CASES:
        return [_least(root, frozenset({"year", "kind"}))]
    levels = [] if root.column in root.mart.services else [(level,) for level in root.levels]
    by = [(), *((a,) for a in root.attributes)]
    return [frozenset((*root.times, *level, *attribute)) for level in (*levels, ()) for attribute in by]


def _least(sheet: Sheet, dims: Iterable[str]) -> View:
    """The same coordinates without those that follow from the others, the coarse ones first."""
    least = set(dims)
    for dim in sorted(least, key=lambda d: (len(sheet.follows({d})), d)):
        if dim in sheet.follows(least - {dim}):
            least.remove(dim)
    return frozenset(least)

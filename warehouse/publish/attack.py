"""The attack: what somebody who holds every published table can work out about one count, by linear programming.

Unknowns are the true counts. Each lies in the interval its published figure allows; parts add up to their totals, in
every table, across tables and levels of geography. The least and the greatest feasible value of a cell are what the
attacker knows of it. `narrow` finds the cells whose interval is narrower than it must be, and what makes them so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

Floats = NDArray[np.float64]
TOUCH: Final = 1e-7
ATTEMPTS: Final = 20
SWEEPS: Final = 8
LARGE: Final = 4000  # cells that are attacked as a whole; more of them, period by period


class Sum(NamedTuple):
    """`total` is the sum of `parts`; or, if `at_least`, not less than it. Numbers of cells."""

    total: int
    parts: tuple[int, ...]
    at_least: bool = False


class Weak(NamedTuple):
    """A cell that is known too well: its bounds, and the cells whose published figures give it away."""

    cell: int
    low: float
    high: float
    because: frozenset[int]


class Attack:
    """One set of published figures: an interval per cell, and what adds up."""

    def __init__(self, low: Sequence[float], high: Sequence[float], sums: Sequence[Sum]) -> None:
        self.low, self.high = np.asarray(low, float), np.asarray(high, float)
        # No limit is a limit beyond everything: an unbounded programme would have no solution to learn from.
        self.high[np.isinf(self.high)] = 10 * max(self.high[np.isfinite(self.high)], default=0) + 1000
        self.equal = _matrix([s for s in sums if not s.at_least], len(low))
        self.bounded = _matrix([s for s in sums if s.at_least], len(low))
        self.all = _rows_of(sums, len(low))
        self.is_equal = np.array([not s.at_least for s in sums], bool)
        self.parts = _components(self.equal, self.bounded, len(low))

    def plainly_narrow(self, cells: Sequence[int], width: float) -> list[Weak]:
        """The cells that are too narrow already by following one sum after the other, as one would by hand."""
        low, high = self.low.copy(), self.high.copy()
        low_by, high_by = np.full(len(low), -1), np.full(len(low), -1)
        for _ in range(SWEEPS):
            before = high.sum() - low.sum()
            _sweep(self.all, self.is_equal, (low, high), (low_by, high_by))
            if high.sum() - low.sum() > before - 1:
                break
        found = []
        for cell in cells:
            if high[cell] - low[cell] < width - TOUCH:
                rows = {int(r) for r in (low_by[cell], high_by[cell]) if r >= 0}
                near = {int(c) for r in rows for c in self.all.indices[self.all.indptr[r] : self.all.indptr[r + 1]]}
                found.append(Weak(cell, float(low[cell]), float(high[cell]), frozenset(near)))
        return found

    def narrow(
        self, cells: Sequence[int], width: float, seen: Sequence[float], blocks: Sequence[tuple[object, ...]] = ()
    ) -> list[Weak]:
        """Those of the cells that are not proved to be at least `width` wide.

        seen: one feasible point, the truth; every solution adds one, and the cells that lie far apart in two of them
        are cleared. Cells that share no sum, or a long one, are pushed up, then down, together: a few programmes look
        at all of them.
        blocks: where very much is tied together it is looked at period by period, with everything else held at the
        truth. Both show fewer points than there are: a cell may count as weak that is not, never the other way round.
        """
        point = np.array(seen, float)
        points = (point.copy(), point.copy())
        wanted = np.zeros(len(self.low), bool)
        wanted[list(cells)] = True
        found: list[Weak] = []
        for label in np.unique(self.parts[wanted]):
            members = np.flatnonzero(self.parts == label)
            groups = _grouped(members, blocks) if blocks and len(members) > LARGE else [members]
            for group in groups:
                if wanted[group].any():
                    found += _Component(self, group, wanted[group], point).narrow(width, *points)
        return found

    def interval(self, cell: int) -> tuple[float, float]:
        """The least and the greatest value of one cell."""
        members = np.flatnonzero(self.parts == self.parts[cell])
        component = _Component(self, members, np.zeros(0, bool), np.zeros(len(self.low)))
        weak = component.bounds(int(np.flatnonzero(component.members == cell)[0]))
        return weak.low, weak.high


class _Component:
    """Cells that are tied to each other, and to nobody else but cells that are held at a known point."""

    def __init__(self, attack: Attack, members: NDArray[np.int64], wanted: NDArray[np.bool_], point: Floats) -> None:
        self.members, self.wanted = members, wanted
        self.low, self.high = attack.low[members], attack.high[members]
        self.equal, self.equal_to = _rows(attack.equal, members, point)
        self.bounded, self.bounded_by = _rows(attack.bounded, members, point)
        self.sums = attack.all[:, members]
        self.sums = self.sums[np.flatnonzero(np.diff(self.sums.indptr))]
        self.by_cell = csr_array(self.sums.T)

    def narrow(self, width: float, least: Floats, most: Floats) -> list[Weak]:
        if self.equal is None and self.bounded is None:
            return self._alone(width)
        random = np.random.default_rng(len(self.members))
        untried = self.wanted.copy()
        for _ in range(ATTEMPTS):
            untried &= self._spread(least, most) < width
            if not untried.any():
                break
            aim = np.zeros(len(self.members))
            aim[self._apart(np.flatnonzero(untried), random)] = 1.0
            for sense in (1.0, -1.0):
                self._solve(sense * aim, least, most)
        found = []
        for cell in np.flatnonzero(self.wanted & (self._spread(least, most) < width)):
            if self._spread(least, most)[cell] < width:
                weak = self.bounds(int(cell), least, most)
                found += [weak] if weak.high - weak.low < width - TOUCH else []
        return found

    def _apart(self, among: NDArray[np.int64], random: np.random.Generator) -> list[int]:
        """Some of the cells, few of them in one sum: a quarter of its parts at most."""
        taken = np.zeros(self.sums.shape[0])
        room = np.maximum(1, np.diff(self.sums.indptr) // 4)
        chosen = []
        for cell in random.permutation(among):
            rows = self.by_cell.indices[self.by_cell.indptr[cell] : self.by_cell.indptr[cell + 1]]
            if (taken[rows] < room[rows]).all():
                taken[rows] += 1
                chosen.append(int(cell))
        return chosen

    def bounds(self, cell: int, least: Floats | None = None, most: Floats | None = None) -> Weak:
        """Both ends of one cell, and the cells that hold them there."""
        if self.equal is None and self.bounded is None:
            return Weak(int(self.members[cell]), float(self.low[cell]), float(self.high[cell]), frozenset())
        ends, because = [], set()
        for sense in (1.0, -1.0):
            aim = np.zeros(len(self.members))
            aim[cell] = sense
            solved = self._solve(aim, least, most)
            ends.append(float(solved.x[cell]))
            pressed = np.abs(solved.lower.marginals) + np.abs(solved.upper.marginals) > TOUCH
            because |= {int(self.members[i]) for i in np.flatnonzero(pressed)}
        return Weak(int(self.members[cell]), ends[0], ends[1], frozenset(because))

    def _alone(self, width: float) -> list[Weak]:
        short = np.flatnonzero(self.wanted & (self.high - self.low < width - TOUCH))
        return [Weak(int(self.members[i]), self.low[i], self.high[i], frozenset()) for i in short]

    def _spread(self, least: Floats, most: Floats) -> Floats:
        spread: Floats = most[self.members] - least[self.members] + TOUCH
        return spread

    def _solve(self, aim: Floats, least: Floats | None, most: Floats | None) -> Any:
        """The feasible point that makes `aim` smallest; widens what is known possible."""
        solved = linprog(
            aim,
            A_eq=self.equal, b_eq=self.equal_to, A_ub=self.bounded, b_ub=self.bounded_by,
            bounds=np.column_stack((self.low, self.high)), method="highs",
        )  # fmt: skip
        if solved.status != 0:
            raise ArithmeticError(f"the attack could not be carried out: {solved.message}")
        if least is not None and most is not None:
            least[self.members] = np.minimum(least[self.members], solved.x)
            most[self.members] = np.maximum(most[self.members], solved.x)
        return solved


def _matrix(sums: Sequence[Sum], width: int) -> csr_array | None:
    return _rows_of(sums, width) if sums else None


def _rows_of(sums: Sequence[Sum], width: int) -> csr_array:
    """One row per sum: its parts, less its total."""
    rows = [n for n, s in enumerate(sums) for _ in range(len(s.parts) + 1)]
    columns = [c for s in sums for c in (*s.parts, s.total)]
    values = [v for s in sums for v in (*(1.0,) * len(s.parts), -1.0)]
    return csr_array(coo_array((values, (rows, columns)), shape=(len(sums), width)))


def _components(equal: csr_array | None, bounded: csr_array | None, width: int) -> NDArray[np.int64]:
    """The number of the component each cell lies in."""
    firsts, seconds = [np.zeros(0, int)], [np.zeros(0, int)]
    for matrix in (equal, bounded):
        if matrix is not None:
            parts = matrix.tocoo()
            firsts.append(matrix.indices[matrix.indptr[parts.row]])
            seconds.append(parts.col)
    first, second = np.concatenate(firsts), np.concatenate(seconds)
    graph = coo_array((np.ones(len(first)), (first, second)), shape=(width, width))
    labels: NDArray[np.int64] = connected_components(graph, directed=False)[1]
    return labels


def _rows(
    matrix: csr_array | None, members: NDArray[np.int64], point: Floats
) -> tuple[csr_array | None, Floats | None]:
    """The sums that touch these cells, and what is left of each when all other cells are held at a point."""
    if matrix is None:
        return None, None
    part = matrix[:, members]
    touched = np.flatnonzero(np.diff(part.indptr))
    if not len(touched):
        return None, None
    others = point.copy()
    others[members] = 0
    return part[touched], -(matrix[touched] @ others)


def _grouped(members: NDArray[np.int64], blocks: Sequence[tuple[object, ...]]) -> list[NDArray[np.int64]]:
    """The members by period."""
    groups: dict[tuple[object, ...], list[int]] = {}
    for member in members:
        groups.setdefault(blocks[member][1:], []).append(int(member))
    return [np.array(group) for group in groups.values()]


def _sweep(
    sums: csr_array, is_equal: NDArray[np.bool_], bounds: tuple[Floats, Floats], by: tuple[NDArray[Any], NDArray[Any]]
) -> None:
    """Narrow each cell by each sum it is in, given the bounds of the others; `by` notes which sum did it."""
    low, high = bounds
    row = np.repeat(np.arange(sums.shape[0]), np.diff(sums.indptr))
    column, sign = sums.indices, sums.data
    least = np.where(sign > 0, low[column], -high[column])
    most = np.where(sign > 0, high[column], -low[column])
    least_sum, most_sum = np.bincount(row, least, sums.shape[0]), np.bincount(row, most, sums.shape[0])
    # Each term lies between minus the greatest and minus the least of the others; a bound from above holds always.
    above = -(least_sum[row] - least)
    below = np.where(is_equal[row], -(most_sum[row] - most), -np.inf)
    new_low, new_high = np.where(sign > 0, below, -above), np.where(sign > 0, above, -below)
    for new, old, note, better in ((new_low, low, by[0], np.greater), (new_high, high, by[1], np.less)):
        order = np.argsort(new if better is np.greater else -new, kind="stable")  # the best last, so that it stays
        use = order[better(new[order], old[column[order]])]
        old[column[use]], note[column[use]] = new[use], row[use]

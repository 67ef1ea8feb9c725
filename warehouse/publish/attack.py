"""The attack: what somebody who holds every published table can work out about one count, by linear programming.

Unknowns are the true counts. Each lies in the interval its published figure allows; parts add up to their totals, in
every table, across tables, levels of geography and periods. The least and the greatest feasible value of a cell are
what the attacker knows of it. `narrow` finds the cells whose interval is narrower than it must be, and what makes them
so. Cells that are tied to each other are a component; each is a programme of its own, which the solver keeps: the next
question starts from the answer to the last one. Of a large component its blocks are looked at first: one community
after the other, with all others held at the truth. That shows fewer points than there are, so a cell may count as weak
that is not, never the other way round.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Final, NamedTuple

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]
TOUCH: Final = 1e-7
SMALL: Final = 600  # cells that are attacked at once; of more, the blocks first
LARGE: Final = 4000  # and of more than these, the blocks alone
WORTH: Final = 10  # cells that an attempt of two programmes must clear: alone, each needs two
SWEEPS: Final = 8
DEPTH: Final = 3
LOW, HIGH = 0, 1
# The primal simplex goes on from the last answer, which is feasible whatever is asked next; presolve would forget it.
SOLVER: Final[dict[str, str | int]] = {"presolve": "off", "simplex_strategy": 4, "threads": 1}


class Sum(NamedTuple):
    """`total` is the sum of `parts`; or, if `at_least`, not less than it. Numbers of cells."""

    total: int
    parts: tuple[int, ...]
    at_least: bool = False


class Weak(NamedTuple):
    """A cell that is known too well: its bounds, and the ends of published intervals that give it away.

    because: cells, each with the end (LOW or HIGH) that presses.
    """

    cell: int
    low: float
    high: float
    because: frozenset[tuple[int, int]]


class Attack:
    """One set of published figures: an interval per cell, what adds up, and the points that are known possible.

    seen: a feasible point, the truth. Every programme finds another; a cell that lies far apart in two of them is
    cleared without a programme of its own, and stays so when intervals are widened. blocks: the community of each
    cell, None for the whole street; () where there is none.
    """

    def __init__(
        self, low: Sequence[float], high: Sequence[float], sums: Sequence[Sum], seen: Sequence[float],
        blocks: Sequence[object] = (),
    ) -> None:  # fmt: skip
        self.low, self.high = np.asarray(low, float), np.asarray(high, float)
        # No limit is a limit beyond everything: an unbounded programme would have no solution to learn from.
        self.unlimited = 10 * max(self.high[np.isfinite(self.high)], default=0) + 1000
        self.high[np.isinf(self.high)] = self.unlimited
        self.truth = np.array(seen, float)
        self.block = np.unique([str(b or "") for b in blocks] or [""] * len(self.low), return_inverse=True)[1]
        self.least, self.most = np.array(seen, float), np.array(seen, float)
        self.rows = _rows_of(sums, len(low))
        self.is_equal = np.array([not s.at_least for s in sums], bool)
        self.label = _components(self.rows)
        self.widened = 0
        self._made: dict[int, tuple[_Part, list[_Part]]] = {}

    def widen(self, cell: int, low: float, high: float) -> None:
        """Let a cell lie in a wider interval."""
        self.low[cell], self.high[cell] = low, min(high, self.unlimited)
        self.widened += 1

    def plainly_narrow(self, cells: Iterable[int], width: float) -> list[Weak]:
        """The cells that are too narrow already by following one sum after the other, as one would by hand."""
        ends = np.stack((self.low, self.high))
        by = np.full(ends.shape, -1)
        for _ in range(SWEEPS):
            before = ends.copy()
            _sweep(self.rows, self.is_equal, ends, by)
            if np.abs(ends - before).max(initial=0) < 1:
                break
        short = [cell for cell in cells if ends[HIGH, cell] - ends[LOW, cell] < width - TOUCH]
        return [Weak(c, ends[LOW, c], ends[HIGH, c], frozenset().union(
            *(self._pressing(c, end, by, DEPTH) for end in (LOW, HIGH)))) for c in short]  # fmt: skip

    def _pressing(self, cell: int, end: int, by: Numbers, depth: int) -> set[tuple[int, int]]:
        """The published ends that an end of a cell was worked out from."""
        row = by[end, cell]
        if row < 0 or not depth:
            return {(cell, end)}
        inside = slice(self.rows.indptr[row], self.rows.indptr[row + 1])
        signs = dict(zip(self.rows.indices[inside].tolist(), self.rows.data[inside].tolist(), strict=True))
        mine = signs.pop(cell)
        found: set[tuple[int, int]] = set()
        for other, sign in signs.items():
            found |= self._pressing(other, 1 - end if sign == mine else end, by, depth - 1)
        return found

    def narrow(self, cells: Iterable[int], width: float) -> list[Weak]:
        """Those of the cells that are not proved to be `width` wide, with what makes them so."""
        wanted = np.zeros(len(self.low), bool)
        wanted[list(cells)] = True
        found: list[Weak] = []
        for label in np.unique(self.label[wanted]):
            whole, blocks = self._of(label)
            for part in (*blocks, *([whole] if len(whole.members) <= LARGE else [])):
                part.clear(wanted, width)
            for part in [whole] if len(whole.members) <= LARGE else blocks:
                found += part.narrow(wanted, width)
        return list({weak.cell: weak for weak in found}.values())

    def interval(self, cell: int) -> tuple[float, float]:
        """The least and the greatest value of one cell, each by a programme of its own."""
        weak = self._of(self.label[cell])[0].bounds(cell)
        return weak.low, weak.high

    def _of(self, label: int) -> tuple[_Part, list[_Part]]:
        """A component, and its blocks: each community with what is told of the street; none of a small one."""
        if label not in self._made:
            members = np.flatnonzero(self.label == label)
            block = self.block[members]
            names = np.unique(block[block > 0]) if len(members) > SMALL else ()
            blocks = [_Part(self, members[(block == name) | (block == 0)]) for name in names]
            self._made[label] = _Part(self, members), blocks if len(blocks) > 1 else []
        return self._made[label]


class _Solver(highspy.Highs):
    def enableCallbacks(self) -> None:
        """Called while it is made: silent from there on, since standard output is the command's JSON."""
        self.setOptionValue("output_flag", False)
        super().enableCallbacks()  # type: ignore[no-untyped-call]


class _Part:
    """Cells that are tied to each other; whoever else is tied to them is held at the truth."""

    def __init__(self, attack: Attack, members: Numbers) -> None:
        self.attack, self.members = attack, members
        others = attack.truth.copy()
        others[members] = 0
        mine = attack.rows[:, members]
        touched = np.flatnonzero(np.diff(mine.indptr))
        self.sums = csr_array(mine[touched])
        self.by_cell = csr_array(self.sums.T)
        self.is_equal = attack.is_equal[touched]
        self.left = -(attack.rows[touched] @ others)
        self.widened = attack.widened

    def clear(self, wanted: NDArray[np.bool_], width: float) -> None:
        """Push some of the cells up and others down, then the other way round: whoever moves far enough is cleared."""
        random = np.random.default_rng(len(self.members))
        share = 4
        while len(self.members) > 1 and len(near := self._near(wanted, width)):
            aim = np.zeros(len(self.members))
            chosen = self._apart(near, share, random)
            # Unequal weights: equal ones leave the programme indifferent, and the same cells would move again.
            aim[chosen] = random.choice((-1.0, 1.0), len(chosen)) * random.uniform(0.2, 1, len(chosen))
            for sense in (-1.0, 1.0):
                self._solve(sense * aim)
            if len(self._near(wanted, width)) > len(near) - WORTH:
                if share > len(self.members):
                    break
                share *= 4

    def narrow(self, wanted: NDArray[np.bool_], width: float) -> list[Weak]:
        """What was not cleared gets programmes of its own."""
        found = []
        for place in self._near(wanted, width):
            if self._spread()[place] < width - TOUCH:
                weak = self.bounds(int(self.members[place]))
                found += [weak] if weak.high - weak.low < width - TOUCH else []
        return found

    def bounds(self, cell: int) -> Weak:
        """Both ends of one cell, and the cells that hold them there."""
        if len(self.members) == 1:
            return Weak(cell, self.attack.low[cell], self.attack.high[cell], frozenset(((cell, LOW), (cell, HIGH))))
        ends: list[float] = []
        because: set[tuple[int, int]] = set()
        aim = np.zeros(len(self.members))
        for sense in (1.0, -1.0):
            aim[np.searchsorted(self.members, cell)] = sense
            point, pressing = self._solve(aim)
            ends.append(float(point[np.searchsorted(self.members, cell)]))
            # A positive reduced cost says that the low end of a cell presses, a negative one that its high end does.
            because |= {(int(self.members[i]), LOW) for i in np.flatnonzero(pressing > TOUCH)}
            because |= {(int(self.members[i]), HIGH) for i in np.flatnonzero(pressing < -TOUCH)}
        return Weak(cell, ends[0], ends[1], frozenset(because))

    def _near(self, wanted: NDArray[np.bool_], width: float) -> Numbers:
        return np.flatnonzero(wanted[self.members] & (self._spread() < width - TOUCH))

    def _spread(self) -> Floats:
        spread: Floats = self.attack.most[self.members] - self.attack.least[self.members]
        return spread

    def _apart(self, among: Numbers, share: int, random: np.random.Generator) -> list[int]:
        """Some of the cells, few of them in one sum: one of `share` parts at most, or a single one."""
        taken = np.zeros(self.sums.shape[0])
        room = np.maximum(1, np.diff(self.sums.indptr) // share)
        chosen = []
        for cell in random.permutation(among):
            rows = self.by_cell.indices[self.by_cell.indptr[cell] : self.by_cell.indptr[cell + 1]]
            if (taken[rows] < room[rows]).all():
                taken[rows] += 1
                chosen.append(int(cell))
        return chosen

    @cached_property
    def _programme(self) -> highspy.Highs:
        low, high = self._bounds()
        told = highspy.HighsLp()
        told.num_col_, told.num_row_ = len(self.members), len(self.left)
        told.col_cost_ = np.zeros(len(self.members))
        told.col_lower_, told.col_upper_ = low, high
        told.row_lower_, told.row_upper_ = np.where(self.is_equal, self.left, -highspy.kHighsInf), self.left
        told.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        told.a_matrix_.start_, told.a_matrix_.index_ = self.sums.indptr, self.sums.indices
        told.a_matrix_.value_ = self.sums.data
        programme = _Solver()  # type: ignore[no-untyped-call]
        for option, value in SOLVER.items():
            programme.setOptionValue(option, value)
        programme.passModel(told)
        return programme

    def _bounds(self) -> tuple[Floats, Floats]:
        return self.attack.low[self.members], self.attack.high[self.members]

    def _solve(self, aim: Floats) -> tuple[Floats, Floats]:
        """The feasible point that makes `aim` smallest, and its reduced costs; widens what is known possible."""
        programme, columns = self._programme, np.arange(len(self.members), dtype=np.int32)
        if self.widened != self.attack.widened:
            programme.changeColsBounds(len(columns), columns, *self._bounds())
            self.widened = self.attack.widened
        programme.changeColsCost(len(columns), columns, aim)
        programme.run()
        if programme.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            raise ArithmeticError(f"the attack could not be carried out: {programme.getModelStatus()}")
        solution = programme.getSolution()
        point = np.array(solution.col_value)
        least, most = self.attack.least, self.attack.most
        least[self.members] = np.minimum(least[self.members], point)
        most[self.members] = np.maximum(most[self.members], point)
        return point, np.array(solution.col_dual)


def _rows_of(sums: Sequence[Sum], width: int) -> csr_array:
    """One row per sum: its parts, less its total."""
    rows = [n for n, s in enumerate(sums) for _ in range(len(s.parts) + 1)]
    columns = [c for s in sums for c in (*s.parts, s.total)]
    values = [v for s in sums for v in (*(1.0,) * len(s.parts), -1.0)]
    return csr_array(coo_array((values, (rows, columns)), shape=(len(sums), width)))


def _components(rows: csr_array) -> Numbers:
    """The number of the component each cell lies in."""
    parts = rows.tocoo()
    first = rows.indices[rows.indptr[parts.row]]
    graph = coo_array((np.ones(len(first)), (first, parts.col)), shape=(rows.shape[1], rows.shape[1]))
    labels: Numbers = connected_components(graph, directed=False)[1]
    return labels


def _sweep(sums: csr_array, is_equal: NDArray[np.bool_], ends: Floats, by: Numbers) -> None:
    """Narrow each cell by each sum it is in, given the bounds of the others; `by` notes which sum did it."""
    low, high = ends
    row = np.repeat(np.arange(sums.shape[0]), np.diff(sums.indptr))
    column, sign = sums.indices, sums.data
    least = np.where(sign > 0, low[column], -high[column])
    most = np.where(sign > 0, high[column], -low[column])
    least_sum, most_sum = np.bincount(row, least, sums.shape[0]), np.bincount(row, most, sums.shape[0])
    # Each term lies between minus the greatest and minus the least of the others; a bound from above holds always.
    above = -(least_sum[row] - least)
    below = np.where(is_equal[row], -(most_sum[row] - most), -np.inf)
    new = np.where(sign > 0, below, -above), np.where(sign > 0, above, -below)
    for end, better in ((LOW, np.greater), (HIGH, np.less)):
        order = np.argsort(new[end] if end == LOW else -new[end], kind="stable")  # the best last, so that it stays
        use = order[better(new[end][order], ends[end, column[order]])]
        ends[end, column[use]], by[end, column[use]] = new[end][use], row[use]

"""The attack: what somebody who holds every published table can work out about one count, by linear programming.

Unknowns are the true counts. Each lies in the interval its published figure allows; parts add up to their totals, in
every table, across tables, levels of geography and periods. The least and the greatest feasible value of a cell are
what the attacker knows of it. `narrow` finds the cells whose interval is narrower than it must be, and what makes them
so. Cells that are tied to each other are a component; each is a programme of its own, which the solver keeps: the next
question starts from the answer to the last one. Of a large component its blocks are looked at first: one community
after the other, with all others held at the truth. That shows fewer points than there are, so a cell may count as weak
that is not, never the other way round. What is shown to the unit for good (`fixed`) ties nothing together: it is a
number, and each slice under an exact total is a small programme of its own. A programme without an answer, in time or
at all, proves nothing: the cells it was asked about count as weak, and nothing else is touched.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from warehouse.publish.programme import HIGH, LOW, TOUCH, Floats, Known, Numbers, Part, Weak

Widths: TypeAlias = float | Floats
SMALL: Final = 600  # cells that are attacked at once; of more, the blocks first
LARGE: Final = 4000  # and of more than these, the blocks alone
SWEEPS: Final = 8
DEPTH: Final = 3


class Sum(NamedTuple):
    """`total` is the sum of `parts`; or, if `at_least`, not less than it. Numbers of cells."""

    total: int
    parts: tuple[int, ...]
    at_least: bool = False


class Attack:
    """One set of published figures: an interval per cell, what adds up, and the points that are known possible.

    seen: a feasible point, the truth. Every programme finds another; a cell that lies far apart in two of them is
    cleared without a programme of its own, and stays so when intervals are widened. blocks: the community of each
    cell, None for the whole street; () where there is none. fixed: cells that are known to the unit and stay so.
    """

    def __init__(
        self, low: Sequence[float], high: Sequence[float], sums: Sequence[Sum], seen: Sequence[float],
        blocks: Sequence[object] = (), fixed: Sequence[int] = (),
    ) -> None:  # fmt: skip
        ends, truth = np.array((low, high), float), np.array(seen, float)
        # No limit is a limit beyond everything: an unbounded programme would have no solution to learn from.
        self.unlimited = 10 * max(ends[HIGH][np.isfinite(ends[HIGH])], default=0) + 1000
        ends[HIGH][np.isinf(ends[HIGH])] = self.unlimited
        self.block = np.unique([str(b or "") for b in blocks] or [""] * len(truth), return_inverse=True)[1]
        is_equal = np.array([not s.at_least for s in sums], bool)
        self.known = Known(
            ends[LOW], ends[HIGH], truth, truth.copy(), truth.copy(), _rows_of(sums, len(truth)), is_equal
        )
        self.label = _components(self.known.rows, fixed)
        self._made: dict[int, tuple[Part, list[Part]]] = {}

    def widen(self, cell: int, low: float, high: float) -> None:
        """Let a cell lie in a wider interval."""
        self.known.low[cell], self.known.high[cell] = low, min(high, self.unlimited)
        self.known.widened += 1

    def plainly_narrow(self, cells: Iterable[int], widths: Widths) -> list[Weak]:
        """The cells that are too narrow already by following one sum after the other, as one would by hand."""
        ends = np.stack((self.known.low, self.known.high))
        by = np.full(ends.shape, -1)
        for _ in range(SWEEPS):
            before = ends.copy()
            _sweep(self.known.rows, self.known.is_equal, ends, by)
            if np.abs(ends - before).max(initial=0) < 1:
                break
        width = self._each(widths)
        short = [cell for cell in cells if ends[HIGH, cell] - ends[LOW, cell] < width[cell] - TOUCH]
        return [Weak(c, ends[LOW, c], ends[HIGH, c], frozenset().union(
            *(self._pressing(c, end, by, DEPTH) for end in (LOW, HIGH)))) for c in short]  # fmt: skip

    def _pressing(self, cell: int, end: int, by: Numbers, depth: int) -> set[tuple[int, int]]:
        """The published ends that an end of a cell was worked out from."""
        row = by[end, cell]
        if row < 0 or not depth:
            return {(cell, end)}
        inside = slice(self.known.rows.indptr[row], self.known.rows.indptr[row + 1])
        signs = dict(zip(self.known.rows.indices[inside].tolist(), self.known.rows.data[inside].tolist(), strict=True))
        mine = signs.pop(cell)
        found: set[tuple[int, int]] = set()
        for other, sign in signs.items():
            found |= self._pressing(other, 1 - end if sign == mine else end, by, depth - 1)
        return found

    def _each(self, widths: Widths) -> Floats:
        return np.full(len(self.known.low), widths) if isinstance(widths, (int, float)) else np.asarray(widths, float)

    def narrow(self, cells: Iterable[int], widths: Widths) -> list[Weak]:
        """Those of the cells that are not proved to be as wide as they must be, with what makes them so."""
        width = self._each(widths)
        wanted = np.zeros(len(self.known.low), bool)
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

    def _of(self, label: int) -> tuple[Part, list[Part]]:
        """A component, and its blocks: each community with what is told of the street; none of a small one."""
        if label not in self._made:
            members = np.flatnonzero(self.label == label)
            block = self.block[members]
            names = np.unique(block[block > 0]) if len(members) > SMALL else ()
            blocks = [Part(self.known, members[(block == name) | (block == 0)]) for name in names]
            self._made[label] = Part(self.known, members), blocks if len(blocks) > 1 else []
        return self._made[label]


def _rows_of(sums: Sequence[Sum], width: int) -> csr_array:
    """One row per sum: its parts, less its total."""
    rows = [n for n, s in enumerate(sums) for _ in range(len(s.parts) + 1)]
    columns = [c for s in sums for c in (*s.parts, s.total)]
    values = [v for s in sums for v in (*(1.0,) * len(s.parts), -1.0)]
    return csr_array(coo_array((values, (rows, columns)), shape=(len(sums), width)))


def _components(rows: csr_array, fixed: Sequence[int]) -> Numbers:
    """The number of the component each cell lies in; what is fixed ties nothing, and lies in one of its own."""
    parts = rows.tocoo()
    free = np.ones(rows.shape[1], bool)
    free[list(fixed)] = False
    row, column = parts.row[free[parts.col]], parts.col[free[parts.col]]
    first = np.zeros(rows.shape[0], np.int64)
    first[row[::-1]] = column[::-1]
    graph = coo_array((np.ones(len(row)), (first[row], column)), shape=(rows.shape[1], rows.shape[1]))
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

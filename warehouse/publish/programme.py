"""The linear programmes of one component: cells that are tied to each other, and what their sums leave possible.

`Known` is what the attack knows of all cells; a `Part` asks about its own and widens what is known to be possible.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]
TOUCH: Final = 1e-7
WORTH: Final = 10  # cells that an attempt of two programmes must clear: alone, each needs two
LOW, HIGH = 0, 1
# The primal simplex goes on from the last answer, which is feasible whatever is asked next; presolve would forget it.
SOLVER: Final[dict[str, str | int]] = {"presolve": "off", "simplex_strategy": 4, "threads": 1}
STEPS: Final = 50_000  # of the simplex for one question; more is no answer
TRIES: Final = 2  # the second from nothing, since rounding errors of many questions add up


class Weak(NamedTuple):
    """A cell that is known too well: its bounds, and the ends of published intervals that give it away.

    because: cells, each with the end (LOW or HIGH) that presses.
    """

    cell: int
    low: float
    high: float
    because: frozenset[tuple[int, int]]


@dataclass
class Known:
    """Of all cells the interval, the truth, and the least and the greatest of the points that are known possible.

    rows: one per sum, its parts less its total. widened: how often an interval was. unanswered: the solver, how often.
    """

    low: Floats
    high: Floats
    truth: Floats
    least: Floats
    most: Floats
    rows: csr_array
    is_equal: NDArray[np.bool_]
    widened: int = 0
    unanswered: int = 0


class _Solver(highspy.Highs):
    def enableCallbacks(self) -> None:
        """Called while it is made: silent from there on, since standard output is the command's JSON."""
        self.setOptionValue("output_flag", False)
        super().enableCallbacks()  # type: ignore[no-untyped-call]


class Part:
    """Cells that are tied to each other; whoever else is tied to them is held at the truth."""

    def __init__(self, known: Known, members: Numbers) -> None:
        self.known, self.members = known, members
        others = known.truth.copy()
        others[members] = 0
        mine = known.rows[:, members]
        touched = np.flatnonzero(np.diff(mine.indptr))
        self.sums = csr_array(mine[touched])
        self.by_cell = csr_array(self.sums.T)
        self.is_equal = known.is_equal[touched]
        self.left = -(known.rows[touched] @ others)
        self.widened = known.widened

    def clear(self, wanted: NDArray[np.bool_], width: Floats) -> None:
        """Push some of the cells up and others down, then the other way round: whoever moves far enough is cleared."""
        random = np.random.default_rng(len(self.members))
        share = 4
        while len(self.members) > 1 and len(near := self._near(wanted, width)):
            aim = np.zeros(len(self.members))
            chosen = self._apart(near, share, random)
            # Unequal weights: equal ones leave the programme indifferent, and the same cells would move again.
            aim[chosen] = random.choice((-1.0, 1.0), len(chosen)) * random.uniform(0.2, 1, len(chosen))
            if not all(self._solve(sense * aim) for sense in (-1.0, 1.0)):
                break
            if len(self._near(wanted, width)) > len(near) - WORTH:
                if share > len(self.members):
                    break
                share *= 4

    def narrow(self, wanted: NDArray[np.bool_], width: Floats) -> list[Weak]:
        """What was not cleared gets programmes of its own."""
        found = []
        for place in self._near(wanted, width):
            cell = int(self.members[place])
            if self._spread()[place] < width[cell] - TOUCH:
                weak = self.bounds(cell)
                found += [weak] if weak.high - weak.low < width[cell] - TOUCH else []
        return found

    def bounds(self, cell: int) -> Weak:
        """Both ends of one cell, and the cells that hold them there; the truth itself where there is no answer."""
        if len(self.members) == 1 and not len(self.left):
            return Weak(cell, self.known.low[cell], self.known.high[cell], frozenset(((cell, LOW), (cell, HIGH))))
        ends: list[float] = []
        because: set[tuple[int, int]] = set()
        aim = np.zeros(len(self.members))
        for sense in (1.0, -1.0):
            aim[np.searchsorted(self.members, cell)] = sense
            if (answer := self._solve(aim)) is None:
                return Weak(cell, self.known.truth[cell], self.known.truth[cell], frozenset())
            point, pressing = answer
            ends.append(float(point[np.searchsorted(self.members, cell)]))
            # A positive reduced cost says that the low end of a cell presses, a negative one that its high end does.
            because |= {(int(self.members[i]), LOW) for i in np.flatnonzero(pressing > TOUCH)}
            because |= {(int(self.members[i]), HIGH) for i in np.flatnonzero(pressing < -TOUCH)}
        return Weak(cell, ends[0], ends[1], frozenset(because))

    def _near(self, wanted: NDArray[np.bool_], width: Floats) -> Numbers:
        return np.flatnonzero(wanted[self.members] & (self._spread() < width[self.members] - TOUCH))

    def _spread(self) -> Floats:
        spread: Floats = self.known.most[self.members] - self.known.least[self.members]
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
        programme.setOptionValue("simplex_iteration_limit", STEPS)
        programme.passModel(told)
        return programme

    def _bounds(self) -> tuple[Floats, Floats]:
        return self.known.low[self.members], self.known.high[self.members]

    def _solve(self, aim: Floats) -> tuple[Floats, Floats] | None:
        """The feasible point that makes `aim` smallest, and its reduced costs; widens what is known possible."""
        for _ in range(TRIES):
            if (answer := self._answer(aim)) is not None:
                point, _ = answer
                least, most = self.known.least, self.known.most
                least[self.members] = np.minimum(least[self.members], point)
                most[self.members] = np.maximum(most[self.members], point)
                return answer
            self.__dict__.pop("_programme", None)  # the next is made anew
        self.known.unanswered += 1
        return None

    def _answer(self, aim: Floats) -> tuple[Floats, Floats] | None:
        programme, columns = self._programme, np.arange(len(self.members), dtype=np.int32)
        if self.widened != self.known.widened:
            programme.changeColsBounds(len(columns), columns, *self._bounds())
            self.widened = self.known.widened
        programme.changeColsCost(len(columns), columns, aim)
        programme.run()
        if programme.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        solution = programme.getSolution()
        return np.array(solution.col_value), np.array(solution.col_dual)

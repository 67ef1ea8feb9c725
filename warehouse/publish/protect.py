"""Making a release safe: attack it, and show more coarsely what gives a small count away, until the attack fails.

The figure that is made coarser is the one that costs least: of those that press upon the small count, the one whose
next base is the smallest share of it. In suppression mode it is withheld, the smallest first.
Figures of the last releases count too: who believes that a count did not change holds both figures against it. What
cannot be mended holds its consistency group back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from warehouse.publish import rounding, suppress
from warehouse.publish.attack import Attack, Weak
from warehouse.publish.cells import Cells
from warehouse.publish.rounding import ANYTHING, Interval

Mode: TypeAlias = Literal["round", "suppress"]
History: TypeAlias = Sequence[Mapping[str, tuple[float, float, int]]]
WIDTH: Final = 5
ROUNDS: Final = 40
CASES: Final = "W"


@dataclass
class Release:
    """What is shown of each cell. base: 0 is withheld; `hidden` are rows that are not shown at all.

    before: per cell, what earlier releases allow. weak: small counts that stay known too well.
    """

    cells: Cells
    mode: Mode
    base: list[int]
    hidden: set[int]
    before: list[Interval]
    weak: list[Weak] = field(default_factory=list)

    def figure(self, cell: int) -> int | None:
        """The figure of a cell, None where none is shown."""
        if cell in self.hidden:
            return None
        count = self.cells.truth[cell]
        return (
            suppress.shown(count, self.base[cell])
            if self.mode == "suppress"
            else rounding.shown(count, self.base[cell])
        )

    def published(self, cell: int, base: int | None = None) -> Interval:
        """What this release alone says of a cell."""
        if cell in self.hidden:
            return ANYTHING
        base = self.base[cell] if base is None else base
        count = self.cells.truth[cell]
        return suppress.interval(count, base) if self.mode == "suppress" else rounding.interval(count, base)

    def known(self, cell: int, base: int | None = None) -> Interval:
        """What this and the earlier releases say of a cell."""
        return self.published(cell, base).meets(self.before[cell])

    def is_small(self, cell: int) -> bool:
        """Whether the count is one that nobody may find out."""
        below = rounding.small_below(self.first_base(cell)) if self.mode == "round" else suppress.BELOW
        return 0 < self.cells.truth[cell] < below

    def first_base(self, cell: int) -> int:
        """The base a cell of its zone starts from."""
        if self.mode == "suppress":
            return suppress.EXACT
        return rounding.SENSITIVE_BASE if self.cells.zones[cell] == "A" else rounding.BASE


def protect(cells: Cells, mode: Mode, history: History) -> Release:
    """The release of these cells. history: per earlier release, newest first, the interval and base of each cell.

    A cell that was shown more coarsely keeps its base while its count may be the same: protection does not flicker.
    """
    texts = cells.texts() if history else []
    before = [_believed(names, count, history) for names, count in zip(texts, cells.truth, strict=bool(texts))]
    release = Release(cells, mode, [], set(), before or [ANYTHING] * len(cells.truth))
    release.base = [release.first_base(cell) for cell in range(len(cells.truth))]
    release.hidden = set(cells.homogeneous)
    for cell, names in enumerate(texts):
        for low, high, base in (history[0][text] for text in names if text in history[0]):
            if mode == "round" and base > release.base[cell] and Interval(low, high).holds(cells.truth[cell]):
                release.base[cell] = base
    _mend(release)
    return release


def _believed(names: Sequence[str], count: int, history: History) -> Interval:
    """What earlier figures say of a count that is today's: those that do not hold it speak of another."""
    found = ANYTHING
    for release in history:
        for text in names:
            if text in release:
                said = Interval(*release[text][:2])
                found = found.meets(said) if said.holds(count) else found
    return found


def _mend(release: Release) -> None:
    """Quick looks first, each along one sum until nothing moves; then the attack itself on what they leave.

    Counts of cases (zone W: no person is in them) stop at the quick looks: ten thousands of sparse cells by month are
    beyond what a night can solve.
    """
    small = [cell for cell in range(len(release.base)) if release.is_small(cell)]
    for _ in range(ROUNDS):
        weak = attack_of(release).plainly_narrow(small, WIDTH)
        if not sum(_coarsen(release, found) for found in weak):
            break
    release.weak = [found for found in weak if release.cells.zones[found.cell] == CASES]
    small = [cell for cell in small if release.cells.zones[cell] != CASES]
    _mend_wholly(release, small)


def _mend_wholly(release: Release, small: list[int]) -> None:
    by_sums = release.weak
    for _ in range(ROUNDS):
        release.weak = by_sums + _attacked(release, small)
        if not sum(_coarsen(release, found) for found in release.weak[len(by_sums) :]):
            return
        touched = {release.cells.blocks[found.cell] for found in release.weak}
        small = [cell for cell in small if release.cells.blocks[cell] in touched]


def _attacked(release: Release, small: list[int]) -> list[Weak]:
    return attack_of(release).narrow(small, WIDTH, release.cells.truth, release.cells.blocks)


def attack_of(release: Release) -> Attack:
    """The attack upon a release, with everything its readers know."""
    known = [release.known(cell) for cell in range(len(release.base))]
    return Attack([k.low for k in known], [k.high for k in known], release.cells.sums)


def _coarsen(release: Release, weak: Weak) -> bool:
    """Show one of the figures that give a cell away more coarsely. False where none can be."""
    able = [cell for cell in weak.because if (base := _next(release, cell)) is not None
            and release.known(cell, base) != release.known(cell)]  # fmt: skip
    if not able:
        return False
    chosen = min(able, key=lambda cell: (_price(release, cell), cell))
    base = _next(release, chosen)
    release.base[chosen] = release.base[chosen] if base is None else base
    return True


def _price(release: Release, cell: int) -> float:
    """What the next coarser figure costs: its base as a share of the count, or the count that is withheld."""
    count = release.cells.truth[cell]
    return count if release.mode == "suppress" else (_next(release, cell) or count + rounding.BASE) / count


def _next(release: Release, cell: int) -> int | None:
    if cell in release.hidden:
        return None
    if release.mode == "suppress":
        return suppress.WITHHELD if release.base[cell] == suppress.EXACT else None
    return rounding.wider(release.cells.truth[cell], release.base[cell])

"""Making a release safe: attack it, and show more coarsely what gives a small count away, until the attack fails.

The figure that is made coarser is the one that costs least: of those that press upon the small count, the one whose
next base is the smallest share of it. In suppression mode it is withheld, the smallest first.
Figures of the last releases count too: who knows that a count did not change holds both figures against it. What cannot
be mended holds its consistency group back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from warehouse.publish import rounding, suppress
from warehouse.publish.attack import TOUCH, Attack, Weak
from warehouse.publish.cells import Cells
from warehouse.publish.history import Said, marker
from warehouse.publish.rounding import ANYTHING, Interval

Mode: TypeAlias = Literal["round", "suppress"]
History: TypeAlias = Sequence[Mapping[str, Said]]
WIDTH: Final = 5
ROUNDS: Final = 40
LOST: Final = 200  # a figure that is withheld costs as much as one that is shown to this base
FEW: Final = 20


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
        if cell in self.hidden or not self.cells.holders[cell]:
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
        return bool(self.cells.holders[cell]) and 0 < self.cells.truth[cell] < below

    def first_base(self, cell: int) -> int:
        """The base a cell of its zone starts from."""
        if self.mode == "suppress":
            return suppress.EXACT
        return rounding.SENSITIVE_BASE if self.cells.zones[cell] == "A" else rounding.BASE


def protect(cells: Cells, mode: Mode, history: History, key: bytes = b"") -> Release:
    """The release of these cells. history: per earlier release, newest first, what it said of each cell.

    key: of the marks in the history. A cell that was shown more coarsely keeps its base while its count may be the
    same: protection does not flicker.
    """
    texts = cells.texts() if history else []
    before = [_believed(names, count, history, key) for names, count in zip(texts, cells.truth, strict=bool(texts))]
    release = Release(cells, mode, [], set(), before or [ANYTHING] * len(cells.truth))
    release.base = [release.first_base(cell) for cell in range(len(cells.truth))]
    release.hidden = set(cells.homogeneous)
    for cell, names in enumerate(texts):
        for said in (history[0][text] for text in names if text in history[0]):
            if mode == "round" and said.base > release.base[cell] and _holds(said, cells.truth[cell]):
                release.base[cell] = said.base
    _mend(release)
    return release


def _believed(names: Sequence[str], count: int, history: History, key: bytes) -> Interval:
    """What earlier figures of the same count say: a figure of another count says nothing of today's.

    A mark of a key that is lost does not tell; then every figure that may speak of the count is believed.
    """
    found = ANYTHING
    begin, mark = marker(key)
    for release in history:
        for text in names:
            said = release.get(text)
            if said and _holds(said, count) and (said.mark == mark(text, count) or not said.mark.startswith(begin)):
                found = found.meets(Interval(said.low, said.high))
    return found


def _holds(said: Said, count: int) -> bool:
    return said.low <= count <= said.high


def _mend(release: Release) -> None:
    """Attack every small count, by hand and then in earnest; what gives one away is made coarser, and on to the next.

    Wider intervals take no possibility away: who was safe stays safe, and only the weak are looked at again.
    """
    attack = attack_of(release)
    small = [cell for cell in range(len(release.base)) if release.is_small(cell)]
    for look in (attack.plainly_narrow, attack.narrow):
        suspect = small
        for _ in range(ROUNDS):
            release.weak = look(suspect, WIDTH)
            suspect = [found.cell for found in release.weak]
            chosen = _cheapest(release, release.weak)
            for cell, base in chosen.items():
                release.base[cell] = base
                attack.widen(cell, *release.known(cell))
            if not chosen:
                break
    release.weak = [found for found in release.weak if _width(attack.interval(found.cell)) < WIDTH - TOUCH]


def _width(interval: tuple[float, float]) -> float:
    return interval[1] - interval[0]


def attack_of(release: Release) -> Attack:
    """The attack upon a release, with everything its readers know."""
    known = [release.known(cell) for cell in range(len(release.base))]
    return Attack([k.low for k in known], [k.high for k in known], release.cells.sums, release.cells.truth,
                  release.cells.places)  # fmt: skip


def _cheapest(release: Release, weak: Sequence[Weak]) -> dict[int, int]:
    """Figures to show more coarsely, with their new bases: for each weak cell one of those that give it away.

    The one that helps many for little comes first.
    """
    presses: dict[tuple[int, int], set[int]] = defaultdict(set)
    for number, found in enumerate(weak):
        for cell, end in found.because:
            base = _coarser(release, cell, end)
            if base is not None:
                presses[cell, base].add(number)
    price = {(cell, base): _price(release, cell, base) for cell, base in presses}
    chosen: dict[int, int] = {}
    while presses:
        cell, base = best = min(presses, key=lambda pair: (price[pair] / len(presses[pair]), pair))
        helped = presses.pop(best)
        chosen[cell] = base if base == rounding.WITHHELD else max(base, chosen.get(cell, base))
        presses = {pair: left for pair, numbers in presses.items() if (left := numbers - helped)}
    return chosen


def _price(release: Release, cell: int, base: int) -> float:
    """What a coarser figure costs: the growth of its base beside the count, or the count that is withheld."""
    count = release.cells.truth[cell]
    return count if release.mode == "suppress" else ((base or LOST) - release.base[cell]) / (count + FEW)


def _coarser(release: Release, cell: int, end: int) -> int | None:
    """The first coarser base that moves an end of what is known of a cell; None where none does."""
    base: int | None = release.base[cell]
    while base is not None and release.known(cell, base)[end] == release.known(cell)[end]:
        base = _next(release, cell, base)
    return base


def _next(release: Release, cell: int, base: int) -> int | None:
    if cell in release.hidden or not release.cells.holders[cell]:
        return None
    if release.mode == "suppress":
        return suppress.WITHHELD if base == suppress.EXACT else None
    return rounding.wider(release.cells.truth[cell], base)

"""Making a release safe: attack it, and show less of what gives a small count away, until the attack fails.

In this order: the figure that costs least is shown to a wider base, or left empty; the column is left empty in the
whole slice, where it counts nothing too; the whole slice is left out, every row of it. Then nothing tells of the slice
but what is known to the unit anyway, so there always is a safe release and nothing is ever held back.

Figures of the last releases count too. Of people, an old figure binds today's count while the count is the same. Of
work it binds while the whole column of the slice is the same: the street's exact totals tell a reader that something
moved, not what. A solver without an answer makes the cells it was asked about unsafe, and no others.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import numpy as np

from warehouse.publish import rounding
from warehouse.publish.attack import Attack
from warehouse.publish.cells import PRESENCE, Cells, Slice
from warehouse.publish.history import Said, marker
from warehouse.publish.programme import Weak
from warehouse.publish.rounding import ANYTHING, EMPTY, OUT, WITHHELD, WORK, Interval

History: TypeAlias = Sequence[Mapping[str, Said]]
WIDTH: Final = 5
ROUNDS: Final = 40  # of coarser figures, before a column is emptied
LOST: Final = 200  # a figure that is withheld costs as much as one that is shown to this base
FEW: Final = 20


@dataclass
class Release:
    """What is shown of each cell. base: below 1 is no figure; `hidden` are rows that are not shown at all.

    before: per cell, what earlier releases allow. emptied: columns of slices; out: slices. limit: per cell the least
    street total it is part of. unanswered: how often the solver had none.
    """

    cells: Cells
    base: list[int]
    hidden: set[int]
    before: list[Interval]
    emptied: set[tuple[Slice, str]] = field(default_factory=set)
    out: set[Slice] = field(default_factory=set)
    limit: dict[int, int] = field(default_factory=dict)
    unanswered: int = 0

    def figure(self, cell: int) -> int | None:
        """The figure of a cell, None where none is shown."""
        if cell in self.hidden:
            return None
        return rounding.shown(self.cells.truth[cell], self.base[cell], self.cells.rules[cell])

    def margin(self, cell: int) -> int:
        """How far the truth may lie from the figure."""
        return rounding.margin(self.figure(cell), self.base[cell], self.cells.rules[cell])

    def published(self, cell: int, base: int | None = None) -> Interval:
        """What this release alone says of a cell."""
        base = self.base[cell] if base is None else base
        if cell in self.cells.present:
            return ANYTHING if base == OUT else Interval(1, rounding.NO_LIMIT)
        floor = Interval(self.cells.floors.get(cell, 0), rounding.NO_LIMIT)
        if cell in self.hidden or not self.cells.holders[cell]:
            return floor
        return rounding.interval(self.cells.truth[cell], base, self.cells.rules[cell]).meets(floor)

    def known(self, cell: int, base: int | None = None) -> Interval:
        """What this and the earlier releases say of a cell."""
        return self.published(cell, base).meets(self.before[cell])

    def is_small(self, cell: int) -> bool:
        """Whether the count is one that nobody may find out, and something is said of it."""
        small = 0 < self.cells.truth[cell] < self.cells.rules[cell].small_below
        return small and bool(self.cells.holders[cell]) and self.base[cell] != OUT and cell not in self.cells.told

    def width(self, cell: int) -> int:
        """How wide a small count must stay; one in an empty column, as wide as the street's total leaves it."""
        return min(WIDTH, self.limit.get(cell, WIDTH)) if self.base[cell] == EMPTY else WIDTH


def protect(cells: Cells, history: History, key: bytes = b"") -> Release:
    """The safe release of these cells. history: per earlier release, newest first, what it said of each cell.

    key: of the marks in the history. A cell that was shown more coarsely keeps its base while its count may be the
    same: protection does not flicker.
    """
    texts = cells.texts() if history else []
    before = before_of(cells, texts, history, key) if history else [ANYTHING] * len(cells.truth)
    release = Release(cells, [rule.base for rule in cells.rules], set(cells.homogeneous), before, limit=_limits(cells))
    for cell, names in enumerate(texts):
        for said in (history[0][text] for text in names if text in history[0]):
            if said.base > release.base[cell] and _holds(said, cells.truth[cell]) and cells.rules[cell].small_below:
                release.base[cell] = said.base
    _mend(release)
    return release


def before_of(cells: Cells, texts: Sequence[Sequence[str]], history: History, key: bytes) -> list[Interval]:
    """What earlier figures of the same counts say: a figure of another count says nothing of today's.

    A mark of a key that is lost does not tell; then every figure that may speak of the count is believed.
    """
    found = [ANYTHING] * len(cells.truth)
    begin, mark = marker(key)
    marks = [[mark(text, count) for text in names] for names, count in zip(texts, cells.truth, strict=True)]
    for release in history:
        told: dict[int, Interval] = {}
        for cell, count in enumerate(cells.truth):
            for text, mine in zip(texts[cell], marks[cell], strict=True):
                said = release.get(text)
                if said and _holds(said, count) and (said.mark == mine or not said.mark.startswith(begin)):
                    told[cell] = told.get(cell, ANYTHING).meets(Interval(said.low, said.high))
        moved = {place for cell, places in cells.stands.items() if cells.rules[cell] == WORK and cell not in told
                 for place in places if place[1] != PRESENCE}  # fmt: skip
        for cell, interval in told.items():
            if cells.rules[cell] != WORK or not moved & cells.stands[cell]:
                found[cell] = found[cell].meets(interval)
    return found


def _holds(said: Said, count: int) -> bool:
    return said.low <= count <= said.high


def _limits(cells: Cells) -> dict[int, int]:
    fixed, limit = set(cells.fixed), dict[int, int]()
    for total, parts, at_least in cells.sums:
        if total in fixed and not at_least:
            for part in parts:
                limit[part] = min(limit.get(part, cells.truth[total]), cells.truth[total])
    return limit


def _mend(release: Release) -> None:
    """Attack every small count, by hand and then in earnest; show less of what gives one away, and on to the next.

    Wider intervals take no possibility away: who was safe stays safe, and only the weak are looked at again.
    """
    attack = attack_of(release)
    small = [cell for cell in range(len(release.base)) if release.is_small(cell)]
    places = _places(release.cells)
    for look in (attack.plainly_narrow, attack.narrow):
        suspect, rounds = small, 0
        while suspect:
            weak = look(suspect, np.array([release.width(cell) for cell in range(len(release.base))], float))
            chosen, helpless = _cheapest(release, weak)
            if rounds >= ROUNDS:
                chosen, helpless = {}, [found.cell for found in weak]
            _show(release, attack, chosen)
            before = {cell: release.base[cell] for cell in helpless}
            for cell in helpless:
                if release.base[cell] == before[cell]:  # else its column was emptied for another: look again first
                    _show(release, attack, _less(release, cell, places))
            rounds += 1
            suspect = [found.cell for found in weak if release.is_small(found.cell)]
    release.unanswered = attack.known.unanswered


def _show(release: Release, attack: Attack, bases: Mapping[int, int]) -> None:
    for cell, base in bases.items():
        release.base[cell] = base
        attack.widen(cell, *release.known(cell))


def attack_of(release: Release) -> Attack:
    """The attack upon a release, with everything its readers know."""
    known = [release.known(cell) for cell in range(len(release.base))]
    cells = release.cells
    return Attack([k.low for k in known], [k.high for k in known], cells.sums, cells.truth, cells.places, cells.fixed)


def _places(cells: Cells) -> Mapping[Slice, Mapping[str, set[int]]]:
    """The cells of each column of each slice."""
    places: dict[Slice, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    for cell, stands in cells.stands.items():
        for place, column in stands:
            places[place][column].add(cell)
    return places


def _less(release: Release, cell: int, places: Mapping[Slice, Mapping[str, set[int]]]) -> dict[int, int]:
    """What to do for a cell that no coarser figure helps: empty its columns, or leave out the slices it stands in."""
    stands = release.cells.stands[cell]
    if release.cells.rules[cell] == WORK and not stands <= release.emptied:
        return _empty(release, stands, places)
    gone = {place for place, _ in stands} - release.out
    release.out |= gone
    found: dict[int, int] = {}
    for number in {n for place in gone for numbers in places[place].values() for n in numbers}:
        left = {place for place in release.cells.stands[number] if place[0] not in release.out}
        if not left:
            found[number] = OUT
        elif release.cells.rules[number] == WORK:
            found = _empty(release, left, places) | found
        else:
            found[number] = WITHHELD  # its other row is still there, so it is one or more
    return found


def _empty(
    release: Release, columns: set[tuple[Slice, str]], places: Mapping[Slice, Mapping[str, set[int]]]
) -> dict[int, int]:
    """Columns of slices without a figure, and those of other tables that show a cell of theirs: it has one figure."""
    found: dict[int, int] = {}
    todo = set(columns)
    while todo:
        release.emptied |= todo
        cells = {n for place, column in todo for n in places[place][column]} - release.cells.present
        found |= {n: EMPTY for n in cells if release.base[n] != OUT}
        todo = {place for n in cells for place in release.cells.stands[n]} - release.emptied
    return found


def _cheapest(release: Release, weak: Sequence[Weak]) -> tuple[dict[int, int], list[int]]:
    """Figures to show more coarsely, with their new bases: for each weak cell one of those that give it away.

    The one that helps many for little comes first, and the figures of the whole street last: they are what everybody
    asks for. Then the cells that none helps.
    """
    presses: dict[tuple[int, int], set[int]] = defaultdict(set)
    for number, found in enumerate(weak):
        for cell, end in found.because:
            base = _coarser(release, cell, end)
            if base is not None:
                presses[cell, base].add(number)
    helpless = [f.cell for n, f in enumerate(weak) if not any(n in numbers for numbers in presses.values())]
    price = {(cell, base): _price(release, cell, base) for cell, base in presses}
    street = {pair: release.cells.rules[pair[0]] == rounding.PEOPLE_STREET for pair in presses}
    chosen: dict[int, int] = {}
    while presses:
        cell, base = best = min(presses, key=lambda pair: (street[pair], price[pair] / len(presses[pair]), pair))
        helped = presses.pop(best)
        chosen[cell] = base if base == rounding.WITHHELD else max(base, chosen.get(cell, base))
        presses = {pair: left for pair, numbers in presses.items() if (left := numbers - helped)}
    return chosen, helpless


def _price(release: Release, cell: int, base: int) -> float:
    """What a coarser figure costs: the growth of its base beside the count."""
    return ((base or LOST) - release.base[cell]) / (release.cells.truth[cell] + FEW)


def _coarser(release: Release, cell: int, end: int) -> int | None:
    """The first coarser base that moves an end of what is known of a cell; None where none does."""
    base: int | None = release.base[cell]
    while base is not None and release.known(cell, base)[end] == release.known(cell)[end]:
        base = _next(release, cell, base)
    return base


def _next(release: Release, cell: int, base: int) -> int | None:
    if cell in release.hidden or not release.cells.holders[cell]:
        return None
    return rounding.wider(release.cells.truth[cell], base, release.cells.rules[cell])

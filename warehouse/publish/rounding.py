"""What is shown of a count: by the rule of its kind, and by the wider bases that protection may need.

Four kinds of cells. The office's work for the whole street: to the unit. People for the whole street: to the unit from
10 on, 1 to 9 are shown as 5. Whatever is cut finer: to base 5, 1 to 7 are shown as 5. Services: to base 10, 1 to 14 are
shown as 10. A wider base is three times the one before, so that every interval is a whole number of narrower ones: two
releases of the same count at different bases say no more than the narrower of them. Totals are shown from the truth,
never added up from what is shown.
"""

from __future__ import annotations

from typing import Final, NamedTuple

EXACT: Final = 1
BASE: Final = 5
SENSITIVE_BASE: Final = 10
STEP: Final = 3
WITHHELD: Final = 0  # in the place of a base: no figure, but that there is some
EMPTY: Final = -1  # no figure, as of every cell of its column in the slice, those of nothing too
OUT: Final = -2  # the whole slice is not there, no row of it
NO_LIMIT: Final = float("inf")


class Rule(NamedTuple):
    """How a kind of cell is shown: its first base, the counts nobody may find out, from where on it is to the unit.

    most_for_small: a base may exceed its count only up to here, since a 3 that reads 135 would mislead.
    """

    base: int
    small_below: int
    exact_from: int
    most_for_small: int


WORK_STREET: Final = Rule(EXACT, 0, 0, 0)
PEOPLE_STREET: Final = Rule(EXACT, 10, 10, 15)
PEOPLE: Final = Rule(BASE, 8, 0, 15)
# A case count beside exact totals: a base above the count would only say less than the total does.
WORK: Final = Rule(BASE, 8, 0, 0)
SERVICES: Final = Rule(SENSITIVE_BASE, 10, 0, 15)


class Interval(NamedTuple):
    """The counts, both ends included, that a reader must hold possible."""

    low: float
    high: float

    def meets(self, other: Interval) -> Interval:
        """What is possible by both."""
        return Interval(max(self.low, other.low), min(self.high, other.high))

    def holds(self, count: int) -> bool:
        """Whether a count lies in it."""
        return self.low <= count <= self.high


ANYTHING: Final = Interval(0, NO_LIMIT)


def shown(count: int, base: int, rule: Rule = PEOPLE) -> int | None:
    """The figure that is published for a count, None where none is."""
    if base in (EMPTY, OUT) or (count and base == WITHHELD):
        return None
    if count == 0:
        return 0
    if base == EXACT:
        return count if count >= rule.exact_from else BASE
    return max(base, (count + base // 2) // base * base)


def interval(count: int, base: int, rule: Rule = PEOPLE) -> Interval:
    """The counts that are shown as this one is."""
    if base in (EMPTY, OUT):
        return ANYTHING
    if count == 0:
        return Interval(0, 0)
    figure = shown(count, base, rule)
    if figure is None:
        return Interval(1, NO_LIMIT)
    if base == EXACT:
        return Interval(count, count) if count >= rule.exact_from else Interval(1, rule.exact_from - 1)
    found = Interval(1 if figure == base else figure - base // 2, figure + (base - 1) // 2)
    # Who would have been shown as 5 is not among those that are shown to base 5 from the unit on.
    return found.meets(Interval(rule.exact_from, NO_LIMIT)) if base == BASE and rule.exact_from else found


def margin(figure: int | None, base: int, rule: Rule = PEOPLE) -> int:
    """How far the truth may lie from a figure: what its base says, and nothing of the count itself."""
    if not figure or base < EXACT:
        return 0
    if base == EXACT:
        return 0 if figure >= rule.exact_from else max(BASE - 1, rule.exact_from - 1 - BASE)
    return base - 1 if figure == base else base // 2


def wider(count: int, base: int, rule: Rule = PEOPLE) -> int | None:
    """The next coarser base for a count; then withheld; then nothing more that one cell could do."""
    if base <= WITHHELD or (base == EXACT and not rule.small_below):
        return None
    if base == EXACT:
        return BASE if count >= rule.exact_from else BASE * STEP
    return base * STEP if base * STEP <= max(rule.most_for_small, count) else WITHHELD

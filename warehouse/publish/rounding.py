"""What is shown of a count of people: the default, rounding to a base, and the wider bases protection may need.

Base 5: 0 is 0, 1 to 7 are shown as 5, everything else as the nearest multiple. A wider base is three times the one
before, so that every interval is a whole number of narrower ones: two releases of the same count at different bases say
no more than the narrower of them. Totals are rounded from the truth, never added up from what is shown.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Final, NamedTuple

BASE: Final = 5
SENSITIVE_BASE: Final = 10  # zone A: 1 to 14 are shown as 10, so nothing below the threshold of 10 tells itself apart
SENSITIVE_BELOW: Final = 10
STEP: Final = 3
WITHHELD: Final = 0  # in the place of a base: no figure at all
MOST_FOR_SMALL: Final = 15  # a base may exceed its count only up to here: a 3 that reads 135 would mislead
NO_LIMIT: Final = float("inf")
YUAN: Final = Decimal(10_000)  # sums of money go in steps of this, as offices print them


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


def shown(count: int, base: int) -> int | None:
    """The figure that is published for a count, None for one that is withheld."""
    if base == WITHHELD:
        return None
    return 0 if count == 0 else max(base, (count + base // 2) // base * base)


def interval(count: int, base: int) -> Interval:
    """The counts that are shown as this one is."""
    if count == 0:
        return Interval(0, 0)
    if (figure := shown(count, base)) is None:
        return Interval(1, NO_LIMIT)
    low = 1 if figure == base else figure - base // 2
    return Interval(low, figure + (base - 1) // 2)


def wider(count: int, base: int) -> int | None:
    """The next coarser base for a count; then withheld; then nothing more."""
    if base == WITHHELD:
        return None
    return base * STEP if base * STEP <= max(MOST_FOR_SMALL, count) else WITHHELD


def small_below(base: int) -> int:
    """The first count that is no small one: 8 where 1 to 7 look alike, 10 in zone A."""
    return SENSITIVE_BELOW if base % SENSITIVE_BASE == 0 else BASE + (BASE - 1) // 2 + 1


def amount_shown(amount: Decimal | None) -> Decimal | None:
    """A sum of money in steps of 10,000 yuan, at least one step where there is any."""
    return max(YUAN, (amount / YUAN).quantize(Decimal(1), ROUND_HALF_UP) * YUAN) if amount else amount

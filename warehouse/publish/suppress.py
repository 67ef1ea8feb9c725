"""The other mode: counts of people below 10 are withheld, all others exact, with others withheld to protect them.

Rounding is the default because it keeps a figure in every cell. Suppression is for receivers that must have exact
totals: every withheld count drags others along, the smallest first.
"""

from __future__ import annotations

from typing import Final

from warehouse.publish.rounding import ANYTHING, Interval

BELOW: Final = 10
EXACT: Final = 1
WITHHELD: Final = 0


def shown(count: int, base: int) -> int | None:
    """The exact count, or None for a withheld one."""
    return count if base == EXACT and not 0 < count < BELOW else None


def interval(count: int, base: int) -> Interval:
    """Everybody knows the rule: what is withheld for itself lies between 1 and 9; what for others, anywhere."""
    if base == WITHHELD:
        return Interval(1, BELOW - 1) if 0 < count < BELOW else ANYTHING
    return Interval(1, BELOW - 1) if 0 < count < BELOW else Interval(count, count)

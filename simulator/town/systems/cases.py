"""What petitions, disputes, wage clues and grid events have in common: when they come in, and their versions."""

from collections.abc import Callable, Iterator
from random import Random

from simulator.town.clock import DAY, END, stamp, years
from simulator.town.rows import Fields, Row
from simulator.town.systems.context import Grid

Stage = tuple[int, Fields, tuple[str, ...]]
"""One version of a case: the moment of change, its fields then, and the defects in it."""


def openings(grid: Grid, random: Random, a_year: int) -> Iterator[int]:
    """List the moments at which the cases of a grid come in, `a_year` for the whole town, in order."""
    for _, first, after in years():
        count = grid.share(a_year)
        days = sorted(first + int(random.random() * (after - first)) for _ in range(count))
        for day in days:
            yield day * DAY + 30_000 + int(random.random() * 32_000)


def versions(
    system: str,
    entity: str,
    key: str,
    stages: list[Stage],
    change_field: str,
    close: Callable[[Fields], Fields] | None = None,
) -> Iterator[Row]:
    """Turn the stages of a case into rows; what would happen after 2022 is left out."""
    previous = -1
    for seq, (moment, fields, defects) in enumerate(stages, 1):
        moment = max(moment, previous + 1)
        if moment >= END:
            return
        previous, changed = moment, stamp(moment)
        fields[change_field] = changed
        yield Row(system, entity, key, seq, changed, close(fields) if close else fields, defects=defects)

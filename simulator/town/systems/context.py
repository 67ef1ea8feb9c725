"""What every system module is given: the town, one grid's ground and life, and small helpers for versions."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from simulator.town.buildings import Layout, make_layout
from simulator.town.clock import DAY, DAYS
from simulator.town.defects import Flaws
from simulator.town.geography import Cell, make_cell
from simulator.town.life import Life, live
from simulator.town.profiles import Town
from simulator.town.seeding import share, stream


@dataclass(frozen=True)
class Grid:
    """One grid of a town, with everything that stands and happens in it."""

    town: Town
    index: int
    cell: Cell
    layout: Layout
    life: Life

    def random(self, system: str, entity: str) -> Random:
        """Open the random stream of one entity in this grid."""
        return stream(self.town.seed, system, entity, self.index)

    def flaws(self, system: str, entity: str) -> Flaws:
        """Open the defects of one entity in this grid."""
        return Flaws(self.town, system, entity, self.index)

    def share(self, total: int) -> int:
        """Give this grid its share of a figure of the whole town."""
        return share(total, self.index, self.town.profile.grids)

    def before(self, total: int) -> int:
        """Count how much of a figure the grids before this one have."""
        return self.index * total // self.town.profile.grids

    def number(self, place: int) -> int:
        """Give a number no record of the same entity has in another grid."""
        return self.index * 100_000 + place


def make_grid(town: Town, index: int) -> Grid:
    """Build one grid of a town, on its own."""
    return Grid(town, index, make_cell(town, index), make_layout(town, index), live(town, index))


def touches(random: Random, first: int, last: int, gap: int) -> Iterator[int]:
    """List days on which a record is touched again, about `gap` days apart, up to `last`."""
    day = first
    while True:
        day += 1 + int(random.expovariate(1 / gap))
        if day >= min(last, DAYS):
            return
        yield day


def later(random: Random, moment: int, days: float) -> int:
    """Go on from a moment by about so many days, and land in office hours."""
    day = moment // DAY + int(random.expovariate(1 / days)) if days else moment // DAY
    at = day * DAY + 30_600 + int(random.random() * 32_400)
    return max(at, moment + 600)

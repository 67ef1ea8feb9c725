"""12 Mobile collection: grid workers visit rooms and write down who lives there, some of it days later."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

from simulator.town.addresses import numeral, write_room
from simulator.town.buildings import Building, Room
from simulator.town.canary import add_canaries
from simulator.town.clock import DAY, END, day_of, day_text, office, stamp, years
from simulator.town.defects import Flaws
from simulator.town.geography import hyphened
from simulator.town.life import Stay
from simulator.town.numbers import plate
from simulator.town.observe import write_id, write_name
from simulator.town.people import HEAD, OTHER, Person
from simulator.town.rows import Fields, Row
from simulator.town.seeding import pick, weigh
from simulator.town.systems.context import Grid
from simulator.town.systems.grid_dispatch import part_code

SYSTEM, ENTITY = "mobile_collection", "collection"
LIVES, LEFT, EMPTY, REFUSED, NOBODY = "1", "2", "3", "4", "5"
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_RENUMBERED = day_of(__import__("datetime").date(2020, 7, 1))
_DOTS = ("•", "・")


@dataclass
class _Visits:
    """The visits to the rooms of one grid, with what was found at the last one."""

    grid: Grid
    random: Random
    flaws: Flaws
    seen: dict[str, tuple[str, ...]] = field(default_factory=dict)
    count: int = 0

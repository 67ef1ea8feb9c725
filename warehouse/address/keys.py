"""From parts to keys: the one spelling of a room, its building and its door, and where to look for its like."""

from __future__ import annotations

from typing import NamedTuple

from warehouse.address.elements import Parts


class Keys(NamedTuple):
    """The keys of an address; None where it does not reach so far."""

    key: str | None
    block: str | None
    village_key: str | None
    building_key: str | None
    door_key: str | None


NONE = Keys(None, None, None, None, None)


def keys_of(parts: Parts, *, certain: bool) -> Keys:
    """Make the keys. A doubtful address keeps its block and its door, for the steward's search, and gets no key."""
    foreign, village, road, number, sub, home, building, unit, floor, room = parts
    if floor and len(room) < 4 and sum(map(str.isdecimal, room)) < 3:
        room = f"{floor}/{room}" if room else ""  # 首层A铺 and 二楼A铺: only a number of three digits tells its floor
    place = (road or home) if number else (home or road)
    if not place or not (number or building or (home and room)):
        return NONE
    place = foreign + place
    door = f"{number}-{sub}" if sub else number
    block = f"{place}|{number}" if number else place
    door_key = f"{place}|{door}" if number else None
    village_key = f"{foreign}{village}|{number}" if village and number else None
    # A village house or a road front is a building by its door; of an estate the door alone is not enough.
    stands = building or (number and not home)
    building_key = f"{place}|{door}|{building}" if stands and certain else None
    key = f"{place}|{door}|{building}|{unit}|{room}" if room and stands and certain else None
    return Keys(key, block, village_key, building_key, door_key)

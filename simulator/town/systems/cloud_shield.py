"""11 Cloud Shield: door devices, rented rooms under their building and door-plate numbers, monthly counts."""

from collections.abc import Iterator
from math import exp
from random import Random

from simulator.town.addresses import door_plate, write_room
from simulator.town.canary import add_canaries
from simulator.town.clock import DAY, DAYS, day_text, months, office, stamp
from simulator.town.geography import STREET_NAME
from simulator.town.rows import Fields, Row
from simulator.town.seeding import pick, weigh
from simulator.town.systems.context import Grid, touches

SYSTEM = "cloud_shield"
BRISK = 6
"""How much oftener the rooms of a hostel or a serviced block change hands: one building in eight is such."""
_MAINTAINERS = ("广州云盾运维有限公司", "白云智安科技有限公司", "鹤龙街道综治中心")


def emit(grid: Grid) -> Iterator[Row]:
    """Emit the door devices, rented rooms and monthly counts of one grid."""
    yield from _door_devices(grid)
    yield from _rental_rooms(grid)
    yield from _month_counts(grid)


def _door_devices(grid: Grid) -> Iterator[Row]:
    random, total = grid.random(SYSTEM, "door_device"), grid.town.profile.door_devices
    for place in range(grid.share(total)):
        key, building = f"YD{grid.before(total) + place + 1:08d}", pick(random, grid.layout.buildings)
        first = int(random.random() * 60 if random.random() < 0.5 else random.random() * 1_700)
        fixed: Fields = {"door_device_id": key, "device_type": weigh(random, (("1", 0.6), ("2", 0.3), ("3", 0.1)))}
        maintainer, removed = pick(random, _MAINTAINERS), DAYS
        if random.random() < 0.03:
            removed = first + 300 + int(random.random() * 1_400)
        span = first, removed if removed < DAYS else None
        for seq, day in enumerate((first, *touches(random, first, DAYS, 480)), 1):
            moment, standing = stamp(office(random, day)), day < removed
            fields = {
                **fixed,
                "install_status": "1" if standing else "2",
                "online": "1" if standing and random.random() < 0.85 else "0",
                "install_date": day_text(first),
                "maintain_org": maintainer,
                "jzw_dzbm": building.guid,
                "update_time": moment,
            }
            add_canaries(SYSTEM, "door_device", fields, grid.number(place))
            yield Row(SYSTEM, "door_device", key, seq, moment, fields, building=building.building, span=span)


def _rental_rooms(grid: Grid) -> Iterator[Row]:
    random, flaws = grid.random(SYSTEM, "rental_room"), grid.flaws(SYSTEM, "rental_room")
    for place, room in enumerate(grid.life.rooms):
        if not room.rented or room.use != "01" or random.random() < 0.12:
            continue
        building, first = room.building, int(random.random() * 300)
        key, address = f"{building.code}R{room.index % 10_000:04d}", write_room(random, room)
        guid = building.door_guid
        if flaws.hit("guid_written_otherwise"):
            guid = pick(flaws.random, (guid.upper(), guid.replace("-", ""), guid.replace("-", "").upper()))
        defects = flaws.take()
        for seq, day in enumerate((first, *touches(random, first, DAYS, 1_100)), 1):
            moment = stamp(office(random, day))
            fields: Fields = {
                "rent_house_code": building.code,
                "rent_room_code": key,
                "room_name": f"{room.number}房",
                "jzw_dzbm": building.guid,
                "mlp_dzbm": guid,
                "mpdm": room.plate_code,
                "xzqmc": "白云区",
                "jzmc": STREET_NAME,
                "sqmc": building.cell.community.name,
                "jlxmc": building.street,
                "mpmc": door_plate(building)[len(building.street) :],
                "address": address,
                "update_time": moment,
            }
            add_canaries(SYSTEM, "rental_room", fields, grid.number(place))
            yield Row(SYSTEM, "rental_room", key, seq, moment, fields, room=room.room, defects=defects)


def _month_counts(grid: Grid) -> Iterator[Row]:
    """Check-ins and check-outs per building and month, written in the night of the fifth of the next month."""
    random, kind = grid.random(SYSTEM, "month_count"), grid.random(SYSTEM, "turnover")
    rented = {building.building: 0 for building in grid.layout.buildings}
    for room in grid.layout.rooms:
        rented[room.building.building] += room.rented
    for building in grid.layout.buildings:
        rooms = rented[building.building]
        if not rooms:
            continue
        moves = rooms * (BRISK if kind.random() < 0.12 else 1)
        for month, _, drop in months():
            moment = stamp(drop * DAY + 7_200 + int(random.random() * 3_000))
            fields = {
                "stat_month": month,
                "jzw_dzbm": building.guid,
                "checkin_cnt": _poisson(random, moves * 0.09),
                "checkout_cnt": _poisson(random, moves * 0.085),
                "renew_cnt": _poisson(random, rooms * 0.3),
                "update_time": moment,
            }
            key = f"{month}/{building.guid}"
            yield Row(SYSTEM, "month_count", key, 1, moment, fields, building=building.building)


def _poisson(random: Random, mean: float) -> int:
    limit, count, product = exp(-mean), 0, random.random()
    while product > limit:
        count, product = count + 1, product * random.random()
    return count

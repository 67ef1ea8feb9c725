"""01 Social governance: rental houses, buildings and grids."""

from collections.abc import Iterator

from simulator.town.addresses import door_plate, write_building, write_room
from simulator.town.canary import add_canaries
from simulator.town.clock import DAYS, NIGHT, office, stamp
from simulator.town.geography import hyphened
from simulator.town.rows import Fields, Row
from simulator.town.seeding import weigh
from simulator.town.systems.context import Grid, touches

SYSTEM = "social_governance"
_HAZARDS = (("00", 0.94), ("01", 0.02), ("04", 0.008), ("99", 0.012), ("02", 0.007), ("03", 0.007), ("05", 0.006))


def emit(grid: Grid) -> Iterator[Row]:
    """Emit the grid itself, its buildings and the rooms that are let."""
    yield from _grid(grid)
    yield from _buildings(grid)
    yield from _rental_houses(grid)


def _grid(grid: Grid) -> Iterator[Row]:
    random, flaws = grid.random(SYSTEM, "grid"), grid.flaws(SYSTEM, "grid")
    lng, lat = grid.cell.centre
    days = {int(random.random() * 60), *touches(random, 60, DAYS, 500)} | ({NIGHT} if grid.index == 0 else set())
    for seq, day in enumerate(sorted(days), 1):
        moment = stamp(office(random, day))
        code = hyphened(grid.cell.code) if flaws.hit("grid_code_hyphens") else grid.cell.code
        fields = {
            "grid_code": code,
            "grid_name": grid.cell.name,
            "unit_code": grid.cell.community.code,
            "center_lng": lng,
            "center_lat": lat,
            "oper_date": moment,
        }
        yield Row(SYSTEM, "grid", grid.cell.code, seq, moment, fields, defects=flaws.take())


def _buildings(grid: Grid) -> Iterator[Row]:
    random = grid.random(SYSTEM, "building")
    for building in grid.layout.buildings:
        name = f"{building.estate}{building.block}栋" if building.block else door_plate(building)
        address = write_building(random, building)
        first = int(random.random() * 120)
        for seq, day in enumerate((first, *touches(random, first, DAYS, 1_300)), 1):
            moment = stamp(office(random, day))
            fields = {
                "build_code": building.code,
                "build_name": name,
                "addr": address,
                "layer_num": building.layers,
                "unit_num": building.units,
                "rooms_num": building.rooms,
                "unit_code": grid.cell.community.code,
                "oper_date": moment,
            }
            yield Row(SYSTEM, "building", building.code, seq, moment, fields, building=building.building)


def _rental_houses(grid: Grid) -> Iterator[Row]:
    random, flaws = grid.random(SYSTEM, "rental_house"), grid.flaws(SYSTEM, "rental_house")
    for place, room in enumerate(grid.life.rooms):
        if not room.rented or random.random() < 0.1:
            continue
        building, first = room.building, int(random.random() * 400)
        fixed: Fields = {
            "house_code": room.house_code,
            "house_name": f"{building.estate or building.street}{room.number}",
            "house_addr": write_room(random, room),
            "constr_purpose": room.use if random.random() < 0.97 else "06",
            "constr_area": room.area,
        }
        for seq, day in enumerate((first, *touches(random, first, DAYS, 1_000)), 1):
            moment = stamp(office(random, day))
            fields = {
                **fixed,
                "rent_use": room.use,
                "hazard_type": weigh(random, _HAZARDS),
                "lng": building.lng,
                "lat": building.lat,
                "unit_code": building.cell.community.code,
                "oper_date": moment,
            }
            if flaws.hit("text_null"):
                fields["house_name"] = "null"
            add_canaries(SYSTEM, "rental_house", fields, grid.number(place))
            yield Row(
                SYSTEM, "rental_house", room.house_code, seq, moment, fields, room=room.room, defects=flaws.take()
            )

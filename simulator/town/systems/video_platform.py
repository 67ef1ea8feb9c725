"""04 Video platform: the inventory of cameras, recorders and doors as the catalogue shows it; no pictures."""

from collections.abc import Iterator
from random import Random

from simulator.town.addresses import write_building
from simulator.town.buildings import Building
from simulator.town.canary import add_canaries
from simulator.town.clock import DAYS, office, stamp
from simulator.town.defects import Flaws
from simulator.town.geography import DIVISION
from simulator.town.rows import Fields, Row
from simulator.town.seeding import pick, weigh
from simulator.town.systems.context import Grid, touches

SYSTEM, ENTITY = "video_platform", "device"
PLATFORM_ID = "44011101002007000001"
_MAKERS = (("海康威视", "DS-2CD3T46"), ("大华", "DH-IPC-HFW4433"), ("宇视", "IPC-B312"), ("科达", "IPC123"))


def emit(grid: Grid) -> Iterator[Row]:
    """Emit the devices of one grid; the platform itself stands in the first."""
    if grid.index == 0:
        yield from _versions(grid, grid.random(SYSTEM, "platform"), PLATFORM_ID, _platform(), 0)
    random, profile = grid.random(SYSTEM, ENTITY), grid.town.profile
    flaws = grid.flaws(SYSTEM, ENTITY)
    kinds = (("111", profile.recorders), ("131", profile.cameras), ("124", profile.recorders))
    parent = PLATFORM_ID
    for kind, total in kinds:
        for place in range(grid.share(total)):
            shown = weigh(random, ((kind, 0.7), ({"111": "118", "131": "132", "124": "142"}[kind], 0.3)))
            key = f"44011101{'00'}{shown}7{grid.before(total) + place + 1:06d}"
            building, item = _item(grid, random, flaws, key, parent if kind == "131" else PLATFORM_ID)
            defects = flaws.take()
            if kind == "111" and place == 0:
                parent = key
            yield from _versions(grid, random, key, item, place + 1, flaws, defects, building.building)


def _platform() -> Fields:
    return {
        "DeviceID": PLATFORM_ID,
        "Name": "鹤龙街道视频联网平台",
        "Manufacturer": "宇视",
        "Model": "VM8500",
        "CivilCode": DIVISION,
        "Address": "鹤龙街道办事处",
        "ParentID": "44011100002000000001",
        "Parental": "1",
        "SafetyWay": "0",
        "RegisterWay": "1",
        "Secrecy": "0",
        "Status": "ON",
        "Longitude": "113.279000",
        "Latitude": "23.214000",
        "Info/PTZType": None,
        "Info/RoomType": None,
        "Info/UseType": None,
        "Info/DirectionType": None,
    }


def _item(grid: Grid, random: Random, flaws: Flaws, key: str, parent: str) -> tuple[Building, Fields]:
    """Describe one device, with the building at its address; what is secret is sent too, to be dropped at the edge."""
    maker, model = pick(random, _MAKERS)
    building = pick(random, grid.layout.buildings)
    lng, lat = grid.cell.point(random)
    address, camera = write_building(random, building), key[10:13] in ("131", "132")
    item: Fields = {
        "DeviceID": key,
        "Name": f"{building.estate or building.street}{building.number}号{int(key[-3:])}",
        "Manufacturer": maker,
        "Model": model,
        "CivilCode": DIVISION,
        "Address": address,
        "ParentID": parent,
        "Parental": "0" if camera else "1",
        "SafetyWay": "0",
        "RegisterWay": "1",
        "Secrecy": "0" if int(key[-6:]) % 50 else "1",
        "Status": "ON",
        "Longitude": f"{lng:.6f}",
        "Latitude": f"{lat:.6f}",
        "Info/PTZType": pick(random, "1234") if camera else None,
        "Info/RoomType": pick(random, "12") if camera else None,
        "Info/UseType": pick(random, "123"),
        "Info/DirectionType": pick(random, "12345678") if camera else None,
    }
    place = {"Longitude": item["Longitude"], "Latitude": item["Latitude"]}
    if flaws.hit("coordinates_swapped"):
        flaws.right(**place)
        item |= {"Longitude": item["Latitude"], "Latitude": item["Longitude"]}
    elif flaws.hit("coordinates_zero"):
        flaws.right(**place)
        item |= {"Longitude": "0", "Latitude": "0"}
    elif flaws.hit("coordinates_micro"):
        flaws.right(**place)
        item |= {"Longitude": str(round(lng * 1e6)), "Latitude": str(round(lat * 1e6))}
    if flaws.hit("url_in_field"):
        flaws.right(Model=model)
        item["Model"] = f"http://CANARY-Model.example/{key}"
    return building, item


def _versions(
    grid: Grid,
    random: Random,
    key: str,
    item: Fields,
    number: int,
    flaws: Flaws | None = None,
    defects: tuple[str, ...] = (),
    building: str = "",
) -> Iterator[Row]:
    """Installed, on and off, perhaps taken down: an empty record says that the snapshot no longer has it."""
    first = 0 if flaws is None else int(random.random() * 30 if random.random() < 0.7 else random.random() * 1_700)
    removed = first + 200 + int(random.random() * 1_500) if flaws is not None and random.random() < 0.04 else DAYS
    span = first, removed if removed < DAYS else None
    seq = 0
    for seq, day in enumerate((first, *touches(random, first, removed, 330)), 1):
        status = "ON" if seq == 1 or random.random() < 0.8 else "OFF"
        fields, hits = {**item, "Status": status}, defects
        if flaws is not None and status == "ON" and flaws.hit("status_word"):
            fields["Status"], hits = pick(flaws.random, ("OK", "ONLINE", "1")), defects + flaws.take()
        add_canaries(SYSTEM, ENTITY, fields, grid.number(number))
        yield Row(
            SYSTEM, ENTITY, key, seq, stamp(office(random, day)), fields, defects=hits, building=building, span=span
        )
    if removed < DAYS:
        yield Row(SYSTEM, ENTITY, key, seq + 1, stamp(office(random, removed + 1)), {})

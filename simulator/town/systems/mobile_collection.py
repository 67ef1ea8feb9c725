"""12 Mobile collection: grid workers visit rooms and write down who lives there; some of it arrives days later."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

from simulator.town.addresses import numeral, write_room
from simulator.town.buildings import Room
from simulator.town.canary import add_canaries
from simulator.town.clock import DAY, END, day_text, moment_of, office, stamp, years
from simulator.town.defects import Flaws
from simulator.town.facilities import make_facilities
from simulator.town.geography import hyphened
from simulator.town.life import Stay
from simulator.town.numbers import plate
from simulator.town.observe import write_id, write_name
from simulator.town.people import HEAD, OTHER
from simulator.town.rows import Fields, Row
from simulator.town.seeding import pick, weigh
from simulator.town.systems.context import Grid

SYSTEM, ENTITY = "mobile_collection", "collection"
LIVES, LEFT, EMPTY, REFUSED, NOBODY = "1", "2", "3", "4", "5"
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_EPOCH_MS = 1_514_736_000_000
"""2018-01-01 00:00 in Shanghai, as a ULID counts time."""
_DOTS = ("•", "・")
_HAZARDS = (("00", 0.95), ("01", 0.02), ("04", 0.01), ("99", 0.02))


@dataclass
class _Visits:
    """The visits to the rooms of one grid: the random streams, and who was found at the last visit."""

    grid: Grid
    random: Random
    flaws: Flaws
    seen: dict[str, tuple[int, tuple[str, ...]]] = field(default_factory=dict)
    count: int = 0


@dataclass(slots=True)
class _Found:
    """What one visit found: who lives there now, and who left since the last visit."""

    room: Room
    day: int
    here: list[Stay]
    gone: list[Stay]


def emit(grid: Grid) -> Iterator[Row]:
    """Emit every visit of five years, in order, and what happened to some of the records afterwards."""
    visits = _Visits(grid, grid.random(SYSTEM, ENTITY), grid.flaws(SYSTEM, ENTITY))
    for _, first, after in years():
        count = grid.share(grid.town.profile.collections_a_year)
        days = sorted(first + int(visits.random.random() * (after - first)) for _ in range(count))
        for day in days:
            row = _visit(visits, pick(visits.random, grid.life.rooms), day)
            yield row
            yield from _afterwards(visits, row)


def ulid(random: Random, moment: int) -> str:
    """Make the ULID of a record written at a moment."""
    value = (_EPOCH_MS + moment * 1_000 + int(random.random() * 1_000)) << 80 | random.getrandbits(80)
    return "".join(_CROCKFORD[value >> shift & 31] for shift in range(125, -1, -5))


def _visit(visits: _Visits, room: Room, day: int) -> Row:
    """One visit: look who is there, compare with the last time, write it down."""
    random, flaws = visits.random, visits.flaws
    visits.count += 1
    last_day, last_people = visits.seen.get(room.room, (-1, ()))
    found = _look(visits, room, day, last_day)
    result = _result(random, found)
    people = tuple(stay.person.person for stay in found.here)
    op = "A" if last_day < 0 else "V" if people == last_people else "U"
    if result in (REFUSED, NOBODY):
        found.here, found.gone = [], []
    visits.seen[room.room] = (day, people)
    collected = office(random, day)
    uploaded = _upload(random, collected)
    stays = found.here + found.gone
    persons = [_person(stay, day, random, flaws) for stay in stays]
    if found.here and flaws.hit("person_in_two_houses"):
        guests = _neighbour(visits, found)
        stays = stays + guests
        persons.extend(_person(guest, day, flaws.random, flaws) for guest in guests)
    fields: Fields = {
        "collect_id": ulid(random, collected),
        "op": op,
        "collector_grid": _grid_code(room, flaws),
        "collect_time": stamp(collected),
        "upload_time": stamp(uploaded),
        "verify_result": result,
        "house": _house(visits, room),
        "persons": persons,
        "vehicles": _vehicles(found.here),
        "facilities": _facilities(visits),
    }
    return _close(visits, fields, room, tuple(stay.person.person for stay in stays), 1)


def _close(visits: _Visits, fields: Fields, room: Room, people: tuple[str, ...], seq: int) -> Row:
    add_canaries(SYSTEM, ENTITY, fields, visits.grid.number(visits.count))
    return Row(
        SYSTEM,
        ENTITY,
        fields["collect_id"],
        seq,
        fields["upload_time"],
        fields,
        people,
        room.room,
        defects=visits.flaws.take(),
    )


def _look(visits: _Visits, room: Room, day: int, last_day: int) -> _Found:
    here, gone = [], []
    for stay in visits.grid.life.by_room[room.room]:
        if stay.begin <= day and (stay.end is None or stay.end > day):
            here.append(stay)
        elif stay.end is not None and max(last_day, day - 400) < stay.end <= day and not stay.died:
            gone.append(stay)
    return _Found(room, day, here, gone)


def _result(random: Random, found: _Found) -> str:
    chance = random.random()
    if chance < 0.02 and found.here:
        return REFUSED
    if chance < 0.07:
        return NOBODY
    if found.here:
        return LIVES
    return LEFT if found.gone else EMPTY


def _upload(random: Random, collected: int) -> int:
    """Most work arrives within minutes; what was done offline comes up to fourteen days late."""
    soon = collected + 30 + int(random.expovariate(1 / 300)) % 3_600
    late = collected + int(random.random() * 14 * DAY)
    return late if random.random() < 0.06 and late < END else soon


def _neighbour(visits: _Visits, found: _Found) -> list[Stay]:
    """Find somebody who lives in another room of the building that day; without one, nothing is spoiled."""
    number = found.room.building.building
    for room in visits.grid.life.rooms[max(0, found.room.index - 12) : found.room.index + 12]:
        if room.building.building == number and room is not found.room:
            there = [
                s
                for s in visits.grid.life.by_room[room.room]
                if s.begin <= found.day and (s.end is None or s.end > found.day)
            ]
            if there:
                return there[:1]
    visits.flaws.drop("person_in_two_houses")
    return []


def _grid_code(room: Room, flaws: Flaws) -> str:
    code = room.building.cell.code
    return hyphened(code) if flaws.hit("grid_code_hyphens") else code


def _house(visits: _Visits, room: Room) -> Fields:
    random, flaws, building = visits.random, visits.flaws, room.building
    known = random.random()
    lng, lat = building.lng, building.lat
    return {
        "house_id": f"H{building.code}{room.index % 10_000:04d}",
        "build_id": building.old_guid if flaws.hit("old_building_id") else building.guid,
        "doorplate_id": building.door_guid,
        "ext_system_id": room.house_code if known < 0.4 else "",
        "address": write_room(random, room),
        "room_no": _room_number(room, flaws),
        "grid_code": _grid_code(room, flaws),
        "use_way": room.use,
        "rent_flag": "1" if room.rented else "0",
        "rooms": room.spaces,
        "area": 0 if flaws.hit("area_zero") else room.area,
        "storey": room.floor,
        "hazard": weigh(random, _HAZARDS),
        "lng": lng,
        "lat": lat,
    }


def _room_number(room: Room, flaws: Flaws) -> str:
    if flaws.hit("room_with_suffix"):
        return f"{room.number}房"
    if flaws.hit("room_with_floor"):
        return f"{numeral(room.floor)}楼{room.number}"
    return f"A{room.number}" if flaws.hit("room_with_letter") else str(room.number)


def _person(stay: Stay, day: int, random: Random, flaws: Flaws) -> Fields:
    """Write down one person: who, since when and in which part in the household."""
    person = stay.person
    others = [m.person for m in stay.household.members if m.person is not person and m.person.id_type == "111"]
    number = write_id(person, day, others, flaws)
    known = {"414": "990"}.get(person.id_type, person.id_type)
    name = write_name(person, flaws)
    if "·" in name and flaws.hit("middle_dot"):
        name = name.replace("·", pick(flaws.random, _DOTS))
    left = stay.end if stay.end is not None and stay.end <= day else None
    if left is not None and flaws.hit("move_out_before_move_in"):
        left = stay.begin - 1 - int(flaws.random.random() * 60)
    head, owner = stay.relation == HEAD, stay.household.owner
    return {
        "id_type": known if day >= person.id_from else "990",
        "id_no": number,
        "name": name,
        "sex": str(person.sex),
        "birth_date": day_text(person.birth),
        "pop_type": str(person.pop_type),
        "hk_place": person.hk_place,
        "tenure": "01" if owner else "05" if stay.room.building.kind == "works" else "02",
        "relation_house": ("1" if owner else "2") if head else "4" if stay.relation == OTHER and owner else "3",
        "move_in": day_text(stay.begin),
        "planned_leave": None if owner or random.random() < 0.6 else day_text(day + 30 + int(random.random() * 330)),
        "move_out": None if left is None else day_text(left),
    }


def _vehicles(here: list[Stay]) -> list[Fields]:
    """The vehicles of the households that live here."""
    plates = dict.fromkeys(serial for stay in here if stay.relation == HEAD for serial in stay.household.plates)
    return [dict(zip(("plate", "kind"), plate(serial), strict=True)) for serial in plates]


def _facilities(visits: _Visits) -> list[Fields]:
    if visits.random.random() >= 0.06:
        return []
    facilities = make_facilities(visits.grid.town, visits.grid.index)
    return [{"part_code": pick(visits.random, facilities).part_code}] if facilities else []


def _afterwards(visits: _Visits, row: Row) -> Iterator[Row]:
    """Some records come again: cancelled under their own id, or twice with other content."""
    random, flaws = visits.random, visits.flaws
    moment = DAY // 2 + int(random.random() * 6 * DAY)
    cancelled = random.random() < 0.002
    if cancelled:
        yield from _again(visits, row, moment, {"op": "C"})
    elif flaws.hit("same_id_twice"):
        house = {**row.fields["house"], "area": round(row.fields["house"]["area"] + 1.5, 1)}
        yield from _again(visits, row, moment, {"house": house})
    elif flaws.hit("cancel_without_add"):
        yield from _again(visits, row, moment, {"op": "C", "collect_id": ulid(flaws.random, moment_of(row.changed_at))})


def _again(visits: _Visits, row: Row, delay: int, change: Fields) -> Iterator[Row]:
    fields = {**row.fields, **change}
    uploaded = moment_of(row.changed_at) + delay
    if uploaded >= END:
        visits.flaws.take()
        return
    fields["upload_time"] = stamp(uploaded)
    seq = 2 if fields["collect_id"] == row.key else 1
    yield Row(
        SYSTEM,
        ENTITY,
        fields["collect_id"],
        seq,
        fields["upload_time"],
        fields,
        row.persons,
        row.room,
        defects=row.defects + visits.flaws.take(),
    )

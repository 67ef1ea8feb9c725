"""01 Social governance: people as the read-only views show them, re-issued on every touch, with the delete log."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from simulator.town.addresses import write_room
from simulator.town.canary import add_canaries
from simulator.town.clock import DAY, DAYS, NIGHT, day_text, office, stamp
from simulator.town.defects import Flaws
from simulator.town.life import Stay
from simulator.town.observe import old_style_id, write_id, write_name
from simulator.town.people import CITY, COMPATRIOT, LOCAL, Person
from simulator.town.rows import Fields, Row
from simulator.town.seeding import pick, weigh
from simulator.town.systems.context import Grid, touches

SYSTEM = "social_governance"
IN_FORCE, WITHDRAWN, PENDING = "12", "22", "11"
_RESIDENCE = (("02", 0.9), ("03", 0.03), ("04", 0.03), ("06", 0.03), ("99", 0.01))
_NULLS = (("text_null", "null"), ("text_backslash_n", r"\N"), ("text_none", "无"))


@dataclass
class _Clerk:
    """Writes the versions of one entity: who is written once per record and seldom corrected later."""

    grid: Grid
    entity: str
    random: Random
    flaws: Flaws
    records: int = 0

    @classmethod
    def of(cls, grid: Grid, entity: str) -> "_Clerk":
        return cls(grid, entity, grid.random(SYSTEM, entity), grid.flaws(SYSTEM, entity))

    def pk(self) -> str:
        self.records += 1
        kind = {"registered_person": 1, "floating_person": 2, "overseas_person": 3}[self.entity]
        return f"{kind}{self.grid.index:05d}{self.records:06d}"

    def row(self, pk: str, seq: int, moment: int, fields: Fields, stay: Stay, defects: tuple[str, ...]) -> Row:
        """Close a version: canaries, change time, truth."""
        fields["oper_date"] = stamp(moment)
        add_canaries(SYSTEM, self.entity, fields, self.grid.number(self.records))
        return Row(
            SYSTEM,
            self.entity,
            pk,
            seq,
            fields["oper_date"],
            fields,
            (stay.person.person,),
            stay.room.room,
            defects=defects,
        )


def emit(grid: Grid) -> Iterator[Row]:
    """Emit registered, floating and overseas people and the deletions among them."""
    registered = _Clerk.of(grid, "registered_person")
    floating = _Clerk.of(grid, "floating_person")
    overseas = _Clerk.of(grid, "overseas_person")
    doubled = _Clerk(grid, "floating_person", grid.random(SYSTEM, "doubled"), floating.flaws, 500_000)
    log = grid.flaws(SYSTEM, "delete_log")
    for person in grid.life.people:
        stays = grid.life.by_person.get(person.person, [])
        if not stays:
            continue
        if person.pop_type >= COMPATRIOT:
            for stay in stays:
                yield from _overseas(overseas, stay)
            continue
        if person.pop_type == LOCAL:
            yield from _registered(registered, log, stays)
        for stay in stays:
            if person.pop_type == LOCAL:
                if floating.flaws.hit("also_registered"):
                    yield from _floating(doubled, log, stay)
            elif floating.random.random() < 0.82:
                yield from _floating(floating, log, stay)


def _identity(clerk: _Clerk, person: Person, day: int, others: list[Person]) -> Fields:
    """Write down who somebody is, once for all versions of a record."""
    flaws, sex, birth = clerk.flaws, str(person.sex), day_text(person.birth, "")
    number = write_id(person, day, others, flaws)
    number = old_style_id(person, number, day, flaws)
    if flaws.hit("sex_contradicts_id"):
        sex = str(3 - person.sex)
    if flaws.hit("birth_contradicts_id"):
        birth = day_text(person.birth + (1 if birth.endswith("01") else 365), "")
    return {"identity_num": number, "person_name": write_name(person, flaws), "person_sex": sex, "date_birth": birth}


def _place(clerk: _Clerk, stay: Stay) -> Fields:
    room, local = stay.room, stay.person.pop_type == LOCAL
    same = local and stay.household.owner
    return {
        "registered_place": stay.person.hk_place,
        "residence_addr": write_room(clerk.random, room),
        "house_code": room.house_code if clerk.random.random() < 0.8 else None,
        "household_id": "01" if same else "02",
        "house_no": stay.household.number if local or clerk.random.random() < 0.3 else None,
        "househead_rela": stay.relation,
    }


def _spoil_text(clerk: _Clerk, fields: Fields) -> None:
    """Let a field hold null, \\N or 无 as text."""
    for name, text in _NULLS:
        if clerk.flaws.hit(name):
            fields[pick(clerk.flaws.random, ("househead_rela", "house_no", "registered_place"))] = text


def _others(stay: Stay) -> list[Person]:
    return [m.person for m in stay.household.members if m.person is not stay.person and m.person.id_type == "111"]


def _registered(clerk: _Clerk, log: Flaws, stays: list[Stay]) -> Iterator[Row]:
    """One record per person, followed through moves, departure and death."""
    random, person, last = clerk.random, stays[0].person, stays[-1]
    first = _first_day(random, stays[0])
    days = {first, *touches(random, first, last.end or DAYS, 1_100)}
    days.update(max(first, stay.begin + 1 + int(random.random() * 20)) for stay in stays[1:])
    gone = last.end is not None and (last.died or random.random() < 0.6)
    if last.end is not None and gone:
        days = {day for day in days if day <= last.end} | {last.end + 2 + int(random.random() * 40)}
    pk, identity = clerk.pk(), _identity(clerk, person, first, _others(stays[0]))
    base, places = clerk.flaws.take(), {}
    days = {day for day in days if first <= day < DAYS} or {first}
    moments = [office(random, day) for day in sorted(days) if day < DAYS]
    for seq, moment in enumerate(moments, 1):
        day = moment // DAY
        stay = [s for s in stays if s.begin <= day][-1]
        base = _complete(clerk, identity, person, day, base)
        if stay.begin not in places:
            places[stay.begin] = _place(clerk, stay)
        fields = {"pk": pk, **identity, **places[stay.begin], **_force(clerk, stay, max(person.birth, stay.begin), day)}
        _spoil_text(clerk, fields)
        yield clerk.row(pk, seq, moment, fields, stay, base + clerk.flaws.take())
    if moments and gone and last.died and random.random() < 0.3:
        yield from _deletion(clerk, log, "v_pop_registered", pk, moments)


def _complete(clerk: _Clerk, identity: Fields, person: Person, day: int, base: tuple[str, ...]) -> tuple[str, ...]:
    """Fill in a missing number: a baby's as soon as there is one, a forgotten one seldom. Returns the defects left."""
    late = "id_missing" in base
    if identity["identity_num"] or day < person.id_from or (late and clerk.flaws.random.random() >= 0.2):
        return base
    identity["identity_num"] = person.id_no
    return tuple(name for name in base if name != "id_missing")


def _floating(clerk: _Clerk, log: Flaws, stay: Stay) -> Iterator[Row]:
    """One record per stay, renewed as long as it lasts, withdrawn afterwards."""
    random, person = clerk.random, stay.person
    first = _first_day(random, stay)
    moments = [office(random, first)] if first < DAYS else []
    for day in touches(random, first, stay.end or DAYS, 420):
        moments.append(office(random, day))
    if stay.end is not None and moments:
        moments.append(office(random, max(stay.end, moments[-1] // DAY) + 1 + int(random.random() * 30)))
    pk, identity, place = clerk.pk(), _identity(clerk, person, first, _others(stay)), _place(clerk, stay)
    base = clerk.flaws.take()
    lodging = "05" if stay.room.building.kind == "works" else weigh(random, _RESIDENCE)
    lodging = "01" if stay.household.owner else lodging
    moments = [moment for moment in moments if moment // DAY < DAYS]
    for seq, moment in enumerate(moments, 1):
        day = moment // DAY
        fields = {
            "pk": pk,
            **identity,
            **place,
            "card_type": "111",
            "regis_date": day_text(first),
            "expiry_date": day_text(day + 180 + int(random.random() * 180)),
            "resid_type": lodging,
            **_force(clerk, stay, stay.begin, day),
        }
        _spoil_text(clerk, fields)
        yield clerk.row(pk, seq, moment, fields, stay, base + clerk.flaws.take())
    deleted = random.random() < 0.1
    if moments and stay.end is not None and (deleted or _tells_tonight(clerk, moments[-1])):
        yield from _deletion(clerk, log, "v_pop_floating", pk, moments)


def _force(clerk: _Clerk, stay: Stay, begin: int, day: int) -> Fields:
    """Say since when and until when a version is in force; a few rows are pending and never loaded."""
    over = stay.end is not None and stay.end <= day
    status = PENDING if clerk.random.random() < 0.004 else IN_FORCE
    if over:
        status = IN_FORCE if clerk.flaws.hit("expired_in_force") else WITHDRAWN
    return {
        "eff_date": day_text(begin),
        "exp_date": day_text(stay.end) if over and stay.end is not None else None,
        "status_cd": status,
        "unit_code": stay.room.building.cell.community.code,
    }


def _overseas(clerk: _Clerk, stay: Stay) -> Iterator[Row]:
    random, person = clerk.random, stay.person
    first = _first_day(random, stay)
    days = [day for day in (first, *touches(random, first, stay.end or DAYS, 300)) if day < DAYS]
    if stay.end is not None and days and stay.end + 3 < DAYS:
        days.append(max(stay.end + 3, days[-1] + 1))
    pk, address = clerk.pk(), write_room(random, stay.room)
    for seq, day in enumerate((day for day in days if day < DAYS), 1):
        fields: Fields = {
            "pk": pk,
            "lastname": person.last_name,
            "firstname": person.first_name,
            "country": person.country,
            "card_type": person.id_type,
            "card_no": person.id_no,
            "birth": day_text(person.birth),
            "sex": str(person.sex),
            "arrival_date": day_text(stay.begin),
            "plan_leave": day_text(day + 90 + int(random.random() * 300)),
            "residence_addr": address,
            "unit_code": stay.room.building.cell.community.code,
            "status_cd": WITHDRAWN if stay.end is not None and stay.end <= day else IN_FORCE,
        }
        yield clerk.row(pk, seq, office(random, day), fields, stay, ())


def _tells_tonight(clerk: _Clerk, moment: int) -> bool:
    """The first grid deletes in the night of 2022-11-05 what was withdrawn in the weeks before."""
    return clerk.grid.index == 0 and (NIGHT - 60) * DAY <= moment < NIGHT * DAY


def _deletion(clerk: _Clerk, log: Flaws, view: str, pk: str, moments: list[int]) -> Iterator[Row]:
    """Log the deletion of a record; seldom the log is ahead of the row itself."""
    moment = moments[-1] + 3_600 * (5 + int(clerk.random.random() * 200))
    if _tells_tonight(clerk, moments[-1]):
        moment = NIGHT * DAY + 3_600 + clerk.records % 600
    if moments[0] > 2 * DAY and log.hit("delete_before_insert"):
        moment = moments[0] - 3_600 * (3 + int(log.random.random() * 40))
    if moment // DAY < DAYS:
        fields = {"pk": pk, "table_name": view, "del_time": stamp(moment)}
        yield Row(SYSTEM, "delete_log", f"{view}/{pk}", 1, stamp(moment), fields, defects=log.take())
    log.take()


def _first_day(random: Random, stay: Stay) -> int:
    """When a stay first shows: soon after it begins, or in the first months of 2018 if it is older."""
    if stay.begin <= 0:
        day = int(random.random() * 120)
    else:
        day = stay.begin + 1 + int(random.random() * (60 if stay.person.pop_type == CITY else 25))
    return day if stay.end is None else max(0, min(day, stay.end - 1))

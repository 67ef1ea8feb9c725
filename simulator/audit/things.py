"""What each record of the sources truly speaks of, under the key the register gives a record; and who was told of.

A collection's persons, vehicles and facilities stand in lists there and are records of their own in the register,
counted from one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field

import orjson

from simulator.audit.town import Loads, TownFile

COLLECTION = "mobile_collection"
IN_FORCE_OR_WITHDRAWN = ("12", "22")


@dataclass
class Spoken:
    """One kind of thing: record key -> true thing, the things that a record told of by the night, and their numbers."""

    of: dict[str, str] = field(default_factory=dict)
    told: set[str] = field(default_factory=set)
    names: dict[str, str] = field(default_factory=dict)

    def add(self, key: str, thing: str, told: bool) -> None:
        """Note what a record speaks of."""
        self.of[key] = thing
        if told:
            self.told.add(thing)


def obs_key(source: str, entity: str, record: str) -> str:
    """The register's key of a record."""
    return hashlib.md5(f"{source}|{entity}|{record}".encode(), usedforsecurity=False).hexdigest()


def spoken(town: TownFile, loads: Loads) -> dict[str, Spoken]:
    """Every kind of thing of the register."""
    return {
        "person": _persons(town, loads),
        "house": _houses(town, loads),
        "building": _buildings(town, loads),
        "device": _keyed(town, loads, (("video_platform", "device"), ("cloud_shield", "door_device"))),
        "organisation": _organisations(town, loads),
        **_listed(town, loads),
    }


def _persons(town: TownFile, loads: Loads) -> Spoken:
    made, deleted = Spoken(), _deleted(town, loads)
    question = """select t.system, t.entity, t.key, t.ordinal, t.person, r.changed_at,
            json_extract(cast(r.payload as text), '$.status_cd')
        from truth_person as t join record as r using (system, entity, key, seq) where r.changed_at < ?"""
    for system, entity, key, ordinal, person, moment, status in town.rows(question, (loads.after,)):
        collected = system == COLLECTION
        name, record = ("person", f"{key}|{ordinal + 1}") if collected else (entity, key)
        told = loads.says(moment, system) and (collected or status in IN_FORCE_OR_WITHDRAWN)
        if not collected and deleted.get(key, "") >= moment:
            told = False  # a record that was deleted speaks of nobody any more
        made.add(obs_key(system, name, record), person, told)
    return made


def _deleted(town: TownFile, loads: Loads) -> dict[str, str]:
    """When a person's record was deleted, where that was told."""
    question = "select key, changed_at from record where entity = 'delete_log' and changed_at < ?"
    rows = town.rows(question, (loads.after,))
    return {key.split("/")[1]: moment for key, moment in rows if loads.says(moment, "social_governance")}


def _houses(town: TownFile, loads: Loads) -> Spoken:
    """Records that are about a room; a person's record names it too, and is its own record of the house."""
    made = Spoken()
    for system, entity, key, moment, room, told in _rooms(town, loads):
        del moment
        made.add(obs_key(system, "house" if system == COLLECTION else entity, key), room, told)
    return made


def _rooms(town: TownFile, loads: Loads) -> Iterator[tuple[str, str, str, str, str, bool]]:
    question = """select t.system, t.entity, t.key, r.changed_at, t.room,
            json_extract(cast(r.payload as text), '$.status_cd'), json_extract(cast(r.payload as text), '$.address')
        from truth_room as t join record as r using (system, entity, key, seq) where r.changed_at < ?"""
    for system, entity, key, moment, room, status, address in town.rows(question, (loads.after,)):
        sent = entity != "employer" or address not in (None, r"\N")
        told = loads.shows(moment, system, entity) and sent and (status is None or status in IN_FORCE_OR_WITHDRAWN)
        yield system, entity, key, moment, room, told


def _buildings(town: TownFile, loads: Loads) -> Spoken:
    made = Spoken()
    of_room = dict(town.rows("select room, building from truth_dwelling"))
    for system, entity, key, _, room, told in _rooms(town, loads):
        if entity in ("rental_room", "collection"):
            made.add(obs_key(system, "house" if system == COLLECTION else entity, key), of_room[room], told)
    question = """select t.system, t.entity, t.key, r.changed_at, t.building, r.payload
        from truth_place as t join record as r using (system, entity, key, seq)
        where r.changed_at < ? and t.building <> '' and t.entity <> 'month_count'"""
    for system, entity, key, moment, building, payload in town.rows(question, (loads.after,)):
        secret = entity == "device" and orjson.loads(payload).get("Secrecy") == "1"
        told = loads.shows(moment, system, entity) and not secret
        made.add(obs_key(system, entity, key), building, told)
    return made


def _organisations(town: TownFile, loads: Loads) -> Spoken:
    made = Spoken()
    question = """select t.system, t.entity, t.key, r.changed_at, t.organisation
        from truth_organisation as t join record as r using (system, entity, key, seq) where r.changed_at < ?"""
    for system, entity, key, moment, organisation in town.rows(question, (loads.after,)):
        made.add(obs_key(system, entity, key), organisation, loads.says(moment, system))
    # A clue's number is a token in the register, so what it speaks of is known by the employer's own number only.
    made.names = {code: one for one, code in town.rows("select organisation, credit_code from truth_employer")}
    for versions in town.versions("wage_arrears", "clue", loads.after).values():
        if loads.told(versions):
            made.told.add(made.names[versions[-1].sent["employer_uscc"]])
    return made


def _keyed(town: TownFile, loads: Loads, places: tuple[tuple[str, str], ...]) -> Spoken:
    """Things whose number is their own: what a record speaks of is its key."""
    made = Spoken()
    for system, entity in places:
        question = "select key, changed_at, payload from record where system = ? and entity = ? and changed_at < ?"
        for key, moment, payload in town.rows(f"{question} order by seq", (system, entity, loads.after)):
            fields = orjson.loads(payload)
            if not fields:
                made.told.discard(key)  # the picture no longer shows it
            told = bool(fields) and fields.get("Secrecy") != "1" and loads.shows(moment, system, entity)
            made.add(obs_key(system, entity, key), key, told)
    return made


def _listed(town: TownFile, loads: Loads) -> dict[str, Spoken]:
    """Vehicles and facilities: facilities have records of their own too."""
    vehicle, facility = Spoken(), _keyed(town, loads, (("grid_dispatch", "facility"),))
    question = (
        "select key, changed_at, payload from record where system = ? and entity = 'collection' and changed_at < ?"
    )
    for key, moment, payload in town.rows(question, (COLLECTION, loads.after)):
        fields, told = orjson.loads(payload), loads.says(moment, COLLECTION)
        for place, listed in enumerate(fields["vehicles"], 1):
            vehicle.add(obs_key(COLLECTION, "vehicle", f"{key}|{place}"), listed["plate"], told)
        for place, listed in enumerate(fields["facilities"], 1):
            facility.add(obs_key(COLLECTION, "facility", f"{key}|{place}"), listed["part_code"], told)
    return {"vehicle": vehicle, "facility": facility}

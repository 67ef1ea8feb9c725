"""What the wires told of each person by the night: when was who said to live where, and when to have left.

A visit that says who lives in a room tells of those it no longer names, too. A cancelled collection says nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime

import orjson

from simulator.audit.things import COLLECTION
from simulator.audit.town import Fields, Loads, TownFile, Version

PEOPLE = ("registered_person", "floating_person", "overseas_person")
VIEWS = {
    "registered_person": "v_pop_registered",
    "floating_person": "v_pop_floating",
    "overseas_person": "v_pop_overseas",
}
LEAVING = ("expired_in_force", "delete_before_insert", "move_out_before_move_in", "id_relative")
"""Defects that bear on who has left: an unusable day of leaving, a stay under the number of a relative."""
EMPTIED = "end_in_a_record_in_force"
"""A record in force whose end lies before the day it was sent: a rule empties that end, though it may be true."""
LISTS_ALL = ("1", "2", "3")
"""Results of a visit that saw who lives there: lives here, left, empty."""


@dataclass(frozen=True, slots=True)
class Word:
    """One source's word on one person: lives in the room, or has left it, as seen at a moment."""

    moment: str
    room: str
    here: bool
    begin: str | None
    end: str | None
    source: str


@dataclass
class Evidence:
    """All words by person, in order, and what was spoiled in them that bears on when somebody left."""

    words: dict[str, list[Word]] = field(default_factory=dict)
    spoiled: dict[str, set[str]] = field(default_factory=dict)

    def say(self, person: str, word: Word) -> None:
        """Note a word."""
        self.words.setdefault(person, []).append(word)


def evidence(town: TownFile, loads: Loads) -> Evidence:
    """Read every word that was told by the night."""
    made = Evidence()
    _registers(made, town, loads)
    _visits(made, town, loads)
    _spoiled(made, town, loads)
    for words in made.words.values():
        words.sort(key=lambda word: (word.moment, word.here))
    return made


def _spoiled(made: Evidence, town: TownFile, loads: Loads) -> None:
    """By person what was spoiled: an end emptied by a rule, a deletion logged too early, a stay told of a relative."""
    people: dict[tuple[str, str], set[str]] = {}
    for system, key, person in town.rows("select system, key, person from truth_person"):
        people.setdefault((system, key), set()).add(person)
    names = ", ".join(f"'{name}'" for name in LEAVING)
    question = f"""select d.system, d.key, d.defect, r.changed_at from truth_defect as d
        join record as r using (system, entity, key, seq)
        where d.defect in ({names}) and r.changed_at < ?"""
    for system, key, defect, moment in town.rows(question, (loads.after,)):
        if loads.says(moment, system):
            of = key.partition("/")[2] or key  # the log of deletions names the entity before the key
            for person in people.get((system, of), ()):
                made.spoiled.setdefault(person, set()).add(defect)


def _registers(made: Evidence, town: TownFile, loads: Loads) -> None:
    deleted = {
        v.key.split("/")[1]: v.moment
        for versions in town.versions("social_governance", "delete_log", loads.after).values()
        for v in versions
        if loads.says(v.moment, "social_governance")
    }
    for entity in PEOPLE:
        who = dict(town.rows("select key, person from truth_person where entity = ? order by seq", (entity,)))
        rooms = {
            (key, seq): room
            for key, seq, room in town.rows("select key, seq, room from truth_room where entity = ?", (entity,))
        }
        for key, versions in town.versions("social_governance", entity, loads.after).items():
            for v in versions:
                if loads.says(v.moment, "social_governance") and v.sent["status_cd"] in ("12", "22"):
                    made.say(who[key], _registered(v, rooms[key, v.seq]))
                    if v.sent["status_cd"] == "12" and (v.sent.get("exp_date") or v.moment) < v.moment[:10]:
                        made.spoiled.setdefault(who[key], set()).add(EMPTIED)
            said = made.words.get(who[key])
            if said and key in deleted and deleted[key] >= versions[-1].moment:
                made.say(who[key], Word(deleted[key], said[-1].room, False, None, None, "deleted"))


def _registered(v: Version, room: str) -> Word:
    end = v.sent.get("exp_date")
    over = v.sent["status_cd"] == "22" or bool(end and end <= v.moment[:10])
    begin = v.sent.get("eff_date") or v.sent.get("arrival_date")
    return Word(v.moment, room, not over, begin, end, "social_governance")


@dataclass(frozen=True, slots=True)
class _Visit:
    moment: str
    upload: str
    room: str
    result: str
    fields: Fields
    persons: tuple[str, ...]


def _visits(made: Evidence, town: TownFile, loads: Loads) -> None:
    """Visits in the order of the visit, not of arrival; who was there last time and is not named now has left."""
    lived: dict[str, dict[str, str]] = {}
    for visit in sorted(_collected(town, loads), key=lambda one: one.moment):
        there = lived.setdefault(visit.room, {})
        named = set()
        for person, told in zip(visit.persons, visit.fields["persons"], strict=True):
            left = told["move_out"] is not None
            named.add(person)
            made.say(person, Word(visit.moment, visit.room, not left, told["move_in"], told["move_out"], COLLECTION))
        if visit.result in LISTS_ALL:
            for person, begin in list(there.items()):
                if person not in named:
                    made.say(person, Word(visit.moment, visit.room, False, begin, None, "missed"))
                    del there[person]
        there |= {p: t["move_in"] for p, t in zip(visit.persons, visit.fields["persons"], strict=True)}


def _collected(town: TownFile, loads: Loads) -> Iterator[_Visit]:
    persons: dict[tuple[str, int], list[str]] = {}
    question = "select key, seq, person from truth_person where system = ? order by key, seq, ordinal"
    for key, seq, person in town.rows(question, (COLLECTION,)):
        persons.setdefault((key, seq), []).append(person)
    rooms = dict(town.rows("select key, room from truth_room where system = ?", (COLLECTION,)))
    question = (
        "select key, seq, changed_at, payload from record where system = ? and entity = 'collection' and changed_at < ?"
    )
    newest: dict[str, tuple[int, str, bytes]] = {}
    for key, seq, moment, payload in town.rows(question, (COLLECTION, loads.after)):
        if loads.says(moment, COLLECTION) and seq > newest.get(key, (0, "", b""))[0]:
            newest[key] = seq, moment, payload
    for key, (seq, moment, payload) in newest.items():
        fields = orjson.loads(payload)
        if fields["op"] != "C":
            people = tuple(persons.get((key, seq), ()))
            yield _Visit(fields["collect_time"], moment, rooms[key], fields["verify_result"], fields, people)


def days_before(night: date, moment: str) -> int:
    """How many days before the night a word was said."""
    return (night - datetime.fromisoformat(moment).date()).days

"""Residents and residences of the register against who truly lives where, and the best any rule could do.

A difference is explained when the wires did not tell what would mend it: no word of the present stay, or none of the
leaving. It is the rule's when nobody confirmed a stay for two years. It is matching's where the register put two
persons together or one apart. Else it is unexplained.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

from simulator.audit.compare import Line
from simulator.audit.evidence import Evidence, Word, days_before
from simulator.audit.matching import Matched
from simulator.audit.town import Loads, TownFile

UNCONFIRMED_AFTER = 730
Pair = tuple[str, str]


@dataclass(frozen=True)
class Lived:
    """The town's stays by the night."""

    stays: Mapping[str, list[tuple[str, str, str | None]]]
    night: str

    def now(self, person: str) -> tuple[str, str] | None:
        """The room a person lives in on the night, and since when."""
        for room, begin, until in self.stays.get(person, ()):
            if begin <= self.night and (until is None or until > self.night):
                return room, begin
        return None

    def pairs(self) -> set[Pair]:
        """Who lives where on the night."""
        return {(person, now[0]) for person in self.stays if (now := self.now(person))}

    def ever(self) -> set[Pair]:
        """Who has lived where by the night."""
        return {(p, room) for p, stays in self.stays.items() for room, begin, _ in stays if begin <= self.night}


def lived(town: TownFile, night: str) -> Lived:
    """Read the stays."""
    stays: dict[str, list[tuple[str, str, str | None]]] = {}
    for person, room, begin, until in town.rows("select person, room, begin, until from truth_stay order by begin"):
        stays.setdefault(person, []).append((room, begin, until))
    return Lived(stays, night)


def residents(
    connection: duckdb.DuckDBPyConnection, people: Matched, life: Lived, told: Evidence, loads: Loads
) -> Line:
    """Who is a resident: person by person."""
    presence = connection.execute("select person_id, presence from register.person").fetchall()
    said: dict[str, str] = {}
    for one, state in presence:
        if one in people.of and (state == "resident" or said.get(people.of[one]) != "resident"):
            said[people.of[one]] = state
    true = {person for person in life.stays if life.now(person)}
    counted = sum(state == "resident" for _, state in presence)
    line = Line("register", "residents", len(true), len(true & told.words.keys()), counted, None)
    for person in sorted(true | said.keys()):
        here, held = person in true, said.get(person) == "resident"
        if here != held:
            line.say(
                _why(person, here, said.get(person), life, told, loads), f"{person}: {said.get(person)}, true {here}"
            )
    doubled = counted - sum(state == "resident" for state in said.values())
    if doubled:
        line.say("matching", "", doubled)
    return line


def _why(person: str, here: bool, said: str | None, life: Lived, told: Evidence, loads: Loads) -> str:
    last = {word.room: word for word in told.words.get(person, ())}  # of each room the last word
    now = life.now(person)
    if not here or now is None:
        return "not told" if any(word.here for word in last.values()) else _wrong(person, told)
    word = last.get(now[0])
    if word is None or not word.here or word.moment[:10] < now[1]:
        return "not told"
    if said == "unconfirmed" or days_before(loads.night, word.moment) > UNCONFIRMED_AFTER:
        return "rule: unconfirmed"
    return _wrong(person, told)


def _wrong(person: str, told: Evidence) -> str:
    found = told.spoiled.get(person)
    return f"rule: {', '.join(sorted(found))}" if found else "unexplained"


@dataclass(frozen=True)
class Agreement:
    """Pairs found and true: precision, recall, and what could have been had."""

    found: int
    true: int
    right: int
    precision_bound: float | None = None
    recall_bound: float | None = None

    @property
    def precision(self) -> float:
        """The share of what was found that is true."""
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        """The share of what is true that was found."""
        return self.right / self.true if self.true else 1.0


def residences(
    connection: duckdb.DuckDBPyConnection, people: Matched, houses: Matched, life: Lived, told: Evidence, loads: Loads
) -> dict[str, Agreement]:
    """Pairs of person and dwelling: ever, and on the night."""
    rows = connection.execute("select person_id, house_id, is_current from register.person_house_link").fetchall()
    known = [(people.of.get(p, p), houses.of.get(h, h), current) for p, h, current in rows]
    ever, now = life.ever(), life.pairs()
    said = {(person, word.room) for person, words in told.words.items() for word in words}
    pairs, current = {(p, h) for p, h, _ in known}, {(p, h) for p, h, is_current in known if is_current}
    precision, recall = bound(life, told, loads)
    return {
        "residence pairs": Agreement(len(pairs), len(ever & said), len(pairs & ever), None, None),
        "current residence": Agreement(len(current), len(now), len(current & now), precision, recall),
    }


def bound(life: Lived, told: Evidence, loads: Loads) -> tuple[float, float]:
    """The best any rule could do that sees the last word of each source on each person and room, and how old it is.

    Pairs of which the same was said cannot be told apart: a rule counts all of them or none. The best counts those
    kinds of which at least half truly live there.
    """
    true = life.pairs()
    kinds: dict[tuple[object, ...], Counter[bool]] = {}
    for person, words in told.words.items():
        for room in {word.room for word in words}:
            kinds.setdefault(_kind(words, room, loads), Counter())[(person, room) in true] += 1
    chosen = [counts for counts in kinds.values() if counts[True] >= counts[False]]
    right, wrong = (sum(counts[value] for counts in chosen) for value in (True, False))
    return right / max(1, right + wrong), right / max(1, len(true))


def _kind(words: list[Word], room: str, loads: Loads) -> tuple[object, ...]:
    """What was said last of a person and a room by each source, and whether a later stay elsewhere was told."""
    last: dict[str, tuple[bool, int]] = {}
    for word in words:
        if word.room == room:
            last[word.source] = word.here, days_before(loads.night, word.moment) // 30
    begun = max((word.begin or "" for word in words if word.room == room), default="")
    elsewhere = any(word.here and word.room != room and (word.begin or "") > begun for word in words)
    return tuple(sorted(last.items())), elsewhere


def days(connection: duckdb.DuckDBPyConnection, people: Matched, houses: Matched, life: Lived) -> dict[str, Agreement]:
    """Begin and end days of the stays the register knows, against the true stay of that person in that room."""
    rows = connection.execute(
        "select person_id, house_id, valid_from, valid_to from register.person_house_link"
    ).fetchall()
    begins, ends = Counter[bool](), Counter[bool]()
    for person, house, begin, end in rows:
        there = [s for s in life.stays.get(people.of.get(person, ""), ()) if s[0] == houses.of.get(house)]
        if not there:
            continue
        begins[any(str(begin) == s[1] for s in there)] += 1
        if end is not None:
            ends[any(str(end) == s[2] for s in there)] += 1
    return {
        "begin days": Agreement(begins.total(), begins.total(), begins[True]),
        "end days": Agreement(ends.total(), ends.total(), ends[True]),
    }

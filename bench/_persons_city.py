"""Observations of any number of persons at the birth density of a city of 18 million: a town's families, names,
numbers and clerks, with their birth dates moved together until as many people share a date as in such a city.

About four observations a person: a register entry, and visits to the dwelling; one in seven moves in between.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

from bench._common import told
from bench._observations import Clear, write_observations
from bench._towns import cellar
from simulator.town.clock import date_of, day_text, stamp
from simulator.town.defects import Flaws
from simulator.town.families import make_household
from simulator.town.numbers import PREFIXES, id_check
from simulator.town.observe import old_style_id, write_id, write_name
from simulator.town.people import LOCAL, Household, Person, Registry
from simulator.town.profiles import PROFILES, Town
from simulator.town.seeding import stream

CITY = 18_000_000
_BLOCK = 2_500  # persons per grid of the made city
_DAY, _LAST = 86_400, 1_700


class _Numbers:
    """Hands out numbers one after the other for each birth date and sex: neighbours lie one step apart."""

    def __init__(self) -> None:
        self.given: Counter[tuple[int, int]] = Counter()

    def take(self, birth: int, sex: int) -> tuple[str, int]:
        """A number and the birth date it stands for: the next one when a date is full."""
        while self.given[birth, sex] >= 500 * len(PREFIXES):
            birth += 1
        place = self.given[birth, sex]
        self.given[birth, sex] += 1
        first17 = f"{PREFIXES[place // 500]}{date_of(birth):%Y%m%d}{2 * (place % 500) + sex % 2:03d}"
        return first17 + id_check(first17), birth


def city_observations(persons: int, seed: int, id_rate: float, density: int = CITY) -> Path:
    """The observations of so many persons, made once."""
    path = cellar() / f"city-{persons}-{seed}-{id_rate}-{density}.parquet"
    if not path.exists():
        told(f"observations of {persons:,} persons, {id_rate:.0%} of the numbers missing or wrong")
        write_observations(_rows(persons, seed, id_rate, max(1, round(density / persons))), path)
    return path


def _rows(persons: int, seed: int, id_rate: float, step: int) -> Iterator[Clear]:
    blocks = max(1, round(persons / _BLOCK))
    town = Town(replace(PROFILES["street"], grids=blocks), seed, False, id_rate)
    numbers = _Numbers()
    for block in range(blocks):
        random = stream(seed, "city", block)
        registry = Registry(town, block, random)
        flaws = {
            entity: Flaws(town, system, entity, block)
            for system, entity in (
                ("social_governance", "registered_person"),
                ("social_governance", "floating_person"),
                ("mobile_collection", "collection"),
            )
        }
        while len(registry.people) < persons / blocks:
            household = make_household(registry, 0, random.random() < 0.4)
            _settle(household, numbers, step)
            yield from _household(household, f"{block}-{registry.households}", random, flaws)


def _settle(household: Household, numbers: _Numbers, step: int) -> None:
    """Move the births together and give numbers that fit them; what has another number keeps it."""
    moved: dict[int, int] = {}
    for member in household.members:
        person = member.person
        if person.id_type == "111":
            birth = moved.setdefault(person.birth, person.birth - person.birth % step)
            person.id_no, person.birth = numbers.take(birth, person.sex)


def _household(household: Household, room: str, random: Random, flaws: dict[str, Flaws]) -> Iterator[Clear]:
    people = [member.person for member in household.members]
    moves = random.random() < 0.15
    for place, person in enumerate(people):
        others = [p for p in people if p is not person and p.id_type == "111"]
        entity = "registered_person" if person.pop_type == LOCAL else "floating_person"
        if person.id_type == "111" and random.random() < 0.9:
            yield _entry(person, entity, f"{room}-{place}", household, room, random, others, flaws[entity])
        for visit in range(1 + int(random.expovariate(1 / 2.75))):
            house = f"{room}b" if moves and visit % 2 else room
            yield _visit(person, f"{room}-{place}-{visit}", house, random, others, flaws["collection"])


def _entry(
    person: Person, entity: str, record: str, household: Household, room: str, random: Random,
    others: list[Person], flaws: Flaws,
) -> Clear:  # fmt: skip
    """An entry of the register, with the clerk's errors."""
    day = int(random.random() * _LAST)
    number = old_style_id(person, write_id(person, day, others, flaws), day, flaws)
    sex = str(3 - person.sex if flaws.hit("sex_contradicts_id") else person.sex)
    birth = day_text(person.birth, "")
    if flaws.hit("birth_contradicts_id"):
        birth = day_text(person.birth + (1 if birth.endswith("01") else 365), "")
    name = write_name(person, flaws)
    flaws.take()
    known = household.number if person.pop_type == LOCAL or random.random() < 0.3 else None
    house = room if random.random() < 0.75 else None
    return Clear(
        "register", entity, record, stamp(day * _DAY + int(random.random() * _DAY)), number, "111", name, birth, sex,
        house, known, person.person,
    )  # fmt: skip


def _visit(person: Person, record: str, house: str, random: Random, others: list[Person], flaws: Flaws) -> Clear:
    """A visit to the dwelling."""
    day = int(random.random() * _LAST)
    number, name = write_id(person, day, others, flaws), write_name(person, flaws)
    flaws.take()
    kind = {"414": "990"}.get(person.id_type, person.id_type)
    return Clear(
        "visits", "person", record, stamp(day * _DAY + int(random.random() * _DAY)), number,
        kind if day >= person.id_from else "990", name, day_text(person.birth), str(person.sex),
        house if random.random() < 0.97 else None, None, person.person,
    )  # fmt: skip

"""More records than a small town has: its own, then over and over the same ones as those of other people.

A repeated record has a fresh key and fresh ID numbers, and its names are put together anew, so that no cache of ours
sees a repeat that a street would not have.

Flow: town -> `endless` -> pages of a spool (bench._pages), or `grown_town`: a town file that a real wire can serve.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path
from random import Random
from typing import Any

import orjson

from bench._towns import cellar
from simulator.store import Record, Store
from simulator.town.numbers import PREFIXES, id_check, id_is_valid

Kind = tuple[str, str]
MomentOf = Callable[[int], str]
COLLECTION: Kind = ("mobile_collection", "collection")
REGISTERED: Kind = ("social_governance", "registered_person")
FLOATING: Kind = ("social_governance", "floating_person")
RENTAL: Kind = ("social_governance", "rental_house")


@dataclass(frozen=True)
class Shape:
    """Where a record holds its key, its change time and its people: itself, a nested list of that name, or none."""

    key: str
    changed_at: str
    persons: str
    number: str = ""
    name: str = ""


ITSELF, NOBODY = "itself", ""
_PERSON = Shape("pk", "oper_date", ITSELF, "identity_num", "person_name")
SHAPES: Mapping[Kind, Shape] = {
    COLLECTION: Shape("collect_id", "upload_time", "persons", "id_no", "name"),
    REGISTERED: _PERSON,
    FLOATING: _PERSON,
    RENTAL: Shape("house_code", "oper_date", NOBODY),
}


def endless(town: Store, kind: Kind, random: Random, moment_of: MomentOf | None = None) -> Iterator[Record]:
    """The records of the town, then those of other people, for ever.

    moment_of: when the record of a number changed; given, no two records are versions of one.
    """
    shape = SHAPES[kind]
    held = [(r.key, r.seq, orjson.dumps(r.fields)) for r in town.iterate(*kind) if r.fields]
    names = [p[shape.name] for _, _, body in held for p in _people(orjson.loads(body), shape) if _is_han(p[shape.name])]
    for again in count():
        for number, (key, seq, body) in enumerate(held, again * len(held)):
            fields = orjson.loads(body)
            if again or moment_of is not None:
                # Of the same length as the others, sorted among them, and no key of the town has such an N.
                key, seq = f"{key[:-9]}N{number:08}", 1
                fields[shape.key] = key
            if again:
                for person in _people(fields, shape):
                    _as_another(person, shape, random, names)
            if moment_of is not None:
                fields[shape.changed_at] = moment_of(number)
            yield Record(key, seq, fields[shape.changed_at], fields)


def _people(fields: dict[str, Any], shape: Shape) -> list[dict[str, Any]]:
    if shape.persons == ITSELF:
        return [fields]
    return fields.get(shape.persons) or [] if shape.persons else []


def _as_another(person: dict[str, Any], shape: Shape, random: Random, names: list[str]) -> None:
    number, name = person.get(shape.number) or "", person.get(shape.name)
    if id_is_valid(number):
        serial = random.randrange(500) * 2 + int(number[16]) % 2
        first17 = f"{random.choice(PREFIXES)}{number[6:14]}{serial:03}"
        person[shape.number] = first17 + id_check(first17)
    if name and _is_han(name):
        person[shape.name] = name[0] + random.choice(names)[1:]


def _is_han(name: Any) -> bool:
    return isinstance(name, str) and 2 <= len(name) <= 3 and all("\u4e00" <= c <= "\u9fff" for c in name)


def grown_town(name: str, town: Store, rows: Mapping[Kind, int], seed: int, moment_of: MomentOf | None = None) -> Path:
    """A town file with as many records of each kind as asked for, made if an earlier run has not left it."""
    sizes = "-".join(str(n) for n in rows.values())
    path = cellar() / f"{name}-{town.profile}-{town.seed}-{seed}-{sizes}.db"
    if path.exists():
        return path
    partial = path.with_suffix(".part")
    shutil.copyfile(town.path, partial)
    with closing(sqlite3.connect(partial)) as connection, connection:
        for kind, wanted in rows.items():
            connection.execute("delete from record where system = ? and entity = ?", kind)
            records = islice(endless(town, kind, Random(seed), moment_of), wanted)
            lines = ((*kind, r.key, r.seq, r.changed_at, orjson.dumps(r.fields)) for r in records)
            connection.executemany(
                "insert into record(system, entity, key, seq, changed_at, payload) values (?, ?, ?, ?, ?, ?)", lines
            )
    return partial.replace(path)

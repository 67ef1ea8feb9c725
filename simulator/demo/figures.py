"""The register of the demo against the town's truth: are the records of one person, and of one room, together?

Pairs of records are counted: precision is the share of the pairs the register put together that belong together,
recall the share of those that belong together which it found.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import duckdb

from simulator.store import Store


class Scored(NamedTuple):
    """Clusters and true things among the same records, and how the pairs of records agree."""

    found: int
    true: int
    precision: float
    recall: float


@dataclass(frozen=True)
class Figures:
    """What the register came to: rows of its tables, and the two scores."""

    rows: dict[str, int]
    persons: Scored
    houses: Scored


COUNTED = (
    "person", "house", "building", "device", "vehicle", "organisation", "facility", "grid_cell",
    "person_house_link", "object_location", "organisation_premises", "person_review", "house_review",
)  # fmt: skip


def figures(warehouse: Path, town: Path) -> Figures:
    """Read both. warehouse: the DuckDB file, with nobody writing it. town: the town's own store."""
    truth = Store.open(town).truth()
    # A collection's persons stand in one list there and are records of their own here, counted from one.
    persons = {_key(t.system, "person", f"{t.key}|{t.ordinal + 1}"): t.person for t in truth.persons()}
    persons |= {_key(t.system, t.entity, t.key): t.person for t in truth.persons()}
    rooms = {_key(t.system, t.entity, t.key): t.room for t in truth.rooms()}
    rooms |= {_key(t.system, "house", t.key): t.room for t in truth.rooms()}
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        rows = {t: connection.table(f"register.{t}").count("*").fetchall()[0][0] for t in COUNTED}
        found = connection.table("register.person_member").select("obs_key, person_id").fetchall()
        housed = connection.table("register.house_member").select("obs_key, house_id").fetchall()
    return Figures(rows, _scored(found, persons), _scored(housed, rooms))


def _key(source: str, entity: str, record: str) -> str:
    return hashlib.md5(f"{source}|{entity}|{record}".encode(), usedforsecurity=False).hexdigest()


def _scored(members: Iterable[tuple[str, str]], truth: dict[str, str]) -> Scored:
    known = [(cluster, truth[key]) for key, cluster in members if key in truth]
    both, found, true = Counter(known), Counter(c for c, _ in known), Counter(t for _, t in known)
    together, made, right = _pairs(both), _pairs(found), _pairs(true)
    return Scored(len(found), len(true), together / made if made else 1.0, together / right if right else 1.0)


def _pairs(counts: Counter[Hashable] | Counter[tuple[str, str]] | Counter[str]) -> int:
    return sum(n * (n - 1) // 2 for n in counts.values())

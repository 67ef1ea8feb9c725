"""The persons of a simulated town as observations: the present version of each record, through the edge's tokeniser.

Harder than a night: nothing is quarantined beforehand. A dwelling is known by the collection's own id, or by the
dwelling code of the register of rooms where the collection has once told that both are the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench._common import told
from bench._observations import Clear, write_observations
from bench._towns import cellar
from simulator.store import Record, Store, build

_GOVERNANCE, _COLLECTION = "social_governance", "mobile_collection"
_LISTS = {
    "registered_person": ("identity_num", None, ("person_name",), "date_birth", "person_sex"),
    "floating_person": ("identity_num", "card_type", ("person_name",), "date_birth", "person_sex"),
    "overseas_person": ("card_no", "card_type", ("lastname", "firstname"), "birth", "sex"),
}
Truth = dict[tuple[str, str], dict[int, str]]


def town_observations(profile: str, seed: int, id_rate: float = 0.05) -> Path:
    """The observations of a town, made once."""
    path = cellar() / f"persons-{profile}-{seed}-{id_rate}.parquet"
    if not path.exists():
        told(f"observations of the town {profile}, seed {seed}, {id_rate:.0%} of the numbers missing or wrong")
        write_observations(_rows(_store(profile, seed, id_rate)), path)
    return path


def _store(profile: str, seed: int, id_rate: float) -> Store:
    name = f"{profile}-{seed}.db" if id_rate == 0.05 else f"{profile}-{seed}-{id_rate}.db"
    path = cellar() / name
    return Store.open(path) if path.exists() else build(profile, seed, path, id_rate=id_rate)


def _rows(store: Store) -> Iterator[Clear]:
    houses: dict[str, str] = {}
    yield from _collected(store, houses)
    for entity in _LISTS:
        yield from _listed(store, entity, houses)


def _latest(store: Store, system: str, entity: str) -> Iterator[Record]:
    """The newest version of each record that a contract keeps; versions of a key follow each other."""
    last: dict[str, Record] = {}
    for record in store.iterate(system, entity):
        if record.fields.get("status_cd", "12") in ("12", "22"):
            last[record.key] = record
    return iter(last.values())


def _truth(store: Store, system: str, entity: str) -> dict[tuple[str, int], list[tuple[int, str]]]:
    found: dict[tuple[str, int], list[tuple[int, str]]] = {}
    for row in store.truth().persons(system, entity):
        found.setdefault((row.key, row.seq), []).append((row.ordinal, row.person))
    return found


def _collected(store: Store, houses: dict[str, str]) -> Iterator[Clear]:
    truth = _truth(store, _COLLECTION, "collection")
    for record in _latest(store, _COLLECTION, "collection"):
        house = record.fields.get("house") or {}
        if house.get("ext_system_id"):
            houses[house["ext_system_id"]] = house["house_id"]
        who = dict(truth.get((record.key, record.seq), ()))
        for ordinal, person in enumerate(record.fields.get("persons") or ()):
            if ordinal in who:
                yield _collected_person(record, ordinal, person, house, who[ordinal])


def _collected_person(record: Record, ordinal: int, person: dict[str, Any], house: dict[str, Any], who: str) -> Clear:
    return Clear(
        _COLLECTION, "person", f"{record.key}|{ordinal + 1}", record.changed_at, person["id_no"], person["id_type"],
        person["name"], person["birth_date"], person["sex"], house.get("house_id"), None, who,
    )  # fmt: skip


def _listed(store: Store, entity: str, houses: dict[str, str]) -> Iterator[Clear]:
    number, kind, names, birth, sex = _LISTS[entity]
    truth = _truth(store, _GOVERNANCE, entity)
    for record in _latest(store, _GOVERNANCE, entity):
        fields = record.fields
        if not fields:
            continue
        household = fields.get("house_no")
        yield Clear(
            _GOVERNANCE, entity, record.key, record.changed_at, fields[number], fields[kind] if kind else "111",
            "".join(fields[name] for name in names), fields[birth], fields[sex],
            houses.get(fields.get("house_code") or ""),
            None if household in (None, "", "null", "\\N", "无") else household,
            truth[record.key, record.seq][0][1],
        )  # fmt: skip

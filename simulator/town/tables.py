"""Writes a town into an empty SQLite file, in batches, with flat memory; the indexes are made at the end."""

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import orjson

from simulator.town.addresses import standard
from simulator.town.clock import day_text
from simulator.town.defects import Hit
from simulator.town.facilities import make_facilities
from simulator.town.generate import grid_rows
from simulator.town.life import Stay
from simulator.town.numbers import plate
from simulator.town.organisations import make_organisations
from simulator.town.people import HEAD
from simulator.town.profiles import Town
from simulator.town.rows import Row
from simulator.town.systems import monthly_sheets
from simulator.town.systems.context import Grid, make_grid

_TABLES = """
create table town(name text primary key, value text not null);
create table record(system text not null, entity text not null, key text not null, seq integer not null,
    changed_at text not null, payload blob not null);
create table truth_person(system text, entity text, key text, seq integer, ordinal integer, person text);
create table truth_room(system text, entity text, key text, seq integer, room text);
create table truth_organisation(system text, entity text, key text, seq integer, organisation text);
create table truth_defect(system text, entity text, key text, seq integer, defect text);
create table truth_count(system text, entity text, month text, rows integer);
create table truth_resident(person text, name text, sex text, birth text, id_type text, id_no text, pop_type text);
create table truth_stay(person text, room text, begin text, until text, died integer);
create table truth_dwelling(room text, building text, grid text, use text, rented integer, address text, area real,
    rooms integer);
create table truth_building(building text, grid text, kind text, code text, guid text, old_guid text, door_guid text);
create table truth_cell(grid text, community text, name text);
create table truth_place(system text, entity text, key text, seq integer, building text);
create table truth_device(system text, entity text, device text, building text, begin text, until text);
create table truth_facility(part_code text, grid text, name text);
create table truth_vehicle(plate text, kind text, person text, room text, begin text, until text);
create table truth_employer(organisation text, name text, credit_code text, kind text, trade text, staff integer,
    room text, opened text, closed text);
create table truth_value(system text, entity text, key text, seq integer, field text, value text);
"""
_INDEXES = """
create unique index record_changed on record(system, entity, changed_at, key, seq);
create unique index record_key on record(system, entity, key, seq);
create index truth_person_person on truth_person(person);
create index truth_defect_place on truth_defect(system, entity, defect);
"""
_BATCH = 4_000


@dataclass
class _Batches:
    """Collects rows per table and writes them by the thousand."""

    connection: sqlite3.Connection
    waiting: dict[str, list[tuple[Any, ...]]] = field(default_factory=dict)
    counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    def add(self, table: str, values: tuple[Any, ...]) -> None:
        rows = self.waiting.setdefault(table, [])
        rows.append(values)
        if len(rows) >= _BATCH:
            self._write(table)

    def add_row(self, row: Row) -> None:
        """Add one record and what is true about it."""
        place = (row.system, row.entity, row.key, row.seq)
        self.counts[row.system, row.entity, row.changed_at[:7]] += 1
        self.add("record", (*place, row.changed_at, orjson.dumps(row.fields)))
        for ordinal, person in enumerate(row.persons):
            self.add("truth_person", (*place, ordinal, person))
        if row.room:
            self.add("truth_room", (*place, row.room))
        if row.organisation:
            self.add("truth_organisation", (*place, row.organisation))
        if row.building:
            self.add("truth_place", (*place, row.building))
        if row.span and row.seq == 1:
            begin, until = row.span
            ends = None if until is None else day_text(until)
            self.add("truth_device", (row.system, row.entity, row.key, row.building, day_text(begin), ends))
        for defect in dict.fromkeys(row.defects):
            self.add("truth_defect", (*place, defect))
            for name, value in (defect.right if isinstance(defect, Hit) else {}).items():
                self.add("truth_value", (*place, name, orjson.dumps(value).decode()))

    def finish(self) -> None:
        for (system, entity, month), rows in sorted(self.counts.items()):
            self.add("truth_count", (system, entity, month, rows))
        for table in list(self.waiting):
            self._write(table)

    def _write(self, table: str) -> None:
        rows = self.waiting[table]
        if rows:
            self.connection.executemany(f"insert into {table} values ({', '.join('?' * len(rows[0]))})", rows)
            self.waiting[table] = []


def fill(connection: sqlite3.Connection, town: Town, progress: Callable[[int, int], None] | None) -> None:
    """Write every row of a town into an empty database."""
    connection.executescript("pragma journal_mode = off; pragma synchronous = off; pragma cache_size = -65536;")
    connection.executescript(_TABLES)
    batches = _Batches(connection)
    for name, value in _about(town):
        batches.add("town", (name, value))
    _add_all(batches, monthly_sheets.emit(town))
    for index in range(town.profile.grids):
        grid = make_grid(town, index)
        _add_all(batches, grid_rows(grid))
        _add_truth(batches, grid)
        if progress is not None:
            progress(index + 1, town.profile.grids)
    batches.finish()
    connection.executescript(_INDEXES)
    connection.commit()
    connection.executescript("pragma journal_mode = delete; pragma optimize;")


def _about(town: Town) -> list[tuple[str, str]]:
    return [
        ("profile", town.profile.name),
        ("seed", str(town.seed)),
        ("clean", str(int(town.clean))),
        ("id_rate", str(town.id_rate)),
    ]


def _add_all(batches: _Batches, rows: Iterable[Row]) -> None:
    for row in rows:
        batches.add_row(row)


def _add_truth(batches: _Batches, grid: Grid) -> None:
    """Add the people, stays and rooms of one grid's life."""
    for person in grid.life.people:
        batches.add(
            "truth_resident",
            (
                person.person,
                person.name,
                str(person.sex),
                day_text(person.birth),
                person.id_type,
                person.id_no,
                str(person.pop_type),
            ),
        )
        for stay in grid.life.by_person.get(person.person, []):
            _add_stay(batches, stay)
    for room in grid.life.rooms:
        house = room.building
        place = (room.room, house.building, house.cell.code, room.use, int(room.rented), standard(house, room))
        batches.add("truth_dwelling", (*place, room.area, room.spaces))
    _add_ground(batches, grid)


def _add_stay(batches: _Batches, stay: Stay) -> None:
    """Add one stay; the vehicles of a household stand where its head lives."""
    until = None if stay.end is None else day_text(stay.end)
    place = (stay.person.person, stay.room.room, day_text(stay.begin), until)
    batches.add("truth_stay", (*place, int(stay.died)))
    if stay.relation == HEAD:
        for serial in stay.household.plates:
            batches.add("truth_vehicle", (*plate(serial), *place))


def _add_ground(batches: _Batches, grid: Grid) -> None:
    """Add what stands in one grid: its cell, buildings, facilities and organisations."""
    batches.add("truth_cell", (grid.cell.code, grid.cell.community.code, grid.cell.name))
    for house in grid.layout.buildings:
        names = (house.code, house.guid, house.old_guid, house.door_guid)
        batches.add("truth_building", (house.building, grid.cell.code, house.kind, *names))
    for facility in make_facilities(grid.town, grid.index):
        batches.add("truth_facility", (facility.part_code, grid.cell.code, facility.name))
    for made in make_organisations(grid.town, grid.index):
        closed = None if made.closed is None else day_text(made.closed)
        about = (made.organisation, made.name, made.credit_code, made.kind, made.trade, made.staff)
        batches.add("truth_employer", (*about, made.room.room, day_text(made.opened), closed))

"""The relations of the stays alone, over records written by hand: milliseconds instead of a build."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

import duckdb

from warehouse.engine.relation import REGISTER, scripts
from warehouse.engine.stays import fold_stays

NIGHT = date(2022, 11, 5)
_RESIDENCE = (
    "obs_key varchar, person_key varchar, source varchar, trust integer, kind varchar, role varchar, tenure varchar, "
    "household_relation varchar, planned_until date, valid_from date, valid_to date, ended boolean, is_void boolean, "
    "confirmed_for integer, first_known timestamp, verified_at timestamp, moment timestamp"
)


@dataclass(frozen=True)
class Told:
    """One record of a residence: who, where, by whom and when it was seen."""

    person: str
    room: str | None
    seen: date
    begin: date | None = None
    end: date | None = None
    source: str = "visits"
    kind: str = "found"
    ended: bool = False
    void: bool = False
    stands: int | None = None
    key: str = ""


@dataclass(frozen=True)
class Visit:
    """One record that listed all who live in a room."""

    room: str
    seen: date


def stays(told: Sequence[Told], visits: Iterable[Visit] = (), night: date = NIGHT) -> list[dict[str, Any]]:
    """The rows of `residence_link`, by person, begin and place."""
    # One thread: the tables are tiny, and starting more costs more than they do.
    with duckdb.connect(config={"threads": 1}) as connection:
        scripts(connection, REGISTER, "_macros")
        _write(connection, told, visits)
        fold_stays(connection, night)
        cursor = connection.execute("select * from temp.residence_link order by person_id, valid_from, place, stay")
        columns = [c[0] for c in cursor.description]
        return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]


def current(rows: Iterable[dict[str, Any]]) -> dict[str, str]:
    """Who lives where."""
    return {row["person_id"]: row["house_id"] for row in rows if row["is_current"]}


def _write(connection: duckdb.DuckDBPyConnection, told: Sequence[Told], visits: Iterable[Visit]) -> None:
    connection.execute("create schema register")
    for table in (
        "person_member (obs_key varchar, person_id varchar)",
        "house_member (obs_key varchar, house_id varchar)",
    ):
        connection.execute(f"create table register.{table}")
    connection.execute(f"create temp table present_residence ({_RESIDENCE})")
    columns = _RESIDENCE.replace("person_key", "person_id").replace("moment timestamp", "deleted_at timestamp")
    connection.execute(f"create temp table residence_deleted ({columns})")
    connection.execute(
        "create temp table present_house (obs_key varchar, lists_all boolean, ended boolean, verified_at timestamp, "
        "moment timestamp)"
    )
    for number, row in enumerate(told):
        key = row.key or f"r{number}"
        values = [key, f"p{key}", row.source, 50, row.kind, None, None, None, None, row.begin, row.end, row.ended,
                  row.void, row.stands, _at(row.seen), _at(row.seen), _at(row.seen)]  # fmt: skip
        connection.execute(f"insert into present_residence values ({', '.join('?' * len(values))})", values)
        connection.execute("insert into register.person_member values (?, ?)", [f"p{key}", row.person])
        if row.room:
            connection.execute("insert into register.house_member values (?, ?)", [key, row.room])
    for number, visit in enumerate(visits):
        seen = _at(visit.seen)
        connection.execute("insert into present_house values (?, true, false, ?, ?)", [f"v{number}", seen, seen])
        connection.execute("insert into register.house_member values (?, ?)", [f"v{number}", visit.room])


def _at(day: date) -> datetime:
    return datetime.combine(day, time(10))

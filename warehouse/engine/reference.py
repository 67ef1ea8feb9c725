"""The tables that no source sends and the marts need: the night, the calendar, feeds, communities, limits, code names.

Flow: `expectations/codes/`, `warehouse/4_marts/data/*.csv` -> schema `reference`, made anew with every build of the
marts. A CSV is data with its provenance in its own columns; empty cells are null.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from expectations.code_lists import FOLDER, calendar
from expectations.errors import CallRejected
from expectations.sql import Sql, fill, joined, name, value, values
from expectations.strict import read_yaml
from warehouse.engine.connection import Connection
from warehouse.engine.feeds import feeds
from warehouse.engine.nightly import staged_contracts
from warehouse.engine.relation import make_table

DATA = Path(__file__).resolve().parent.parent / "4_marts" / "data"
TYPED: Mapping[str, Callable[[str], Any]] = {
    "days": int, "extension_days": int, "valid_from": date.fromisoformat, "valid_to": date.fromisoformat,
}  # fmt: skip
ON_RECORD = date(2018, 1, 1)  # the first day the register knows of
FIRST_DAY = date(2017, 1, 1)  # cases of the first year on record may be a year older
AHEAD = timedelta(days=400)  # a limit of 90 working days ends well before


def load_reference(connection: Connection, as_of_day: date) -> None:
    """Make the schema `reference` for the night of `as_of_day`. Raises CallRejected CT-SPEC for bad data."""
    connection.execute("create schema if not exists reference")
    communities = read_yaml(FOLDER / "communities.yml")
    night = {"as_of_day": as_of_day, "first_day": ON_RECORD, "street_code": _street(communities)}
    _load(connection, "night", [night])
    _load_calendar(connection, as_of_day)
    _load(connection, "community", [{"community_code": c, "name": names[0]} for c, names in communities.items()])
    _load(connection, "community_alias", [
        {"alias": alias, "community_code": code} for code, names in communities.items() for alias in (code, *names)
    ])  # fmt: skip
    fed = feeds(connection) or [("nothing", "", "")]
    _load(connection, "feed", [dict(zip(("subject", "source", "entity"), feed, strict=True)) for feed in fed])
    for path in sorted(DATA.glob("*.csv")):
        _load(connection, path.stem, _rows(path) + (_sources(connection) if path.stem == "code" else []))


def _sources(connection: Connection) -> list[dict[str, Any]]:
    """The names of the sources as their contracts give them, as codes of the list `source`."""
    return [
        {"list": "source", "code": c.source, "zh": c.title.zh, "en": c.title.en, "status": "local"}
        for c in staged_contracts(connection)
    ]


def _street(communities: Mapping[str, Any]) -> str:
    streets = sorted({code[:9] for code in communities})
    if len(streets) != 1:
        raise CallRejected("CT-SPEC", detail=f"communities.yml: one street is wanted, found {len(streets)}")
    return streets[0]


def _load_calendar(connection: Connection, as_of_day: date) -> None:
    """Every day with the number of working days up to it, itself included; and the working days by that number."""
    known = calendar()
    last = max(known.last, as_of_day + AHEAD)
    _make(connection, "calendar", fill(
        """
        select cast(day as date) as day, is_working_day, is_certain,
            cast(sum(cast(is_working_day as integer)) over (order by day rows unbounded preceding) as integer)
                as working_days_until
        from (
            select day, day between {{first}} and {{last}} as is_certain,
                day in {{worked}} or (isodow(day) < 6 and day not in {{off}}) as is_working_day
            from generate_series(cast({{begin}} as timestamp), cast({{end}} as timestamp), interval 1 day) as days(day)
        ) as listed
        """,
        first=value(known.first), last=value(known.last), worked=values(known.worked), off=values(known.off),
        begin=value(FIRST_DAY), end=value(last),
    ))  # fmt: skip
    _make(connection, "workday", Sql(
        "select working_days_until as number, day from reference.calendar where is_working_day"
    ))  # fmt: skip


def _rows(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf8", newline="") as file:
        rows = list(csv.DictReader(file))
    if any(None in row or None in row.values() for row in rows):
        raise CallRejected("CT-SPEC", detail=f"{path.name}: a row has more or fewer cells than the heading")
    return [{c: TYPED.get(c, str)(v) if v else None for c, v in row.items()} for row in rows]


def _load(connection: Connection, table: str, rows: list[dict[str, Any]]) -> None:
    # Written out: a frame or an Arrow table would import pandas for a hundred rows.
    listed = joined([values(row.values()) for row in rows], ", ")
    columns = joined([name(c) for c in rows[0]], ", ")
    _make(connection, table, fill("select * from (values {{r}}) as given({{c}})", r=listed, c=columns))


def _make(connection: Connection, table: str, select: Sql) -> None:
    make_table(connection, name("reference", table), select)

"""The register of a past day on the command line: who lived where on a day, by what was known then or is known now.

Flow: warehouse -> `as_of` into a file of its own beside it -> counts of what held on the day. The file is a kept copy
like those of a rebuild: the next erasure destroys it, so that no past remembers whom the office must forget.
Alone: python -m warehouse.engine as-of 2022-06-30 [--known 2022-07-31] [--out FILE] [--json]
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from expectations.errors import CallRejected, SourceLater
from expectations.sql import fill, name
from warehouse.engine.as_of import HISTORIES, as_of
from warehouse.engine.changes import known_at
from warehouse.engine.connection import Connection, open_warehouse, opened
from warehouse.engine.decided import decisions_beside
from warehouse.resolver import model_in_use

_TITLES = {
    "residents": ("居住人口（住在已知房屋）", "residents of a known dwelling"),
    "person": ("登记人数", "persons on record"),
    "person_house_link": ("居住记录（含待核实）", "stays, unconfirmed ones included"),
    "house_state": ("房屋（有核实状态）", "dwellings with a state"),
    "building_state": ("楼栋", "buildings"),
    "device_state": ("设备", "devices"),
    "vehicle_state": ("车辆", "vehicles"),
    "facility_state": ("部件", "public facilities"),
    "organisation_state": ("单位", "organisations"),
    "organisation_premises": ("单位经营场所", "premises of organisations"),
    "object_location": ("物体所在位置", "places of objects"),
}
_RESIDENTS = "select count(*) from valid.person_house_link where is_current"


def ask_past(
    warehouse: Path, day: str, known: str | None = None, out: Path | None = None, decisions_url: str | None = None
) -> dict[str, Any]:
    """Build the past into a file and count it; JSON-ready.

    day: `YYYY-MM-DD`, the day it was true; known: the last day whose news count, all that is known if not given. out:
    the file, beside the warehouse if not given. Raises: CallRejected SC-CALL, RE-AHEAD, RE-THERE, RE-PURGED;
    SourceLater RE-EMPTY, LO-LOCKED.
    """
    valid, told = _day(day, "DAY"), _day(known, "--known") if known else None
    if told and told < valid:
        raise CallRejected("RE-AHEAD", detail=f"{valid} lies after --known {told}")
    if not warehouse.exists():
        raise SourceLater("RE-EMPTY", detail=warehouse.name)
    target = out or _beside(warehouse, valid, told)
    with open_warehouse(warehouse) as connection:
        last = _last_known(connection)
        if valid > last.date():
            raise CallRejected("RE-AHEAD", detail=f"the newest news are of {last:%Y-%m-%d}")
        # The news of a day are known when its window has ended, at the midnight after it.
        moment = datetime.combine(told + timedelta(days=1), datetime.min.time()) if told else last
        url = decisions_url or decisions_beside(connection)
        try:
            as_of(connection, target, url, model_in_use(), known=moment, valid=valid)
        except FileExistsError as error:
            raise CallRejected("RE-THERE", detail=str(target)) from error
    with opened(target) as past:
        counts = _counts(past)
    return {"day": str(valid), "known": str(told) if told else None, "file": str(target), "counts": counts}


def told_past(found: dict[str, Any]) -> Iterator[str]:
    """The answer in lines, Chinese first."""
    known = found["known"] or "现在 now"
    yield f"{found['day']} 的登记库（按 {known} 所知） / the register of {found['day']} (as known {known})"
    for key, count in found["counts"].items():
        zh, en = _TITLES[key]
        yield f"  {zh} {en}: {count}"
    yield f"文件 file: {found['file']}"
    yield "  表 valid.* 为当日有效的记录；下一次删除个人信息时此文件一并销毁"
    yield "  valid.* holds what was true on the day; the next erasure destroys this file"


def _day(text: str, what: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise CallRejected("SC-CALL", detail=f"{what} is a day written YYYY-MM-DD") from error


def _beside(warehouse: Path, valid: date, told: date | None) -> Path:
    known = f"-known-{told}" if told else ""
    return warehouse.with_name(f"{warehouse.name}.kept-as-of-{valid}{known}")


def _last_known(connection: Connection) -> datetime:
    there = "select count(*) from duckdb_tables() where schema_name = 'claims' and table_name = 'house'"
    moment = known_at(connection) if connection.execute(there).fetchall() == [(1,)] else None
    if moment is None:
        raise SourceLater("RE-EMPTY", detail="nothing has been claimed yet")
    return moment


def _counts(past: Connection) -> dict[str, int]:
    [(residents,)] = past.execute(_RESIDENTS).fetchall()
    found = {"residents": int(residents), "person": _rows(past, "register", "person")}
    return found | {table: _rows(past, "valid", table) for table in HISTORIES}


def _rows(past: Connection, schema: str, table: str) -> int:
    [(rows,)] = past.execute(fill("select count(*) from {{table}}", table=name(schema, table))).fetchall()
    return int(rows)

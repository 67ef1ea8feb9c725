"""The register as it was known on a day, and as it was true on a day: the same pure function over fewer versions.

Flow: the claims with known_from <= known, copied into a file of their own -> `build_register` there -> views `valid.*`
of what held on the day asked for. The warehouse is only read. Judgements and corrections count if they were made by
then and still stand; what was erased is absent from every past as well. Ids are those that were given out since: who
holds one in hand finds it in every past.
"""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

from expectations.claims import vocabulary
from expectations.errors import CallRejected
from expectations.sql import Sql, fill, name, value
from warehouse.engine.connection import Connection, opened
from warehouse.engine.origins import purged_until
from warehouse.engine.register import RegisterReport, build_register
from warehouse.engine.relation import CLAIMS, REGISTER, relation, scripts
from warehouse.resolver import Model

STAYS = "person_house_link"
HISTORIES = (STAYS, "house_state", "building_state", "device_state", "vehicle_state", "facility_state",
             "organisation_state", "organisation_premises", "object_location")  # fmt: skip


def as_of(
    connection: Connection,
    target: Path,
    decisions_engine_url: str | None,
    model: Model,
    *,
    known: datetime,
    valid: date | None = None,
) -> RegisterReport:
    """Build into the new file `target` what was known by `known`; with `valid`, add the views of that day.

    Raises: FileExistsError when the file is there: a past is never written over; CallRejected RE-PURGED for a time
    whose versions were purged, for the answer would lack them silently.
    """
    if target.exists():
        raise FileExistsError(target.name)
    until = purged_until(connection)
    if until and (known < until or (valid is not None and valid < until.date())):
        raise CallRejected("RE-PURGED", detail=f"nothing before {until:%Y-%m-%d} can be asked any more")
    with opened(target) as past:
        scripts(past, CLAIMS, "_schema")
        scripts(past, REGISTER, "_schema")
    _copy_claims(connection, target, known)
    with opened(target) as past:
        report = build_register(past, decisions_engine_url, model, known=known, full=True, night=valid)
        if valid is not None:
            _views(past, valid)
    return report


def _copy_claims(connection: Connection, target: Path, known: datetime) -> None:
    connection.execute(fill("attach {{file}} as past", file=value(str(target))))
    try:
        for claim in vocabulary():
            connection.execute(
                fill(
                    "create table {{target}} as select * from {{claims}} where known_from <= $known",
                    target=name("past", "claims", claim), claims=name("claims", claim),
                ),
                {"known": known},
            )  # fmt: skip
        for table in ("trust", "shape", "origin"):
            now, past = name("claims", table), name("past", "claims", table)
            connection.execute(fill("insert into {{past}} select * from {{now}}", past=past, now=now))
        issued = connection.execute(
            "select 1 from duckdb_tables() where database_name = current_database() and schema_name = 'register' "
            "and table_name = 'issue'"
        ).fetchall()
        if issued:
            connection.execute("insert into past.register.issue select * from register.issue")
    finally:
        connection.execute("detach past")


def _views(past: Connection, valid: date) -> None:
    past.execute("create schema if not exists valid")
    past.execute(relation(REGISTER, "valid_stay", day=value(valid)))
    for table in (t for t in HISTORIES if t != STAYS):
        columns = {
            column for (column,) in past.execute(
                "select column_name from duckdb_columns() where schema_name = 'register' and table_name = $table",
                {"table": table},
            ).fetchall()
        }  # fmt: skip
        ends = Sql("valid_to is null or valid_to::date > {{day}}") if "valid_to" in columns else Sql("true")
        day = value(valid)
        past.execute(relation(
            REGISTER, "valid", view=name("valid", table), table=name("register", table), day=day,
            ends=fill(ends, day=day) if "valid_to" in columns else ends,
        ))  # fmt: skip

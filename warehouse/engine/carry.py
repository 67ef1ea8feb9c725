"""What a rebuild takes along and makes again: the verdicts of the nights, and from them claims, register and marts.

Staging comes from the landing zone; how each version was judged, night by night, stands nowhere else than in the file
that is replaced, so it is copied, as far as its versions were staged again; so is what was purged. Without
such a file the sources are judged anew, as of the last night landed.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb

from expectations.contract import Contract
from expectations.desk import Desk, prepare
from expectations.label import make_acceptance, open_entity
from expectations.relations import acceptance, staged, table_name
from expectations.sql import Sql, fill, name, value
from warehouse.engine.connection import Connection, transaction
from warehouse.engine.issued import issued_folder
from warehouse.engine.marts import build_marts, verdict_of
from warehouse.engine.nightly import last_night, register_into

_KEPT = ("run", "entity", "result", "quarantine", "volume", "difference")


def register_again(
    connection: Connection, old: Path, contracts: Iterable[Contract], landing: Path | None = None
) -> dict[str, Any]:
    """Judge, claim, register and make the marts in a file that was just staged; the report, JSON-ready.

    old: the warehouse that is replaced; what cannot be read of it is judged anew. landing: where the ids that were
    given out lie; `landing` beside the old warehouse if not given.
    """
    listed = list(contracts)
    carried = carry(connection, old, listed)
    if not carried:
        _judge(connection, listed)
    issued = issued_folder(landing or old.absolute().parent / "landing")
    told, status = register_into(connection, full=True, contracts=listed, issued=issued)
    marts, held = verdict_of(build_marts(connection, last_night(connection)))
    return {**told, "marts": marts, "exit_status": max(status, held), "carried": carried}


def carry(connection: Connection, old: Path, contracts: Iterable[Contract]) -> bool:
    """Copy quality history and acceptance from the old file. False when there is none to be read."""
    if not old.exists():
        return False
    prepare(connection)
    try:
        connection.execute(fill("attach {{file}} as old (read_only)", file=value(str(old))))
    except duckdb.Error:
        # A broken file is why one rebuilds; nothing of it is needed that cannot be judged again.
        return False
    try:
        rows = connection.execute(
            "select schema_name, table_name from duckdb_tables() where database_name = 'old'"
        ).fetchall()
        there = {(schema, table) for schema, table in rows}
        if ("quality", "run") not in there:
            return False
        with transaction(connection):
            _copy(connection, there, contracts)
    finally:
        connection.execute("detach old")
    return True


def _copy(connection: Connection, there: set[tuple[str, str]], contracts: Iterable[Contract]) -> None:
    desk = Desk(connection)
    for table in (t for t in _KEPT if ("quality", t) in there):
        connection.execute(fill(
            "insert into {{new}} by name select * from {{old}}",
            new=name("quality", table), old=name("old", "quality", table),
        ))  # fmt: skip
    if ("ledger", "purge") in there:
        connection.execute("insert into ledger.purge by name select * from old.ledger.purge")
    if ("release", "mark_key") in there:  # without it no earlier figure could be told from one of another count
        connection.execute("create schema if not exists release")
        connection.execute("create or replace table release.mark_key as select * from old.release.mark_key")
    for contract in contracts:
        for entity in contract.entities.values():
            if ("acceptance", table_name(contract.source, entity.name)) in there:
                make_acceptance(desk, contract.source, entity.name)
                connection.execute(fill(
                    "insert into {{new}} by name select * from {{old}} "
                    "where content_hash in (select content_hash from {{staged}})",
                    new=acceptance(contract.source, entity.name), staged=staged(contract.source, entity.name),
                    old=name("old", "acceptance", table_name(contract.source, entity.name)),
                ))  # fmt: skip
                open_entity(desk, contract.source, entity)


def _judge(connection: Connection, contracts: Iterable[Contract]) -> None:
    from expectations.runner import check_source  # Great Expectations follows it: seconds that a carried file saves

    [(night,)] = connection.execute(Sql(
        "select coalesce(max(window_end)::date - 1, date '1970-01-01')::varchar from ledger.load"
    )).fetchall()  # fmt: skip
    for contract in contracts:
        check_source(contract, connection, night)

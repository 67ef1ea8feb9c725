"""The marts of a night: every file of `4_marts/` is one select, its table bears its name.

Flow: register, claims, quality, ledger + reference -> `prepared.*` (files with an underscore: cases and places row by
row, never published) -> `marts.*` -> checks of `expectations/marts.yml`. The order is read off the files. Nothing looks
at the clock: the night is a parameter, and equal inputs make equal tables.
Alone: python -m warehouse.engine marts --night YYYY-MM-DD
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from expectations.code_lists import calendar
from expectations.desk import prepare
from expectations.errors import SourceChanged, SourceLater
from expectations.marts import Marts, load_marts
from expectations.sql import Sql, fill, name
from warehouse.decisions.sign_offs import MARTS, RELEASE, signed_off
from warehouse.engine.code_names import name_codes
from warehouse.engine.connection import Connection, open_warehouse, transaction
from warehouse.engine.erased import decisions_of
from warehouse.engine.marts_check import Failure, check_marts, held_groups
from warehouse.engine.nightly import last_night
from warehouse.engine.reference import load_reference
from warehouse.engine.register import held_by
from warehouse.engine.relation import HOME, make_table, relation

FOLDER = "4_marts"
_REFERS = re.compile(r"\b(?:marts|prepared)\.(\w+)")


@dataclass
class MartsReport:
    """What a build came to: rows and seconds per table, failed checks, and the groups that must not be published.

    unlisted: codes that no list names, by list; they hold nothing. calendar_until: the last day a holiday notice tells
    of, and whether the night lies beyond it.
    """

    as_of_day: date
    rows: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    held: tuple[str, ...] = ()
    unlisted: dict[str, list[str]] = field(default_factory=dict)
    calendar_ends: date = date.max

    @property
    def notes(self) -> list[tuple[str, dict[str, Any]]]:
        """What a person must see to though nothing is held: an event and its facts."""
        found: list[tuple[str, dict[str, Any]]] = []
        if self.as_of_day > self.calendar_ends:
            found.append(("calendar_is_out_of_range", {"night": self.as_of_day.isoformat(),
                                                       "ends": self.calendar_ends.isoformat()}))  # fmt: skip
        if self.unlisted:
            found.append(("codes_are_not_listed", {"lists": sorted(self.unlisted),
                                                   "codes": sum(map(len, self.unlisted.values()))}))  # fmt: skip
        return found

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready: counts and names only."""
        return {
            "as_of_day": self.as_of_day.isoformat(), "rows": self.rows, "held": list(self.held),
            "unlisted": self.unlisted,
            "notes": [{"event": event, **facts} for event, facts in self.notes],
            "failures": [f.as_dict() for f in self.failures],
            "seconds": {k: round(v, 3) for k, v in self.seconds.items()},
        }  # fmt: skip


def marts_nightly(
    warehouse: Path, night: str | None = None, *, wait: float | None = None
) -> tuple[dict[str, Any], int]:
    """Build the marts of an existing warehouse; the report as JSON, and the exit status: 4 when a group is held
    that no steward released for the night.

    night: `YYYY-MM-DD`; the last night any source was judged if not given. Raises: LO-LOCKED, RE-EMPTY;
    SourceChanged RE-HELD while the register is held.
    """
    with open_warehouse(warehouse, wait=wait) as connection:
        if _has_register(connection) and (held := held_by(connection)) is not None:
            raise SourceChanged("RE-HELD", detail=held)
        report = build_marts(connection, date.fromisoformat(night) if night else last_night(connection))
    let_through = signed_off(RELEASE, MARTS, decisions_of(warehouse))
    report.held = tuple(g for g in report.held if f"{g}@{report.as_of_day}" not in let_through)
    return verdict_of(report)


def verdict_of(report: MartsReport) -> tuple[dict[str, Any], int]:
    """The report as JSON with its error, RE-MART when a group is held, and the exit status."""
    told = report.as_dict()
    if not report.held:
        return told | {"error": None}, 0
    error = SourceChanged("RE-MART", detail=", ".join(f"{f.mart} {f.check} {f.failing:g}" for f in report.failures))
    return told | {"error": error.as_dict()}, error.exit_status


def build_marts(connection: Connection, as_of_day: date, marts: Marts | None = None) -> MartsReport:
    """Make all marts of an open warehouse whose register is built, whole or not at all, and check them.

    as_of_day: the night; what is received, due or born after it is not looked at. A failing mart is made all the same:
    its consistency group and the groups that read from it are `held`. Raises: RE-EMPTY without a register, CT-SPEC for
    bad reference data.
    """
    declared = marts or load_marts()
    report = MartsReport(as_of_day, calendar_ends=calendar().last)
    if not _has_register(connection):
        raise SourceLater("RE-EMPTY", detail="register.build holds no build that ended")
    prepare(connection)
    with transaction(connection):
        load_reference(connection, as_of_day)
        connection.execute("create schema if not exists prepared")
        connection.execute("create schema if not exists marts")
        for file in build_order():
            started = time.monotonic()
            make_table(connection, name(*table_of(file)), relation(FOLDER, file))
            report.seconds[file] = time.monotonic() - started
            if not file.startswith("_"):
                report.rows[file] = _rows(connection, name(*table_of(file)))
        report.unlisted = name_codes(connection, (m for m in declared.marts.values() if m.name in report.rows))
        report.rows["dim_code"] = _rows(connection, name("marts", "dim_code"))
    started = time.monotonic()
    report.failures = check_marts(connection, declared)
    report.held = held_groups(declared, report.failures, reads())
    report.seconds["checks"] = time.monotonic() - started
    return report


@cache
def build_order() -> tuple[str, ...]:
    """The files of `4_marts/`, each after those it reads from; equals by name."""
    needs = reads()
    sorter = TopologicalSorter({file: needs[file] for file in sorted(needs)})
    sorter.prepare()
    order: list[str] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        order += ready
        sorter.done(*ready)
    return tuple(order)


@cache
def reads() -> Mapping[str, frozenset[str]]:
    """Per file the other files it reads from, as named after `marts.` and `prepared.`."""
    files = {path.stem for path in (HOME / FOLDER).glob("*.sql")}
    by_table = {file.removeprefix("_"): file for file in files}
    return {
        file: frozenset(by_table[table] for table in _REFERS.findall(_uncommented(file)) if table in by_table)
        for file in files
    }


def table_of(file: str) -> tuple[str, str]:
    """Schema and table that a file of `4_marts/` makes."""
    return ("prepared", file[1:]) if file.startswith("_") else ("marts", file)


def _has_register(connection: Connection) -> bool:
    tables = connection.execute(
        "select count(*) from duckdb_tables() where schema_name = 'register' and table_name = 'build'"
    ).fetchall()
    if tables != [(1,)]:
        return False
    ended = "select count(*) from register.build where state = 'status' and starts_with(facts, 'complete')"
    return bool(connection.execute(ended).fetchall() == [(1,)])


def _uncommented(file: str) -> str:
    return "\n".join(line.partition("--")[0] for line in relation(FOLDER, file).splitlines())


def _rows(connection: Connection, table: Sql) -> int:
    [(rows,)] = connection.execute(fill("select count(*) from {{table}}", table=table)).fetchall()
    return int(rows)

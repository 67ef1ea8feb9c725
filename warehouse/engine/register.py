"""The register as one pure function of claims, judgements, corrections and a model (register.md).

Flow: claims -> present state of each record -> houses and buildings -> persons -> objects -> winners -> links, states,
reviews -> digest. Houses come first, because a dwelling is evidence for who is who. Only the persons are recomputed in
part; the rest is cheap enough to make anew, and so cannot drift.
Alone: python -m warehouse.engine register [--full]
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from expectations.claims import vocabulary
from expectations.faultpoint import faultpoint, register
from expectations.model import IDENTITY_COLUMNS
from expectations.sql import Sql, fill, joined, name, value
from warehouse.engine.changes import known_at, remember_ids, tell_changes
from warehouse.engine.claimed import COMMON, claim_columns
from warehouse.engine.cluster import Space
from warehouse.engine.connection import Connection, transaction
from warehouse.engine.decided import SHOWN, apply_corrections, decisions_beside, load_judgements, read_decisions
from warehouse.engine.digest import digest_table
from warehouse.engine.houses import (
    BUILDING_SPACES,
    HOUSE_SPACES,
    make_temp,
    parse_addresses,
    resolve_things,
    review_houses,
)
from warehouse.engine.naming import name_members, resolve_ids
from warehouse.engine.persons import resolve_persons
from warehouse.engine.relation import CLAIMS, REGISTER, make_table, register_table, relation, scripts
from warehouse.engine.stays import last_day, make_stays
from warehouse.engine.winners import (
    BUILDING,
    DEVICE,
    FACILITY,
    HOUSE,
    ORGANISATION,
    PERSON,
    STEP,
    THINGS,
    VEHICLE,
    Thing,
    make_provenance,
    make_winner,
)
from warehouse.resolver import Model

register("register.before_persons", "register.before_links", "register.before_commit")

# What the register is: the digest covers these tables and nothing that depends on the nights before.
DIGESTED = (
    *(t.name for t in THINGS), *(f"{t.name}_member" for t in THINGS), *(f"{t.name}_winner" for t in THINGS),
    *(f"{t.name}_state" for t in THINGS if t not in (PERSON,)), "person_house_link", "house_grid",
    "object_location", "organisation_premises", "house_review",
)  # fmt: skip


@dataclass
class RegisterReport:
    """What a build came to: rows per table, seconds per step, what the resolver says, the digest when asked for."""

    rows: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    addresses: int = 0
    corrections: int = 0
    ignored_corrections: list[str] = field(default_factory=list)
    changes: dict[str, int] = field(default_factory=dict)
    resolver: dict[str, Any] = field(default_factory=dict)
    full: bool = False

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready: counts and ids only."""
        return {
            "full": self.full, "rows": self.rows, "addresses_parsed": self.addresses, "corrections": self.corrections,
            "ignored_corrections": self.ignored_corrections, "changes": self.changes, "resolver": self.resolver,
            "seconds": {k: round(v, 3) for k, v in self.seconds.items()},
        }  # fmt: skip


def build_register(
    connection: Connection,
    decisions_engine_url: str | None,
    model: Model,
    known: datetime | None = None,
    full: bool = False,
    night: date | None = None,
) -> RegisterReport:
    """Build the register from the claims of an open warehouse.

    decisions_engine_url: the decision store; that of the home (`decisions_beside`) if not given.
    known: only versions with known_from <= known count (for `as_of`, in a file of its own). full: recompute every
    person; it is done anyway after a build that did not end. night: the day on which a stay is open or unconfirmed; the
    day before the newest version became known if not given.
    """
    report = RegisterReport()
    decided = read_decisions(decisions_engine_url or decisions_beside(connection), known)
    step = _clock(report)
    scripts(connection, REGISTER, "_schema")
    scripts(connection, REGISTER, "_macros")
    scripts(connection, CLAIMS, "_forms")
    report.full = full or not _ended_well(connection)
    _mark(connection, "building")
    step("open", lambda: remember_ids(connection))
    step("present", lambda: _present(connection, known))
    load_judgements(connection, decided)
    report.addresses = step("addresses", lambda: parse_addresses(connection))
    step("houses", lambda: _resolve(connection, HOUSE, HOUSE_SPACES))
    step("buildings", lambda: _resolve(connection, BUILDING, BUILDING_SPACES))
    report.corrections = apply_corrections(connection, decided)
    faultpoint("register.before_persons")
    report.resolver = step("persons", lambda: _persons(connection, model, report.full))
    step("objects", lambda: _objects(connection))
    faultpoint("register.before_links")
    step("stays", lambda: make_stays(connection, night or last_day(known_at(connection)), known))
    step("winners", lambda: _winners(connection))
    step("links", lambda: _links(connection, known))
    report.ignored_corrections = decided.ignored
    resolve_ids(connection, known_at(connection))
    with transaction(connection):
        report.changes = tell_changes(connection)
        faultpoint("register.before_commit")
        _mark(connection, _complete(connection))
    report.rows = {t: _rows(connection, t) for t in sorted({*DIGESTED, "person_review", "person_contested"})}
    return report


def mark_verdict(connection: Connection, held: str | None) -> None:
    """Note beside the build what holds it, if anything: whoever reads the register for readers asks (`held_by`)."""
    connection.execute("delete from register.build where state = 'held'")
    if held is not None:
        connection.execute("insert into register.build values ('held', $held)", {"held": held})


def held_by(connection: Connection) -> str | None:
    """What holds the last build back, None for one that was released."""
    rows = connection.execute("select facts from register.build where state = 'held'").fetchall()
    return str(rows[0][0]) if rows else None


def register_digest(connection: Connection) -> dict[str, str]:
    """Per table of the register an order-independent digest: equal registers have equal digests."""
    return {table: digest_table(connection, "register", table) for table in DIGESTED}


def _clock(report: RegisterReport) -> Callable[[str, Callable[[], Any]], Any]:
    def step(label: str, work: Callable[[], Any]) -> Any:
        started = time.monotonic()
        done = work()
        report.seconds[label] = time.monotonic() - started
        return done

    return step


def _resolve(connection: Connection, thing: Thing, spaces: Sequence[Space]) -> None:
    resolve_things(connection, thing.name, spaces)
    name_members(connection, thing)


def _persons(connection: Connection, model: Model, full: bool) -> dict[str, Any]:
    told = resolve_persons(connection, model, known_at(connection), full=full).as_dict()
    name_members(connection, PERSON)
    return told


def _ended_well(connection: Connection) -> bool:
    """Whether the last build ended and nobody, such as an erasure, has taken rows out of it since."""
    if "person_observation" not in _tables(connection):
        return False
    status = connection.execute("select facts from register.build where state = 'status'").fetchall()
    return bool(status) and status == [(_complete(connection),)]


def _complete(connection: Connection) -> str:
    return f"complete, {_rows(connection, 'person_observation')}, {_rows(connection, 'person_member')}"


def _mark(connection: Connection, status: str) -> None:
    connection.execute("delete from register.build where state = 'status'")
    connection.execute("insert into register.build values ('status', $status)", {"status": status})


def _tables(connection: Connection) -> set[str]:
    rows = connection.execute("select table_name from duckdb_tables() where schema_name = 'register'").fetchall()
    return {table for (table,) in rows}


def _present(connection: Connection, known: datetime | None) -> None:
    tables = [name("claims", claim) for claim in vocabulary()]
    parts = joined((relation(REGISTER, "newest_part", claims=t) for t in tables), "\nunion all\n")
    make_temp(connection, "newest_whole", relation(REGISTER, "newest_whole", parts=parts), {"known": known})
    parts = joined((relation(REGISTER, "source_entity", claims=t) for t in tables), "\nunion\n")
    make_temp(connection, "source_place", relation(REGISTER, "source_place", parts=parts))
    for claim in (*(t.name for t in THINGS), "residence"):
        columns = joined((name("claims", c) for c in _present_columns(claim)), ", ")
        select = relation(REGISTER, "present", claims=name("claims", claim), columns=columns)
        make_temp(connection, f"present_{claim}", select, {"known": known})


def _present_columns(claim: str) -> list[str]:
    """All columns of a claim but the tokens that only an observation needs: they are wide, and copied for nothing."""
    own = [c for c in claim_columns(vocabulary()[claim]) if c not in IDENTITY_COLUMNS or c in SHOWN]
    return [*COMMON, *own]


def _objects(connection: Connection) -> None:
    for thing in (t for t in THINGS if t.key):
        select = relation(REGISTER, "keyed_member", letter=value(thing.letter), key=Sql(thing.key), id=thing.id,
                          present=thing.present)  # fmt: skip
        make_table(connection, thing.member, select)
    register_table(connection, "organisation_member")
    name_members(connection, ORGANISATION)


def _winners(connection: Connection) -> None:
    for thing in THINGS:
        make_winner(connection, thing)
    make_temp(connection, "person_presence", relation(REGISTER, "person_presence"))
    register_table(connection, "person", step=value(STEP))
    for table in ("building", "grid_cell", "device", "vehicle", "organisation", "facility"):
        register_table(connection, table)
    register_table(connection, "house")


def _links(connection: Connection, known: datetime | None) -> None:
    register_table(connection, "grid_edge")
    for table in ("point_grid", "house_grid", "person_house_link", "organisation_premises"):
        register_table(connection, table)
    seen = joined((_seen(t) for t in (DEVICE, VEHICLE, FACILITY)), "\n    union all\n")
    register_table(connection, "object_location", seen=seen)
    review_houses(connection)
    for thing in (t for t in THINGS if t != PERSON):
        _state(connection, thing, known)
    for thing in (HOUSE, BUILDING):
        _alias(connection, thing)
    make_provenance(connection)


def _seen(thing: Thing) -> Sql:
    said = {"grid_code", "lng", "lat"} & set(vocabulary()[thing.name].attributes)
    columns = {c: name("present", c) if c in said else Sql("null") for c in ("grid_code", "lng", "lat")}
    return relation(REGISTER, "object_seen", kind=value(thing.name), id=thing.id, member=thing.member,
                    present=thing.present, **columns)  # fmt: skip


def _state(connection: Connection, thing: Thing, known: datetime | None) -> None:
    table = name("register", f"{thing.name}_state")
    if not thing.stated:
        make_table(connection, table, relation(REGISTER, "present_state", id=thing.id, winner=thing.winner))
        return
    select = relation(REGISTER, "stated_state", id=thing.id, member=thing.member, claims=thing.claims)
    made = fill("create or replace table {{table}} as\n{{select}}", table=table, select=select)
    connection.execute(made, {"known": known})


def _alias(connection: Connection, thing: Thing) -> None:
    select = relation(REGISTER, "alias", id=thing.id, current=name(f"current_{thing.name}_id"), claims=thing.claims,
                      member=thing.member, letter=value(thing.letter))  # fmt: skip
    # A table: the macro that makes ids is temporary and a view could not use it later.
    make_table(connection, name("register", f"{thing.name}_alias"), select)


def _rows(connection: Connection, table: str) -> int:
    [(rows,)] = connection.execute(
        fill("select count(*) from {{table}}", table=name("register", table))
    ).fetchall()  # fmt: skip
    return int(rows)

"""Which id a cluster of records bears: the one that was given out for them, and where the other ids lead now.

A pure function of the clusters and of `register.issue`: it looks at the whole of both each time, so that a night that
recomputed a part of the persons names them as a full build does. Where nothing was given out yet, nothing changes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from datetime import datetime

from expectations.sql import Sql, fill, name, value
from warehouse.engine.connection import Connection
from warehouse.engine.houses import make_temp
from warehouse.engine.issued import is_issued, remember_issued
from warehouse.engine.relation import REGISTER, relation
from warehouse.engine.winners import BUILDING, HOUSE, PERSON, THINGS, Thing

PURE = name("anchor_id")  # of a person: the id its anchor makes, kept beside the one it bears


def name_members(connection: Connection, thing: Thing) -> None:
    """Let the members of a thing, just made under the ids of their anchors, bear the ids that were given out."""
    if not is_issued(connection):
        return
    pure = PURE if thing == PERSON else thing.id
    remember_issued(connection, thing)
    select = relation(REGISTER, "naming", member=thing.member, pure=pure, letter=value(thing.letter))
    make_temp(connection, "naming", select)
    _name_taken(connection, thing)
    for table in (thing.member, *([name("register", "person_review")] if thing == PERSON else [])):
        connection.execute(
            fill(
                "update {{table}} as named set {{id}} = naming.id from temp.naming as naming "
                "where naming.anchor_id = named.{{pure}} and naming.id <> named.{{id}}",
                table=table, id=thing.id, pure=pure,
            )
        )  # fmt: skip


def _name_taken(connection: Connection, thing: Thing) -> None:
    """A cluster whose anchor's id went with another one gets an id that never was."""
    taken = connection.execute("select anchor_id from temp.naming where taken order by anchor_id").fetchall()
    for (anchor,) in taken:
        given = {i for (i,) in connection.execute("select id from temp.naming where not taken").fetchall()}
        given |= {i for (i,) in connection.execute("select distinct id from register.issue").fetchall()}
        fresh = _fresh(thing, anchor, given)
        connection.execute(
            "update temp.naming set id = $fresh, taken = false where anchor_id = $anchor",
            {"fresh": fresh, "anchor": anchor},
        )


def _fresh(thing: Thing, anchor: str, given: Collection[str]) -> str:
    number = 1
    while (made := _made(thing, anchor, number)) in given:
        number += 1
    return made


def _made(thing: Thing, anchor: str, number: int) -> str:
    return thing.letter + hashlib.sha256(f"street-base-register|again|{anchor}|{number}".encode()).hexdigest()[:20]


def resolve_ids(connection: Connection, since: datetime | None) -> None:
    """Make `register.issued_alias`, and from it the alias tables of persons, dwellings and buildings."""
    if not is_issued(connection):
        return
    connection.execute("delete from register.issued_alias")
    for thing in THINGS:
        remember_issued(connection, thing)
        heirs = relation(REGISTER, "heir", thing=value(thing.name), id=thing.id, member=thing.member,
                         letter=value(thing.letter))  # fmt: skip
        rows = connection.execute(heirs).fetchall()
        if rows:
            said = _said(connection, thing)
            current = {i for (i,) in connection.execute(_ids(thing)).fetchall()}
            told = [_resolved(row, said, current, since, thing) for row in rows]
            connection.executemany("insert into register.issued_alias values ($1, $2, $3, $4, $5)", told)
    _hand_on(connection)


def former_id(connection: Connection, thing: Thing, asked: str) -> str | None:
    """The id that one which was given out stands for now, if anything is left of it."""
    there = "select 1 from duckdb_tables() where schema_name = 'register' and table_name = 'issued_alias'"
    if not connection.execute(there).fetchall():
        return None
    rows = connection.execute(
        "select current_id from register.issued_alias where thing = $thing and id = $id and current_id is not null",
        {"thing": thing.name, "id": asked},
    ).fetchall()
    return str(rows[0][0]) if rows else None


def _ids(thing: Thing) -> Sql:
    return fill("select distinct {{id}} from {{member}}", id=thing.id, member=thing.member)


def _said(connection: Connection, thing: Thing) -> dict[str, tuple[str | None, str, datetime | None]]:
    """What the files say each id became, the latest word."""
    rows = connection.execute(
        "select id, arg_max({'to': new_id, 'why': reason, 'at': known_at}, seq) from register.issue "
        "where what = 'alias' and thing = $thing group by id",
        {"thing": thing.name},
    ).fetchall()
    return {i: (said["to"], said["why"], said["at"]) for i, said in rows}


def _resolved(
    row: tuple[str, str | None, int, bool | None],
    said: Mapping[str, tuple[str | None, str, datetime | None]],
    current: Collection[str],
    since: datetime | None,
    thing: Thing,
) -> list[str | datetime | None]:
    old, heir, heirs, known = row
    if heir is None:  # its records are gone; what it was merged into may be there still
        heir = _followed(old, said, current)
        heirs, known = 1, True
    reason = "withdrawn" if heir is None else "split" if heirs > 1 else "merged" if known else "anchor"
    to, why, at = said.get(old, (None, "", None))
    if old in said and to == heir:
        reason, since = why, at
    return [thing.name, old, heir, reason, since]


def _followed(
    old: str, said: Mapping[str, tuple[str | None, str, datetime | None]], current: Collection[str]
) -> str | None:
    seen: set[str] = set()
    at: str | None = old
    while at is not None and at not in current and at not in seen:
        seen.add(at)
        at = said.get(at, (None, "", None))[0]
    return at if at in current else None


def _hand_on(connection: Connection) -> None:
    connection.execute("delete from register.person_alias")
    connection.execute(
        "insert into register.person_alias select id, current_id, reason, since from register.issued_alias "
        "where thing = 'person'"
    )
    for thing in (HOUSE, BUILDING):
        alias, current = name("register", f"{thing.name}_alias"), name(f"current_{thing.name}_id")
        kind = value(thing.name)
        connection.execute(fill(_SAME, alias=alias, current=current, id=thing.id, member=thing.member))
        connection.execute(fill(_FOLLOWED, alias=alias, current=current, id=thing.id, thing=kind))
        connection.execute(fill(_MISSING, alias=alias, id=thing.id, thing=kind))


_SAME = (
    "update {{alias}} set {{current}} = {{id}}, reason = 'same' "
    "where {{id}} in (select {{id}} from {{member}}) and {{current}} is distinct from {{id}}"
)
_FOLLOWED = (
    "update {{alias}} as alias set {{current}} = issued.current_id, reason = 'merged' "
    "from register.issued_alias as issued "
    "where issued.thing = {{thing}} and issued.id = alias.{{id}} and issued.current_id is not null "
    "and alias.{{current}} is distinct from issued.current_id"
)
_MISSING = (
    "insert into {{alias}} select id, current_id, case when current_id is null then 'ended' else 'merged' end, since "
    "from register.issued_alias where thing = {{thing}} and id not in (select {{id}} from {{alias}})"
)

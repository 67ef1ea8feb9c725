"""Person ids from anchors, the rows of the register, and aliases for every id that was ever published."""

from __future__ import annotations

from datetime import datetime

from expectations.sql import Sql, fill, name
from warehouse.engine.connection import Connection
from warehouse.resolver.review import build_reviews
from warehouse.resolver.sql import statement

# Table of the register -> where its new rows are.
TABLES = {
    "member": "obs_key, person_id, person_id as anchor_id, alike, component from r_member",
    "said": "obs_key, profile, house, household, changed_at, component from r_member",
    "profile": "* from r_kept_profile",
    "edge": "* from r_kept_edge",
    "contested": "* from r_kept_contested",
    "block": "* from r_kept_block",
    "review": "*, person_id as anchor_id from r_kept_review",
}


def build_persons(connection: Connection, salt: str) -> None:
    """Make r_person and r_member."""
    connection.execute(statement("person"), {"salt": salt})
    connection.execute(statement("member"))


def build_rows(connection: Connection, observations: Sql, brought: Sql | None) -> None:
    """Make the rows of the other tables, r_kept_*. brought: what a night brought, if it is one."""
    connection.execute(statement("persist_edge"))
    connection.execute(statement("contested"))
    tokens = observations if brought is None else _tokens(connection, observations, brought)
    connection.execute(statement("persist_contested", source=tokens))
    connection.execute(statement("persist_block"))
    connection.execute(statement("persist_profile"))
    build_reviews(connection)


def _tokens(connection: Connection, observations: Sql, brought: Sql) -> Sql:
    """The tokens of contested numbers; the observations are asked only for what neither the night nor the last knew."""
    connection.execute(statement("token", source=brought))
    missing = "select obs_key from r_contested where obs_key not in (select obs_key from r_token)"
    if connection.execute(missing).fetchall():
        text = "insert into r_token select obs_key, id_token from {{observations}} where obs_key in ({{missing}})"
        connection.execute(fill(text, observations=observations, missing=Sql(missing)))
    return name("r_token")


_STALE = (
    "delete from register.person_profile where component in (select component from {{scope}}) "
    "and profile not in (select profile from r_same_profile)"
)
_NEW = (
    "insert into register.person_profile by name select * from r_kept_profile "
    "where profile not in (select profile from r_same_profile)"
)


def replace_rows(connection: Connection, scope: Sql | None) -> None:
    """Put the new rows in the place of those of the components in `scope`, or of all."""
    for table, rows in TABLES.items():
        if table == "profile" and scope is not None:
            # Wide, and most of them say and belong to what they did.
            connection.execute(statement("same_profile"))
            connection.execute(fill(_STALE, scope=scope))
            connection.execute(_NEW)
            continue
        target = name("register", f"person_{table}")
        gone = Sql("") if scope is None else fill("where component in (select component from {{s}})", s=scope)
        connection.execute(fill("delete from {{target}} {{gone}}", target=target, gone=gone))
        connection.execute(fill("insert into {{target}} by name select {{rows}}", target=target, rows=Sql(rows)))
    connection.execute("delete from register.person_hub where id not in (select id from r_hub)")
    connection.execute(
        "insert into register.person_hub select id from r_number where hub and id not in (select id from r_hub)"
    )


def keep_aliases(connection: Connection, salt: str, since: datetime | None) -> tuple[int, int]:
    """Let ids of r_before that are gone resolve to who they are now. Returns how many merged and how many split."""
    connection.execute(statement("alias"), {"salt": salt})
    connection.execute(
        "update register.person_alias as alias set current_person_id = moved.current_person_id "
        "from r_moved as moved where alias.current_person_id = moved.person_id"
    )
    connection.execute(
        "delete from register.person_alias where person_id in (select person_id from r_member) "
        "or person_id in (select person_id from r_moved)"
    )
    connection.execute("insert into register.person_alias select *, $since from r_moved", {"since": since})
    [(merged, split)] = connection.execute(
        "select count(*) filter (where reason = 'merged'), count(*) filter (where reason = 'split') from r_moved"
    ).fetchall()
    return merged, split


def current_id(connection: Connection, person_id: str, salt: str) -> str | None:
    """Who a published id stands for now: itself, its alias, or who holds the record it was made from; else nobody."""
    held = "select person_id from register.person_member where person_id = $id limit 1"
    alias = (
        "select current_person_id from register.person_alias where person_id = $id and current_person_id is not null"
    )
    anchor = (
        "select person_id from register.person_member "
        "where 'P' || substr(sha256($salt || '|' || obs_key), 1, 20) = $id limit 1"
    )
    for question in (held, alias, anchor):
        values = {"id": person_id} | ({"salt": salt} if question is anchor else {})
        if found := connection.execute(question, values).fetchall():
            return str(found[0][0])
    return None

"""Person ids from anchors, the rows of the register, and aliases for every id that was ever published."""

from __future__ import annotations

from datetime import datetime

from expectations.sql import Sql, fill, name
from warehouse.engine.connection import Connection
from warehouse.resolver.candidates import build_keys
from warehouse.resolver.model import Model
from warehouse.resolver.review import build_reviews
from warehouse.resolver.sql import statement

TABLES = ("member", "edge", "contested", "block", "review")


def build_persons(connection: Connection, salt: str) -> None:
    """Make r_person and r_member."""
    connection.execute(statement("person"), {"salt": salt})
    connection.execute(statement("member"))


def build_rows(connection: Connection, model: Model, source: Sql) -> None:
    """Make the rows of the other tables, r_kept_*."""
    connection.execute(statement("persist_edge"))
    connection.execute(statement("contested"))
    connection.execute(statement("persist_contested", source=source))
    build_keys(connection, model, "told")
    connection.execute(statement("persist_block"))
    build_reviews(connection)


def replace_rows(connection: Connection, scope: Sql | None) -> None:
    """Put the new rows in the place of those of the components in `scope`, or of all."""
    for table in TABLES:
        kept = name("r_member" if table == "member" else f"r_kept_{table}")
        target = name("register", f"person_{table}")
        gone = Sql("") if scope is None else fill("where component in (select component from {{s}})", s=scope)
        connection.execute(fill("delete from {{target}} {{gone}}", target=target, gone=gone))
        connection.execute(fill("insert into {{target}} by name select * from {{kept}}", target=target, kept=kept))


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

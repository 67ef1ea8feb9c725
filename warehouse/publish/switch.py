"""The moment of a publish on PostgreSQL: all views of schema `marts` are turned to a new generation's tables, at once.

`marts.<table>` is a view over `marts_gen_<n>.<table>`. Replacing a view keeps the object: grants and dependants stay. A
column that goes, or changes its type, cannot be replaced; the view is then made anew, and a view of somebody else that
is built on it is named (PU-VIEWS) and stops the switch, unless REGISTER_MARTS_FOREIGN_VIEWS is `drop`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import psycopg
from psycopg import sql

from expectations.errors import SourceChanged, SourceLater
from warehouse.publish.versions import select_in

SCHEMA: Final = "marts"
FOREIGN: Final = "REGISTER_MARTS_FOREIGN_VIEWS"
LOCK_FOR: Final = "100ms"  # below deadlock_timeout: we give way before the server chooses a victim
_GENERATIONS: Final = r"marts\_gen\_%"
_RELATIONS: Final = (
    "select relname from pg_class where relnamespace = to_regnamespace('marts') and relkind = any(%s) order by 1"
)
_BUILT_ON: Final = """
select distinct schema.nspname || '.' || dependant.relname
from pg_depend as depends
join pg_rewrite as rule on rule.oid = depends.objid
join pg_class as dependant on dependant.oid = rule.ev_class
join pg_namespace as schema on schema.oid = dependant.relnamespace
where depends.refclassid = 'pg_class'::regclass
    and depends.refobjid in (
        select oid from pg_class
        where relnamespace = to_regnamespace('marts') and (%s::text[] is null or relname = any(%s))
    )
    and schema.nspname <> 'marts'
order by 1
"""
# Grants on the relations of a schema as (relation, grantee), the owner and the office's own reader left out.
_GRANTS: Final = """
select relation.relname, grantee.rolname
from pg_class as relation
cross join lateral aclexplode(relation.relacl) as granted
join pg_roles as grantee on grantee.oid = granted.grantee
where relation.relnamespace = to_regnamespace('marts') and granted.privilege_type = 'SELECT'
    and grantee.oid <> relation.relowner and grantee.rolname <> 'analyst'
"""
_USERS: Final = """
select grantee.rolname
from pg_namespace as schema
cross join lateral aclexplode(schema.nspacl) as granted
join pg_roles as grantee on grantee.oid = granted.grantee
where schema.nspname = 'marts' and granted.privilege_type = 'USAGE'
    and grantee.oid <> schema.nspowner and grantee.rolname <> 'analyst'
"""

Server = psycopg.Connection[Any]


def switch(server: Server, shadow: str, tables: Sequence[str], views: Iterable[Mapping[str, Any]], wait: float) -> None:
    """Make a loaded schema the present generation. Raises SourceLater PU-BUSY, SourceChanged PU-VIEWS.

    tables: what it holds. views: the versioned views, each with its name and its select over `marts`.
    """
    deadline = time.monotonic() + wait
    listed = list(views)
    while True:
        try:
            with server.transaction():
                _turn(server, shadow, tables, listed)
            return
        except psycopg.errors.LockNotAvailable as error:
            if time.monotonic() > deadline:
                raise SourceLater("PU-BUSY", detail=f"{wait:.0f} s") from error
        time.sleep(0.05)


def generations(server: Server) -> list[str]:
    """The schemas of tables, oldest first, the present one last."""
    return sorted(schemas(server, _GENERATIONS), key=lambda s: int(s.rpartition("_")[2]))


def schemas(server: Server, like: str) -> list[str]:
    """The schemas whose names are like this."""
    return [s for (s,) in server.execute("select nspname from pg_namespace where nspname like %s", [like]).fetchall()]


def built_on(server: Server, views: Sequence[str] | None = None) -> list[str]:
    """Views of others that are built on the published marts, on some of them if given."""
    named = None if views is None else list(views)
    return [view for (view,) in server.execute(_BUILT_ON, [named, named]).fetchall()]


def _turn(server: Server, shadow: str, tables: Sequence[str], views: Sequence[Mapping[str, Any]]) -> None:
    """Within the transaction of the switch: readers of the old tables have ended, new ones wait for the commit."""
    server.execute(sql.SQL("set local lock_timeout = {}").format(sql.Literal(LOCK_FOR)))
    grants = server.execute(_GRANTS).fetchall()
    _make_room(server)
    if there := _relations(server, "v"):
        locked = sql.SQL(", ").join(sql.Identifier(SCHEMA, view) for view in there)
        server.execute(sql.SQL("lock table {} in access exclusive mode").format(locked))
    fresh = f"marts_gen_{max((int(s.rpartition('_')[2]) for s in generations(server)), default=0) + 1}"
    server.execute(sql.SQL("alter schema {} rename to {}").format(sql.Identifier(shadow), sql.Identifier(fresh)))
    made: dict[str, sql.Composable] = {t: sql.SQL("select * from {}").format(sql.Identifier(fresh, t)) for t in tables}
    made |= {str(v["view"]): sql.SQL(select_in(str(v["sql"]), SCHEMA, "postgres")) for v in views}
    for view, select in made.items():
        _replace(server, view, select, invoker=view not in tables)
    for view in set(there) - set(made):
        _drop(server, view)
    for view, role in grants:
        if view in made:
            granted = sql.SQL("grant select on {} to {}").format(sql.Identifier(SCHEMA, view), sql.Identifier(role))
            server.execute(granted)
    server.execute("grant usage on schema marts to analyst")
    server.execute("grant select on all tables in schema marts to analyst")


def _make_room(server: Server) -> None:
    """Schema `marts` for views. One that holds tables, of an earlier release, goes aside; who may use it is kept."""
    if not _relations(server, "r"):
        server.execute("create schema if not exists marts")
        return
    if others := built_on(server):
        raise SourceChanged("PU-VIEWS", detail=", ".join(others))
    users = server.execute(_USERS).fetchall()
    locked = sql.SQL(", ").join(sql.Identifier(SCHEMA, t) for t in _relations(server, "r", "v"))
    server.execute(sql.SQL("lock table {} in access exclusive mode").format(locked))
    first = min((int(s.rpartition("_")[2]) for s in generations(server)), default=1)
    server.execute(sql.SQL("alter schema marts rename to {}").format(sql.Identifier(f"marts_gen_{first - 1}")))
    server.execute("create schema marts")
    for (role,) in users:
        server.execute(sql.SQL("grant usage on schema marts to {}").format(sql.Identifier(role)))


def _replace(server: Server, view: str, select: sql.Composable, *, invoker: bool) -> None:
    """Turn a view. invoker: a version is asked with the rights of who asks; a mart's own view opens closed tables."""
    text = sql.SQL("create or replace view {} with (security_invoker = {}) as {}")
    made = text.format(sql.Identifier(SCHEMA, view), sql.SQL("true" if invoker else "false"), select)
    try:
        with server.transaction():
            server.execute(made)
    except psycopg.errors.InvalidTableDefinition:
        _drop(server, view)
        server.execute(made)


def _drop(server: Server, view: str) -> None:
    """Drop a view and our versions of it. Raises SourceChanged PU-VIEWS when views of others are built on it."""
    if os.environ.get(FOREIGN, "refuse") != "drop" and (others := built_on(server, [view])):
        raise SourceChanged("PU-VIEWS", detail=f"{view}: {', '.join(others)}")
    server.execute(sql.SQL("drop view if exists {} cascade").format(sql.Identifier(SCHEMA, view)))


def _relations(server: Server, *kinds: str) -> list[str]:
    return [name for (name,) in server.execute(_RELATIONS, [list(kinds)]).fetchall()]

"""Logins of people and machines on PostgreSQL: members of the office's roles, with their communities.

A person's login is a member of one role and inherits what that may; `scope` says for which communities. The password
goes to the server as a SCRAM-SHA-256 verifier (RFC 5802, 7677), never in clear, so that no server log can hold it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import psycopg
from psycopg import sql

from expectations.errors import CallRejected, SourceLater

PEOPLE: Final = ("steward", "registrar", "analyst", "auditor")
MACHINES: Final = ("pipeline", "publisher", "audit_writer")
SCOPED: Final = ("steward", "registrar")
# A setting of a role is not inherited by its members: each login gets its own.
_SETTINGS: Final = {
    "analyst": {"default_transaction_read_only": "on", "statement_timeout": "60s",
                "idle_in_transaction_session_timeout": "60s"},
}  # fmt: skip


def add_login(url: str, login: str, role: str, password: str, communities: Iterable[str] = ()) -> dict[str, Any]:
    """Make a person's login, or change its password and communities. url: of the database, as its administrator.

    Raises: CallRejected SC-CALL for another role, an empty password or communities without a decision store;
    SourceLater PU-SERVER.
    """
    wanted = sorted(set(communities))
    if role not in PEOPLE or not login.strip() or login in (*PEOPLE, *MACHINES) or len(password) < 12:
        raise CallRejected("SC-CALL", detail=f"a login, a role of {', '.join(PEOPLE)} and 12 characters are needed")
    if bool(wanted) != (role in SCOPED):
        raise CallRejected("SC-CALL", detail=f"communities (or *) are for {', '.join(SCOPED)}, and these need one")
    with _server(url) as server, server.transaction():
        if not server.execute("select from pg_roles where rolname = %s", [login]).fetchone():
            server.execute(sql.SQL("create role {} nosuperuser nocreatedb nocreaterole").format(sql.Identifier(login)))
        _let_in(server, login, password)
        for other in PEOPLE:
            verb = sql.SQL("grant {} to {}") if other == role else sql.SQL("revoke {} from {}")
            server.execute(verb.format(sql.Identifier(other), sql.Identifier(login)))
        for setting, held in _SETTINGS.get(role, {}).items():
            said = sql.SQL("alter role {} set {} = {}")
            server.execute(said.format(sql.Identifier(login), sql.Identifier(setting), sql.Literal(held)))
        _grant(server, login, wanted)
    return {"login": login, "role": role, "communities": wanted, "exit_status": 0}


def set_passwords(url: str, passwords: Mapping[str, str]) -> list[str]:
    """Give the roles that are used directly (machines, a shared desk) their passwords; the roles that got one.

    Raises: CallRejected SC-CALL for an unknown role, SourceLater PU-SERVER.
    """
    if unknown := sorted(set(passwords) - {*PEOPLE, *MACHINES}):
        raise CallRejected("SC-CALL", detail=f"no roles of the office: {', '.join(unknown)}")
    with _server(url) as server, server.transaction():
        for role, password in sorted(passwords.items()):
            _let_in(server, role, password)
    return sorted(passwords)


def _let_in(server: psycopg.Connection[Any], login: str, password: str) -> None:
    sealed = server.pgconn.encrypt_password(password.encode(), login.encode(), b"scram-sha-256").decode()
    said = sql.SQL("alter role {} login password {}")
    server.execute(said.format(sql.Identifier(login), sql.Literal(sealed)))


def _grant(server: psycopg.Connection[Any], login: str, communities: list[str]) -> None:
    """The communities given and no others; a decision store elsewhere has its own `scope` command."""
    [there] = server.execute("select to_regclass('public.scope') is not null").fetchone() or (False,)
    if communities and not there:
        raise CallRejected("SC-CALL", detail="this database holds no decision store; its `scope` command grants")
    if there:
        server.execute("delete from public.scope where login = %s", [login])
        for community in communities:
            server.execute("insert into public.scope values (%s, %s, session_user, localtimestamp)", [login, community])


@contextmanager
def _server(url: str) -> Iterator[psycopg.Connection[Any]]:
    try:
        with psycopg.connect(url, autocommit=True) as server:
            yield server
    except psycopg.Error as error:
        raise SourceLater("PU-SERVER", detail=type(error).__name__) from error

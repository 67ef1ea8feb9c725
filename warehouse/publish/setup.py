"""Preparing a PostgreSQL server: roles, owners and grants of `roles.sql` and `decision_grants.sql`.

Run once by an administrator, and again after an upgrade: every statement may be repeated. No password is set here;
logins get theirs from the administrator, or certificates in pg_hba.conf.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, LiteralString

import psycopg

from expectations.errors import CallRejected, SourceLater

FILES: Final = ("roles.sql", "decision_grants.sql")
LEAST_VERSION: Final = 150_000


def _text(file: str) -> LiteralString:
    text: LiteralString = Path(__file__).with_name(file).read_text("utf8")
    return text


def setup(url: str) -> dict[str, Any]:
    """Make the roles and grants. Raises CallRejected SC-CALL below PostgreSQL 15, SourceLater PU-SERVER."""
    try:
        with psycopg.connect(url) as server:
            if server.info.server_version < LEAST_VERSION:
                raise CallRejected("SC-CALL", detail=f"PostgreSQL {server.info.server_version // 10_000}; 15 or newer")
            for file in FILES:
                server.execute(_text(file))
            roles = server.execute(
                "select rolname from pg_roles where rolname = any(%s) order by 1",
                [["pipeline", "steward", "registrar", "analyst", "auditor", "publisher", "audit_writer"]],
            ).fetchall()
    except psycopg.Error as error:
        raise SourceLater("PU-SERVER", detail=type(error).__name__) from error
    return {"roles": [role for (role,) in roles], "exit_status": 0}

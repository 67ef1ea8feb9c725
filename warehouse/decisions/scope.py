"""Which communities a login may see and decide on: its row rule, the same on both engines.

`scope(login, community_code)` is granted by the administrator; `*` is the whole street. PostgreSQL keeps the rule by
row-level security and knows the login itself. On SQLite the name given with `--by` stands for the login: as long as
nothing was granted to anybody, everybody works for the whole street; from the first grant on, who has none sees
nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Engine, delete, select, text

from expectations.errors import CallRejected
from warehouse.decisions.models import ScopeRow

STREET: Final = "*"


@dataclass(frozen=True)
class Scope:
    """The communities of a login, as full codes; `*` among them is the whole street."""

    communities: frozenset[str]

    @property
    def whole(self) -> bool:
        """Whether it is the whole street."""
        return STREET in self.communities

    def holds(self, community: str | None) -> bool:
        """Whether a row of a community, or of none, is in it."""
        return self.whole or community in self.communities


WHOLE: Final = Scope(frozenset({STREET}))


def within(table: Any, scope: Scope) -> tuple[ColumnElement[bool], ...]:
    """The rule as conditions on a table with `community_code`; none for the whole street."""
    return () if scope.whole else (table.community_code.in_(sorted(scope.communities)),)


def scope_of(engine: Engine, login: str) -> Scope:
    """The scope of who asks. login: as named by the caller; PostgreSQL uses the connection's own instead."""
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            return Scope(frozenset(connection.scalars(text("select * from my_scope()"))))
        rows = connection.execute(select(ScopeRow.login, ScopeRow.community_code)).all()
    if not rows:
        return WHOLE
    return Scope(frozenset(community for granted, community in rows if granted == login))


def demand_whole(engine: Engine) -> None:
    """Refuse a login that would read only part of the decisions and take it for all. Raises CallRejected DS-SCOPE."""
    if engine.dialect.name == "postgresql" and not scope_of(engine, "").whole:
        raise CallRejected("DS-SCOPE", detail="the pipeline reads every community or none")


def grant_scope(engine: Engine, login: str, communities: Iterable[str], *, by: str) -> None:
    """Let a login work for communities; what it has stays. Raises CallRejected SC-CALL without names."""
    wanted = sorted(set(communities))
    if not login.strip() or not by.strip() or not wanted:
        raise CallRejected("SC-CALL", detail="a login, communities and the name of who grants are needed")
    with engine.begin() as connection:
        held = set(connection.scalars(select(ScopeRow.community_code).where(ScopeRow.login == login)))
        rows = [{"login": login, "community_code": c, "granted_by": by, "granted_at": datetime.now()}
                for c in wanted if c not in held]  # fmt: skip
        if rows:
            connection.execute(ScopeRow.__table__.insert(), rows)  # type: ignore[attr-defined]


def withdraw_scope(engine: Engine, login: str, communities: Iterable[str]) -> None:
    """Take communities from a login. Raises CallRejected DS-NONE when it has none of them."""
    gone = delete(ScopeRow).where(ScopeRow.login == login, ScopeRow.community_code.in_(sorted(communities)))
    with engine.begin() as connection:
        if not connection.execute(gone).rowcount:
            raise CallRejected("DS-NONE", detail=f"nothing of it was granted to {login}")


def scopes(engine: Engine) -> list[dict[str, Any]]:
    """Every grant, by login."""
    columns = ScopeRow.__table__.c
    with engine.connect() as connection:
        rows = connection.execute(select(*columns).order_by(columns.login, columns.community_code)).mappings()
        return [{**row, "granted_at": row["granted_at"].isoformat(sep=" ")} for row in rows]

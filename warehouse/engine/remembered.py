"""What people had decided when the register was last built: a build that would forget some of it refuses.

A store that lies elsewhere, was restored from before, or is not configured looks like a store in which nothing was
decided, and every judgement would silently be undone. What an erasure took away is gone rightly.
"""

from __future__ import annotations

from sqlalchemy import select

from expectations.errors import SourceChanged
from warehouse.decisions.models import Correction, Erasure, Judgement
from warehouse.decisions.store import is_there, open_decisions
from warehouse.engine.connection import Connection

_MADE = "create table if not exists register.decision_seen (kind varchar not null, id varchar not null)"
_KINDS = {"judgement": Judgement.judgement_id, "correction": Correction.correction_id, "erasure": Erasure.erasure_id}


def refuse_fewer(connection: Connection, url: str) -> None:
    """Raises SourceChanged RE-FEWER when decisions that the last build knew are in the store no more."""
    known, now = _seen(connection), _held(url)
    if now["erasure"] - known["erasure"]:
        return
    gone = sum(len(known[kind] - now[kind]) for kind in ("judgement", "correction"))
    if gone:
        raise SourceChanged("RE-FEWER", detail=f"{gone}")


def remember_decisions(connection: Connection, url: str) -> None:
    """Note what this build knew."""
    connection.execute(_MADE)
    connection.execute("delete from register.decision_seen")
    rows = [[kind, one] for kind, ids in _held(url).items() for one in sorted(ids)]
    if rows:
        connection.executemany("insert into register.decision_seen values ($1, $2)", rows)


def _seen(connection: Connection) -> dict[str, set[str]]:
    connection.execute("create schema if not exists register")
    connection.execute(_MADE)
    found: dict[str, set[str]] = {kind: set() for kind in _KINDS}
    for kind, one in connection.execute("select kind, id from register.decision_seen").fetchall():
        found[kind].add(one)
    return found


def _held(url: str) -> dict[str, set[str]]:
    if not is_there(url):
        return {kind: set() for kind in _KINDS}
    engine = open_decisions(url)
    try:
        with engine.connect() as store:
            return {kind: {str(one) for (one,) in store.execute(select(column))} for kind, column in _KINDS.items()}
    finally:
        engine.dispose()

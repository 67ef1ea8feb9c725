"""Erasures: the rows of the decision store that say what was deleted and must stay deleted.

An erasure is `begun` with its tombstones in one transaction; from then on nothing it names is loaded again. It is
`done` with its receipt once every store was swept. Readmitting one takes its tombstones out of force, with a reason.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, select, update

from expectations.errors import CallRejected
from warehouse.decisions.models import Erasure, Tombstone
from warehouse.decisions.scope import WHOLE, Scope, within
from warehouse.decisions.tombstones import Stone, add_stones

BEGUN, DONE = "begun", "done"


class ErasureRow(NamedTuple):
    """One erasure; receipt is the JSON text, None while it is `begun`."""

    erasure_id: str
    state: str
    reason: str
    made_by: str
    made_at: datetime
    done_at: datetime | None
    receipt: str | None
    readmitted_by: str | None
    readmitted_at: datetime | None
    readmit_reason: str | None
    community_code: str | None = None


class Standing(NamedTuple):
    """What a steward may know of an erasure: that there is one."""

    erasure_id: str
    state: str
    community_code: str | None


def begin(
    engine: Engine, stones: Iterable[Stone], key_id: str, *, reason: str, by: str, community: str | None = None
) -> str:
    """Record an erasure and its tombstones, and return its id. Raises CallRejected SC-CALL without a reason or name."""
    if not reason.strip() or not by.strip():
        raise CallRejected("SC-CALL", detail="an erasure needs a reason and the name of who orders it")
    made = secrets.token_hex(8)
    row = Erasure(erasure_id=made, state=BEGUN, reason=reason.strip(), made_by=by.strip(), made_at=datetime.now())
    values = {c: getattr(row, c) for c in ("erasure_id", "state", "reason", "made_by", "made_at")}
    values["community_code"] = community
    with engine.begin() as connection:
        connection.execute(Erasure.__table__.insert().values(values))  # type: ignore[attr-defined]
        add_stones(connection, [stone._replace(erasure_id=made) for stone in stones], key_id)
    return made


def erasures(engine: Engine) -> list[ErasureRow]:
    """Every erasure ever made, oldest first."""
    columns = [getattr(Erasure, name) for name in ErasureRow._fields]
    with engine.connect() as connection:
        return [ErasureRow(*row) for row in connection.execute(select(*columns).order_by(Erasure.number))]


def erasures_in_force(engine: Engine) -> list[ErasureRow]:
    """Those that were not readmitted."""
    return [row for row in erasures(engine) if row.readmitted_at is None]


def erasure_of(engine: Engine, digests: Sequence[str]) -> Standing | None:
    """The latest erasure in force that has a tombstone for one of the digests."""
    named = select(Tombstone.erasure_id).where(Tombstone.digest.in_(digests))
    asked = (
        select(Erasure.erasure_id, Erasure.state, Erasure.community_code)
        .where(Erasure.erasure_id.in_(named), Erasure.readmitted_at.is_(None))
        .order_by(Erasure.number.desc())
    )
    with engine.connect() as connection:
        row = connection.execute(asked).first()
    return Standing(*row) if row else None


def stones_of(engine: Engine, erasure_ids: Sequence[str]) -> list[dict[str, Any]]:
    """The tombstones of erasures as plain facts, for their receipts."""
    columns = Tombstone.__table__.c
    asked = select(*columns).where(columns.erasure_id.in_(erasure_ids))
    with engine.connect() as connection:
        rows = connection.execute(asked.order_by(columns.kind, columns.digest)).mappings().all()
    return [dict(row) for row in rows]


def read_work(engine: Engine, erasure_id: str) -> dict[str, Any] | None:
    """What an unfinished erasure had found before its process ended; None before the first look."""
    with engine.connect() as connection:
        work = connection.scalar(select(Erasure.work).where(Erasure.erasure_id == erasure_id))
    return json.loads(work) if work else None


def save_work(engine: Engine, erasure_id: str, work: dict[str, Any]) -> None:
    """Remember what was found, before anything of it is deleted."""
    with engine.begin() as connection:
        text = json.dumps(work, sort_keys=True)
        connection.execute(update(Erasure).where(Erasure.erasure_id == erasure_id).values(work=text))


def finish(connection: Connection, erasure_id: str, receipt: dict[str, Any]) -> None:
    """Close an erasure with its receipt, in the transaction that empties the vault."""
    values = {"state": DONE, "done_at": datetime.now(), "work": None, "receipt": json.dumps(receipt, sort_keys=True)}
    connection.execute(update(Erasure).where(Erasure.erasure_id == erasure_id).values(values))


def readmit(engine: Engine, erasure_id: str, *, reason: str, by: str, scope: Scope = WHOLE) -> None:
    """Let what was erased be collected anew. Raises CallRejected SC-CALL without a reason, DS-NONE for no such one."""
    if not reason.strip() or not by.strip():
        raise CallRejected("SC-CALL", detail="a readmission needs a reason and a name")
    standing = (
        Erasure.erasure_id == erasure_id, Erasure.state == DONE, Erasure.readmitted_at.is_(None),
        *within(Erasure, scope),
    )  # fmt: skip
    values = {"readmitted_by": by, "readmitted_at": datetime.now(), "readmit_reason": reason.strip()}
    with engine.begin() as connection:
        if not connection.execute(update(Erasure).where(*standing).values(values)).rowcount:
            raise CallRejected("DS-NONE", detail=f"no finished erasure {erasure_id} is in force")


def restore(engine: Engine, receipt: dict[str, Any]) -> bool:
    """Take back an erasure that a restored store has lost, from its receipt. Returns whether it was missing."""
    made = str(receipt["erasure_id"])
    if any(row.erasure_id == made for row in erasures(engine)):
        return False
    row = {
        "erasure_id": made, "state": DONE, "reason": receipt["reason"], "made_by": receipt["by"],
        "made_at": datetime.fromisoformat(receipt["at"]), "done_at": datetime.fromisoformat(receipt["done_at"]),
        "receipt": json.dumps(receipt, sort_keys=True), "community_code": receipt.get("community_code"),
    }  # fmt: skip
    with engine.begin() as connection:
        connection.execute(Erasure.__table__.insert().values(row))  # type: ignore[attr-defined]
        for stone in receipt["tombstones"]:
            facts = Stone(stone["digest"], made, stone["kind"], stone["source"], stone["entity"])
            add_stones(connection, [facts], stone["key_id"])
    return True

"""Sign-offs: a steward's word by which something that was held goes on. Append-only; one taken back holds again.

| kind | subject | lets through |
|---|---|---|
| confirm | a load id of a source | a picture or a night that lost or renewed more than the contract allows |
| release | a night of `register`, or `GROUP@NIGHT` of `marts` | what failed a critical rule that night |
| close | `BEGIN/END` or `file:NAME` of a source | a hole, or a refused file, that nobody will read any more |

Nightly run, backfill and rebuild read the same rows: what was let through once is not asked again.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Engine, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from expectations.errors import CallRejected, SourceLater
from warehouse.decisions.models import SignOff
from warehouse.decisions.store import decisions_url, is_there, open_decisions

CONFIRM: Final = "confirm"
RELEASE: Final = "release"
CLOSE: Final = "close"
MARTS: Final = "marts"  # the source of a released group of marts


class SignOffRow(NamedTuple):
    """One sign-off."""

    sign_off_id: str
    kind: str
    source: str
    subject: str
    reason: str
    made_by: str
    made_at: datetime


def sign_off(engine: Engine, kind: str, source: str, subject: str, *, reason: str, by: str) -> str:
    """Record one and return its id. Raises CallRejected SC-CALL without a reason or a name."""
    if not reason.strip() or not by.strip():
        raise CallRejected("SC-CALL", detail="a sign-off needs a reason and the name of who gives it")
    sign_off_id = secrets.token_hex(8)
    with Session(engine) as session, session.begin():
        session.add(SignOff(
            sign_off_id=sign_off_id, kind=kind, source=source, subject=subject, reason=reason.strip(),
            made_by=by.strip(), made_at=datetime.now(),
        ))  # fmt: skip
    return sign_off_id


def revoke_sign_off(engine: Engine, sign_off_id: str, *, by: str) -> None:
    """Take one back; the row stays. Raises CallRejected DS-NONE for an id that is not in force."""
    standing = (SignOff.sign_off_id == sign_off_id, SignOff.revoked_at.is_(None))
    with engine.begin() as connection:
        taken = connection.execute(update(SignOff).where(*standing).values(revoked_by=by, revoked_at=datetime.now()))
        if not taken.rowcount:
            raise CallRejected("DS-NONE", detail=f"no sign-off {sign_off_id} is in force")


def sign_offs_in_force(engine: Engine, kind: str, source: str | None = None) -> list[SignOffRow]:
    """Those of one kind, of one source if given, oldest first."""
    columns = [getattr(SignOff, name) for name in SignOffRow._fields]
    asked = select(*columns).where(SignOff.kind == kind, SignOff.revoked_at.is_(None))
    if source is not None:
        asked = asked.where(SignOff.source == source)
    with Session(engine) as session:
        rows: Any = session.execute(asked.order_by(SignOff.made_at, SignOff.sign_off_id)).all()
        return [SignOffRow(*row) for row in rows]


def signed_off(kind: str, source: str, url: str | None = None) -> Collection[str]:
    """The subjects let through, read from the home's decision store; nothing was, where no store is there.

    Raises: SourceLater DS-STORE when it cannot be asked: what a steward let through is not held again for that.
    """
    where = url or decisions_url()
    try:
        if not is_there(where):
            return frozenset()
        engine = open_decisions(where)
        try:
            return frozenset(row.subject for row in sign_offs_in_force(engine, kind, source))
        finally:
            engine.dispose()
    except DBAPIError as error:
        raise SourceLater("DS-STORE", detail=type(error).__name__) from error

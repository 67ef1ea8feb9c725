"""Quality waivers: a steward's word that a failing rule, or one record under it, holds nothing back until a day.

Append-only rows of the decision store, for they cannot be rebuilt: who, when, why, until when, revoked or not. A waiver
hides nothing: what it covers stays in the quarantine with status `waived`, and the source's verdict keeps a flag.
"""

from __future__ import annotations

import secrets
from datetime import date, datetime

from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from expectations.errors import CallRejected
from expectations.verdict import Waiver
from warehouse.decisions.models import QualityWaiver
from warehouse.decisions.scope import WHOLE, Scope, within


def add_waiver(
    engine: Engine,
    source: str,
    entity: str,
    rule: str,
    *,
    reason: str,
    until: date,
    by: str,
    source_record_id: str | None = None,
    community: str | None = None,
) -> str:
    """Record a waiver and return its id; one of a whole rule has no community.

    Raises: CallRejected SC-CALL without a reason or a name.
    """
    if not reason.strip() or not by.strip():
        raise CallRejected("SC-CALL", detail="a waiver needs a reason and the name of who gives it")
    waiver_id = secrets.token_hex(8)
    with Session(engine) as session, session.begin():
        session.add(
            QualityWaiver(
                waiver_id=waiver_id, source=source, entity=entity, rule=rule, source_record_id=source_record_id,
                reason=reason.strip(), until=until, made_by=by.strip(), made_at=datetime.now(),
                community_code=community,
            )
        )  # fmt: skip
    return waiver_id


def revoke_waiver(engine: Engine, waiver_id: str, *, by: str, scope: Scope = WHOLE) -> None:
    """Take a waiver back; the row stays. Raises CallRejected SC-CALL for an id that is not in force, or in scope."""
    with Session(engine) as session, session.begin():
        standing = (
            QualityWaiver.waiver_id == waiver_id, QualityWaiver.revoked_at.is_(None), *within(QualityWaiver, scope),
        )  # fmt: skip
        found = session.execute(update(QualityWaiver).where(*standing).values(revoked_by=by, revoked_at=datetime.now()))
        if not found.rowcount:  # type: ignore[attr-defined]
            raise CallRejected("SC-CALL", detail=f"no waiver {waiver_id} is in force")


def waivers_in_force(engine: Engine, source: str, night: date) -> list[Waiver]:
    """The waivers of a source that reach the night, oldest first."""
    with Session(engine) as session:
        rows = session.scalars(
            select(QualityWaiver)
            .where(QualityWaiver.source == source, QualityWaiver.until >= night, QualityWaiver.revoked_at.is_(None))
            .order_by(QualityWaiver.made_at, QualityWaiver.waiver_id)
        )
        return [
            Waiver(r.waiver_id, r.source, r.entity, r.rule, r.reason, r.until, r.source_record_id) for r in rows
        ]  # fmt: skip

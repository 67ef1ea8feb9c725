"""Judgements: a steward's word on two observations. Append-only; one that is taken back leaves what was before.

Of two judgements on one pair the later one holds while it is in force. Revoking it brings the earlier one back.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from expectations.errors import CallRejected
from warehouse.decisions.models import Judgement
from warehouse.decisions.scope import WHOLE, Scope, within

KINDS = ("person", "house")
VERDICTS = ("same", "different")


class Record(NamedTuple):
    """Where an observation stands: `source|entity|record_id`."""

    source: str
    entity: str
    record_id: str

    @classmethod
    def parse(cls, text: str) -> Record:
        """Read `source|entity|record_id`; the record id may hold `|` itself. Raises CallRejected SC-CALL."""
        parts = text.split("|", 2)
        if len(parts) != 3 or not all(parts):
            raise CallRejected("SC-CALL", detail="an observation is written source|entity|record_id")
        return cls(*parts)


class JudgementRow(NamedTuple):
    """One judgement; left is the smaller record."""

    judgement_id: str
    kind: str
    left_source: str
    left_entity: str
    left_record_id: str
    right_source: str
    right_entity: str
    right_record_id: str
    verdict: str
    reason: str
    made_by: str
    made_at: datetime
    revoked_by: str | None
    revoked_at: datetime | None

    @property
    def pair(self) -> tuple[str, ...]:
        """Kind and both records: what a later judgement supersedes."""
        return self[1:8]


class Judged(NamedTuple):
    """What `judge` did: the new id, and the judgement in force until now on the same pair."""

    judgement_id: str
    superseded: str | None


def judge(
    engine: Engine, kind: str, one: Record, other: Record, verdict: str, *,
    reason: str, by: str, community: str | None = None,
) -> Judged:  # fmt: skip
    """Record a verdict on two observations. community: the one both are of; without it, the whole street's business.

    Raises: CallRejected SC-CALL for an unknown word, one record, no reason.
    """
    if kind not in KINDS or verdict not in VERDICTS or one == other or not reason.strip() or not by.strip():
        raise CallRejected(
            "SC-CALL", detail=f"two records, a kind of {KINDS}, a verdict of {VERDICTS}, a reason and a name are needed"
        )
    left, right = sorted((one, other))
    row = Judgement(
        judgement_id=secrets.token_hex(8), kind=kind,
        left_source=left.source, left_entity=left.entity, left_record_id=left.record_id,
        right_source=right.source, right_entity=right.entity, right_record_id=right.record_id,
        verdict=verdict, reason=reason.strip(), made_by=by.strip(), made_at=datetime.now(),
        community_code=community,
    )  # fmt: skip
    made = row.judgement_id
    with Session(engine) as session, session.begin():
        session.add(row)
        session.flush()
        earlier = [j for j in _rows(session) if j.pair == (kind, *left, *right) and j.judgement_id != made]
    return Judged(made, earlier[-1].judgement_id if earlier else None)


def revoke_judgement(engine: Engine, judgement_id: str, *, reason: str, by: str, scope: Scope = WHOLE) -> None:
    """Take a judgement back; the row stays. Raises CallRejected DS-NONE for an id that is not in force, or in scope."""
    standing = (Judgement.judgement_id == judgement_id, Judgement.revoked_at.is_(None), *within(Judgement, scope))
    values = {"revoked_by": by, "revoked_at": datetime.now(), "revoke_reason": reason}
    with engine.begin() as connection:
        if not connection.execute(update(Judgement).where(*standing).values(values)).rowcount:
            raise CallRejected("DS-NONE", detail=f"no judgement {judgement_id} is in force")


def judgements_in_force(engine: Engine) -> list[JudgementRow]:
    """One row per judged pair: the latest that was not taken back, oldest first."""
    with Session(engine) as session:
        rows = _rows(session)
    latest = {row.pair: row for row in rows}
    return [row for row in rows if latest[row.pair] is row]


def judgement_history(engine: Engine) -> list[JudgementRow]:
    """Every judgement ever made, oldest first."""
    with Session(engine) as session:
        return _rows(session, everything=True)


def _rows(session: Session, *, everything: bool = False) -> list[JudgementRow]:
    columns = [getattr(Judgement, name) for name in JudgementRow._fields]
    asked = select(*columns).order_by(Judgement.number)
    found: Any = session.execute(asked if everything else asked.where(Judgement.revoked_at.is_(None))).all()
    return [JudgementRow(*row) for row in found]

"""Corrections: what a resident says an attribute of a person or house is, pinned until the source agrees.

Append-only. The register reads `corrections_in_force` as claims of the highest trust. A correction lets go of an
attribute once a version of the corrected record that was known after `at` says the same: from then on the source rules
again. A name or number arrives here as tokens and masks that the edge has made (`Cleared`), never as clear text.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple, TypeAlias

from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from expectations.errors import CallRejected
from warehouse.decisions.judgements import KINDS, Record
from warehouse.decisions.models import Correction
from warehouse.decisions.scope import WHOLE, Scope, within

Cleared: TypeAlias = Mapping[str, str | None]  # identity columns in place of a clear name or number
IDENTITY: Final = ("name", "id_number")  # attributes whose value is a `Cleared`


class CorrectionRow(NamedTuple):
    """One correction; `value` of a name or number is a JSON object of identity columns."""

    correction_id: str
    kind: str
    source: str
    entity: str
    record_id: str
    attribute: str
    value: str | None
    old_value: str | None
    reason: str
    by: str
    at: datetime
    revoked_by: str | None
    revoked_at: datetime | None


def correct(
    engine: Engine,
    kind: str,
    record: Record,
    attribute: str,
    value: str | Cleared | None,
    *,
    old_value: str | Cleared | None,
    reason: str,
    by: str,
    community: str | None = None,
) -> str:
    """Record a correction and return its id; a later one of the same attribute holds instead of it.

    community: of the person or dwelling; without one it is the whole street's business.
    Raises: CallRejected SC-CALL without a reason or name, and for a name or number in clear text.
    """
    if kind not in KINDS or not attribute.strip() or not reason.strip() or not by.strip():
        raise CallRejected("SC-CALL", detail=f"a kind of {KINDS}, an attribute, a reason and a name are needed")
    if attribute in IDENTITY and (isinstance(value, str) or isinstance(old_value, str)):
        raise CallRejected("SC-CALL", detail=f"{attribute}: clear text must pass the edge first")
    row = Correction(
        correction_id=secrets.token_hex(8), kind=kind, source=record.source, entity=record.entity,
        record_id=record.record_id, attribute=attribute.strip(), value=_text(value), old_value=_text(old_value),
        reason=reason.strip(), made_by=by.strip(), made_at=datetime.now(), community_code=community,
    )  # fmt: skip
    made = row.correction_id
    with Session(engine) as session, session.begin():
        session.add(row)
    return made


def revoke_correction(engine: Engine, correction_id: str, *, reason: str, by: str, scope: Scope = WHOLE) -> None:
    """Take a correction back; the row stays. Raises CallRejected DS-NONE for an id not in force, or not in scope."""
    standing = (Correction.correction_id == correction_id, Correction.revoked_at.is_(None), *within(Correction, scope))
    values = {"revoked_by": by, "revoked_at": datetime.now(), "revoke_reason": reason}
    with engine.begin() as connection:
        if not connection.execute(update(Correction).where(*standing).values(values)).rowcount:
            raise CallRejected("DS-NONE", detail=f"no correction {correction_id} is in force")


def corrections_in_force(engine: Engine) -> list[CorrectionRow]:
    """One row per corrected attribute of a record: the latest that was not taken back, oldest first."""
    rows = [row for row in correction_history(engine) if row.revoked_at is None]
    latest = {row[1:6]: row for row in rows}
    return [row for row in rows if latest[row[1:6]] is row]


def correction_history(engine: Engine) -> list[CorrectionRow]:
    """Every correction ever made, oldest first."""
    renamed = {"by": "made_by", "at": "made_at"}
    columns = [getattr(Correction, renamed.get(name, name)) for name in CorrectionRow._fields]
    with Session(engine) as session:
        found: Any = session.execute(select(*columns).order_by(Correction.number)).all()
    return [CorrectionRow(*row) for row in found]


def _text(value: str | Cleared | None) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(dict(value), ensure_ascii=False, sort_keys=True)

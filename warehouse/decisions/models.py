"""Tables of the decision store, declared once for SQLite and PostgreSQL; `migrations/` makes them.

Rows are added, never changed, but for the columns that say a row was taken back (`revoked_*`, `readmitted_*`) and the
progress of an erasure. `community_code` says whose work a row is (`scope.py`); without one it is the whole street's.
Times are Asia/Shanghai wall clock, as everywhere.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, DateTime, Index, Integer, LargeBinary, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """Metadata of the decision store."""


class VaultEntry(Base):
    """One clear name or number, encrypted; `ciphertext` is nonce, text and authentication tag in a row.

    key_id and algorithm say what it takes to read it, so that entries survive a change of either.
    """

    __tablename__ = "vault_entry"
    # The token is the only way in: without a row id SQLite keeps one tree instead of two.
    __table_args__ = ({"sqlite_with_rowid": False},)

    token: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    key_id: Mapped[str] = mapped_column(Text)
    algorithm: Mapped[str] = mapped_column(Text)
    ciphertext: Mapped[bytes] = mapped_column(LargeBinary)


class QualityWaiver(Base):
    """One waiver; `source_record_id` is NULL for a whole rule."""

    __tablename__ = "quality_waiver"

    waiver_id: Mapped[str] = mapped_column(Text, primary_key=True)
    source: Mapped[str] = mapped_column(Text, index=True)
    entity: Mapped[str] = mapped_column(Text)
    rule: Mapped[str] = mapped_column(Text)
    source_record_id: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    until: Mapped[date] = mapped_column(Date)
    made_by: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(DateTime)
    revoked_by: Mapped[str | None] = mapped_column(Text)
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime)
    community_code: Mapped[str | None] = mapped_column(Text)


class SignOff(Base):
    """A steward's word by which something that was held goes on; what it lets through is named by its subject."""

    __tablename__ = "sign_off"

    sign_off_id: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text, index=True)
    subject: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    made_by: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(DateTime)
    revoked_by: Mapped[str | None] = mapped_column(Text)
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime)


class Judgement(Base):
    """A steward's word on two observations, `same` or `different`; left is the smaller (source, entity, record)."""

    __tablename__ = "judgement"
    __table_args__ = (
        Index("judgement_pair", "left_source", "left_entity", "left_record_id"),
        {"sqlite_autoincrement": True},
    )

    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    judgement_id: Mapped[str] = mapped_column(Text, unique=True)
    kind: Mapped[str] = mapped_column(Text)
    left_source: Mapped[str] = mapped_column(Text)
    left_entity: Mapped[str] = mapped_column(Text)
    left_record_id: Mapped[str] = mapped_column(Text)
    right_source: Mapped[str] = mapped_column(Text)
    right_entity: Mapped[str] = mapped_column(Text)
    right_record_id: Mapped[str] = mapped_column(Text)
    verdict: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    made_by: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(DateTime)
    revoked_by: Mapped[str | None] = mapped_column(Text)
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime)
    revoke_reason: Mapped[str | None] = mapped_column(Text)
    community_code: Mapped[str | None] = mapped_column(Text)


class Correction(Base):
    """What a resident or registrar says an attribute of a person or house is; the record names who or what is meant.

    value, old_value: text as the register writes it; of a name or number a JSON object of identity columns (tokens,
    mask, facets), whose clear text lies in the vault.
    """

    __tablename__ = "correction"
    __table_args__ = ({"sqlite_autoincrement": True},)

    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    correction_id: Mapped[str] = mapped_column(Text, unique=True)
    kind: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    entity: Mapped[str] = mapped_column(Text)
    record_id: Mapped[str] = mapped_column(Text)
    attribute: Mapped[str] = mapped_column(Text)
    value: Mapped[str | None] = mapped_column(Text)
    old_value: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    made_by: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(DateTime)
    revoked_by: Mapped[str | None] = mapped_column(Text)
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime)
    revoke_reason: Mapped[str | None] = mapped_column(Text)
    community_code: Mapped[str | None] = mapped_column(Text)


class Erasure(Base):
    """One resident's deletion: `begun` until every store was swept, then `done` with its receipt.

    work: what was found (counts, vault tokens to remove), for a run that was killed; gone once it is done.
    """

    __tablename__ = "erasure"
    __table_args__ = ({"sqlite_autoincrement": True},)

    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    erasure_id: Mapped[str] = mapped_column(Text, unique=True)
    state: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    made_by: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(DateTime)
    done_at: Mapped[datetime | None] = mapped_column(DateTime)
    work: Mapped[str | None] = mapped_column(Text)
    receipt: Mapped[str | None] = mapped_column(Text)
    readmitted_by: Mapped[str | None] = mapped_column(Text)
    readmitted_at: Mapped[datetime | None] = mapped_column(DateTime)
    readmit_reason: Mapped[str | None] = mapped_column(Text)
    community_code: Mapped[str | None] = mapped_column(Text)


class Tombstone(Base):
    """A keyed digest of what must not come back: a record of one entity, or an identity token of any."""

    __tablename__ = "tombstone"

    digest: Mapped[str] = mapped_column(Text, primary_key=True)
    erasure_id: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    source: Mapped[str | None] = mapped_column(Text)
    entity: Mapped[str | None] = mapped_column(Text)
    key_id: Mapped[str] = mapped_column(Text)


class ScopeRow(Base):
    """A community a login may see and decide on; `*` is the whole street. Granted by the administrator."""

    __tablename__ = "scope"

    login: Mapped[str] = mapped_column(Text, primary_key=True)
    community_code: Mapped[str] = mapped_column(Text, primary_key=True)
    granted_by: Mapped[str] = mapped_column(Text)
    granted_at: Mapped[datetime] = mapped_column(DateTime)


class AccessEntry(Base):
    """One look or deed; `hash` covers the row and the hash before it. Never updated, never deleted (triggers)."""

    __tablename__ = "access_log"

    seq: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    at: Mapped[str] = mapped_column(Text)
    who: Mapped[str] = mapped_column(Text)
    role: Mapped[str] = mapped_column(Text)
    action: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    purpose: Mapped[str] = mapped_column(Text)
    outcome: Mapped[str] = mapped_column(Text)
    previous: Mapped[str] = mapped_column(Text)
    hash: Mapped[str] = mapped_column(Text)

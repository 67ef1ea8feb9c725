"""Judgements, corrections, erasures with their tombstones, and the access log with the triggers that keep it."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_SQLITE = (
    "create trigger access_log_keeps_rows before delete on access_log "
    "begin select raise(abort, 'access_log is append-only'); end",
    "create trigger access_log_keeps_values before update on access_log "
    "begin select raise(abort, 'access_log is append-only'); end",
    # `insert or replace` would take the place of a row without a delete.
    "create trigger access_log_appends before insert on access_log "
    "when new.seq <> (select coalesce(max(seq), 0) + 1 from access_log) "
    "begin select raise(abort, 'access_log is append-only'); end",
)
_POSTGRESQL = (
    "create function access_log_refuses() returns trigger language plpgsql as "
    "$$ begin raise exception 'access_log is append-only'; end $$",
    "create trigger access_log_keeps_rows before update or delete on access_log "
    "for each row execute function access_log_refuses()",
    "create trigger access_log_keeps_table before truncate on access_log "
    "for each statement execute function access_log_refuses()",
)


def upgrade() -> None:
    """Make the tables, then the triggers."""
    _make_judgements()
    _make_corrections()
    _make_erasures()
    _make_log()
    for statement in _POSTGRESQL if op.get_bind().dialect.name == "postgresql" else _SQLITE:
        op.execute(statement)


def _words(*names: str, nullable: bool = False) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=nullable) for name in names]


def _made() -> list[sa.Column[str]]:
    made = sa.Column("made_by", sa.Text, nullable=False), sa.Column("made_at", sa.DateTime, nullable=False)
    return [sa.Column("reason", sa.Text, nullable=False), *made]  # type: ignore[list-item]


def _revoked() -> list[sa.Column[str]]:
    revoked = sa.Column("revoked_by", sa.Text), sa.Column("revoked_at", sa.DateTime)
    return [*revoked, sa.Column("revoke_reason", sa.Text)]  # type: ignore[list-item]


def _make_judgements() -> None:
    op.create_table(
        "judgement",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("judgement_id", sa.Text, nullable=False, unique=True),
        *_words("kind", "left_source", "left_entity", "left_record_id"),
        *_words("right_source", "right_entity", "right_record_id", "verdict"),
        *_made(),
        *_revoked(),
        sqlite_autoincrement=True,
    )
    op.create_index("judgement_pair", "judgement", ["left_source", "left_entity", "left_record_id"])


def _make_corrections() -> None:
    op.create_table(
        "correction",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("correction_id", sa.Text, nullable=False, unique=True),
        *_words("kind", "source", "entity", "record_id", "attribute"),
        *_words("value", "old_value", nullable=True),
        *_made(),
        *_revoked(),
        sqlite_autoincrement=True,
    )


def _make_erasures() -> None:
    op.create_table(
        "erasure",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("erasure_id", sa.Text, nullable=False, unique=True),
        *_words("state"),
        *_made(),
        sa.Column("done_at", sa.DateTime),
        *_words("work", "receipt", "readmitted_by", nullable=True),
        sa.Column("readmitted_at", sa.DateTime),
        sa.Column("readmit_reason", sa.Text),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "tombstone",
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("erasure_id", sa.Text, primary_key=True),
        *_words("kind"),
        *_words("source", "entity", nullable=True),
        *_words("key_id"),
    )


def _make_log() -> None:
    op.create_table(
        "access_log",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        *_words("at", "who", "role", "action", "subject", "purpose", "outcome", "previous", "hash"),
    )

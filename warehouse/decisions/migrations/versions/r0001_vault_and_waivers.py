"""The vault and the waivers, as they stood before there were revisions: a store that has them is adopted as it is."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make what is not there."""
    present = sa.inspect(op.get_bind()).get_table_names()
    if "vault_entry" not in present:
        _make_vault()
    if "quality_waiver" not in present:
        _make_waivers()


def _make_vault() -> None:
    op.create_table(
        "vault_entry",
        sa.Column("token", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("key_id", sa.Text, nullable=False),
        sa.Column("algorithm", sa.Text, nullable=False),
        sa.Column("ciphertext", sa.LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )


def _make_waivers() -> None:
    op.create_table(
        "quality_waiver",
        sa.Column("waiver_id", sa.Text, primary_key=True),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("entity", sa.Text, nullable=False),
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("source_record_id", sa.Text),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("until", sa.Date, nullable=False),
        sa.Column("made_by", sa.Text, nullable=False),
        sa.Column("made_at", sa.DateTime, nullable=False),
        sa.Column("revoked_by", sa.Text),
        sa.Column("revoked_at", sa.DateTime),
    )
    op.create_index("ix_quality_waiver_source", "quality_waiver", ["source"])

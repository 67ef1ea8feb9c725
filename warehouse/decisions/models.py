"""Tables of the decision store, declared once for SQLite and PostgreSQL."""

from sqlalchemy import LargeBinary, Text
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

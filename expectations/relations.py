"""How tables and columns of the warehouse are named, for whoever judges them (architecture.md, Names).

The staging table of an entity is `staging.<source>__<entity>`; a column that bears the name of a lineage column is
staged as `source_<name>`. What the checks keep of it lies in `acceptance` and is read through `accepted`.
"""

from __future__ import annotations

from expectations.sql import Sql, name

LINEAGE = (
    "load_id", "source", "source_record_id", "seen_at", "content_hash", "changed_at", "known_from", "op", "untyped",
)  # fmt: skip


def table_name(source: str, entity: str) -> str:
    """`<source>__<entity>`, in each schema."""
    return f"{source}__{entity}"


def staged(source: str, entity: str) -> Sql:
    """All versions of an entity."""
    return name("staging", table_name(source, entity))


def acceptance(source: str, entity: str) -> Sql:
    """Which versions were judged, and how."""
    return name("acceptance", table_name(source, entity))


def accepted(source: str, entity: str) -> Sql:
    """The view: the accepted version of each record."""
    return name("accepted", table_name(source, entity))


def accepted_versions(source: str, entity: str) -> Sql:
    """The view: every accepted version, for whoever needs the history."""
    return name("accepted", f"{table_name(source, entity)}__versions")


def staged_column(column: str) -> str:
    """The staged name of a contract column."""
    return f"source_{column}" if column.casefold() in LINEAGE else column

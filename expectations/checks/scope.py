"""What a predicate may speak of: the columns of one entity, its other versions, and the tables of other sources.

A predicate that looks at other rows finds the bad ones in a query of its own and asks whether a row is among them
(`content_hash in (...)`): it may not lean on the row around it, because Great Expectations wraps the rows in queries
whose names nobody knows, and because such a query runs once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from expectations.checks.arguments import Reference
from expectations.model import Check, Entity
from expectations.relations import staged, staged_column
from expectations.sql import Sql, fill, joined, name, value, values


@dataclass(frozen=True)
class Scope:
    """One entity of a source, as the SQL of its checks sees it."""

    source: str
    entity: Entity

    def column(self, column: str) -> Sql:
        """The staged column of a contract column."""
        return name(staged_column(column))

    def columns(self, columns: Iterable[str]) -> Sql:
        """Several of them, with commas between."""
        return joined((self.column(c) for c in columns), ", ")

    def entity_type(self, column: str) -> str:
        """The contract type of a landed column."""
        return next(c.type for c in self.entity.landed() if c.name == column)

    @property
    def versions(self) -> Sql:
        """All versions of this entity, deletions among them."""
        return staged(self.source, self.entity.name)

    @property
    def newest(self) -> Sql:
        """The newest version of each record, as a query in brackets; `superseded` is the run's own table."""
        return fill(
            "(select * from {{versions}} where op = 'upsert'"
            " and content_hash not in (select content_hash from superseded))",
            versions=self.versions,
        )

    @property
    def history_begin(self) -> Sql:
        """Since when this entity is loaded: what is older was never seen, which proves nothing."""
        return fill(
            "(select min(window_begin) from ledger.load where source = {{source}} and entity = {{entity}})",
            source=value(self.source), entity=value(self.entity.name),
        )  # fmt: skip

    def target(self, reference: Reference) -> Sql:
        """All versions of a referenced entity."""
        return staged(reference.source or self.source, reference.entity)

    def sibling(self, entity: str) -> Sql:
        """All versions of another entity of this source."""
        return staged(self.source, entity)


def having(codes: Mapping[str, tuple[str, ...]]) -> Sql:
    """The condition that columns hold one of their codes; true for no columns."""
    if not codes:
        return Sql("true")
    return joined(
        (fill("{{c}} in {{v}}", c=name(staged_column(c)), v=values(v)) for c, v in codes.items()), " and "
    )  # fmt: skip


def concerned(check: Check) -> Sql:
    """The check's own `when`, for the query of a predicate that looks at other rows of its entity."""
    return having(check.when)

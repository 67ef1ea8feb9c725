"""What a predicate may speak of: the columns of one entity, its other versions, and the tables of other sources."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from expectations.model import Entity
from expectations.relations import staged, staged_column
from expectations.sql import Sql, name


@dataclass(frozen=True)
class Scope:
    """One entity of a source, as the SQL of its checks sees it."""

    source: str
    entity: Entity

    def column(self, column: str) -> Sql:
        """The staged column of a contract column."""
        return name(staged_column(column))

    def columns(self, columns: Iterable[str]) -> list[Sql]:
        """Several of them."""
        return [self.column(c) for c in columns]

    def entity_type(self, column: str) -> str:
        """The contract type of a landed column."""
        return next(c.type for c in self.entity.landed() if c.name == column)

    @property
    def versions(self) -> Sql:
        """All versions of this entity."""
        return staged(self.source, self.entity.name)

    def sibling(self, entity: str) -> Sql:
        """All versions of another entity of this source."""
        return staged(self.source, entity)

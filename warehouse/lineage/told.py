"""The lineage of one column as people read it: fields with their names, systems, and what decides."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from expectations.claims import vocabulary
from expectations.model import Text
from warehouse.lineage.fields import title
from warehouse.lineage.graph import Lineage, as_column
from warehouse.lineage.parts import FILTER, JOIN, ROWS, Column

DERIVED = ("prepared.", "marts.")  # what decides is told within these: further up, nearly everything meets
# Relations of the register that only its makers know by name.
INTERNAL = (
    "_member", "_winner", "_said", "_observation", "_alias", "_judged", "_profile", "_state", "address", "build",
)  # fmt: skip
IDS = ("_id", "_key", "_hash", ROWS)


@dataclass(frozen=True)
class FieldTold:
    """A field of a contract: the system, the record, the field, by name."""

    column: Column
    zone: str
    system: Text
    entity: Text
    field: Text

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {"field": str(self.column), "zone": self.zone, "system": vars(self.system), "title": vars(self.field)}


@dataclass(frozen=True)
class ColumnTold:
    """A column: the fields in its value, those that only decide, where else it begins, the relations between."""

    column: Column
    fields: tuple[FieldTold, ...]
    deciding: tuple[FieldTold, ...]
    origins: tuple[tuple[str, Text], ...]
    through: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "column": str(self.column), "fields": [f.as_dict() for f in self.fields],
            "deciding": [f.as_dict() for f in self.deciding],
            "origins": [{"relation": r, "title": vars(t)} for r, t in self.origins], "through": list(self.through),
        }  # fmt: skip


def tell(lineage: Lineage, column: Column | str) -> ColumnTold:
    """What is in a column of a mart and what decides it. Raises LookupError for a column that does not exist."""
    asked = as_column(column)
    if asked.name not in lineage.columns.get(asked.relation, ()):
        raise LookupError(f"{asked} does not exist")
    left_out = lineage.left_out(asked.relation)
    values = {c for c in lineage.upstream(asked) if c.relation not in left_out}
    deciding: set[Column] = set()
    for decider in _deciders(lineage, asked):
        deciding |= {c for c in (decider, *lineage.upstream(decider)) if c.relation not in left_out}
    origins = {
        c.relation: said
        for c in values if not lineage.is_field(c) and (said := lineage.origin(c)) is not None
    }  # fmt: skip
    if any(map(lineage.is_field, values)):
        origins.pop("ledger.load", None)  # a source's time is held against the time it was loaded: no origin of its own
    return ColumnTold(
        asked, tuple(named(lineage, values)), tuple(named(lineage, deciding - values)), tuple(sorted(origins.items())),
        tuple(sorted({c.relation for c in values if has_a_name(c.relation)} - {asked.relation})),
    )  # fmt: skip


def has_a_name(relation: str) -> bool:
    """Whether people know a relation between the fields and the marts: claims, register, prepared tables, marts."""
    schema, _, table = relation.partition(".")
    if schema == "claims":
        return table in vocabulary()
    if schema == "register":
        return not table.endswith(INTERNAL) and "[" not in table
    return schema in ("prepared", "marts")


def named(lineage: Lineage, columns: Iterable[Column]) -> list[FieldTold]:
    """The fields among some columns, by the number of their system."""
    found = []
    for column in sorted(c for c in columns if lineage.is_field(c)):
        source, _, entity = column.relation.partition(".")
        contract = lineage.contracts[source]
        declared = contract.entities[entity]
        found.append(FieldTold(column, contract.zone, contract.title, declared.title, title(declared, column.name)))
    # Who counts records and reads a field of them needs to be told of the field only.
    precise = {f.column.relation for f in found if f.column.name != ROWS}
    return [f for f in found if f.column.name != ROWS or f.column.relation not in precise]


def _deciders(lineage: Lineage, asked: Column) -> set[Column]:
    """What decides a column or its rows in the SQL of the marts; the ids by which rows meet tell nothing to people."""
    deciders: set[Column] = set()
    queue, seen = [asked], {asked}
    while queue:
        here = queue.pop()
        for dep in lineage.into(here):
            if dep.kind in (FILTER, JOIN):
                deciders |= set() if dep.column.name.endswith(IDS) else {dep.column}
            elif dep.column.relation.startswith(DERIVED) and dep.column not in seen:
                seen.add(dep.column)
                queue.append(dep.column)
    return deciders

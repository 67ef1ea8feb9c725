"""The nouns of a lineage: a column, what it depends on and how, and a relation as a set of such columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

ROWS = "*"  # the rows of a relation, as a column of it: what a count counts
VALUE, ROW, JOIN, FILTER, MEMBER = "value", "row", "join", "filter", "member"


class Column(NamedTuple):
    """`relation` is `<schema>.<table>`, or `<source>.<entity>` for a field of a contract."""

    relation: str
    name: str

    def __str__(self) -> str:
        return f"{self.relation}.{self.name}"


class Dep(NamedTuple):
    """One column that something depends on.

    kind: `value` (it is in the value), `row` (its rows make the rows), `join` and `filter` (it decides which rows meet
    or stay), `member` (a column stands in the rows of its relation). own: reached only by rows of one source, because
    the source is part of the join. copied: the value itself, not something made of it.
    """

    column: Column
    kind: str
    own: bool = False
    copied: bool = False


Deps = frozenset[Dep]
NO_DEPS: Deps = frozenset()


@dataclass
class Relation:
    """The columns of a relation and what its rows depend on.

    by_source: every row belongs to one source, which its column `source` names. parts: of a union whose branches say
    in their first column which kind of thing they tell of, the branches by that word. folded: a row stands for any
    number of rows of what it was made from.
    """

    columns: Mapping[str, Deps]
    rows: Deps = NO_DEPS
    by_source: bool = False
    parts: Mapping[str, Relation] = field(default_factory=dict)
    folded: bool = False


def as_kind(deps: Iterable[Dep], kind: str) -> Deps:
    """The same columns, as deciding and no longer as being the value."""
    return frozenset(Dep(d.column, kind, d.own) for d in deps)


def made_of(deps: Iterable[Dep]) -> Deps:
    """The same columns under an expression: no longer a copy."""
    return frozenset(d._replace(copied=False) for d in deps)


def within_source(relation: Relation) -> Relation:
    """A relation joined on the source of its rows."""
    return Relation(
        {c: frozenset(d._replace(own=True) for d in deps) for c, deps in relation.columns.items()},
        frozenset(d._replace(own=True) for d in relation.rows),
        relation.by_source,
    )


def part_of(relation: str, part: str) -> str:
    """The rows of a relation that tell of one kind of thing, as a relation of its own."""
    return f"{relation}[{part}]"


def whole(part: str, name: str) -> Dep:
    """How a column of the whole depends on the same column of one of its parts."""
    return Dep(Column(part, name), ROW if name == ROWS else VALUE, copied=True)


def table_relation(relation: str, columns: Iterable[str], *, by_source: bool) -> Relation:
    """A relation that is read as it lies there."""
    return Relation(
        {c: frozenset({Dep(Column(relation, c), VALUE, copied=True)}) for c in columns},
        frozenset({Dep(Column(relation, ROWS), ROW)}),
        by_source,
    )

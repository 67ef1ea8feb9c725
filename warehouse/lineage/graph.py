"""The lineage of every column, from the fields of the contracts to the marts, and questions to it.

`read_lineage` has the engine build an empty warehouse and reads its statements (record.py), adds what Python makes
(python.yml) and what the edge and staging do (fields.py). Alone: python -m warehouse.lineage marts.<mart>.<column>
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from expectations.contract import Contract, contracts_folder, load_contract
from expectations.model import Text
from expectations.strict import read_yaml
from warehouse.lineage.fields import records, staging
from warehouse.lineage.parts import MEMBER, ROW, ROWS, VALUE, Column, Dep, part_of, whole
from warehouse.lineage.record import record
from warehouse.lineage.statements import Edges, Statements

BY_HAND = Path(__file__).with_name("python.yml")
Keep = Callable[[Column, Dep], bool]


@dataclass
class Lineage:
    """What each column depends on. columns: by relation, in order. only: relations that hold some kinds only.

    folded: relations whose rows are sums over rows. by_source: whether every row of a relation is of one source.
    """

    edges: Mapping[Column, frozenset[Dep]]
    columns: Mapping[str, tuple[str, ...]]
    contracts: Mapping[str, Contract]
    origins: Mapping[str, Text]
    only: Mapping[str, frozenset[str]] = field(default_factory=dict)
    folded: frozenset[str] = frozenset()
    by_source: Mapping[str, bool] = field(default_factory=dict)

    def into(self, column: Column) -> Iterable[Dep]:
        """What a column depends on directly; that it stands in the rows of its relation included."""
        yield from self.edges.get(column, ())
        if column.name != ROWS:
            yield Dep(Column(column.relation, ROWS), MEMBER)

    @cached_property
    def _out(self) -> Mapping[Column, list[tuple[Column, Dep]]]:
        out: dict[Column, list[tuple[Column, Dep]]] = {}
        for target, deps in self.edges.items():
            for dep in deps:
                out.setdefault(dep.column, []).append((target, dep))
        for relation, names in self.columns.items():
            member = Dep(Column(relation, ROWS), MEMBER)
            out.setdefault(member.column, []).extend((Column(relation, n), member) for n in names)
        return out

    def upstream(self, column: Column | str, *, values: bool = True) -> set[Column]:
        """What is in the value of a column; with values=False also what decides its rows, at any distance."""
        start = as_column(column)
        return self._walk([start], lambda c: ((d.column, d) for d in self.into(c)), _is_value if values else _any)

    def downstream(self, column: Column | str, *, values: bool = True, keep: Keep | None = None) -> set[Column]:
        """Where a column goes to; values as in `upstream`. keep: edges to follow only."""
        chosen = _is_value if values else keep or _any
        return self._walk([as_column(column)], lambda c: self._out.get(c, ()), chosen)

    def paths(self, source: Column | str, target: Column | str, keep: Keep | None = None) -> list[tuple[Column, str]]:
        """A shortest path from one column to another, each step with its kind; empty if there is none."""
        first, last = as_column(source), as_column(target)
        came: dict[Column, tuple[Column, str]] = {}
        queue = deque([first])
        while queue and last not in came:
            here = queue.popleft()
            for there, dep in self._out.get(here, ()):
                if there not in came and there != first and (keep is None or keep(there, dep)):
                    came[there] = (here, dep.kind)
                    queue.append(there)
        steps: list[tuple[Column, str]] = []
        while last in came:
            before, kind = came[last]
            steps.append((last, kind))
            last = before
        return [(first, ""), *reversed(steps)] if steps else []

    def is_field(self, column: Column) -> bool:
        """Whether the column is a field of a contract, or the records of one of its entities."""
        return column.relation.partition(".")[0] in self.contracts

    def origin(self, column: Column) -> Text | None:
        """What a column is where a lineage may begin without a field."""
        return self.origins.get(column.relation) or self.origins.get(column.relation.partition(".")[0])

    def left_out(self, relation: str) -> set[str]:
        """The records whose claims are all of a kind that a relation leaves out by its own condition."""
        kinds = self.only.get(relation)
        if not kinds:
            return set()
        claimed = {c.relation.partition(".")[2] for c in self.upstream(Column(relation, ROWS))
                   if c.relation.startswith("claims.")}  # fmt: skip
        found = set()
        for contract in self.contracts.values():
            for entity in contract.entities.values():
                said = [c.attributes.get("kind") for c in entity.claims if c.entity in claimed]
                if said and all(s is not None and s.constant is not None and s.constant not in kinds for s in said):
                    found.add(records(contract, entity))
        return found

    def fields(self) -> list[Column]:
        """Every field of every contract, the records of each entity first."""
        return [
            Column(records(contract, entity), name)
            for contract in self.contracts.values() for entity in contract.entities.values()
            for name in (ROWS, *(c.name for c in entity.columns))
        ]  # fmt: skip

    def extended(self, *statements: str) -> Lineage:
        """The lineage if these statements were run too: what a change would do, before it is one."""
        reader = Statements(lambda table: list(self.columns.get(table, ())), {})
        reader.columns = {r: list(c) for r, c in self.columns.items()}
        reader.by_source = dict(self.by_source)
        for text in statements:
            reader.take(text)
        edges = dict(self.edges)
        for column, deps in reader.edges.items():
            edges[column] = edges.get(column, frozenset()) | deps
        columns = {r: tuple(c) for r, c in reader.columns.items()}
        return replace(self, edges=edges, columns=columns, folded=self.folded | reader.folded)

    @staticmethod
    def _walk(start: list[Column], steps: Any, keep: Keep) -> set[Column]:
        found: set[Column] = set()
        queue = list(start)
        while queue:
            here = queue.pop()
            for there, dep in steps(here):
                if there not in found and keep(there, dep):
                    found.add(there)
                    queue.append(there)
        return found


def as_column(column: Column | str) -> Column:
    """`schema.table.column` as a column; the name after the last dot. Raises ValueError without two dots."""
    if isinstance(column, Column):
        return column
    relation, dot, name = column.rpartition(".")
    if not dot or "." not in relation:
        raise ValueError(f"{column!r} is not schema.table.column")
    return Column(relation, name)


def _is_value(_: Column, dep: Dep) -> bool:
    return dep.kind in (VALUE, ROW)


def _any(_: Column, dep: Dep) -> bool:
    return True


@cache
def read_lineage() -> Lineage:
    """The lineage of the contracts of the folder. Raises LookupError for SQL or a relation that is unknown."""
    keys = sorted(p.stem for p in contracts_folder().glob("*.yml") if read_yaml(p).get("source") == p.stem)
    return lineage_of([load_contract(key) for key in keys])


def lineage_of(contracts: Iterable[Contract]) -> Lineage:
    """The same for these contracts."""
    listed = list(contracts)
    said = read_yaml(BY_HAND)
    statements = record(listed, {r: m["key"] for r, m in said["made"].items() if "key" in m})
    edges: Edges = {**statements.edges}
    columns = {r: tuple(c) for r, c in statements.columns.items() if c}
    add_by_hand(edges, columns, said["made"], statements.handed)
    for column, deps in staging(listed).items():
        edges.setdefault(column, set()).update(deps)
    return Lineage(
        {c: frozenset(d) for c, d in edges.items()}, columns, {c.source: c for c in listed},
        {r: Text(**t) for r, t in said["origins"].items()}, statements.only,
        frozenset(statements.folded), statements.by_source,
    )  # fmt: skip


def add_by_hand(
    edges: Edges, columns: Mapping[str, tuple[str, ...]], made: Mapping[str, Mapping[str, Any]], handed: set[str]
) -> None:
    """Add the edges that Python makes; handed: the relations whose rows it handed to the engine.

    Raises: LookupError for one of them that is not declared, or a declared relation or column that does not exist.
    """
    if unsaid := sorted(handed - set(made)):
        raise LookupError(f"python.yml does not say where these come from: {', '.join(unsaid)}")
    for relation, said in made.items():
        _by_hand(edges, columns, relation, said)


def _by_hand(edges: Edges, columns: Mapping[str, tuple[str, ...]], relation: str, made: Mapping[str, Any]) -> None:
    for part in made.get("parts", [""]):
        given = [name.format(part=part) for name in made["of"]]
        sources = [c for name in given for c in _columns_of(name, columns)]
        rows = {Dep(Column(name if name in columns else name.rpartition(".")[0], ROWS), ROW) for name in given}
        target = part_of(relation, part) if part else relation
        alike = columns[made["same"]] if "same" in made else ()
        for name in _of(relation, columns):
            same = {Dep(Column(made["same"], name), VALUE, copied=True)} if name in alike else None
            deps = same or {Dep(c, VALUE) for c in sources}
            edges.setdefault(Column(target, name), set()).update(deps)
        edges.setdefault(Column(target, ROWS), set()).update(rows)
        if part:
            for name in (*_of(relation, columns), ROWS):
                edges.setdefault(Column(relation, name), set()).add(whole(target, name))


def _columns_of(name: str, columns: Mapping[str, tuple[str, ...]]) -> list[Column]:
    if name in columns:
        return [Column(name, c) for c in columns[name]]
    relation, _, column = name.rpartition(".")
    if column not in columns.get(relation, ()):
        raise LookupError(f"python.yml: {name} does not exist")
    return [Column(relation, column)]


def _of(relation: str, columns: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    if relation not in columns:
        raise LookupError(f"python.yml: {relation} does not exist")
    return columns[relation]

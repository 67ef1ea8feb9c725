"""From the fields of the contracts to the staged columns, and what the fields are called."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from expectations.contract import Contract
from expectations.model import IDENTITY_COLUMNS, Entity, Identity, Text
from expectations.model import Column as Field
from expectations.relations import staged_column, table_name
from warehouse.lineage.parts import FILTER, ROW, ROWS, VALUE, Column, Dep
from warehouse.lineage.statements import Edges

LOAD = Column("ledger.load", "window_end")


def records(contract: Contract, entity: Entity) -> str:
    """The relation of an entity's fields, `<source>.<entity>`."""
    return f"{contract.source}.{entity.name}"


def staging(contracts: Iterable[Contract]) -> Edges:
    """The edges into `staging.*`: each landed column from its field, the common ones from key, times and content."""
    edges: Edges = {}
    for contract in contracts:
        for entity in contract.entities.values():
            table, relation = f"staging.{table_name(contract.source, entity.name)}", records(contract, entity)
            for name, said, kind in (*_landed(entity), *_common(entity)):
                edges.setdefault(Column(table, name), set()).update(Dep(Column(relation, f), kind) for f in said)
            edges[Column(table, "known_from")] = {Dep(LOAD, VALUE)}
            edges[Column(table, ROWS)] = {Dep(Column(relation, ROWS), ROW)}
    return edges


def behind(entity: Entity, landed: str) -> tuple[str, ...]:
    """The fields of the contract that a landed column is made of."""
    if entity.identity and landed in IDENTITY_COLUMNS:
        return _identity(entity.identity, landed)
    known = {c.name for c in entity.columns}
    for suffix in ("_suppressed", "_mask"):
        if landed not in known and landed.removesuffix(suffix) in known:
            return (landed.removesuffix(suffix),)
    return (landed,)


def title(entity: Entity, field: str) -> Text:
    """The name of a field without its code list; of `*`, of the record itself."""
    if field == ROWS:
        return Text(f"{entity.title.zh}（记录）", f"{entity.title.en} (records)")
    found: Field = entity.column(field)
    return Text(found.title.zh.split("（")[0], found.title.en.split("(")[0].strip())


def _landed(entity: Entity) -> Iterator[tuple[str, tuple[str, ...], str]]:
    for column in entity.landed():
        yield staged_column(column.name).lower(), behind(entity, column.name), VALUE


def _common(entity: Entity) -> Iterator[tuple[str, tuple[str, ...], str]]:
    known = {c.name for c in entity.columns}
    every = tuple(dict.fromkeys(f for c in entity.landed() for f in behind(entity, c.name)))
    deleted = ("deleted_at",) if "deleted_at" in known else ()
    yield "source_record_id", tuple(f for k in entity.key for f in behind(entity, k)), VALUE
    yield "changed_at", (*((entity.changed_at,) if entity.changed_at else ()), *entity.clock_else, *deleted), VALUE
    yield "op", (*deleted, ROWS), VALUE
    yield "content_hash", every, FILTER  # tells versions apart and says nothing
    yield "untyped", every, VALUE


def _identity(identity: Identity, landed: str) -> tuple[str, ...]:
    """What a token, mask or facet of the edge is made of (register.md, Persons)."""
    number = (identity.number, *((identity.number_type,) if identity.number_type else ()))
    if landed.startswith("id_"):
        return number
    bound: tuple[str, ...] = ()
    if landed.endswith(("_idbirth_token", "_id_token")):
        bound = number
    elif landed.endswith("_birth_token"):
        bound = (identity.birth,)
    return (*identity.name, *bound)

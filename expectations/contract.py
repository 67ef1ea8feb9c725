"""One contract per source: which fields are taken, how they leave the decoder, and what they must be.

`load_contract(key)` reads `expectations/<key>.yml`. The landing schema, the staging table, the checks, the labels
and the docs are all made from it at run time. A contract that declares a denied attribute does not load.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from expectations.checks.reading import read_checks, read_fresh, read_text, read_volume
from expectations.claims import check_references, read_claims
from expectations.denied import refuse_denied
from expectations.errors import CallRejected
from expectations.model import (
    DEFAULT_FORMATS,
    DELETIONS,
    DELIVERIES,
    EDGES,
    IDENTITY_COLUMNS,
    NOT_TOLD,
    PURPOSES,
    SNAPSHOT,
    TYPES,
    ZONES,
    Check,
    Column,
    Contract,
    DropRule,
    Entity,
    Identity,
    Text,
    Volume,
)
from expectations.strict import read_yaml, take

__all__ = [
    "IDENTITY_COLUMNS",
    "ZONES",
    "Check",
    "Column",
    "Contract",
    "DropRule",
    "Entity",
    "Identity",
    "Text",
    "Volume",
    "contracts_folder",
    "load_contract",
]

FOLDER = Path(__file__).parent
_ARGUMENTS = ("purpose", "mask", "bands", "below", "length", "map", "other")  # of the edge verbs


def contracts_folder() -> Path:
    """Where the contracts lie."""
    return FOLDER


@cache
def load_contract(source: str, folder: Path | None = None) -> Contract:
    """Read and validate one contract.

    Raises: CallRejected CT-SPEC for a file that is not valid, CT-DENIED for a denied attribute.
    """
    path = (folder or FOLDER) / f"{source}.yml"
    raw = read_yaml(path)
    where = path.name
    take(raw, where, required=("source", "zone", "title", "owner", "fix_hint", "retention", "entities"))
    if raw["source"] != source:
        raise CallRejected("CT-SPEC", detail=f"{where}: source {raw['source']!r} is not the name of the file")
    if raw["zone"] not in ZONES:
        raise CallRejected("CT-SPEC", detail=f"{where}: zone must be one of {', '.join(ZONES)}")
    entities = {name: _entity(name, body, f"{where}: {name}", raw["zone"]) for name, body in raw["entities"].items()}
    check_references(entities, where)
    return Contract(
        source=source,
        zone=raw["zone"],
        title=read_text(raw["title"], where),
        owner=read_text(raw["owner"], where),
        fix_hint=read_text(raw["fix_hint"], where),
        retention=str(raw["retention"]),
        entities=entities,
        version=hashlib.sha256(path.read_bytes()).hexdigest(),
    )


def _entity(name: str, raw: dict[str, Any], where: str, zone: str) -> Entity:
    take(
        raw,
        where,
        required=("title", "key", "columns"),
        optional=("changed_at", "clock_else", "delivery", "deletions", "empty", "ignore", "drop", "identity", "no_urls",
                  "floor", "rows", "fresh", "checks", "claims"),
    )  # fmt: skip
    columns = tuple(_column(n, c or {}, f"{where}.{n}", name) for n, c in raw["columns"].items())
    entity = Entity(
        name=name,
        title=read_text(raw["title"], where),
        key=tuple(raw["key"]),
        changed_at=raw.get("changed_at"),
        delivery=_one_of(raw.get("delivery", "changes"), DELIVERIES, f"{where}.delivery"),
        deletions=_deletions(raw, f"{where}.deletions"),
        empty_ok=_one_of(raw.get("empty", "ok"), ("ok", "fail"), f"{where}.empty") == "ok",
        columns=columns,
        ignore=tuple(raw.get("ignore", ())),
        drops=tuple(_drop(n, d, f"{where}.drop.{n}") for n, d in raw.get("drop", {}).items()),
        identity=_identity(raw["identity"], f"{where}.identity") if "identity" in raw else None,
        no_urls=bool(raw.get("no_urls", False)),
        floor=float(raw["floor"]) if "floor" in raw else None,
        clock_else=tuple(raw.get("clock_else", ())),
    )
    _check_entity(entity, where, zone)
    return replace(
        entity,
        rows=read_volume(raw["rows"], f"{where}.rows") if "rows" in raw else None,
        fresh=read_fresh(raw["fresh"], f"{where}.fresh") if "fresh" in raw else None,
        checks=read_checks(raw.get("checks") or {}, entity, f"{where}.checks"),
        claims=read_claims(raw.get("claims") or {}, entity, f"{where}.claims", zone),
    )


def _deletions(raw: dict[str, Any], where: str) -> str:
    """A complete picture tells them, and nothing else does unless the contract says so."""
    picture = raw.get("delivery") == SNAPSHOT
    return _one_of(raw.get("deletions", SNAPSHOT if picture else NOT_TOLD), DELETIONS, where)


def _check_entity(entity: Entity, where: str, zone: str) -> None:
    """What no single key can say: references inside the entity, and the zone's promise."""
    names = {c.name for c in entity.columns}
    # A drop rule may go by a field that is seen and not kept.
    wanted = {*entity.key, *(d.column for d in entity.drops if not entity.ignores(d.column))}
    wanted |= {*entity.clock_else, *((entity.changed_at,) if entity.changed_at else ())}
    if entity.identity:
        i = entity.identity
        wanted |= {i.number, *i.name, i.birth, i.sex} | ({i.number_type} if i.number_type else set())
    if missing := sorted(wanted - names):
        raise CallRejected("CT-SPEC", detail=f"{where}: {missing[0]!r} is named but is not a column")
    if both := sorted(n for n in names if entity.ignores(n)):
        raise CallRejected("CT-SPEC", detail=f"{where}: {both[0]!r} is both a column and ignored")
    before = [old for c in entity.columns for old in c.was or ()]
    if twice := sorted(old for old in before if old in names or before.count(old) > 1):
        raise CallRejected("CT-SPEC", detail=f"{where}: {twice[0]!r} was one column's name and is another's")
    if zone != "R" and entity.identity:
        raise CallRejected("CT-DENIED", detail=f"{where}: zone {zone} never carries a person key")
    if entity.identity is None and any(c.edge == "identity" for c in entity.columns):
        raise CallRejected("CT-SPEC", detail=f"{where}: edge identity needs an identity block")


def _column(name: str, raw: dict[str, Any], where: str, entity: str) -> Column:
    take(
        raw,
        where,
        required=("zh", "en"),
        optional=("type", "format", "edge", "required", "nulls", "was", *_ARGUMENTS),
    )
    kind = _one_of(raw.get("type", "text"), TYPES, f"{where}.type")
    edge = _one_of(raw.get("edge", "keep"), EDGES, f"{where}.edge")
    formats = raw.get("format", DEFAULT_FORMATS.get(kind, ()))
    args: dict[str, Any] = {k: raw[k] for k in _ARGUMENTS if k in raw}
    needs = {
        "token": "purpose",
        "band": "bands",
        "below": "below",
        "prefix": "length",
        "map": "map",
        "suppress": "below",
    }
    if edge in needs and needs[edge] not in args:
        raise CallRejected("CT-SPEC", detail=f"{where}: edge {edge} needs {needs[edge]!r}")
    if edge == "token":
        _one_of(args["purpose"], PURPOSES, f"{where}.purpose")
    column = Column(
        name=name,
        title=Text(str(raw["zh"]), str(raw["en"])),
        type=kind,
        formats=(formats,) if isinstance(formats, str) else tuple(formats),
        edge=edge,
        args=args,
        required=bool(raw.get("required", False)),
        nulls=tuple(str(n) for n in raw.get("nulls", ())),
        was=tuple(str(n) for n in raw["was"]) if "was" in raw else None,
    )
    for called in (column.name, *(column.was or ())):
        refuse_denied(called, column.title.zh, column.title.en, where)
    return column


def _drop(name: str, raw: dict[str, Any], where: str) -> DropRule:
    take(raw, where, required=("column",), optional=("values", "keep"))
    if ("values" in raw) == ("keep" in raw):
        raise CallRejected("CT-SPEC", detail=f"{where}: a drop rule names either values or keep")
    values = raw["keep"] if "keep" in raw else raw["values"]
    return DropRule(name, raw["column"], tuple(str(v) for v in values), "keep" in raw)


def _identity(raw: dict[str, Any], where: str) -> Identity:
    take(raw, where, required=("number", "name", "birth", "sex"), optional=("number_type",))
    name = raw["name"]
    return Identity(
        number=raw["number"],
        name=(name,) if isinstance(name, str) else tuple(name),
        birth=raw["birth"],
        sex=raw["sex"],
        number_type=raw.get("number_type"),
    )


def _one_of(value: Any, valid: tuple[str, ...], where: str) -> str:
    if value not in valid:
        raise CallRejected("CT-SPEC", detail=f"{where}: {value!r} is not one of {', '.join(valid)}")
    return str(value)

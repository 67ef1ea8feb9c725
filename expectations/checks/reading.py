"""Reads the `checks`, `rows` and `fresh` of a contract entity: unknown kinds and arguments are refused by name."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from expectations.checks.arguments import span
from expectations.checks.registry import Kind, all_kinds
from expectations.errors import CallRejected
from expectations.model import BLANK, EFFECTS, NULL_POLICIES, SEVERITIES, Check, Entity, Text, Volume
from expectations.strict import take

MOST_RULES = 62  # one bit each in a BIGINT
_COMMON = ("column", "columns", "tolerance", "effect", "blanks", "because", "nulls", "when", "fix_hint", "owner")
_RULE = re.compile(r"[a-z][a-z0-9_]{2,79}")


def read_text(raw: Any, where: str) -> Text:
    """A text in both languages."""
    if not isinstance(raw, dict):
        raise CallRejected("CT-SPEC", detail=f"{where}: a text needs zh and en")
    take(raw, where, required=("zh", "en"))
    return Text(str(raw["zh"]), str(raw["en"]))


def read_checks(raw: Mapping[str, Any], entity: Entity, where: str) -> tuple[Check, ...]:
    """The checks of one entity, in the contract's order. Raises CallRejected CT-SPEC."""
    if len(raw) > MOST_RULES:
        raise CallRejected("CT-SPEC", detail=f"{where}: {len(raw)} rules, {MOST_RULES} fit")
    return tuple(_check(rule, body, entity, f"{where}.{rule}") for rule, body in raw.items())


def read_volume(raw: Any, where: str) -> Volume:
    """`{min: 0.5, max: 2.0}`: what the contract calls plausible, against the median of the last good loads."""
    if not isinstance(raw, dict):
        raise CallRejected("CT-SPEC", detail=f"{where}: rows needs min, max or both")
    take(raw, where, optional=("min", "max"))
    low, high = (_share(raw.get(k), where, 1000.0) if k in raw else None for k in ("min", "max"))
    if low is not None and high is not None and low >= high:
        raise CallRejected("CT-SPEC", detail=f"{where}: min must be below max")
    return Volume(low, high)


def read_fresh(raw: Any, where: str) -> timedelta:
    """`2d`: how old the newest change may be."""
    try:
        return span(raw)
    except ValueError as error:
        raise CallRejected("CT-SPEC", detail=f"{where}: {error} is wanted") from error


def _check(rule: str, raw: Any, entity: Entity, where: str) -> Check:
    if not _RULE.fullmatch(rule) or not isinstance(raw, dict):
        raise CallRejected("CT-SPEC", detail=f"{where}: a rule has a name in snake_case and a mapping")
    kind = _kind(raw.get("check"), where)
    take(raw, where, required=("check", "zh", "en", "severity"), optional=(*_COMMON, *kind.arguments))
    severity = _one_of(raw["severity"], SEVERITIES, f"{where}.severity")
    if "tolerance" in raw and severity != "critical":
        raise CallRejected("CT-SPEC", detail=f"{where}: only a critical rule has a tolerance")
    columns = _columns(raw, kind, entity, where)
    effect = _one_of(raw.get("effect", BLANK), EFFECTS, f"{where}.effect")
    return Check(
        rule=rule,
        kind=kind.name,
        columns=columns,
        title=Text(str(raw["zh"]), str(raw["en"])),
        severity=severity,
        tolerance=_share(raw.get("tolerance", 0.0), f"{where}.tolerance", 1.0),
        effect=effect,
        blanks=_blanks(raw, kind, columns, entity, where) if effect == BLANK else _no_blanks(raw, effect, where),
        because=_because(raw, effect, where),
        nulls=_one_of(raw.get("nulls", "pass"), NULL_POLICIES, f"{where}.nulls"),
        when=_when(raw.get("when") or {}, entity, f"{where}.when"),
        args=_arguments(raw, kind, where),
        fix_hint=read_text(raw["fix_hint"], where) if "fix_hint" in raw else None,
        owner=read_text(raw["owner"], where) if "owner" in raw else None,
    )


def _kind(name: Any, where: str) -> Kind:
    kinds = all_kinds()
    if name in kinds:
        return kinds[name]
    near = difflib.get_close_matches(str(name), kinds, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"valid are {', '.join(kinds)}"
    raise CallRejected("CT-SPEC", detail=f"{where}: unknown check {name!r}; {hint}")


def _columns(raw: Mapping[str, Any], kind: Kind, entity: Entity, where: str) -> tuple[str, ...]:
    if ("column" in raw) == ("columns" in raw):
        raise CallRejected("CT-SPEC", detail=f"{where}: a check names either column or columns")
    given = raw["columns"] if "columns" in raw else [raw["column"]]
    low, high = kind.columns
    if not isinstance(given, list) or len(given) < low or (high is not None and len(given) > high):
        count = f"{low}" if low == high else f"{low} to {high or 'any'}"
        raise CallRejected("CT-SPEC", detail=f"{where}: {kind.name} speaks of {count} column(s)")
    for column in given:
        _demand_column(column, entity, where)
    return tuple(given)


def _blanks(
    raw: Mapping[str, Any], kind: Kind, columns: tuple[str, ...], entity: Entity, where: str
) -> tuple[str, ...]:
    """What a failing row loses: never what names it or orders its versions."""
    if kind.name == "present" and "blanks" not in raw:
        raise CallRejected("CT-SPEC", detail=f"{where}: what is not there cannot be emptied; effect: note says so")
    given = raw.get("blanks", list(columns))
    if not isinstance(given, list) or not given:
        raise CallRejected("CT-SPEC", detail=f"{where}.blanks: a list of columns is wanted")
    for column in given:
        _demand_column(column, entity, where)
        if column in (*entity.key, entity.changed_at, *entity.clock_else):
            raise CallRejected(
                "CT-SPEC", detail=f"{where}: {column} names the record or orders its versions and is never emptied; "
                "effect: quarantine, with because, or note",
            )  # fmt: skip
    return tuple(given)


def _no_blanks(raw: Mapping[str, Any], effect: str, where: str) -> tuple[str, ...]:
    if "blanks" in raw:
        raise CallRejected("CT-SPEC", detail=f"{where}: {effect} empties nothing, so blanks says nothing")
    return ()


def _because(raw: Mapping[str, Any], effect: str, where: str) -> Text | None:
    """A row goes wholly only with a reason that stands beside the rule."""
    if (effect == "quarantine") != ("because" in raw):
        raise CallRejected(
            "CT-SPEC", detail=f"{where}: effect: quarantine, and nothing else, needs because: {{zh, en}}: why not even "
            "the other columns of the row can be used (its identity, its key, the order of its times)",
        )  # fmt: skip
    return read_text(raw["because"], f"{where}.because") if "because" in raw else None


def _demand_column(column: Any, entity: Entity, where: str) -> None:
    names = [c.name for c in entity.landed()]
    if column not in names:
        near = difflib.get_close_matches(str(column), names, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise CallRejected("CT-SPEC", detail=f"{where}: {column!r} is no column of {entity.name}{hint}")


def _when(raw: Mapping[str, Any], entity: Entity, where: str) -> dict[str, tuple[str, ...]]:
    for column, codes in raw.items():
        _demand_column(column, entity, where)
        if not isinstance(codes, list) or not codes or not all(isinstance(c, str) for c in codes):
            raise CallRejected("CT-SPEC", detail=f"{where}.{column}: a list of codes in quotes is wanted")
    return {column: tuple(codes) for column, codes in raw.items()}


def _arguments(raw: Mapping[str, Any], kind: Kind, where: str) -> dict[str, Any]:
    found = {}
    for name, argument in kind.arguments.items():
        if name not in raw:
            if argument.required:
                raise CallRejected("CT-SPEC", detail=f"{where}: {kind.name} needs {name!r}")
            found[name] = argument.default
            continue
        try:
            found[name] = argument.reads(raw[name])
        except (ValueError, re.error) as error:
            raise CallRejected("CT-SPEC", detail=f"{where}.{name}: {error} is wanted") from error
    return found


def _one_of(value: Any, valid: tuple[str, ...], where: str) -> str:
    if value not in valid:
        raise CallRejected("CT-SPEC", detail=f"{where}: {value!r} is not one of {', '.join(valid)}")
    return str(value)


def _share(raw: Any, where: str, most: float) -> float:
    if isinstance(raw, bool) or not isinstance(raw, (int, float)) or not 0 <= raw <= most:
        raise CallRejected("CT-SPEC", detail=f"{where}: a number from 0 to {most:g} is wanted")
    return float(raw)

"""The rules of `register.yml`: what must be true of a register that was built, as data; evaluated by the warehouse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from expectations.checks.reading import read_text
from expectations.errors import CallRejected
from expectations.model import SEVERITIES, Text
from expectations.strict import read_yaml, take

FILE = Path(__file__).with_name("register.yml")
SOURCE = "register"  # the key under which its results stand among those of the sources
# Per kind the arguments it takes: `name` is an identifier of the register, `number` a constant.
KINDS: Mapping[str, Mapping[str, str]] = {
    "one_valid_number": {},
    "size": {"member": "name", "id": "name", "max": "number"},
    "no_orphan": {"table": "name", "id": "name", "of": "name"},
    "ordered": {"table": "name", "from": "name", "to": "name"},
    "one_current": {"table": "name", "id": "name"},
    "seamless": {"table": "name", "id": "name"},
    "churn": {"thing": "name"},
    "waiting": {},
}


@dataclass(frozen=True)
class RegisterRule:
    """One rule. tolerance: the share of rows that may fail before a critical rule stops the publish."""

    rule: str
    kind: str
    title: Text
    severity: str
    tolerance: float
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class RegisterRules:
    """The whole file."""

    owner: Text
    hint: Text
    rules: tuple[RegisterRule, ...]


def load_register_rules(path: Path = FILE) -> RegisterRules:
    """Read and validate the file. Raises CallRejected CT-SPEC."""
    raw = read_yaml(path)
    take(raw, path.name, required=("owner", "fix_hint", "checks"))
    rules = tuple(_rule(n, body, f"{path.name}: {n}") for n, body in raw["checks"].items())
    return RegisterRules(read_text(raw["owner"], path.name), read_text(raw["fix_hint"], path.name), rules)


def _rule(rule: str, raw: Any, where: str) -> RegisterRule:
    if not isinstance(raw, dict) or raw.get("check") not in KINDS:
        raise CallRejected("CT-SPEC", detail=f"{where}: check must be one of {', '.join(KINDS)}")
    kinds = KINDS[raw["check"]]
    take(raw, where, required=("check", "zh", "en", "severity", *kinds), optional=("tolerance",))
    if raw["severity"] not in SEVERITIES:
        raise CallRejected("CT-SPEC", detail=f"{where}: severity must be one of {', '.join(SEVERITIES)}")
    for argument, kind in kinds.items():
        wanted = str if kind == "name" else (int, float)
        if not isinstance(raw[argument], wanted) or isinstance(raw[argument], bool):
            raise CallRejected("CT-SPEC", detail=f"{where}.{argument}: a {kind} is wanted")
    return RegisterRule(
        rule, raw["check"], Text(raw["zh"], raw["en"]), raw["severity"], float(raw.get("tolerance", 0.0)),
        {a: raw[a] for a in kinds},
    )  # fmt: skip

"""The model file: comparison rules, weights and thresholds as data, read strictly and named by its digest.

Weights are whole hundredths of a bit, so that sums are exact and a pair's score is the same on every machine. The
model in use is named in `settings.yml` with its SHA-256: another file, or a changed one, is refused until a person has
written its digest there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from expectations.errors import CallRejected

FOLDER = Path(__file__).parent
SETTINGS = FOLDER / "settings.yml"
# Atom -> how many column names and how many constants follow it.
ATOMS = {
    "equal": (1, 0), "any": (2, 0), "both": (1, 0), "one_missing": (1, 0), "is": (1, 1),
    "differs": (1, 0), "date_near": (1, 0), "share_home": (0, 0), "both_home": (0, 0), "similar": (1, 1),
    "edits": (1, 1), "crossed": (2, 0),
}  # fmt: skip
VERDICTS = ("none", "review", "same")

Atom = tuple[str, ...]
Alternatives = tuple[tuple[Atom, ...], ...]


@dataclass(frozen=True)
class Level:
    """One outcome of a comparison: the first of its list whose `when` (alternatives of atoms that all hold) is true."""

    name: str
    when: Alternatives
    weight: int
    fixed: bool = False  # training leaves the weight as it is: too rare to be learned


@dataclass(frozen=True)
class Comparison:
    """Levels from the most to the least telling; the last one has no condition."""

    name: str
    levels: tuple[Level, ...]


@dataclass(frozen=True)
class Cap:
    """What a pair may come to at most when each named comparison came out as one of the levels listed."""

    at_most: str
    when: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Block:
    """Pairs that agree on all columns of one of the keys are compared. `home` stands for each dwelling."""

    name: str
    keys: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Model:
    """A frozen model; `digest` is the SHA-256 of its file.

    same, review: weights from which a pair is one person, or a case for a person. margin: how much better the best of
    two candidates that exclude each other must be. hub: a number under so many names is no evidence.
    """

    name: str
    version: int
    prior: int
    same: int
    review: int
    margin: int
    hub: int
    exclusive: tuple[str, ...]
    seen_twice: tuple[str, ...]
    blocks: tuple[Block, ...]
    comparisons: tuple[Comparison, ...]
    caps: tuple[Cap, ...]
    trained: Mapping[str, Any]
    digest: str


def load_model(path: Path) -> Model:
    """Read a model file. Raises CallRejected RE-MODEL for anything unknown, missing or of another shape."""
    text = path.read_bytes()
    try:
        return _model(json.loads(text), hashlib.sha256(text).hexdigest())
    except (KeyError, TypeError, ValueError) as error:
        raise CallRejected("RE-MODEL", detail=f"{path.name}: {type(error).__name__} {error}") from error


def model_in_use(settings: Path = SETTINGS) -> Model:
    """The model that the settings name. Raises CallRejected RE-MODEL when the file is not the one reviewed."""
    named = yaml.safe_load(settings.read_text("utf8"))
    model = load_model(settings.parent / "models" / named["model"])
    if model.digest != named["sha256"]:
        raise CallRejected("RE-MODEL", detail=f"{named['model']} has the digest {model.digest}; see {settings.name}")
    return model


def salt_in_use(settings: Path = SETTINGS) -> str:
    """What person ids are salted with; it never changes, or every id would."""
    return str(yaml.safe_load(settings.read_text("utf8"))["salt"])


def _model(raw: Mapping[str, Any], digest: str) -> Model:
    numbers = ("version", "prior", "same", "review", "margin", "hub")
    _only(raw, {"name", *numbers, "exclusive", "seen_twice", "blocks", "comparisons", "caps", "trained"}, "model")
    comparisons = tuple(map(_comparison, raw["comparisons"]))
    levels = {c.name: {level.name for level in c.levels} for c in comparisons}
    if len(levels) < len(comparisons) or not comparisons:
        raise ValueError("comparisons need names of their own")
    integers = {name: _integer(raw[name]) for name in numbers}
    if not integers["review"] <= integers["same"] or integers["margin"] < 0 or integers["hub"] < 2:
        raise ValueError("review <= same, margin >= 0 and hub >= 2")
    return Model(
        name=_text(raw["name"]),
        **integers,
        exclusive=_texts(raw["exclusive"]),
        seen_twice=_texts(raw["seen_twice"]),
        blocks=tuple(map(_block, raw["blocks"])),
        comparisons=comparisons,
        caps=tuple(_cap(cap, levels) for cap in raw["caps"]),
        trained=dict(raw["trained"]),
        digest=digest,
    )


def _comparison(raw: Mapping[str, Any]) -> Comparison:
    _only(raw, {"name", "levels"}, "comparison")
    levels = tuple(map(_level, raw["levels"]))
    if any(not level.when for level in levels[:-1]) or levels[-1].when:
        raise ValueError(f"{raw['name']}: the last level, and no other, has no condition")
    if len({level.name for level in levels}) < len(levels):
        raise ValueError(f"{raw['name']}: levels need names of their own")
    return Comparison(_text(raw["name"]), levels)


def _level(raw: Mapping[str, Any]) -> Level:
    _only(raw, {"name", "when", "weight", "fixed"}, "level", optional={"fixed"})
    when = tuple(tuple(_atom(atom) for atom in every) for every in raw["when"])
    return Level(_text(raw["name"]), when, _integer(raw["weight"]), bool(raw.get("fixed", False)))


def _atom(raw: list[str]) -> Atom:
    if not raw or raw[0] not in ATOMS or len(raw) != 1 + sum(ATOMS[raw[0]]):
        raise ValueError(f"no such condition: {raw}")
    return tuple(map(_text, raw))


def _cap(raw: Mapping[str, Any], levels: Mapping[str, set[str]]) -> Cap:
    _only(raw, {"at_most", "when"}, "cap")
    when = {name: _texts(listed) for name, listed in raw["when"].items()}
    if raw["at_most"] not in VERDICTS or not when:
        raise ValueError(f"a cap is one of {VERDICTS}, under a condition")
    if unknown := [n for name, listed in when.items() for n in listed if n not in levels[name]]:
        raise ValueError(f"no such level: {unknown[0]}")
    return Cap(raw["at_most"], when)


def _block(raw: Mapping[str, Any]) -> Block:
    _only(raw, {"name", "keys"}, "block")
    return Block(_text(raw["name"]), tuple(_texts(key) for key in raw["keys"]))


def _only(raw: Mapping[str, Any], wanted: set[str], what: str, optional: Iterable[str] = ()) -> None:
    if wrong := set(raw) ^ wanted - (set(optional) - set(raw)):
        raise ValueError(f"{what}: {sorted(wrong)} unknown or missing")


def _text(raw: Any) -> str:
    if not isinstance(raw, str) or not raw:
        raise TypeError("expected a text")
    return raw


def _texts(raw: Any) -> tuple[str, ...]:
    if not isinstance(raw, list):
        raise TypeError("expected a list of texts")
    return tuple(map(_text, raw))


def _integer(raw: Any) -> int:
    if type(raw) is not int:
        raise TypeError("expected a whole number")
    return raw

"""Parsers of the arguments of kinds: YAML in, value out, ValueError with what was wanted."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from expectations.code_lists import code_list
from expectations.errors import CallRejected

_SPAN = re.compile(r"(\d{1,4})([hd])")


@dataclass(frozen=True)
class Argument:
    """One argument of a kind. `reads` turns YAML into a value and raises ValueError with what it wants."""

    reads: Callable[[Any], Any]
    required: bool = True
    default: Any = None


def required(reads: Callable[[Any], Any]) -> Argument:
    """An argument that must be there."""
    return Argument(reads)


def optional(reads: Callable[[Any], Any], default: Any = None) -> Argument:
    """One that need not."""
    return Argument(reads, required=False, default=default)


@dataclass(frozen=True)
class Reference:
    """A column of another entity, in this source or in another.

    history: how far back the other must have been loaded before its silence means anything; None: a snapshot
    or a file says all it knows each time.
    """

    source: str | None  # None: the source of the contract
    entity: str
    column: str
    history: timedelta | None = None


def number(raw: Any) -> Decimal:
    """A number."""
    if isinstance(raw, bool) or not isinstance(raw, (int, float)):
        raise ValueError("a number")
    return Decimal(str(raw))


def whole(raw: Any) -> int:
    """A whole number."""
    if isinstance(raw, bool) or not isinstance(raw, int):
        raise ValueError("a whole number")
    return raw


def flag(raw: Any) -> bool:
    """True or false."""
    if not isinstance(raw, bool):
        raise ValueError("true or false")
    return raw


def word(raw: Any) -> str:
    """A word."""
    if not isinstance(raw, str) or not raw:
        raise ValueError("a word")
    return raw


def words(raw: Any) -> tuple[str, ...]:
    """A list of words."""
    if not isinstance(raw, list) or not raw or not all(isinstance(w, str) and w for w in raw):
        raise ValueError("a list of words in quotes")
    return tuple(raw)


def day(raw: Any) -> date:
    """A date."""
    if not isinstance(raw, date):
        raise ValueError("a date, 1900-01-01")
    return raw


def span(raw: Any) -> timedelta:
    """A time span: `2d` or `12h`."""
    found = _SPAN.fullmatch(str(raw))
    if not found:
        raise ValueError("a time span, 2d or 12h")
    return timedelta(**{"h": {"hours": int(found[1])}, "d": {"days": int(found[1])}}[found[2]])


def pattern(raw: Any) -> str:
    """An anchored pattern. `~` and partial matches differ between engines, and `\\u` is read by some only."""
    text = word(raw)
    if not (text.startswith("^") and text.endswith("$")) or "\\u" in text:
        raise ValueError(r"a pattern anchored with ^ and $, without \u")
    re.compile(text)
    return text


def code_sets(raw: Any) -> Mapping[str, tuple[str, ...]]:
    """`{column: [code, …]}`."""
    if not isinstance(raw, dict) or not raw:
        raise ValueError("a mapping of columns to lists of codes")
    return {word(column): words(codes) for column, codes in raw.items()}


def codes_of(raw: Any) -> str:
    """The name of a list in `expectations/codes/`."""
    name = word(raw)
    try:
        code_list(name)
    except CallRejected as error:
        raise ValueError(f"a list of expectations/codes ({error.detail})") from error
    return name


def reference(raw: Any) -> Reference:
    """`{source, entity, column, history}`; without a source it is the contract's own."""
    if not isinstance(raw, dict) or not {"entity", "column"} <= set(raw) <= {"source", "entity", "column", "history"}:
        raise ValueError("{source, entity, column, history}")
    history = span(raw["history"]) if "history" in raw else None
    return Reference(raw.get("source"), raw["entity"], raw["column"], history)

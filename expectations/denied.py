"""Attributes no contract may declare (privacy.md, rule 2). The list is data: `denied.yml`, with one test each.

A field under a contract's `ignore` may bear such a name: it is seen and deliberately not kept.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from expectations.errors import CallRejected
from expectations.strict import read_yaml, take


@dataclass(frozen=True)
class Denied:
    """A family of attributes: patterns for names and titles, and why they are denied."""

    name: str
    zh: str
    en: str
    words: re.Pattern[str]
    allow: frozenset[str]  # column names that bear a word of the family and mean the office, not a person


@cache
def denied_attributes() -> tuple[Denied, ...]:
    """The denied families. Latin words match whole parts of a snake_case or camelCase name; Chinese anywhere."""
    found = []
    for name, raw in read_yaml(Path(__file__).with_name("denied.yml")).items():
        take(raw, f"denied.yml: {name}", required=("zh", "en", "words"), optional=("allow",))
        latin = [w for w in raw["words"] if w.isascii()]
        other = [re.escape(w) for w in raw["words"] if not w.isascii()]
        pattern = "|".join([rf"(?<![a-z0-9])(?:{'|'.join(map(re.escape, latin))})(?![a-z0-9])", *other])
        found.append(Denied(name, raw["zh"], raw["en"], re.compile(pattern), frozenset(raw.get("allow", ()))))
    return tuple(found)


def refuse_denied(name: str, title_zh: str, title_en: str, where: str) -> None:
    """Raise CallRejected CT-DENIED if a column's name or title is of a denied family."""
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    text = " ".join([snake.replace("_", " "), snake, title_zh, title_en.lower()])
    for denied in denied_attributes():
        if snake.replace("_", " ") not in denied.allow and denied.words.search(text):
            raise CallRejected("CT-DENIED", detail=f"{where}: {denied.name} ({denied.zh} / {denied.en})")

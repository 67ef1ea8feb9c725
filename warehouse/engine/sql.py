"""The one audited place where text becomes SQL.

Values travel as parameters (`$name`). What cannot be a parameter passes through here: identifiers through `quote`,
constants of a contract (null words, date formats) through `literal`, and templates of `warehouse/1_staging/*.sql`
through `statement`, which fills `{{name}}` with fragments made by the functions below. Nothing else in the tree may
build SQL; `tests/test_sql_lint.py` reads every file for it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

TEMPLATES = Path(__file__).resolve().parent.parent / "1_staging"
_PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")
_FUNCTION = re.compile(r"[a-z][a-z0-9_]*")


class Fragment(str):
    """Text that is SQL because a function of this module made it; a plain string never enters a template."""

    __slots__ = ()


def quote(identifier: str) -> Fragment:
    """An identifier in double quotes. Raises ValueError for an empty name or a NUL, which no engine can hold."""
    if not identifier or "\0" in identifier:
        raise ValueError("not an identifier")
    return Fragment('"' + identifier.replace('"', '""') + '"')


def literal(text: str) -> Fragment:
    """A text constant; DuckDB's plain strings know no escape but the doubled quote."""
    if "\0" in text:
        raise ValueError("not a text constant")
    return Fragment("'" + text.replace("'", "''") + "'")


def number(value: int) -> Fragment:
    """An integer constant."""
    return Fragment(int(value))


def relation(schema: str, name: str) -> Fragment:
    """`"schema"."name"`."""
    return Fragment(f"{quote(schema)}.{quote(name)}")


def call(function: str, *arguments: Fragment) -> Fragment:
    """`function(argument, …)` for a function or macro named in our own code."""
    if not _FUNCTION.fullmatch(function):
        raise ValueError("not a function name")
    return Fragment(f"{function}({', '.join(map(_checked, arguments))})")


def content(pairs: Iterable[tuple[str, Fragment]]) -> Fragment:
    """The text of a row that is hashed: `<bytes>=<name>:<value>` per value that is not NULL, in name order."""
    parts = [p for name, value in sorted(pairs) for p in (call("stage_mark", literal(f"={name}:"), value), value)]
    return call("concat", *parts)


def cast(expression: Fragment, kind: str) -> Fragment:
    """`cast(expression as KIND)`."""
    if not re.fullmatch(r"[A-Z]+(\([0-9, ]+\))?", kind):
        raise ValueError("not a type")
    return Fragment(f"cast({_checked(expression)} as {kind})")


def typed(name: Fragment, kind: str) -> Fragment:
    """`name KIND`, one column of a table."""
    if not re.fullmatch(r"[A-Z]+(\([0-9, ]+\))?", kind):
        raise ValueError("not a type")
    return Fragment(f"{_checked(name)} {kind}")


def named(expression: Fragment, name: Fragment) -> Fragment:
    """`expression as name`."""
    return Fragment(f"{_checked(expression)} as {_checked(name)}")


def listing(expressions: Iterable[Fragment]) -> Fragment:
    """Expressions with commas between."""
    return Fragment(",\n    ".join(map(_checked, expressions)))


def array(expressions: Iterable[Fragment]) -> Fragment:
    """`[a, b, …]`."""
    return Fragment(f"[{', '.join(map(_checked, expressions))}]")


def joined(expressions: Iterable[Fragment]) -> Fragment:
    """`a || b || …`: NULL as soon as one part is."""
    return Fragment("(" + " || ".join(map(_checked, expressions)) + ")")


def any_of(conditions: Iterable[Fragment]) -> Fragment:
    """`a or b or …`; false for none."""
    return Fragment("(" + (" or ".join(map(_checked, conditions)) or "false") + ")")


def statement(name: str, /, **fragments: Fragment) -> str:
    """The template `1_staging/<name>.sql` with its placeholders filled.

    Raises: ValueError when a placeholder has no fragment, a fragment no placeholder, or one is a plain string.
    """
    template = _template(name)
    wanted = set(_PLACEHOLDER.findall(template))
    if wanted != set(fragments):
        raise ValueError(f"{name}.sql wants {sorted(wanted)}, got {sorted(fragments)}")
    return _PLACEHOLDER.sub(lambda found: _checked(fragments[found[1]]), template)


def rules_version(*names: str) -> str:
    """SHA-256 over templates without their comments: tells whether rows made by them would come out the same."""
    lines = [line for name in names for line in _template(name).splitlines() if not line.startswith("--")]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _checked(fragment: Fragment) -> str:
    if not isinstance(fragment, Fragment):
        raise ValueError("a plain string is not SQL")
    return fragment


@cache
def _template(name: str) -> str:
    return (TEMPLATES / f"{name}.sql").read_text("utf8")


NULL = Fragment("null")
FALSE = Fragment("false")

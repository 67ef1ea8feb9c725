"""Where staging's text becomes SQL: fragments of expressions, and the templates they are filled into.

Values travel as parameters (`$name`). What cannot be a parameter (identifiers, null words and date formats of a
contract) is quoted by `name` and `value` of `expectations.sql`; everything here is put together from what those two
made, and `statement` fills `warehouse/1_staging/*.sql` with it. Nothing else in this folder may build SQL;
`tests/test_sql_lint.py` reads every file for it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from expectations.sql import Sql, fill, joined, name, value

TEMPLATES = Path(__file__).resolve().parent.parent / "1_staging"
NULL = Sql("null")
FALSE = Sql("false")
_FUNCTION = re.compile(r"[a-z][a-z0-9_]*")
_TYPE = re.compile(r"[A-Z]+(\([0-9, ]+\))?")

__all__ = [
    "FALSE", "NULL", "Sql", "any_of", "array", "call", "cast", "concatenated", "content", "listing", "name", "named",
    "rules_version", "statement", "typed", "value",
]  # fmt: skip


def call(function: str, *arguments: Sql) -> Sql:
    """`function(argument, …)` for a function or macro named in our own code."""
    if not _FUNCTION.fullmatch(function):
        raise ValueError("not a function name")
    return fill("{{function}}({{arguments}})", function=Sql(function), arguments=joined(arguments, ", "))


def cast(expression: Sql, kind: str) -> Sql:
    """`cast(expression as KIND)`."""
    return fill("cast({{expression}} as {{kind}})", expression=expression, kind=_type(kind))


def typed(column: Sql, kind: str) -> Sql:
    """`column KIND`, one column of a table."""
    return fill("{{column}} {{kind}}", column=column, kind=_type(kind))


def named(expression: Sql, alias: Sql) -> Sql:
    """`expression as alias`."""
    return fill("{{expression}} as {{alias}}", expression=expression, alias=alias)


def listing(expressions: Iterable[Sql]) -> Sql:
    """Expressions with commas between."""
    return joined(expressions, ",\n    ")


def array(expressions: Iterable[Sql]) -> Sql:
    """`[a, b, …]`."""
    return fill("[{{items}}]", items=joined(expressions, ", "))


def concatenated(expressions: Iterable[Sql]) -> Sql:
    """`(a || b || …)`: NULL as soon as one part is."""
    return fill("({{parts}})", parts=joined(expressions, " || "))


def any_of(conditions: Iterable[Sql]) -> Sql:
    """`(a or b or …)`; false for none."""
    return fill("({{conditions}})", conditions=joined([*conditions] or [FALSE], " or "))


def content(pairs: Iterable[tuple[str, Sql]]) -> Sql:
    """The text of a row that is hashed: `<bytes>=<name>:<value>` per value that is not NULL, in name order."""
    parts = [p for column, v in sorted(pairs) for p in (call("stage_mark", value(f"={column}:"), v), v)]
    return call("concat", *parts)


def statement(file: str, /, **parts: Sql) -> str:
    """The template `1_staging/<file>.sql` with its placeholders filled.

    Raises: ValueError when a placeholder has no part, a part no placeholder, or a part is a plain string.
    """
    return fill(_template(file), **parts)


def rules_version(*files: str) -> str:
    """SHA-256 over templates without their comments: tells whether rows made by them would come out the same."""
    lines = [line for file in files for line in _template(file).splitlines() if not line.startswith("--")]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _type(kind: str) -> Sql:
    if not _TYPE.fullmatch(kind):
        raise ValueError("not a type")
    return Sql(kind)


@cache
def _template(file: str) -> str:
    return (TEMPLATES / f"{file}.sql").read_text("utf8")

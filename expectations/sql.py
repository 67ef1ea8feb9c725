"""The audited place of this folder where text becomes SQL.

`fill` puts parts into a constant template, each through `name` or `value`; `statement` and `query` do the same with
the files of `expectations/quality/` and `expectations/checks/queries/`. A part that is a plain string does not enter:
what was not quoted here is not SQL. Values that are known only at run time (a night, a run) travel as parameters,
`$name`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TypeAlias

TEMPLATES = Path(__file__).with_name("quality")
QUERIES = Path(__file__).parent / "checks" / "queries"
Value: TypeAlias = str | int | float | bool | Decimal | date | None
_PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")


class Sql(str):
    """Text that is SQL because a function of this module made it.

    queries: the lookups in it, each of which may be evaluated once into a table and read from there.
    """

    queries: tuple[Sql, ...] = ()


NOTHING = Sql("")


def name(*parts: str) -> Sql:
    """An identifier, or several with dots between. Raises ValueError for an empty part or a NUL."""
    if not parts or any(not part or "\0" in part for part in parts):
        raise ValueError("not an identifier")
    return Sql(".".join('"' + part.replace('"', '""') + '"' for part in parts))


def value(constant: Value) -> Sql:
    """A constant of a contract or of a code list. Raises ValueError for a text with a NUL or another type."""
    if constant is None:
        return Sql("null")
    if isinstance(constant, bool):
        return Sql("true" if constant else "false")
    if isinstance(constant, (int, Decimal)):
        return Sql(constant)
    if isinstance(constant, float):
        return Sql(Decimal(repr(constant)))
    if isinstance(constant, datetime):
        return Sql(f"timestamp '{constant.isoformat(sep=' ')}'")
    if isinstance(constant, date):
        return Sql(f"date '{constant.isoformat()}'")
    if not isinstance(constant, str) or "\0" in constant:
        raise ValueError("not a constant")
    return Sql("'" + constant.replace("'", "''") + "'")


def values(constants: Iterable[Value]) -> Sql:
    """`(a, b, …)`; a list of nothing holds NULL, so that membership in it is never true."""
    return Sql(f"({', '.join(value(c) for c in constants) or 'null'})")


def joined(parts: Iterable[Sql], between: str) -> Sql:
    """Parts with a word of ours between them, such as `and` or a comma."""
    listed = list(parts)
    return _with(Sql(between.join(_checked(part) for part in listed)), listed)


def fill(template: str, /, **parts: Sql) -> Sql:
    """A constant template of our code with `{{name}}` filled.

    Raises: ValueError when a placeholder has no part, a part no placeholder, or a part is a plain string.
    """
    wanted = set(_PLACEHOLDER.findall(template))
    if wanted != set(parts):
        raise ValueError(f"the template wants {sorted(wanted)}, got {sorted(parts)}")
    return _with(Sql(_PLACEHOLDER.sub(lambda found: _checked(parts[found[1]]), template)), parts.values())


def lookup(template: str, /, **parts: Sql) -> Sql:
    """A query in brackets that stands on its own, such as the right side of `in`: it may be evaluated ahead."""
    made = Sql("(" + fill(template, **parts) + ")")
    made.queries = (made,)
    return made


def statement(file: str, /, **parts: Sql) -> Sql:
    """The statement `expectations/quality/<file>.sql`, filled."""
    return fill(_template(TEMPLATES, file), **parts)


def query(file: str, /, **parts: Sql) -> Sql:
    """The lookup `expectations/checks/queries/<file>.sql`, filled and in brackets, without its heading."""
    lines = (line for line in _template(QUERIES, file).splitlines() if not line.startswith("--"))
    return lookup("\n".join(lines), **parts)


def read_from(text: Sql, tables: Mapping[Sql, Sql]) -> Sql:
    """The same SQL with its lookups read from tables that hold their answers."""
    for found, table in tables.items():
        text = Sql(text.replace(found, fill("(select * from {{table}})", table=table)))
    return text


def _with(made: Sql, parts: Iterable[Sql]) -> Sql:
    found = dict.fromkeys(q for part in parts for q in part.queries)
    if found:
        made.queries = tuple(found)
    return made


@cache
def _template(folder: Path, file: str) -> str:
    return (folder / f"{file}.sql").read_text("utf8")


def _checked(part: Sql) -> str:
    if not isinstance(part, Sql):
        raise ValueError("a plain string is not SQL")
    return part

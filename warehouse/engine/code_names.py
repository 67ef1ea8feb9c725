"""Names for the codes that occur in the marts: what no list names gets a row of its own, so that no name is missing.

A new code of a source must not stop a night: it stands in `dim_code` as `not_listed`, is counted in the report of the
build, and a person adds its name to `4_marts/data/code.csv`. What is written in Chinese, as an office is, names itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from expectations.marts import Mart
from expectations.sql import fill, name, value
from warehouse.engine.connection import Connection

NEW: Final = "not_listed"
HAN: Final = re.compile("[\u4e00-\u9fff]")
ADD: Final = (
    "insert into marts.dim_code (list, code, name_zh, name_en, status) values ($list, $code, $zh, $en, $status)"
)


def name_codes(connection: Connection, marts: Iterable[Mart]) -> dict[str, list[str]]:
    """Add what occurs in some marts and has no name; the codes that nobody named, by list."""
    met = sorted({found for mart in marts for found in _met(connection, mart)})
    named = set(connection.execute("select list, code from marts.dim_code").fetchall())
    missing = [pair for pair in met if pair not in named]
    unlisted: dict[str, list[str]] = {}
    for listed, code in missing:
        names_itself = bool(HAN.search(code))
        zh, en, status = (
            (code, code, "local") if names_itself else (f"代码 {code}（未收录）", f"code {code} (not listed)", NEW)
        )
        connection.execute(ADD, {"list": listed, "code": code, "zh": zh, "en": en, "status": status})
        if not names_itself:
            unlisted.setdefault(listed, []).append(code)
    return unlisted


def _met(connection: Connection, mart: Mart) -> Iterator[tuple[str, str]]:
    """Every (list, code) of a mart that was made."""
    for column, told in mart.codes.items():
        prefix = value(told[-1])
        listed = prefix if len(told) == 1 else fill("{{p}} || '_' || {{by}}", p=prefix, by=name(told[0]))
        query = fill(
            "select distinct {{listed}}, cast({{column}} as varchar) from {{mart}} where {{column}} is not null",
            listed=listed, column=name(column), mart=name("marts", mart.name),
        )  # fmt: skip
        yield from connection.execute(query).fetchall()

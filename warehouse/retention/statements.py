"""The statements of `warehouse/retention/sql/`, filled through `expectations.sql` and nothing else."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from expectations.sql import Sql, fill

TEMPLATES = Path(__file__).with_name("sql")


def statement(file: str, /, **parts: Sql) -> Sql:
    """The template `sql/<file>.sql` with its placeholders filled. Raises ValueError as `expectations.sql.fill`."""
    return fill(_template(file), **parts)


@cache
def _template(file: str) -> str:
    return (TEMPLATES / f"{file}.sql").read_text("utf8")

"""The SQL files of the folders after staging: `relation` fills one, `make_table` makes the table a file describes.

A file of `3_register/` is one select; its table bears its name. Files that begin with an underscore hold several
statements, which `scripts` runs.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from expectations.sql import Sql, fill, name
from warehouse.engine.connection import Connection

HOME = Path(__file__).resolve().parent.parent
CLAIMS, REGISTER = "2_claims", "3_register"


def relation(folder: str, file: str, /, **parts: Sql) -> Sql:
    """The template `<folder>/<file>.sql`, filled. Raises ValueError for a part too many, too few, or unquoted."""
    return fill(_text(folder, file), **parts)


def scripts(connection: Connection, folder: str, file: str) -> None:
    """Run the statements of one file, each on its own: a script of several would not say which one failed."""
    for part in _text(folder, file).split(";\n"):
        if part.strip():
            connection.execute(part)


def make_table(connection: Connection, table: Sql, select: Sql) -> None:
    """Make a table of ours from a select, in the place of the one before."""
    connection.execute(fill("create or replace table {{table}} as\n{{select}}", table=table, select=select))


def register_table(connection: Connection, file: str, /, **parts: Sql) -> None:
    """Make `register.<file>` from `3_register/<file>.sql`."""
    make_table(connection, name("register", file), relation(REGISTER, file, **parts))


@cache
def _text(folder: str, file: str) -> str:
    return (HOME / folder / f"{file}.sql").read_text("utf8")

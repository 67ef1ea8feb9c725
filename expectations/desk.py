"""Where one run works: the open connection, and the facts of the run that statements may ask for by name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import duckdb

from expectations.sql import Sql, fill, joined, name, statement

_PARAMETER = re.compile(r"\$([a-z_]+)")


@dataclass
class Desk:
    """The connection and the facts: source, run_id, run_no, night, and for the entity at hand its name."""

    connection: duckdb.DuckDBPyConnection
    facts: dict[str, Any] = field(default_factory=dict)

    def run(self, text: Sql, **facts: Any) -> list[tuple[Any, ...]]:
        """Execute a statement with those facts it names; all rows of its result."""
        known = {**self.facts, **facts}
        wanted = {n: known[n] for n in _PARAMETER.findall(text)}
        rows: list[tuple[Any, ...]] = self.connection.execute(text, wanted).fetchall()
        return rows

    def one(self, text: Sql, **facts: Any) -> tuple[Any, ...]:
        """The only row of a result."""
        [row] = self.run(text, **facts)
        return row

    def tables(self) -> frozenset[tuple[str, str]]:
        """(schema, name) of every table of the warehouse."""
        found = self.run(Sql("select schema_name, table_name from duckdb_tables() where not temporary"))
        return frozenset((schema, table) for schema, table in found)

    def insert(self, table: Sql, rows: Sequence[Mapping[str, Any]]) -> None:
        """Add rows by column name."""
        if not rows:
            return
        columns = [name(c) for c in rows[0]]
        text = fill(
            "insert into {{table}} ({{columns}}) values ({{marks}})",
            table=table, columns=joined(columns, ", "), marks=joined([Sql("?")] * len(columns), ", "),
        )  # fmt: skip
        self.connection.executemany(text, [list(row.values()) for row in rows])

    def clear(self, *tables: str) -> None:
        """Empty temporary tables of ours."""
        for table in tables:
            self.run(fill("delete from {{table}}", table=name(table)))

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing."""
        self.connection.execute("begin transaction")
        try:
            yield
            self.connection.execute("commit")
        except BaseException:
            # An error inside has ended the transaction already, or closed the database.
            with suppress(duckdb.Error):
                self.connection.execute("rollback")
            raise


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the schema of the quality history and the temporary tables, outside any transaction."""
    for part in (*statement("_schema").split(";\n"), *statement("_scratch").split(";\n")):
        if part.strip():
            connection.execute(part)

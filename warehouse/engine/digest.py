"""An order-independent digest of a table: same rows, same digest, whatever their order, threads or file layout.

Each row becomes length-prefixed text, its MD5 two 64-bit numbers, and the digest their sums with the count of rows.
It proves equality between our own tables; it is no defence against someone who may choose the rows.
"""

from __future__ import annotations

from collections.abc import Collection

from warehouse.engine.connection import Connection
from warehouse.engine.sql import cast, content, name, statement


def digest_table(connection: Connection, schema: str, table: str, *, without: Collection[str] = ()) -> str:
    """`rows:sum:sum` in hexadecimal, over all columns but `without`."""
    columns = connection.execute(
        "select column_name from duckdb_columns() where schema_name = $schema and table_name = $table "
        "order by column_name",
        {"schema": schema, "table": table},
    ).fetchall()
    row = content((column, cast(name(column), "VARCHAR")) for (column,) in columns if column not in without)
    [(rows, low, high)] = connection.execute(
        statement("table_digest", content=row, table=name(schema, table))
    ).fetchall()
    return f"{rows}:{low:x}:{high:x}"


def digest_schemas(
    connection: Connection, schemas: Collection[str], *, without: Collection[str] = ()
) -> dict[str, str]:
    """The digest of every table of some schemas, by `schema.table`; `without` names tables left out."""
    tables = connection.execute(
        "select schema_name, table_name from duckdb_tables() where list_contains($schemas, schema_name) order by all",
        {"schemas": list(schemas)},
    ).fetchall()
    places = {f"{schema}.{table}": (schema, table) for schema, table in tables}
    return {told: digest_table(connection, *place) for told, place in places.items() if told not in without}

"""Versioned views of the marts: `marts.<mart>_v<N>` beside each table, so that saved queries outlive a change.

`marts.mart_version` lists them: the present version of each mart, and earlier ones that `marts.yml` still gives
until a day (the night's, not the clock's). The file has them from here, the server makes its own from that table.
`versions.yml` keeps the columns and types of each version; `python -m warehouse.publish versions`
says what differs, `--write` takes down what is new.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import sqlglot
import yaml
from sqlglot import exp

from expectations.errors import CallRejected
from expectations.marts import Marts
from expectations.sql import Sql, fill, joined, name
from expectations.strict import read_yaml
from warehouse.engine.connection import Connection

SCHEMA: Final = "marts"
VERSIONS: Final = "mart_version"
KEPT: Final = Path(__file__).with_name("versions.yml")
Shapes = dict[str, dict[str, str]]


@dataclass(frozen=True)
class View:
    """One version of a mart; until: the last night an earlier one is made, None for the present one."""

    mart: str
    version: int
    until: date | None
    sql: str

    @property
    def name(self) -> str:
        return f"{self.mart}_v{self.version}"


def views_of(connection: Connection, declared: Marts, night: str, catalog: str = "") -> list[View]:
    """The views of a night over the marts that are there, in the order of their names."""
    shapes = shapes_of(connection, declared, catalog)
    found = []
    for mart, columns in sorted(shapes.items()):
        listed = joined([name(c) for c in columns], ", ")
        text = fill("select {{columns}} from {{mart}}", columns=listed, mart=name(SCHEMA, mart))
        found.append(View(mart, declared.marts[mart].version, None, text))
        for earlier in declared.marts[mart].earlier:
            if date.fromisoformat(night) <= earlier.until:
                found.append(View(mart, earlier.version, earlier.until, earlier.sql))
    return found


def make_views(connection: Connection, views: Iterable[View]) -> None:
    """Note the views in `marts.mart_version` and make them, in the database at hand."""
    connection.execute(
        "create table marts.mart_version (view varchar, mart varchar, version integer, until date, deprecated boolean, "
        "sql varchar)"
    )
    for view in views:
        text = select_in(view.sql, SCHEMA, "duckdb")
        connection.execute(fill("create view {{view}} as {{text}}", view=name(SCHEMA, view.name), text=text))
        connection.execute(
            "insert into marts.mart_version values ($view, $mart, $version, $until, $deprecated, $sql)",
            {"view": view.name, "mart": view.mart, "version": view.version, "until": view.until,
             "deprecated": view.until is not None, "sql": view.sql},
        )  # fmt: skip


def select_in(text: str, schema: str, dialect: str) -> Sql:
    """The select of a view for an engine, its marts in another schema. Raises CallRejected CT-SPEC for another text."""
    tree = sqlglot.parse_one(text, read="duckdb")
    if not isinstance(tree, exp.Query) or tree.find(exp.Into):
        raise CallRejected("CT-SPEC", detail="a view is one select")
    inner = {cte.alias for cte in tree.find_all(exp.CTE)}
    for table in tree.find_all(exp.Table):
        if table.name in inner and not table.db:
            continue
        if table.db != SCHEMA or table.catalog:
            raise CallRejected("CT-SPEC", detail=f"a view reads marts only, not {table.db or '-'}.{table.name}")
        table.set("db", exp.to_identifier(schema, quoted=True))
    return Sql(tree.sql(dialect=dialect))


def shapes_of(connection: Connection, declared: Marts, catalog: str = "") -> Shapes:
    """Columns with their types of the declared marts that are there."""
    rows = connection.execute(
        "select table_name, column_name, data_type from duckdb_columns() where schema_name = 'marts' "
        "and database_name = case when $catalog = '' then current_database() else $catalog end "
        "order by table_name, column_index", {"catalog": catalog},
    ).fetchall()  # fmt: skip
    found: Shapes = {}
    for table, column, kind in rows:
        if table in declared.marts:
            found.setdefault(table, {})[column] = kind
    return found


def kept_versions(path: Path = KEPT) -> dict[str, dict[int, dict[str, str]]]:
    """Columns and types by mart and version, as they were published."""
    return read_yaml(path) if path.exists() else {}


def differences(declared: Marts, shapes: Shapes, kept: Mapping[str, Mapping[int, Mapping[str, str]]]) -> list[str]:
    """What a change of columns forgot, as sentences."""
    found = []
    for mart, columns in sorted(shapes.items()):
        version = declared.marts[mart].version
        before = kept.get(mart, {}).get(version)
        if before is None:
            found.append(f"{mart}: version {version} is not taken down in {KEPT.name}")
        elif list(before.items()) != list(columns.items()):
            changed = sorted(set(before.items()) ^ set(columns.items())) or "the order of columns"
            found.append(f"{mart}: columns changed without a new version ({changed}); raise `version` in marts.yml and "
                         "give the old shape under `earlier`")  # fmt: skip
        held = set(kept.get(mart, {})) - {version}
        if lost := sorted({e.version for e in declared.marts[mart].earlier} - held):
            found.append(f"{mart}: earlier version {lost} was never published")
    return found


def take_down(declared: Marts, shapes: Shapes, path: Path = KEPT) -> list[str]:
    """Write the shapes of versions that are new; the marts concerned. What was taken down is never changed."""
    kept = kept_versions(path)
    fresh = []
    for mart, columns in shapes.items():
        known = kept.setdefault(mart, {})
        if declared.marts[mart].version not in known:
            known[declared.marts[mart].version] = dict(columns)
            fresh.append(mart)
    head = "# Columns and types of each mart by version, written by `python -m warehouse.publish versions --write`.\n"
    text = yaml.safe_dump({m: kept[m] for m in sorted(kept)}, sort_keys=False, allow_unicode=True, width=118)
    path.write_text(head + text, "utf8")
    return sorted(fresh)


def rows_of(connection: Connection) -> list[dict[str, Any]]:
    """`marts.mart_version` of an open generation; none for one made before there were versions."""
    there = connection.execute(
        "select 1 from duckdb_tables() where schema_name = 'marts' and table_name = $t", {"t": VERSIONS}
    ).fetchall()
    if not there:
        return []
    table = connection.sql("select * from marts.mart_version order by view").to_arrow_table()
    found: list[dict[str, Any]] = table.to_pylist()
    return found

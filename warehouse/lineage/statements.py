"""From the statements of a build to edges: who fills which column of which relation with what.

`Statements.take` reads one statement; what it makes is known to the ones after it. DDL tells columns only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError

from warehouse.lineage.expressions import Scope, UnknownColumn
from warehouse.lineage.parts import (
    FILTER,
    ROWS,
    Column,
    Dep,
    Deps,
    Relation,
    as_kind,
    made_of,
    part_of,
    table_relation,
    whole,
)  # fmt: skip
from warehouse.lineage.selects import Reader

Edges = dict[Column, set[Dep]]
Describe = Callable[[str], list[str]]
HANDED = frozenset({"written", "parsed_address", "r_arrow"})  # rows that Python hands over, under these names


class Statements:
    """Reads statements in the order of their execution. describe: the columns of a table, from the engine itself.

    dictionaries: see `Reader`.
    """

    def __init__(self, describe: Describe, dictionaries: Mapping[str, str]) -> None:
        self.edges: Edges = {}
        self.columns: dict[str, list[str]] = {}
        self.handed: set[str] = set()  # relations whose rows Python made
        self.folded: set[str] = set()  # relations whose rows are sums over rows
        self.only: dict[str, frozenset[str]] = {}  # relations that hold some kinds only
        self.by_source: dict[str, bool] = {}
        self._describe = describe
        self._reader = Reader(self._table, dictionaries)
        self._seen: set[str] = set()

    def describe_all(self, tables: Iterable[str]) -> None:
        """Learn the columns of tables that no statement read."""
        for table in tables:
            if not self.columns.get(table):
                self.columns[table] = self._describe(table)

    def take(self, text: str) -> None:
        """Read one statement. Raises UnknownColumn or sqlglot's ParseError for a query that is not understood."""
        if text in self._seen:
            return
        self._seen.add(text)
        try:
            parsed = sqlglot.parse_one(text, read="duckdb")
        except ParseError:
            if "create table if not exists" in text:  # storage options that the parser does not know
                return
            raise
        try:
            self._read(parsed)
        except UnknownColumn as error:
            raise UnknownColumn(f"{error} in:\n{text}") from error

    def _read(self, parsed: exp.Expr | None) -> None:
        if isinstance(parsed, exp.Create) and parsed.kind in ("TABLE", "VIEW") and parsed.expression is not None:
            self._create(parsed)
        elif isinstance(parsed, exp.Insert):
            self._insert(parsed)
        elif isinstance(parsed, exp.Update):
            self._update(parsed)
        elif isinstance(parsed, exp.Delete):
            self._delete(parsed)

    def _create(self, parsed: exp.Create) -> None:
        target = self._named(parsed.this, new_temp=bool(parsed.find(exp.TemporaryProperty)))
        if self._takes_handed(parsed.expression, target):
            return
        made = self._reader.query(parsed.expression)
        self.columns[target] = list(made.columns)
        if made.folded:
            self.folded.add(target)
        if kinds := kinds_of(parsed.expression):
            self.only[target] = kinds
        # A night's second build makes a table once more: all ways it can be made count.
        self.by_source[target] = made.by_source and self.by_source.get(target, True)
        if not made.parts:
            self._add(target, made.columns, made.rows)
        for part, relation in made.parts.items():
            named = part_of(target, part)
            self._add(named, dict(zip(made.columns, relation.columns.values(), strict=True)), relation.rows)
            for name in (*made.columns, ROWS):
                self.edges.setdefault(Column(target, name), set()).add(whole(named, name))

    def _insert(self, parsed: exp.Insert) -> None:
        into = parsed.this
        target = self._named(into.this if isinstance(into, exp.Schema) else into)
        if parsed.expression is None or self._takes_handed(parsed.expression, target):
            return
        made = self._reader.query(parsed.expression)
        if parsed.args.get("by_name"):
            columns = dict(made.columns)
        else:
            listed = [e.name.lower() for e in into.expressions] if isinstance(into, exp.Schema) else []
            columns = dict(zip(listed or self._columns_of(target), made.columns.values(), strict=False))
        self.by_source[target] = self.by_source.get(target, self._sourced(target))
        self._add(target, columns, made.rows)

    def _update(self, parsed: exp.Update) -> None:
        target = self._named(parsed.this)
        scope = Scope({parsed.this.alias_or_name.lower(): self._table(target)})
        given = parsed.args.get("from_")
        if given is not None:
            table = given.this
            scope.sources[table.alias_or_name.lower()] = self._reader.query(table, scope)
        where = parsed.args.get("where")
        deciding = as_kind(self._reader.expression(where, scope), FILTER)
        for item in parsed.expressions:
            said = self._reader.expression(item.expression, scope)
            self._add(target, {item.this.name.lower(): said | deciding}, frozenset())

    def _delete(self, parsed: exp.Delete) -> None:
        where = parsed.args.get("where")
        if where is None:
            return
        target = self._named(parsed.this)
        scope = Scope({parsed.this.alias_or_name.lower(): self._table(target)})
        self._add(target, {}, as_kind(self._reader.expression(where, scope), FILTER))

    def _takes_handed(self, query: exp.Expr, target: str) -> bool:
        """Whether the rows come from Python; what is in them, `python.yml` says."""
        if any(not t.db and t.name in HANDED for t in query.find_all(exp.Table)):
            self.handed.add(target)
            self.columns[target] = self._describe(target)
            return True
        return False

    def _add(self, target: str, columns: Mapping[str, Deps], rows: Deps) -> None:
        for name, deps in columns.items():
            self._put(Column(target, name), deps)
        self._put(Column(target, ROWS), made_of(rows))

    def _put(self, column: Column, deps: Deps) -> None:
        own = {d for d in deps if d.column.relation != column.relation or d.column.name != column.name}
        self.edges.setdefault(column, set()).update(own)

    def _named(self, table: exp.Expr, *, new_temp: bool = False) -> str:
        schema, name = table.args["db"].name.lower() if table.args.get("db") else "", table.name.lower()
        if schema:
            return f"{schema}.{name}"
        return f"temp.{name}" if new_temp or self._is_temp(name) else f"main.{name}"

    def _is_temp(self, name: str) -> bool:
        return f"temp.{name}" in self.columns or bool(self._describe(f"temp.{name}"))

    def _table(self, name: str) -> Relation:
        if "." not in name:
            if name in HANDED:
                raise UnknownColumn(name)
            name = f"temp.{name}" if self._is_temp(name) else f"main.{name}"
        columns = self._columns_of(name)
        return table_relation(name, columns, by_source=self.by_source.get(name, self._sourced(name)))

    def _columns_of(self, name: str) -> list[str]:
        if name not in self.columns:
            self.columns[name] = self._describe(name)
        if not self.columns[name]:
            raise UnknownColumn(name)
        return self.columns[name]

    def _sourced(self, name: str) -> bool:
        return "source" in self._columns_of(name)


def kinds_of(query: exp.Expr) -> frozenset[str]:
    """The kinds a select restricts itself to by its condition `kind = 'a'` or `kind in ('a', 'b')`; empty: to none."""
    where = query.args.get("where")
    for part in where.this.flatten() if where and isinstance(where.this, exp.And) else [where.this] if where else []:
        listed = part.expressions if isinstance(part, exp.In) else [part.expression] if isinstance(part, exp.EQ) else []
        if listed and part.this.name.lower() == "kind" and all(isinstance(e, exp.Literal) for e in listed):
            return frozenset(e.name for e in listed)
    return frozenset()

"""What an expression depends on, column by column: values apart from what only decides.

A condition of CASE, the order of arg_min and of a window, a FILTER decide; they are the value themselves where a CASE
answers with constants and where a count counts what is so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sqlglot import exp

from warehouse.lineage.parts import FILTER, NO_DEPS, ROW, VALUE, Dep, Deps, Relation, as_kind, made_of

Query = Callable[[exp.Expr, "Scope"], Relation]
_CHOOSING = (exp.ArgMin, exp.ArgMax)
_COPYING = (*_CHOOSING, exp.Coalesce, exp.Min, exp.Max, exp.AnyValue, exp.First, exp.Paren, exp.Cast, exp.TryCast)
_SKIPPED = (exp.DataType, exp.Literal, exp.Null, exp.Boolean, exp.Parameter, exp.Placeholder, exp.Identifier)


class UnknownColumn(LookupError):
    """A name that stands in no relation of its query: the reader does not understand the SQL, or the SQL is wrong."""


@dataclass
class Scope:
    """The relations of one select by alias, the aliases of its own columns, the names of lambdas, what lies outside."""

    sources: dict[str, Relation] = field(default_factory=dict)
    ctes: Mapping[str, Relation] = field(default_factory=dict)
    outer: Scope | None = None
    aliases: dict[str, Deps] = field(default_factory=dict)
    bound: frozenset[str] = frozenset()
    rows: Deps = NO_DEPS
    mixed: bool = False  # rows of several sources meet in a row

    def cte(self, name: str) -> Relation | None:
        """The relation of a `with`, of this select or one around it."""
        return self.ctes.get(name) or (self.outer.cte(name) if self.outer else None)

    def column(self, name: str, table: str | None) -> Deps:
        """What a name stands for. Raises UnknownColumn."""
        name = name.lower()
        if table is None and name in self.bound:
            return NO_DEPS
        found = [
            r.columns[name] for a, r in self.sources.items() if table in (None, a) and name in r.columns
        ]  # fmt: skip
        if found:
            return frozenset().union(*found)
        if table is None and name in self.aliases:
            return self.aliases[name]
        if name == "rowid" and (table is None or table in self.sources):
            return counted(self.sources[table].rows if table else self.rows)
        if table is not None and table not in self.sources and self._struct(table):
            return made_of(self.column(table, None))
        if self.outer is not None:
            return self.outer.column(name, table)
        raise UnknownColumn(f"{table}.{name}" if table else name)

    def _struct(self, name: str) -> bool:
        """Whether `name.field` is a field of a struct and no column of a table."""
        return name in self.aliases or any(name in r.columns for r in self.sources.values())


def counted(rows: Deps) -> Deps:
    """What a count of rows depends on."""
    return frozenset(Dep(d.column, VALUE, d.own) for d in rows if d.kind == ROW)


def read(node: exp.Expr | None, scope: Scope, query: Query) -> Deps:
    """What an expression depends on. query: reads a subquery. Raises UnknownColumn."""
    if node is None or isinstance(node, _SKIPPED):
        return NO_DEPS
    if isinstance(node, exp.Column):
        return _column(node, scope)
    if isinstance(node, exp.Dot):
        return made_of(read(node.this, scope, query))
    if isinstance(node, (exp.Subquery, exp.Select, exp.SetOperation)):
        return _subquery(node, scope, query)
    if isinstance(node, (exp.Case, exp.If)):
        return _case(node, scope, query)
    if isinstance(node, exp.Filter):
        return _filter(node, scope, query)
    if isinstance(node, exp.Window):
        return _window(node, scope, query)
    if isinstance(node, exp.Count) and isinstance(node.this, (exp.Star, type(None))):
        return counted(scope.rows)
    if isinstance(node, exp.Lambda):
        names = frozenset(e.name.lower() for e in node.expressions)
        inner = Scope(bound=names, outer=scope)
        return made_of(read(node.this, inner, query))
    if isinstance(node, _CHOOSING):
        # For what may be chosen counts what is chosen; the order only decides.
        chosen = read(node.this, scope, query)
        return chosen | as_kind(_each(node.args.get("expression"), scope, query), FILTER)
    found = _each(node, scope, query)
    return found if isinstance(node, (*_COPYING, exp.Alias)) else made_of(found)


def _each(node: exp.Expr | None, scope: Scope, query: Query) -> Deps:
    if node is None:
        return NO_DEPS
    if not isinstance(node, (exp.Struct, exp.PropertyEQ, *_COPYING)) and isinstance(node, exp.Column):
        return read(node, scope, query)
    parts = [read(child, scope, query) for child in node.iter_expressions()]
    if isinstance(node, exp.PropertyEQ):  # the name of a field in front of its value
        parts = [read(node.expression, scope, query)]
    return frozenset().union(*parts)


def _column(node: exp.Column, scope: Scope) -> Deps:
    parts = [p.name.lower() for p in node.parts]
    table = parts[-2] if len(parts) > 1 else None
    return scope.column(parts[-1], table)


def _subquery(node: exp.Expr, scope: Scope, query: Query) -> Deps:
    found = query(node, scope)
    values = frozenset().union(*found.columns.values())
    return made_of(values) | as_kind(found.rows, FILTER)


def _case(node: exp.Case | exp.If, scope: Scope, query: Query) -> Deps:
    branches = node.args.get("ifs") or [node]
    answers = [b.args.get("true") for b in branches] + [node.args.get("default"), node.args.get("false")]
    asked = [node.this] if isinstance(node, exp.Case) and node.this else []
    asked += [b.this for b in branches]
    values = frozenset().union(*(read(a, scope, query) for a in answers))
    deciding = frozenset().union(*(read(a, scope, query) for a in asked))
    return values | as_kind(deciding, FILTER) if values else made_of(deciding)


def _filter(node: exp.Filter, scope: Scope, query: Query) -> Deps:
    values = read(node.this, scope, query)
    condition = read(node.expression.this, scope, query)
    return values | (made_of(condition) if isinstance(node.this, exp.Count) else as_kind(condition, FILTER))


def _window(node: exp.Window, scope: Scope, query: Query) -> Deps:
    deciding = [*node.args.get("partition_by", ()), node.args.get("order")]
    decided = frozenset().union(*(as_kind(read(d, scope, query), FILTER) for d in deciding))
    named = node.args.get("alias")
    if named is not None and named.name.lower() in scope.aliases:
        decided |= scope.aliases[named.name.lower()]
    if not node.this.find(exp.Column):
        # A number in the row says which row it is: all that tells this row from others.
        told = (r.columns.values() for r in scope.sources.values())
        decided |= as_kind(frozenset().union(*(d for columns in told for d in columns)), FILTER)
    return made_of(read(node.this, scope, query)) | decided

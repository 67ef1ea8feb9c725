"""What a query makes, column by column: `read_query` turns a parsed select into a `Relation`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import count

from sqlglot import exp

from warehouse.lineage.expressions import Scope, UnknownColumn, read
from warehouse.lineage.parts import FILTER, JOIN, NO_DEPS, ROW, Deps, Relation, as_kind, made_of, within_source

Tables = Callable[[str], Relation]  # a base relation by `schema.table` or `table`


class Reader:
    """Reads queries over base relations. tables: answers for a name, or raises UnknownColumn.

    dictionaries: relations that hold a pure function of one column, by that column. Who joins one by it gets what his
    own value comes to, whoever asked for that value first: so the join depends on his value and on nothing else.
    """

    def __init__(self, tables: Tables, dictionaries: Mapping[str, str]) -> None:
        self._tables, self._dictionaries = tables, dictionaries

    def query(self, node: exp.Expr, outer: Scope | None = None) -> Relation:
        """The relation of a select, a union, or either in brackets."""
        if isinstance(node, exp.Subquery):
            return self.query(node.this, self._with(node, outer))
        if isinstance(node, exp.SetOperation):
            return self._union(node, outer)
        if isinstance(node, exp.Select):
            return self._select(node, outer)
        if isinstance(node, exp.Values):
            return self._values(node, outer or Scope())
        if isinstance(node, exp.Pivot):
            return self._unpivot(node, outer or Scope())
        if isinstance(node, exp.Table):
            return self._table(node, outer or Scope())
        raise UnknownColumn(f"a query of kind {type(node).__name__}")

    def expression(self, node: exp.Expr | None, scope: Scope) -> Deps:
        """What an expression depends on."""
        return read(node, scope, self.query)

    def _with(self, node: exp.Expr, outer: Scope | None) -> Scope | None:
        listed = node.args.get("with_")
        if listed is None:
            return outer
        ctes: dict[str, Relation] = {}
        scope = Scope(ctes=ctes, outer=outer)
        for cte in listed.expressions:
            ctes[cte.alias.lower()] = self.query(cte.this, scope)
        return scope

    def _union(self, node: exp.SetOperation, outer: Scope | None) -> Relation:
        scope = self._with(node, outer)
        left, right = self.query(node.left, scope), self.query(node.right, scope)
        if node.args.get("by_name"):
            names = dict.fromkeys([*left.columns, *right.columns])
            columns = {c: left.columns.get(c, NO_DEPS) | right.columns.get(c, NO_DEPS) for c in names}
        else:
            columns = {c: d | r for (c, d), r in zip(left.columns.items(), right.columns.values(), strict=True)}
        by_source = left.by_source and right.by_source
        parts, folded = _parts(node, left, right), left.folded and right.folded
        return Relation(columns, left.rows | right.rows, by_source, parts, folded)

    def _select(self, node: exp.Select, outer: Scope | None) -> Relation:
        scope = Scope(outer=self._with(node, outer))
        scope.rows = self._from(node, scope)
        for window in node.args.get("windows") or ():
            scope.aliases[window.name.lower()] = as_kind(self.expression(_unnamed(window), scope), FILTER)
        columns = self._columns(node, scope)
        rows = scope.rows | self._deciding(node, scope, list(columns.values()))
        folds = _folds(node) or all(r.folded for r in scope.sources.values())
        return Relation(columns, rows, _by_source(node, scope, columns), {}, bool(scope.sources) and folds)

    def _from(self, node: exp.Select, scope: Scope) -> Deps:
        first = node.args.get("from_")
        if first is None:
            return NO_DEPS
        rows = self._source(first.this, scope).rows
        for join in node.args.get("joins") or ():
            relation = self._source(join.this, scope)
            condition = join.args.get("on")
            asked = self._asked(join, scope)
            if asked is not None:
                relation = Relation(dict.fromkeys(relation.columns, asked))
                scope.sources[join.this.alias_or_name.lower()] = relation
            elif condition is not None and relation.by_source and _same_source(condition, join.this.alias_or_name):
                relation = within_source(relation)
                scope.sources[join.this.alias_or_name.lower()] = relation
            else:
                scope.mixed = True
            full = join.side == "FULL"
            rows |= relation.rows if full else as_kind(relation.rows, JOIN)
            rows |= as_kind(self.expression(condition, scope), JOIN)
            for using in join.args.get("using") or ():
                rows |= as_kind(scope.column(using.name, None), JOIN)
            if join.kind in ("ANTI", "SEMI"):
                del scope.sources[join.this.alias_or_name.lower()]
        return rows

    def _asked(self, join: exp.Join, scope: Scope) -> Deps | None:
        """What the value depends on by which a dictionary is joined; None for any other join."""
        table, condition = join.this, join.args.get("on")
        key = self._dictionaries.get(f"{table.db}.{table.name}".lower()) if isinstance(table, exp.Table) else None
        if key is None or not isinstance(condition, exp.EQ):
            return None
        sides = [condition.this, condition.expression]
        mine = [s for s in sides if isinstance(s, exp.Column) and (s.table, s.name) == (table.alias_or_name, key)]
        return made_of(self.expression(sides[1 - sides.index(mine[0])], scope)) if mine else None

    def _source(self, node: exp.Expr, scope: Scope) -> Relation:
        """One relation after FROM or JOIN, put into the scope under its alias."""
        alias = node.alias_or_name.lower() or f"_{len(scope.sources)}"
        if isinstance(node, exp.Lateral):
            relation = self.query(node.this, scope)
        elif isinstance(node, exp.Table):
            relation = self._table(node, scope)
        elif isinstance(node, exp.Unnest):
            relation = Relation({alias: self.expression(node.expressions[0], scope)})
        elif isinstance(node, exp.Subquery) and not isinstance(node.this, exp.Query):
            relation = self.query(node.this, scope)
        else:
            relation = self.query(node, scope)
        renamed = [c.name.lower() for c in (node.args["alias"].columns if node.args.get("alias") else ())]
        if renamed:
            kept = [*renamed, *list(relation.columns)[len(renamed) :]]
            relation = Relation(dict(zip(kept, relation.columns.values(), strict=False)), relation.rows,
                                relation.by_source)  # fmt: skip
        scope.sources[alias] = relation
        return relation

    def _table(self, node: exp.Table, scope: Scope) -> Relation:
        if isinstance(node.this, exp.Func):
            said = self.expression(node.this, scope)
            columns = {c.name.lower(): said for c in (node.args["alias"].columns if node.args.get("alias") else ())}
            return Relation(columns or {node.alias_or_name.lower(): said}, as_kind(said, ROW))
        if not node.db:
            found = scope.cte(node.name.lower())
            if found is not None:
                return found
        return self._tables(f"{node.db}.{node.name}".lower() if node.db else node.name.lower())

    def _values(self, node: exp.Values, scope: Scope) -> Relation:
        rows = [[self.expression(e, scope) for e in row.expressions] for row in node.expressions]
        names = [c.name.lower() for c in node.args["alias"].columns] if node.args.get("alias") else []
        names = names or [f"col{i}" for i in range(len(rows[0]))]
        return Relation({c: frozenset().union(*cells) for c, cells in zip(names, zip(*rows, strict=True), strict=True)})

    def _unpivot(self, node: exp.Pivot, scope: Scope) -> Relation:
        """`unpivot (select …) on a, b into name attribute value value`: one row per column that is not null."""
        inner = self.query(node.this, scope)
        turned = [c.name.lower() for c in node.expressions]
        said = frozenset().union(*(inner.columns[c] for c in turned))
        columns = {c: d for c, d in inner.columns.items() if c not in turned}
        into = node.args["into"]
        columns[into.this.name.lower()] = NO_DEPS
        columns |= {e.name.lower(): said for e in into.expressions}
        return Relation(columns, inner.rows | as_kind(said, FILTER), inner.by_source)

    def _columns(self, node: exp.Select, scope: Scope) -> dict[str, Deps]:
        columns: dict[str, Deps] = {}
        for item in node.expressions:
            star = item.this if isinstance(item, (exp.Column, exp.Columns)) else item
            if isinstance(star, exp.Star):
                table = item.table.lower() if isinstance(item, exp.Column) and item.table else None
                for label, said in _starred(star, table, scope):
                    columns[_free(label, columns)] = said
                continue
            said = self.expression(item, scope)
            label = item.alias_or_name.lower() or f"col{len(columns)}"
            columns[_free(label, columns)] = said
            scope.aliases.setdefault(label, said)
        return columns

    def _deciding(self, node: exp.Select, scope: Scope, columns: list[Deps]) -> Deps:
        """What decides which rows there are: WHERE, HAVING, QUALIFY, GROUP BY, and the order when there is a limit."""
        parts = [node.args.get(k) for k in ("where", "having", "qualify")]
        parts += [node.args.get("order")] if node.args.get("limit") else []
        said = [self.expression(p, scope) for p in parts]
        for key in group.expressions if (group := node.args.get("group")) else ():
            # `group by 1` names a column of the select by its place.
            said.append(columns[int(key.name) - 1] if isinstance(key, exp.Literal) else self.expression(key, scope))
        return frozenset().union(*(as_kind(s, FILTER) for s in said))


def _free(label: str, taken: Collection[str]) -> str:
    """The name of a column, or of a second one of that name as the engine numbers it."""
    return label if label not in taken else next(n for i in count(1) if (n := f"{label}_{i}") not in taken)


def _starred(star: exp.Star, table: str | None, scope: Scope) -> Iterator[tuple[str, Deps]]:
    left_out = {c.name.lower() for c in star.args.get("except_") or ()}
    for alias, relation in scope.sources.items():
        if table in (None, alias):
            yield from ((c, d) for c, d in relation.columns.items() if c not in left_out)


def _unnamed(window: exp.Window) -> exp.Expr:
    return exp.Tuple(expressions=[*window.args.get("partition_by", ()), *filter(None, [window.args.get("order")])])


def _same_source(condition: exp.Expr, alias: str) -> bool:
    """Whether the join demands that both rows are of one source."""
    for part in condition.flatten() if isinstance(condition, exp.And) else [condition]:
        sides = [part.this, part.expression] if isinstance(part, exp.EQ) else []
        if len(sides) == 2 and all(isinstance(s, exp.Column) and s.name.lower() == "source" for s in sides):
            return alias.lower() in {s.table.lower() for s in sides}
    return False


def _folds(node: exp.Select) -> bool:
    """Whether a select makes one row of many: it groups, or folds everything into one row."""
    aggregates = (a for e in node.expressions for a in e.find_all(exp.AggFunc))
    return bool(node.args.get("group")) or any(not a.find_ancestor(exp.Window, exp.Subquery) for a in aggregates)


def _by_source(node: exp.Select, scope: Scope, columns: dict[str, Deps]) -> bool:
    """Whether every row comes of rows of one source: nothing is joined, folded, ordered or asked across sources."""
    if "source" not in columns or scope.mixed or not scope.sources:
        return False
    asks_others = node.args.get("where") and node.args["where"].find(exp.Select)
    if asks_others or any(e.find(exp.Select) for e in node.expressions):
        return False
    if not next(iter(scope.sources.values())).by_source:
        return False
    group = node.args.get("group")
    grouped = {e.name.lower() for e in group.expressions if isinstance(e, exp.Column)} if group else set()
    if group and "source" not in grouped:
        return False
    windows = [w for e in node.expressions for w in e.find_all(exp.Window)]
    apart = all(any(p.name.lower() == "source" for p in w.args.get("partition_by", ())) for w in windows)
    folds = any(e.find(exp.AggFunc) for e in node.expressions)
    return apart and (bool(group) or not folds)


def _parts(node: exp.SetOperation, left: Relation, right: Relation) -> dict[str, Relation]:
    """The branches by the constant in their first column, if each has one."""
    found: dict[str, Relation] = {}
    for side, relation in ((node.left, left), (node.right, right)):
        if isinstance(side, exp.SetOperation):
            told = relation.parts
        else:
            first = side.expressions[0] if isinstance(side, exp.Select) and side.expressions else None
            first = first.this if isinstance(first, exp.Alias) else first
            told = {first.name: relation} if isinstance(first, exp.Literal) and first.is_string else {}
        if not told:
            return {}
        for word, part in told.items():
            found[word] = _both(found[word], part) if word in found else part
    return found


def _both(one: Relation, other: Relation) -> Relation:
    columns = {c: d | r for (c, d), r in zip(one.columns.items(), other.columns.values(), strict=True)}
    return Relation(columns, one.rows | other.rows, one.by_source and other.by_source)

"""Constrained Kruskal: edges join groups in a fixed order, unless two numbers of one type or a refusal would meet.

Edges touch a tenth of the groups, so the loop is plain Python: 0.5 M edges take about a second.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pyarrow as pa

from warehouse.engine.connection import Connection
from warehouse.resolver.components import components, keep
from warehouse.resolver.model import Model
from warehouse.resolver.sql import statement


class Forest:
    """Groups joined into clusters; a cluster knows its numbers by type and the clusters it must not meet."""

    def __init__(self) -> None:
        self._parent: dict[int, int] = {}
        self._numbers: dict[int, dict[str, int]] = {}
        self._foes: dict[int, set[int]] = {}

    def own(self, group: int, kind: str, number: int) -> None:
        """A group bears a number of a type of which nobody has two."""
        self._numbers[group] = {kind: number}

    def part(self, left: int, right: int) -> None:
        """Two groups are not one person."""
        self._foes.setdefault(left, set()).add(right)
        self._foes.setdefault(right, set()).add(left)

    def root(self, group: int) -> int:
        """The group that stands for the cluster."""
        parent = self._parent
        while (up := parent.get(group, group)) != group:
            parent[group] = parent.get(up, up)
            group = up
        return group

    def join(self, left: int, right: int) -> bool:
        """Join two clusters; False when they are one already or must not be."""
        a, b = self.root(left), self.root(right)
        if a == b or not self._allowed(a, b):
            return False
        self._parent[b] = a
        if theirs := self._numbers.pop(b, None):
            self._numbers[a] = theirs | self._numbers.get(a, {})
        if foes := self._foes.pop(b, None):
            self._foes.setdefault(a, set()).update(foes)
            for foe in foes:
                self._foes[foe].discard(b)
                self._foes[foe].add(a)
        return True

    def _allowed(self, a: int, b: int) -> bool:
        if b in self._foes.get(a, ()):
            return False
        mine, theirs = self._numbers.get(a), self._numbers.get(b)
        return not mine or not theirs or all(theirs.get(kind, number) == number for kind, number in mine.items())


def build_clusters(connection: Connection, model: Model) -> None:
    """Make r_cluster (group -> cluster), r_component (group -> component) and r_joined (the edges that joined)."""
    owned = connection.execute(
        "select label, etype, eid from r_group where eid is not null and list_contains($types, etype) and label in "
        "(select l from r_edge where verdict <> 1 union select r from r_edge where verdict <> 1)",
        {"types": list(model.exclusive)},
    ).fetchall()
    edges = connection.sql(statement("kruskal")).to_arrow_table()
    forest = Forest()
    for label, kind, number in owned:
        forest.own(label, kind, number)
    columns = (edges[n].to_pylist() for n in ("l", "r", "verdict"))
    joined = [_apply(forest, *edge) for edge in zip(*columns, strict=True)]
    keep(connection, "r_joined", edges.filter(pa.array(joined, pa.bool_())))
    touched = sorted({*edges["l"].to_pylist(), *edges["r"].to_pylist()})
    keep(connection, "r_cluster", _table(touched, map(forest.root, touched), "cluster"))
    _build_components(connection)


def _apply(forest: Forest, left: int, right: int, verdict: int) -> bool:
    if verdict == 0:
        forest.part(left, right)
        return False
    return forest.join(left, right)


def _build_components(connection: Connection) -> None:
    ties = connection.sql(statement("tie")).to_arrow_table()
    labels = connection.execute("select coalesce(max(label), 0) from r_group").fetchall()[0][0] + 1
    found = components(labels, ties["l"], ties["r"])
    keep(
        connection, "r_component", pa.table({"label": pa.array(np.arange(labels, dtype=np.int32)), "component": found})
    )


def _table(labels: Sequence[int], values: Iterable[int], column: str) -> pa.Table:
    return pa.table({"label": pa.array(labels, pa.int32()), column: pa.array(list(values), pa.int32())})

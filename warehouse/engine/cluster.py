"""Which signatures are one thing: constrained union over shared keys, the same for dwellings and buildings.

Flow: judgements "same" -> known keys, space by space -> keys of texts. A union that would put two values of an
exclusive space together, or break a judgement "different", is refused and told. A text that stands for two things with
different known keys stops being evidence: those that have nothing else are told, not guessed.
A pure function of the set of signatures: they are taken in the order of their support and content.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

Keys = tuple[str | None, ...]
_NONE: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Space:
    """One column of keys. exclusive: a thing has at most one value in it. text: a key that was read from free text."""

    name: str
    exclusive: bool = False
    text: bool = False


@dataclass(frozen=True)
class Refusal:
    """A key that would have joined what cannot be one; nodes: one of each side, and those left without a side."""

    space: str
    value: str
    nodes: tuple[int, ...]
    stranded: tuple[int, ...] = ()


@dataclass
class Clustering:
    """The cluster of each node, named by its smallest node, and what was refused."""

    cluster: list[int]
    refusals: list[Refusal] = field(default_factory=list)


class _Union:
    """Union-find whose roots remember the exclusive values and the judged foes of their cluster."""

    def __init__(self, nodes: Sequence[Keys], spaces: Sequence[Space], foes: Iterable[tuple[int, int]]) -> None:
        places = [i for i, s in enumerate(spaces) if s.exclusive]
        self.parent = list(range(len(nodes)))
        self.held = [tuple(_NONE if (k := keys[i]) is None else frozenset((k,)) for i in places) for keys in nodes]
        self.known = [any(k is not None for k, s in zip(keys, spaces, strict=True) if not s.text) for keys in nodes]
        self.foes: dict[int, set[int]] = {}
        for one, other in foes:
            self.foes.setdefault(one, set()).add(other)
            self.foes.setdefault(other, set()).add(one)

    def find(self, node: int) -> int:
        while self.parent[node] != node:
            self.parent[node] = self.parent[self.parent[node]]
            node = self.parent[node]
        return node

    def compatible(self, one: int, other: int) -> bool:
        """Whether two roots may be one."""
        clash = any(a and b and a.isdisjoint(b) for a, b in zip(self.held[one], self.held[other], strict=True))
        return not clash and not any(self.find(foe) == other for foe in self.foes.get(one, ()))

    def join(self, one: int, other: int) -> None:
        """Make two roots one; the smaller node stays the root."""
        low, high = sorted((one, other))
        self.parent[high] = low
        # More than one value only where a steward joined two: either will then do.
        self.held[low] = tuple(a | b for a, b in zip(self.held[low], self.held[high], strict=True))
        self.known[low] = self.known[low] or self.known[high]
        if high in self.foes:
            self.foes.setdefault(low, set()).update(self.foes.pop(high))


def cluster(
    nodes: Sequence[Keys],
    spaces: Sequence[Space],
    *,
    same: Iterable[tuple[int, int]] = (),
    different: Iterable[tuple[int, int]] = (),
) -> Clustering:
    """Cluster nodes by their keys; their order decides what wins where two cannot both be had."""
    union, refusals = _Union(nodes, spaces, different), []
    for one, other in same:
        left, right = union.find(one), union.find(other)
        # A steward who says "same" has seen both codes: only another judgement stops him.
        if left != right and not any(union.find(foe) == right for foe in union.foes.get(left, ())):
            union.join(left, right)
    for place, space in enumerate(spaces):
        for value, group in _groups(nodes, place):
            refused = _join_text(union, group) if space.text else _join_known(union, group)
            if refused:
                refusals.append(Refusal(space.name, value, *refused))
    return Clustering([union.find(n) for n in range(len(nodes))], refusals)


def _groups(nodes: Sequence[Keys], place: int) -> list[tuple[str, list[int]]]:
    found: dict[str, list[int]] = {}
    for node, keys in enumerate(nodes):
        if (key := keys[place]) is not None:
            found.setdefault(key, []).append(node)
    return sorted((key, group) for key, group in found.items() if len(group) > 1)


def _join_known(union: _Union, group: Sequence[int]) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    """Each node joins the first cluster of its key that will have it; the clusters, if more than one is left."""
    apart: list[int] = []
    for node in group:
        root = union.find(node)
        for at, other in enumerate(apart):
            there = union.find(other)
            if root == there:
                break
            if union.compatible(root, there):
                union.join(root, there)
                apart[at] = min(root, there)
                break
        else:
            apart.append(root)
    apart = list(dict.fromkeys(union.find(a) for a in apart))
    return (tuple(apart), ()) if len(apart) > 1 else None


def _join_text(union: _Union, group: Sequence[int]) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    """All join, unless known things among them contradict each other: then those without a known key stay apart."""
    roots = list(dict.fromkeys(union.find(n) for n in group))
    known = [r for r in roots if union.known[r]]
    contested = any(not union.compatible(a, b) for i, a in enumerate(roots) for b in roots[i + 1 :])
    if not contested:
        for other in roots[1:]:
            union.join(union.find(roots[0]), other)
        return None
    stranded = [r for r in roots if not union.known[r]]
    for other in stranded[1:]:
        if union.compatible(union.find(stranded[0]), union.find(other)):
            union.join(union.find(stranded[0]), union.find(other))
    return tuple(known), tuple(stranded)

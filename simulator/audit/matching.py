"""Are the records of one thing together in the register, and those of two apart? Pairs of records are counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import duckdb

from simulator.audit.things import Spoken


@dataclass(frozen=True)
class Matched:
    """One kind of thing: which true thing each id is, and how well the records were put together."""

    of: Mapping[str, str]
    ids: int
    told: int
    mixed: int
    split: int
    missing: tuple[str, ...]
    strange: tuple[str, ...]
    precision: float
    recall: float


def matched(connection: duckdb.DuckDBPyConnection, thing: str, spoken: Spoken) -> Matched:
    """Hold the members of a kind of thing against what their records truly speak of."""
    ids = [one for (one,) in connection.execute(f"select {thing}_id from register.{thing}").fetchall()]
    members = connection.execute(f"select obs_key, {thing}_id from register.{thing}_member").fetchall()
    known = [(one, spoken.of[key]) for key, one in members if key in spoken.of]
    if spoken.names:
        coded = connection.execute(f"select {thing}_id, credit_code from register.{thing}").fetchall()
        known += [(one, spoken.names[code]) for one, code in coded if code in spoken.names]
    parts: dict[str, Counter[str]] = {}
    for one, true in known:
        parts.setdefault(one, Counter())[true] += 1
    homes: dict[str, set[str]] = {}
    for one, counts in parts.items():
        for true in counts:
            homes.setdefault(true, set()).add(one)
    precision, recall = _pairs(known)
    return Matched(
        of={one: counts.most_common(1)[0][0] for one, counts in parts.items()},
        ids=len(ids),
        told=len(spoken.told),
        mixed=sum(len(counts) - 1 for counts in parts.values()),
        split=sum(len(found) - 1 for found in homes.values()),
        missing=tuple(sorted(spoken.told - homes.keys())),
        strange=tuple(sorted(set(ids) - parts.keys())),
        precision=precision,
        recall=recall,
    )


def _pairs(known: Iterable[tuple[str, str]]) -> tuple[float, float]:
    """The share of the pairs put together that belong together, and of those that belong together that are."""
    known = list(known)
    both, found, true = Counter(known), Counter(one for one, _ in known), Counter(thing for _, thing in known)
    together, made, right = (sum(n * (n - 1) // 2 for n in counts.values()) for counts in (both, found, true))
    return together / made if made else 1.0, together / right if right else 1.0

"""Clusters against the truth: pairs, exact clusters, and what a cluster must never hold."""

from __future__ import annotations

import duckdb

_TRUTH = """
with pair as (
    select p.person_id, o.person, count(*) as n
    from {member} as p join {truth} as o using (obs_key) group by all
), found as (select person_id, sum(n) as n, count(*) as persons from pair group by 1
), truth as (select person, sum(n) as n, count(*) as clusters from pair group by 1
), both_ as (select sum(n * (n - 1) / 2) as pairs from pair
), f as (select sum(n * (n - 1) / 2) as pairs, count(*) as clusters from found
), t as (select sum(n * (n - 1) / 2) as pairs, count(*) as clusters from truth
), exact as (
    select count(*) as n from pair join found using (person_id) join truth using (person)
    where found.persons = 1 and truth.clusters = 1
)
select both_.pairs / f.pairs as precision, both_.pairs / t.pairs as recall,
    exact.n / f.clusters as exact_found, exact.n / t.clusters as exact_true, f.clusters, t.clusters
from both_, f, t, exact
"""


def score(connection: duckdb.DuckDBPyConnection, member: str, truth: str) -> dict[str, float]:
    """Pairwise precision, recall and F1, and the shares of clusters that are exactly a person, both ways."""
    [(p, r, found, true, clusters, persons)] = connection.execute(_TRUTH.format(member=member, truth=truth)).fetchall()
    return {
        "precision": p, "recall": r, "f1": 2 * p * r / (p + r), "exact_found": found, "exact_true": true,
        "clusters": clusters, "persons": persons,
    }  # fmt: skip

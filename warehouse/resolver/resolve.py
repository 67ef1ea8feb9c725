"""The resolver as a whole: full, or only what a night has touched; the outcome is the same to the last row."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from expectations.sql import Sql, name
from warehouse.engine.connection import Connection
from warehouse.resolver.candidates import build_candidates
from warehouse.resolver.clusters import build_clusters
from warehouse.resolver.evidence import build_evidence, weigh
from warehouse.resolver.ids import build_persons, build_rows, keep_aliases, replace_rows
from warehouse.resolver.judgement import build_edges
from warehouse.resolver.model import Model, salt_in_use
from warehouse.resolver.scope import SCOPE, build_scope, keep_state, load_touched, state_of
from warehouse.resolver.score import build_scores
from warehouse.resolver.sql import statement

OBSERVATIONS = name("register", "person_observation")
JUDGEMENTS = name("register", "person_judgement")


@dataclass
class ResolveReport:
    """What a run did. `hubs` are numbers under many names, counted, never shown (RE-HUB)."""

    mode: str
    observations: int = 0
    recomputed: int = 0
    persons: int = 0
    compared: int = 0
    contested: int = 0
    hubs: int = 0
    review_cases: int = 0
    merged: int = 0
    split: int = 0
    largest: int = 0
    seconds: dict[str, float] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self)


class _Clock:
    def __init__(self, report: ResolveReport) -> None:
        self._seconds, self._last = report.seconds, time.monotonic()

    def lap(self, what: str) -> None:
        now = time.monotonic()
        self._seconds[what], self._last = round(now - self._last, 3), now


def resolve(
    connection: Connection,
    model: Model,
    *,
    touched: Sql | None = None,
    fresh: Sql | None = None,
    observations: Sql = OBSERVATIONS,
    judgements: Sql = JUDGEMENTS,
    since: datetime | None = None,
) -> ResolveReport:
    """Fill register.person_member, person_edge, person_review, person_contested and person_alias.

    observations: one row per source record (obs_key, changed_at, birth_date, sex, the identity columns, house_key,
    household_token). judgements: those in force (judgement_id, left_key, right_key, verdict). touched: a relation
    with the obs_key of every observation added, changed or removed since the last run; judgements are compared with
    the last run's here. Without it, or after another model or engine, everything is recomputed. fresh: the observations
    among `touched` that there are now, if the caller has them at hand: it saves reading all. since: when aliases of
    this run begin; the caller's clock, never ours.
    """
    connection.execute(statement("schema"))
    partial = touched is not None and state_of(connection, model)
    report = ResolveReport("touched" if partial else "full")
    clock = _Clock(report)
    if partial and touched is not None:
        brought = load_touched(connection, observations, judgements, touched, fresh)
        report.recomputed = build_scope(connection, model)
        clock.lap("scope")
        weigh(connection, model)
    else:
        brought = None
        build_evidence(connection, model, observations, judgements)
    clock.lap("evidence")
    _build(connection, model, judgements, clock)
    build_rows(connection, observations, brought)
    clock.lap("ids")
    _publish(connection, SCOPE if partial else None, since, report)
    keep_state(connection, model, judgements)
    clock.lap("publish")
    _count(connection, report)
    clear(connection)
    return report


def _build(connection: Connection, model: Model, judgements: Sql, clock: _Clock) -> None:
    build_candidates(connection, model)
    clock.lap("candidates")
    build_scores(connection, model)
    clock.lap("score")
    build_edges(connection, model, judgements)
    clock.lap("judgement")
    build_clusters(connection, model)
    clock.lap("clusters")
    build_persons(connection, salt_in_use())


def _publish(connection: Connection, scope: Sql | None, since: datetime | None, report: ResolveReport) -> None:
    connection.execute(
        statement("before", scope=Sql("true") if scope is None else Sql("component in (select component from r_scope)"))
    )
    replace_rows(connection, scope)
    report.merged, report.split = keep_aliases(connection, salt_in_use(), since)


def _count(connection: Connection, report: ResolveReport) -> None:
    [counted] = connection.execute(statement("figures")).fetchall()
    (report.observations, report.persons, report.largest, report.contested, report.review_cases) = counted
    [(report.compared, report.hubs)] = connection.execute(
        "select (select count(*) from r_pair), (select count(*) from register.person_hub)"
    ).fetchall()
    if report.mode == "full":
        report.recomputed = report.observations


def clear(connection: Connection) -> None:
    """Drop the working tables of a run."""
    for (table,) in connection.execute(
        "select table_name from duckdb_tables() where temporary and table_name like 'r\\_%' escape '\\'"
    ).fetchall():
        connection.execute(statement("drop", table=name(table)))

"""Judge one staged source for one night: the verdict, every failing row, and what is accepted.

Flow: suite of the contract -> label each entity (Great Expectations counts, our SQL finds the rows) -> figures and
incidents -> verdict -> released, or held so that what was accepted before stays. One transaction; a run that is
repeated replaces its own rows. What breaks the judging itself is a verdict too, `error`, and never a pass.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

import duckdb

from expectations.bounds import judge_freshness, judge_volume
from expectations.desk import Desk, prepare
from expectations.errors import PipelineError, SourceChanged
from expectations.faultpoint import faultpoint, register
from expectations.history import close_run, open_run
from expectations.judge import EngineFull, Judge
from expectations.label import label_entity, open_entity
from expectations.lent import lend
from expectations.likeness import judge_likeness
from expectations.memory import bounded
from expectations.model import Contract
from expectations.relations import table_name
from expectations.settle import accept, count_entity, undo_incidents, write_incidents
from expectations.suite import Suite, build_suite
from expectations.verdict import ERROR, HELD, Outcome, Verdict, Waiver, worst

register("check.before_commit")


class _HeldLate(Exception):
    """A later entity holds the source after an earlier one was released: judge again, knowing how it ends."""


@dataclass(frozen=True)
class _Case:
    """What is judged: the suite, the staged entities, the night, the waivers in force."""

    suite: Suite
    entities: tuple[str, ...]
    night: date
    waivers: tuple[Waiver, ...]
    confirmed: Collection[str]

    @property
    def contract(self) -> Contract:
        return self.suite.contract


def check_source(
    contract: Contract,
    connection: duckdb.DuckDBPyConnection,
    night: str,
    waivers: Sequence[Waiver] = (),
    *,
    refusal: PipelineError | None = None,
    confirmed: Collection[str] = (),
) -> Verdict:
    """Judge everything of a source that is staged.

    connection: the one open for writing. night: `YYYY-MM-DD`, the partition key of the run. waivers: of any source;
    those of this one that reach the night count. refusal: why what is staged cannot be judged at all.
    confirmed: the loads that a steward let through whatever they bring or end.
    Nothing is raised for what the data or the engine do: the verdict says it and is on record.
    """
    started = time.monotonic()
    prepare(connection)
    desk = Desk(connection)
    there = desk.tables()
    when = date.fromisoformat(night)
    case = _Case(
        suite=build_suite(contract),
        entities=tuple(e for e in contract.entities if ("staging", table_name(contract.source, e)) in there),
        night=when,
        waivers=tuple(w for w in waivers if w.source == contract.source and w.until >= when),
        confirmed=confirmed,
    )
    # A table that cannot be judged may lack what the views of this contract read.
    for entity in case.entities if refusal is None else ():
        open_entity(desk, contract.source, contract.entities[entity])
    try:
        verdict = _broken(desk, case, refusal) if refusal else _check(desk, case)
    except Exception as error:  # noqa: BLE001 - whatever broke, the night must be on record as not judged
        verdict = _broken(desk, case, error)
    verdict.seconds = time.monotonic() - started
    return verdict


def _check(desk: Desk, case: _Case) -> Verdict:
    with lend(desk.connection) as url:
        judge = Judge(url)
        try:
            with bounded(desk.connection):
                return _judge_whole(desk, judge, case)
        except (duckdb.OutOfMemoryException, EngineFull):
            # What does not fit gets all the engine may have; there the error is what it says.
            return _judge_whole(desk, judge, case)


def _judge_whole(desk: Desk, judge: Judge, case: _Case) -> Verdict:
    try:
        with desk.transaction():
            return _judge(desk, judge, case, release=True)
    except _HeldLate:
        with desk.transaction():
            return _judge(desk, judge, case, release=False)


def _judge(desk: Desk, judge: Judge, case: _Case, *, release: bool) -> Verdict:
    """One attempt. Raises _HeldLate when it released something before it learned that the source is held."""
    source = case.contract.source
    run = open_run(desk, source, case.night)
    undo_incidents(desk)
    moved = run.suite_was_moved(case.suite)
    verdict = Verdict(source, case.night.isoformat(), ERROR, case.suite.hash)
    verdict.outcomes += judge_volume(desk, case.contract, case.waivers)
    verdict.outcomes += judge_likeness(desk, case.contract, case.waivers, case.confirmed)
    released = False
    for entity in case.entities:
        desk.facts["entity"] = entity
        found = label_entity(
            desk, judge, source, entity, case.suite.of(entity), case.waivers, run.suite_is_new(case.suite)
        )
        verdict.outcomes += found.outcomes
        verdict.entities[entity] = count_entity(desk, source, case.contract.entities[entity], found)
        write_incidents(desk, source, entity)
        if release and not moved and _worst(verdict) != HELD:
            accept(desk, source, entity, found, verdict.entities[entity])
            released = True
    verdict.outcomes += judge_freshness(desk, case.night, case.contract, verdict.entities, case.waivers)
    verdict.verdict = _worst(verdict)
    if verdict.verdict == HELD and released:
        raise _HeldLate
    if verdict.verdict == HELD:
        verdict.error = SourceChanged("CH-HELD", detail=_named(verdict, HELD))
    elif moved:
        verdict.verdict = HELD
        verdict.error = SourceChanged("CH-SUITE", detail=f"failed under {run.failed_suite}, now {case.suite.hash}")
    close_run(desk, run, case.suite, verdict)
    faultpoint("check.before_commit")
    return verdict


def _worst(verdict: Verdict) -> str:
    return worst([o.outcome for o in verdict.outcomes])


def _named(verdict: Verdict, outcome: str) -> str:
    return ", ".join(f"{o.entity}.{o.rule} {o.failing}/{o.total}" for o in verdict.outcomes if o.outcome == outcome)


def _broken(desk: Desk, case: _Case, error: Exception) -> Verdict:
    """Record that the night was not judged. Only the kind of a foreign error is told: its text may hold values."""
    known = error if isinstance(error, PipelineError) else SourceChanged("CH-ENGINE", detail=type(error).__name__)
    verdict = Verdict(case.contract.source, case.night.isoformat(), ERROR, case.suite.hash, error=known)
    with desk.transaction():
        run = open_run(desk, case.contract.source, case.night)
        verdict.outcomes = [Outcome(r.entity, r.check.rule, ERROR, error=known.code) for r in case.suite.rules]
        close_run(desk, run, case.suite, verdict)
    return verdict

"""Judge one staged source for one night: the verdict, every failing row, and what is accepted.

Flow: suite of the contract -> label each entity (Great Expectations counts, our SQL finds the rows) -> figures and
incidents -> verdict -> released, or held so that what was accepted before stays. One transaction; a run that is
repeated replaces its own rows. What breaks the judging itself is a verdict too, `error`, and never a pass.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import date

import duckdb

from expectations.desk import Desk, prepare
from expectations.errors import PipelineError, SourceChanged
from expectations.history import Run, close_run, open_run
from expectations.judge import Judge
from expectations.label import Labelled, label_entity, open_entity
from expectations.lent import lend
from expectations.model import Contract
from expectations.relations import table_name
from expectations.settle import accept, count_entity, undo_incidents, write_incidents
from expectations.suite import Suite, build_suite
from expectations.verdict import ERROR, HELD, Outcome, Verdict, Waiver, worst


def check_source(
    contract: Contract, connection: duckdb.DuckDBPyConnection, night: str, waivers: Sequence[Waiver] = ()
) -> Verdict:
    """Judge everything of a source that is staged.

    connection: the one open for writing. night: `YYYY-MM-DD`, the partition key of the run. waivers: those in force.
    Nothing is raised for what the data or the engine do: the verdict says it and is on record.
    """
    started = time.monotonic()
    suite = build_suite(contract)
    when = date.fromisoformat(night)
    prepare(connection)
    desk = Desk(connection)
    there = desk.tables()
    entities = [e for e in contract.entities if ("staging", table_name(contract.source, e)) in there]
    for entity in entities:
        open_entity(desk, contract.source, entity)
    try:
        with lend(connection) as url, desk.transaction():
            verdict = _judge(desk, Judge(url), suite, entities, when, waivers)
    except Exception as error:  # noqa: BLE001 - whatever broke, the night must be on record as not judged
        verdict = _broken(desk, suite, when, error)
    verdict.seconds = time.monotonic() - started
    return verdict


def _judge(
    desk: Desk, judge: Judge, suite: Suite, entities: Sequence[str], night: date, waivers: Sequence[Waiver]
) -> Verdict:
    source = suite.contract.source
    run = open_run(desk, source, night)
    undo_incidents(desk)
    verdict = Verdict(source, night.isoformat(), ERROR, suite.hash)
    again = run.released_suite not in (None, suite.hash)
    labelled: dict[str, Labelled] = {}
    for entity in entities:
        desk.facts["entity"] = entity
        found = label_entity(desk, judge, source, entity, suite.of(entity), waivers, again)
        verdict.outcomes += found.outcomes
        verdict.entities[entity] = count_entity(desk, source, suite.contract.entities[entity], found)
        write_incidents(desk, source, entity)
        if worst([o.outcome for o in verdict.outcomes]) != HELD:
            accept(desk, source, entity, found, verdict.entities[entity])
    verdict.verdict = worst([o.outcome for o in verdict.outcomes])
    close_run(desk, run, suite, verdict)
    return verdict


def _broken(desk: Desk, suite: Suite, night: date, error: Exception) -> Verdict:
    """Record that the night was not judged. Only the kind of a foreign error is told: its text may hold values."""
    known = error if isinstance(error, PipelineError) else SourceChanged("CH-ENGINE", detail=type(error).__name__)
    verdict = Verdict(suite.contract.source, night.isoformat(), ERROR, suite.hash, error=known)
    with desk.transaction():
        run: Run = open_run(desk, suite.contract.source, night)
        verdict.outcomes = [Outcome(r.entity, r.check.rule, ERROR, error=known.code) for r in suite.rules]
        close_run(desk, run, suite, verdict)
    return verdict

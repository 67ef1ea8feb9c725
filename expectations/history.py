"""The rows of a run in `quality.run`, `quality.entity`, `quality.result` and `quality.volume`, and what they remember.

A run is one source in one night. Running it again replaces these rows; its number and the suite under which an earlier
attempt failed stay.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from expectations.bounds import Bound, bounds
from expectations.desk import Desk
from expectations.errors import PipelineError
from expectations.likeness import likeness_bounds
from expectations.sql import Sql, fill, name
from expectations.suite import Rule, Suite
from expectations.verdict import HELD, Outcome, Verdict

_OF_A_RUN = ("entity", "result", "volume")


@dataclass(frozen=True)
class Run:
    """One run at its start. released_suite: the suite of the last run that released something."""

    run_id: str
    run_no: int
    night: date
    as_of: date
    attempts: int
    started_at: datetime
    failed_suite: str | None
    released_suite: str | None

    def suite_is_new(self, suite: Suite) -> bool:
        """Whether other rules released the last night, so that every version has to be judged anew."""
        return self.released_suite not in (None, suite.hash)

    def suite_was_moved(self, suite: Suite) -> bool:
        """Whether this very night failed before, under other rules or bounds."""
        return self.failed_suite not in (None, suite.hash)


def open_run(desk: Desk, source: str, night: date) -> Run:
    """Find or number the run of a source and night, and forget what an earlier attempt wrote into the history."""
    run_id = f"{source}:{night.isoformat()}"
    facts: dict[str, Any] = {"source": source, "run_id": run_id}
    before = desk.run(Sql(
        "select run_no, attempts, verdict, suite_hash, failed_suite_hash from quality.run where run_id = $run_id"
    ), **facts)  # fmt: skip
    [(latest, numbers)] = desk.run(Sql(
        "select (select max(judged_as_of) from quality.run where source = $source and run_id <> $run_id), "
        "(select coalesce(max(run_no), 0) from quality.run)"
    ), **facts)  # fmt: skip
    released = desk.run(Sql(
        "select suite_hash from quality.run where source = $source and run_id <> $run_id "
        "and verdict in ('pass', 'flagged') order by judged_as_of desc, run_no desc limit 1"
    ), **facts)  # fmt: skip
    run_no, attempts, failed = numbers + 1, 0, None
    if before:
        [(run_no, attempts, verdict, suite_hash, failed)] = before
        # The first suite that failed is remembered: a chain of small loosenings is one loosening.
        failed = failed or (suite_hash if verdict == HELD else None)
    # A night that is caught up late is judged as things stand now: incidents must not be dated back.
    as_of = max(night, latest or night)
    desk.facts |= facts | {"run_no": run_no, "night": as_of}
    for table in ("run", *_OF_A_RUN):
        desk.run(fill("delete from {{table}} where run_id = $run_id", table=name("quality", table)))
    return Run(run_id, run_no, night, as_of, attempts + 1, datetime.now(), failed, released[0][0] if released else None)


def close_run(desk: Desk, run: Run, suite: Suite, verdict: Verdict) -> None:
    """Write the rows of the run."""
    contract = suite.contract
    keys = {"run_id": run.run_id, "source": contract.source, "night": run.night}
    ended = datetime.now()
    figures = ("rows_new", "accepted", "quarantined", "withdrawn", "rows_current", "quarantined_current",
               "noted_current", "emptied", "emptied_current")  # fmt: skip
    desk.insert(Sql("quality.run"), [
        {
            **keys, "run_no": run.run_no, "judged_as_of": run.as_of, "contract_version": contract.version,
            "suite_hash": suite.hash, "failed_suite_hash": run.failed_suite, "attempts": run.attempts,
            "started_at": run.started_at, "ended_at": ended, "seconds": (ended - run.started_at).total_seconds(),
            "verdict": verdict.verdict, **_error(verdict.error), **{f: verdict.total(f) for f in figures},
        }
    ])  # fmt: skip
    desk.insert(Sql("quality.entity"), [
        {
            **keys, "entity": entity, "title_zh": contract.entities[entity].title.zh,
            "title_en": contract.entities[entity].title.en, **asdict(found),
        }
        for entity, found in verdict.entities.items()
    ])  # fmt: skip
    judged: tuple[Rule | Bound, ...] = (*suite.rules, *bounds(contract), *likeness_bounds(contract))
    rules = {(r.entity, r.check.rule): r for r in judged}
    desk.insert(Sql("quality.result"), [{**keys, **_result(o, rules)} for o in verdict.outcomes])


def _error(error: PipelineError | None) -> Mapping[str, str | None]:
    return {"code": error.code if error else None, "detail": error.detail if error else None}


def _result(outcome: Outcome, rules: Mapping[tuple[str, str], Rule | Bound]) -> dict[str, Any]:
    rule = rules[outcome.entity, outcome.rule]
    check, hint = rule.check, outcome.hint or rule.hint
    return {
        "entity": outcome.entity, "rule": outcome.rule, "check": check.kind, "column": next(iter(check.columns), None),
        "severity": check.severity, "effect": check.effect, "title_zh": check.title.zh, "title_en": check.title.en,
        "owner_zh": rule.owner.zh, "owner_en": rule.owner.en, "hint_zh": hint.zh, "hint_en": hint.en,
        "failing": outcome.failing, "waived": outcome.waived, "total": outcome.total,
        "failing_new": outcome.failing_new, "total_new": outcome.total_new, "tolerance": check.tolerance,
        "outcome": outcome.outcome, "error": outcome.error,
    }  # fmt: skip

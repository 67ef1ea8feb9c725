"""The register judged by its own contract: every rule of `register.yml`, written beside the results of the sources.

Flow: a register just built -> one query per rule -> `quality.run`, `quality.result` under the source `register`. A
critical rule beyond its tolerance holds the publish; the register itself stays for whoever must look into it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from expectations.desk import Desk, prepare
from expectations.register_rules import SOURCE, RegisterRule, RegisterRules, load_register_rules
from expectations.sql import Sql, name, value
from expectations.verdict import ERROR, FLAGGED, HELD, PASS, Outcome, worst
from warehouse.engine.connection import Connection
from warehouse.engine.relation import REGISTER, relation


def check_register(connection: Connection, night: date, rules: RegisterRules | None = None) -> list[Outcome]:
    """Judge the register that this connection has just built; a repeated night replaces its own rows."""
    found = rules or load_register_rules()
    prepare(connection)
    desk = Desk(connection)
    started = datetime.now()
    with desk.transaction():
        desk.facts |= {"source": SOURCE, "run_id": f"{SOURCE}:{night.isoformat()}", "night": night}
        for text in ("delete from quality.run where run_id = $run_id",
                     "delete from quality.result where run_id = $run_id"):  # fmt: skip
            desk.run(Sql(text))
        outcomes = [_judge(desk, rule) for rule in found.rules]
        _record(desk, found, outcomes, started)
    return outcomes


def churn_rules() -> frozenset[str]:
    """The rules that ids stay from night to night."""
    return frozenset(rule.rule for rule in load_register_rules().rules if rule.kind == "churn")


def verdict_of(outcomes: Sequence[Outcome]) -> str:
    """The verdict over all rules."""
    return worst([o.outcome for o in outcomes])


def _judge(desk: Desk, rule: RegisterRule) -> Outcome:
    failing, total = desk.one(relation(REGISTER, f"check_{rule.kind}", **_parts(rule)))
    outcome = PASS
    if failing:
        # Unlike a source's handful of bad rows, a handful of wrong ids is a share at any size.
        outcome = HELD if rule.severity == "critical" and failing > rule.tolerance * total else FLAGGED
    return Outcome(SOURCE, rule.rule, outcome, failing, 0, total)


def _parts(rule: RegisterRule) -> dict[str, Sql]:
    if rule.kind == "churn":
        return {"thing": value(rule.arguments["thing"])}
    return {n: name(v) if isinstance(v, str) else value(v) for n, v in rule.arguments.items()}


def _record(desk: Desk, rules: RegisterRules, outcomes: Sequence[Outcome], started: datetime) -> None:
    keys = {n: desk.facts[n] for n in ("run_id", "source", "night")}
    by_name = {r.rule: r for r in rules.rules}
    ended = datetime.now()
    verdict = verdict_of(outcomes)
    held = ", ".join(f"{o.rule} {o.failing}/{o.total}" for o in outcomes if o.outcome in (HELD, ERROR))
    [(number,)] = desk.run(Sql("select coalesce(max(run_no), 0) + 1 from quality.run"))
    desk.insert(Sql("quality.run"), [{
        **keys, "run_no": number, "judged_as_of": keys["night"], "contract_version": "", "suite_hash": "",
        "attempts": 1, "started_at": started, "ended_at": ended, "seconds": (ended - started).total_seconds(),
        "verdict": verdict, "code": "RE-HELD" if held else None, "detail": held or None,
    }])  # fmt: skip
    desk.insert(Sql("quality.result"), [_result(by_name[o.rule], rules, o) | keys for o in outcomes])


def _result(rule: RegisterRule, rules: RegisterRules, outcome: Outcome) -> dict[str, Any]:
    return {
        "entity": SOURCE, "rule": rule.rule, "check": rule.kind, "column": rule.arguments.get("id"),
        "severity": rule.severity, "effect": "note", "title_zh": rule.title.zh, "title_en": rule.title.en,
        "owner_zh": rules.owner.zh, "owner_en": rules.owner.en, "hint_zh": rules.hint.zh, "hint_en": rules.hint.en,
        "failing": outcome.failing, "waived": 0, "total": outcome.total, "tolerance": rule.tolerance,
        "outcome": outcome.outcome,
    }  # fmt: skip

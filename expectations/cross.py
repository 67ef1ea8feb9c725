"""Checks between sources (`cross.yml`): do two systems count the same things alike.

Flow: accepted views of both sides -> counts per group -> `quality.difference`, and one result per rule under the source
`cross`. They only ever flag: a difference has two owners, and neither source is proved wrong by it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from expectations.checks.arguments import code_sets, span
from expectations.checks.reading import read_text
from expectations.checks.scope import having
from expectations.desk import Desk, prepare
from expectations.errors import CallRejected
from expectations.model import Text
from expectations.relations import accepted, staged_column, table_name
from expectations.sql import Sql, fill, name, statement, value
from expectations.strict import read_yaml, take
from expectations.verdict import FLAGGED, PASS, SKIPPED, WAIVED, Outcome, Waiver, worst

SOURCE = "cross"
KINDS = ("same_count", "same_keys")
FILE = Path(__file__).with_name("cross.yml")


@dataclass(frozen=True)
class Side:
    """What one side counts: distinct values of a column, per group."""

    source: str
    entity: str
    count: str
    by: str | None
    digits: int | None
    when: Mapping[str, tuple[str, ...]]
    history: timedelta | None


@dataclass(frozen=True)
class CrossCheck:
    """One rule between two sides."""

    rule: str
    kind: str
    title: Text
    left: Side
    right: Side
    within: float
    least: int


@dataclass(frozen=True)
class Cross:
    """The whole file."""

    owner: Text
    hint: Text
    checks: tuple[CrossCheck, ...]


def load_cross(path: Path = FILE) -> Cross:
    """Read and validate the file. Raises CallRejected CT-SPEC."""
    raw = read_yaml(path)
    take(raw, path.name, required=("owner", "fix_hint", "checks"))
    checks = tuple(_check(rule, body, f"{path.name}: {rule}") for rule, body in raw["checks"].items())
    return Cross(read_text(raw["owner"], path.name), read_text(raw["fix_hint"], path.name), checks)


def _check(rule: str, raw: Mapping[str, Any], where: str) -> CrossCheck:
    take(raw, where, required=("check", "zh", "en", "left", "right"), optional=("within", "least"))
    if raw["check"] not in KINDS:
        raise CallRejected("CT-SPEC", detail=f"{where}: {raw['check']!r} is not one of {', '.join(KINDS)}")
    left, right = (_side(raw[s], f"{where}.{s}") for s in ("left", "right"))
    within, least = float(raw.get("within", 0.0)), int(raw.get("least", 0))
    return CrossCheck(rule, raw["check"], Text(raw["zh"], raw["en"]), left, right, within, least)


def _side(raw: Mapping[str, Any], where: str) -> Side:
    take(raw, where, required=("source", "entity", "count"), optional=("by", "digits", "when", "history"))
    try:
        when = code_sets(raw["when"]) if "when" in raw else {}
        history = span(raw["history"]) if "history" in raw else None
    except ValueError as error:
        raise CallRejected("CT-SPEC", detail=f"{where}: {error} is wanted") from error
    return Side(raw["source"], raw["entity"], raw["count"], raw.get("by"), raw.get("digits"), when, history)


def check_cross(
    connection: duckdb.DuckDBPyConnection, night: str, waivers: Sequence[Waiver] = (), cross: Cross | None = None
) -> list[Outcome]:
    """Compare the sources as they are accepted, and write what was found; a repeated night replaces its own rows."""
    found = cross or load_cross()
    prepare(connection)
    desk = Desk(connection)
    started, when = datetime.now(), date.fromisoformat(night)
    waived = {w.rule for w in waivers if w.source == SOURCE and w.until >= when}
    with desk.transaction():
        desk.facts |= {"source": SOURCE, "run_id": f"{SOURCE}:{night}", "night": when}
        for table in ("run", "result", "difference"):
            desk.run(fill("delete from {{table}} where run_id = $run_id", table=name("quality", table)))
        outcomes = [_compare(desk, check, waived) for check in found.checks]
        _record(desk, found, outcomes, started)
    return outcomes


def _compare(desk: Desk, check: CrossCheck, waived: set[str]) -> Outcome:
    if not all(_answers(desk, side) for side in (check.left, check.right)):
        return Outcome(SOURCE, check.rule, SKIPPED)
    keys = check.kind == "same_keys"
    desk.run(
        statement("difference_insert", left=_counts(check.left, keys), right=_counts(check.right, keys)),
        rule=check.rule, within=check.within, least=check.least,
    )  # fmt: skip
    total, differing = desk.one(
        Sql(
            "select count(*), count(*) filter (where differs) from quality.difference"
            " where run_id = $run_id and rule = $rule"
        ),
        rule=check.rule,
    )
    outcome = WAIVED if differing and check.rule in waived else FLAGGED if differing else PASS
    return Outcome(SOURCE, check.rule, outcome, differing, differing if outcome == WAIVED else 0, total)


def _answers(desk: Desk, side: Side) -> bool:
    """Whether a side has been accepted at all, and loaded for as long as the rule demands."""
    known = Sql("select 1 from duckdb_views() where schema_name = 'accepted' and view_name = $view")
    if not desk.run(known, view=table_name(side.source, side.entity)):
        return False
    begin = desk.one(
        Sql("select min(window_begin) from ledger.load where source = $other and entity = $target"),
        other=side.source, target=side.entity,
    )[0]  # fmt: skip
    if begin is None:
        return False
    return side.history is None or begin.date() <= desk.facts["night"] - side.history


def _counts(side: Side, keys: bool) -> Sql:
    """The query of one side: what is compared, and how many there are. With keys, each value is a group of its own."""
    column = name(staged_column(side.count))
    of = column if keys else name(staged_column(side.by)) if side.by else value("")
    group = fill("replace({{of}}, '-', '')", of=of)
    if side.digits:
        group = fill("left({{group}}, {{digits}})", group=group, digits=value(side.digits))
    return fill(
        "select {{group}} as place, count(distinct {{column}}) as records from {{view}}"
        " where {{when}} and {{column}} is not null group by all",
        group=group, column=column, view=accepted(side.source, side.entity), when=having(side.when),
    )  # fmt: skip


def _record(desk: Desk, cross: Cross, outcomes: Sequence[Outcome], started: datetime) -> None:
    """The run and its results, in the words of every other source."""
    keys = {n: desk.facts[n] for n in ("run_id", "source", "night")}
    checks = {c.rule: c for c in cross.checks}
    ended = datetime.now()
    [(number,)] = desk.run(Sql("select coalesce(max(run_no), 0) + 1 from quality.run"))
    desk.insert(Sql("quality.run"), [{
        **keys, "run_no": number, "judged_as_of": keys["night"], "contract_version": "", "suite_hash": "",
        "attempts": 1, "started_at": started, "ended_at": ended, "seconds": (ended - started).total_seconds(),
        "verdict": worst([o.outcome for o in outcomes]),
    }])  # fmt: skip
    desk.insert(Sql("quality.result"), [{
        **keys, "entity": SOURCE, "rule": o.rule, "check": checks[o.rule].kind, "column": checks[o.rule].left.count,
        "severity": "warning", "effect": "note", "title_zh": checks[o.rule].title.zh,
        "title_en": checks[o.rule].title.en,
        "owner_zh": cross.owner.zh, "owner_en": cross.owner.en, "hint_zh": cross.hint.zh, "hint_en": cross.hint.en,
        "failing": o.failing, "waived": o.waived, "total": o.total, "tolerance": 0.0, "outcome": o.outcome,
    } for o in outcomes])  # fmt: skip

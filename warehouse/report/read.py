"""Everything the report says, read from the warehouse in a dozen statements under its lock.

The file is opened read-only. Rows of the quarantine are streamed once: into the CSV files, and the oldest of each
rule into the model. All SQL lies in `sql/*.sql` and takes values as parameters only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

import duckdb

from expectations.errors import CallRejected, SourceChanged
from expectations.model import Text
from warehouse.engine.connection import Connection, wait_and_lock
from warehouse.report.model import VERDICTS, Closed, Flow, Night, Point, Report, Row, Rule, Source
from warehouse.report.names import CROSS, Names, read_names
from warehouse.report.words import texts

SQL = Path(__file__).with_name("sql")
BEGINNING = date(1900, 1, 1)
BATCH = 10_000

RuleKey = tuple[str, str, str]  # source, entity, rule
Export = Callable[[RuleKey, Rule | None, Iterator[Row]], None]


@contextmanager
def open_for_reading(warehouse: Path) -> Iterator[Connection]:
    """The warehouse, locked against writers, read-only. Raises SC-CALL, LO-LOCKED, LO-WAREHOUSE."""
    if not warehouse.exists():
        raise CallRejected("SC-CALL", detail=f"--warehouse: {warehouse.name} does not exist")
    with wait_and_lock(warehouse):
        try:
            connection = duckdb.connect(
                str(warehouse),
                read_only=True,
                config={"python_enable_replacements": False, "enable_external_access": False, "threads": 2},
            )
        except duckdb.Error as error:
            raise SourceChanged("LO-WAREHOUSE", detail=f"{warehouse.name}: {type(error).__name__}") from error
        try:
            yield connection
        finally:
            connection.close()


def choose_night(connection: Connection, night: str | None) -> date:
    """The night asked for, or the last that was judged. Raises SC-CALL when nothing was ever judged."""
    [[judged]] = _all(connection, "has_quality")
    [[last]] = _all(connection, "last_night") if judged else [[None]]
    if last is None:
        raise CallRejected("SC-CALL", detail="the warehouse holds no verdict yet: run the checks first")
    try:
        return date.fromisoformat(night) if night else last
    except ValueError as error:
        raise CallRejected("SC-CALL", detail="--night is not a date YYYY-MM-DD") from error


def read_report(connection: Connection, night: date) -> Report:
    """All but the quarantined rows."""
    names = read_names()
    rules = _rules(connection, night, names)
    nights = _nights(connection, night)
    keys = sorted({*names.sources, *nights, *(r.source for r in rules)} - {CROSS})
    sources = [_source(k, night, names, rules, nights) for k in keys]
    cross = _source(CROSS, night, names, rules, nights)
    by_key = {s.key: s for s in [*sources, cross]}
    _add_freshness(connection, night, by_key)
    _add_open_rows(connection, night, by_key)
    for source, entity, rule, zh, en, closed, rows, resolution in _all(connection, "closed", night=night):
        if found := by_key.get(source):
            found.closed.append(Closed(source, entity, rule, Text(zh, en), closed, rows, resolution))
    return Report(
        night=night,
        sources=sorted(sources, key=_rank),
        cross=cross,
        flows_tonight=_flows(connection, night, night),
        flows_ever=_flows(connection, BEGINNING, night),
        judged_ever={(source, entity): rows for source, entity, rows in _all(connection, "judged", night=night)},
        names=names,
    )


def stream_rows(connection: Connection, report: Report, export: Export) -> None:
    """Hand every open row to `export`, rule by rule."""
    rules = {(r.source, r.entity, r.rule): r for s in report.judged for r in s.rules}
    cursor = connection.execute(_sql("open_rows"), {"night": report.night})
    rows = (row for batch in iter(lambda: cursor.fetchmany(BATCH), []) for row in batch)
    for key, group in groupby(rows, key=lambda row: row[:3]):
        export(key, rules.get(key), (Row(*row[3:]) for row in group))


def _rules(connection: Connection, night: date, names: Names) -> list[Rule]:
    rules = [_rule(row, names) for row in _all(connection, "rules", night=night)]
    by_key = {(r.source, r.entity, r.rule): r for r in rules}
    for source, entity, rule, *point in _all(connection, "trends", night=night):
        if found := by_key.get((source, entity, rule)):
            found.trend.append(Point(*point))
    for source, entity, rule, *figures in _all(connection, "open_rules", night=night):
        # Rows may outlive their rule: then the incident stays, under the key alone.
        found = by_key.get((source, entity, rule))
        if found is None:
            found = _withdrawn(source, entity, rule)
            rules.append(found)
        found.open_rows, found.waived_rows, found.oldest = figures
    return rules


def _rule(row: tuple[Any, ...], names: Names) -> Rule:
    source, entity, rule, check, column, severity, effect, *told = row
    title, owner, hint = (Text(told[i], told[i + 1]) for i in (0, 2, 4))
    failing, total, failing_new, total_new, tolerance, outcome, error, judged, since, first_failed = told[6:]
    return Rule(
        source, entity, rule, check, column, severity, effect, title, owner, hint, failing, total, failing_new,
        total_new, tolerance, outcome, error, judged, since, first_failed, against=names.against(source, entity, rule),
    )  # fmt: skip


def _withdrawn(source: str, entity: str, rule: str) -> Rule:
    note = texts()["left_suite"]
    return Rule(
        source, entity, rule, "", "", "", "quarantine", Text(rule, rule), Text("", ""), Text(note["zh"], note["en"]),
        None, None, None, None, 0.0, "skipped", "", None, None, None,
    )  # fmt: skip


def _nights(connection: Connection, night: date) -> dict[str, list[Night]]:
    rows = _all(connection, "nights", night=night)
    return {source: [Night(*row[1:]) for row in group] for source, group in groupby(rows, key=lambda row: row[0])}


def _source(key: str, night: date, names: Names, rules: list[Rule], nights: dict[str, list[Night]]) -> Source:
    history = nights.get(key, [])
    # Without a run of its own the night has no verdict: an older one must not stand in for it.
    tonight = history[-1] if history and history[-1].night == night else Night(night, "none")
    ours = [r for r in rules if r.source == key]
    return Source(key, names.source(key), names.owner(key), names.hint(key), tonight, history, ours)


def _rank(source: Source) -> tuple[int, int, int, int, str]:
    """What is held stands first; among equals what is new, then the one with most problems."""
    worst = VERDICTS.index(source.verdict) if source.verdict in VERDICTS else 0
    return (worst, -source.new_incidents, -len(source.incidents), -source.open_rows, source.key)


def _add_freshness(connection: Connection, night: date, sources: dict[str, Source]) -> None:
    for key, fresh_until, loaded_at in _all(connection, "freshness", night=night):
        if source := sources.get(key):
            source.fresh_until, source.loaded_at = fresh_until, loaded_at


def _add_open_rows(connection: Connection, night: date, sources: dict[str, Source]) -> None:
    for key, open_rows, waived in _all(connection, "open_sources", night=night):
        if source := sources.get(key):
            source.open_rows, source.waived_rows = open_rows, waived


def _flows(connection: Connection, since: date, night: date) -> list[Flow]:
    flows = []
    for source, entity, total, landed, dropped, rejected, *rest in _all(connection, "flows", since=since, night=night):
        flows.append(Flow(source, entity, total, landed, _counts(dropped), _counts(rejected), *rest))
    return flows


def _counts(pairs: list[dict[str, Any]] | None) -> dict[str, int]:
    return {pair["name"]: pair["rows"] for pair in pairs or []}


def _all(connection: Connection, name: str, **parameters: Any) -> list[Any]:
    rows: list[Any] = connection.execute(_sql(name), parameters).fetchall()
    return rows


@cache
def _sql(name: str) -> str:
    return (SQL / f"{name}.sql").read_text("utf8")

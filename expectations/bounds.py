"""Volume and freshness: is what came about as much as usual, and is it new.

Both are judged against history, not against a number somebody once typed: volume against the median of the last good
loads, freshness against the night. They stand among the results like any rule, under the names `rows_are_as_usual` and
`changes_are_recent`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from statistics import median

from expectations.desk import Desk
from expectations.model import Check, Contract, Entity, Text
from expectations.sql import Sql, statement
from expectations.verdict import FLAGGED, HELD, PASS, SKIPPED, WAIVED, EntityFigures, Outcome, Waiver

VOLUME, FRESH = "rows_are_as_usual", "changes_are_recent"
HISTORY = 10  # good loads the median is taken of
ENOUGH = 3  # fewer say nothing
SMALL = 30  # rows: below it, chance alone halves and doubles


@dataclass(frozen=True)
class Bound:
    """A bound of an entity as a rule, so that it is written like one."""

    entity: str
    check: Check
    owner: Text
    hint: Text


def bounds(contract: Contract) -> list[Bound]:
    """The volume and freshness rules of a contract."""
    found = []
    for entity in contract.entities.values():
        if entity.rows is not None:
            title = Text("行数与往次相当", "the rows are about as many as usual")
            check = Check(VOLUME, "rows", (), title, "critical")
            found.append(Bound(entity.name, check, contract.owner, contract.fix_hint))
        if entity.fresh is not None:
            title = Text("数据按时更新", "the newest change is recent")
            check = Check(FRESH, "fresh", (), title, "warning")
            found.append(Bound(entity.name, check, contract.owner, contract.fix_hint))
    return found


def judge_volume(desk: Desk, contract: Contract, waivers: Sequence[Waiver]) -> Iterator[Outcome]:
    """One outcome per entity with `rows`; writes what came into `quality.volume`, for later nights to compare with.

    Too little holds the source. Too much holds a source of persons, for it may be another office's list; elsewhere it
    is a flag.
    """
    for entity in contract.entities.values():
        if entity.rows is None:
            continue
        desk.facts["entity"] = entity.name
        desk.run(statement("volume_insert"))
        outcome = _volume(desk, entity, contract.zone)
        yield _waived(outcome, waivers)


def _volume(desk: Desk, entity: Entity, zone: str) -> Outcome:
    per_day = entity.delivery == "changes"
    tonight = [_amount(row, per_day) for row in desk.run(statement("volume_tonight"))]
    before = [_amount(row, per_day) for row in desk.run(statement("volume_before"), history=HISTORY)]
    if entity.delivery == "files":  # most nights bring no file
        tonight, before = ([a for a in amounts if a] for amounts in (tonight, before))
    outcome = Outcome(entity.name, VOLUME, SKIPPED)
    assert entity.rows is not None
    if not tonight or len(before) < ENOUGH or median(before) < SMALL:
        return outcome
    usual = median(before)
    outcome.total, outcome.failing = round(usual), round(min(tonight))
    low, high = entity.rows.min, entity.rows.max
    outcome.outcome = PASS
    if high is not None and max(tonight) > high * usual:
        outcome.outcome, outcome.failing = HELD if zone == "R" else FLAGGED, round(max(tonight))
    if low is not None and min(tonight) < low * usual:
        outcome.outcome, outcome.failing = HELD, round(min(tonight))
    return outcome


def _amount(row: tuple[int, float], per_day: bool) -> float:
    # Windows differ: a night that was caught up brings a week, which is no explosion.
    rows, days = row
    return rows / max(days, 1.0) if per_day else float(rows)


def judge_freshness(
    desk: Desk, night: date, contract: Contract, figures: dict[str, EntityFigures], waivers: Sequence[Waiver]
) -> Iterator[Outcome]:
    """One outcome per entity with `fresh` that is staged; failing and total are days: found, and allowed.

    Silence means something only once the source has been asked for as long as it may be silent.
    """
    end = datetime.combine(night, time()) + timedelta(days=1)
    for entity in contract.entities.values():
        if entity.fresh is None or entity.name not in figures:
            continue
        newest = figures[entity.name].newest_change
        asked = Sql("select min(window_begin) from ledger.load where source = $source and entity = $entity")
        [(begin,)] = desk.run(asked, entity=entity.name)
        outcome = Outcome(entity.name, FRESH, FLAGGED, total=entity.fresh.days)
        if newest is not None:
            outcome.failing = max(0, (end - newest).days)
        if newest is not None and end - newest <= entity.fresh:
            outcome.outcome = PASS
        elif begin is None or begin > end - entity.fresh:
            outcome.outcome = SKIPPED
        yield _waived(outcome, waivers)


def _waived(outcome: Outcome, waivers: Sequence[Waiver]) -> Outcome:
    asked = (w for w in waivers if (w.entity, w.rule) == (outcome.entity, outcome.rule))
    if outcome.outcome in (HELD, FLAGGED) and any(asked):
        outcome.outcome = WAIVED
    return outcome

"""Labels the rows of one entity: Great Expectations counts, and the rows it counted are found, once.

Flow: which versions are newest and which are new -> Great Expectations counts every rule over the newest -> one pass
over the rules that failed writes `finding` -> its counts must equal those of Great Expectations (CH-DIFF).
Everything later (labels, quarantine, figures) reads `finding`: no condition is evaluated twice for the split.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from expectations.checks.arguments import Reference
from expectations.desk import Desk
from expectations.errors import SourceChanged
from expectations.judge import Judge, Judgement
from expectations.model import Entity
from expectations.relations import acceptance, accepted, accepted_versions, staged, staged_column, table_name
from expectations.sql import Sql, fill, joined, name, read_from, statement, value
from expectations.suite import Rule
from expectations.verdict import FLAGGED, HELD, PASS, SKIPPED, WAIVED, Outcome, Waiver, allowed

SAMPLE = 50  # new rows from which their own share of failures says something


@dataclass
class Labelled:
    """What labelling one entity came to.

    everything: no version was judged before. histories: some record has more than one version.
    """

    entity: str
    everything: bool
    histories: bool
    outcomes: list[Outcome] = field(default_factory=list)


def make_acceptance(desk: Desk, source: str, entity: str) -> None:
    """Make the acceptance of an entity; one of before rules could empty a value gets the column for it."""
    table = acceptance(source, entity)
    desk.run(statement("acceptance_table", acceptance=table))
    desk.run(fill("alter table {{table}} add column if not exists blanked varchar[]", table=table))


def open_entity(desk: Desk, source: str, entity: Entity) -> None:
    """Make acceptance and views of an entity; the views again each time, because staging may have changed its shape."""
    make_acceptance(desk, source, entity.name)
    table, versions = acceptance(source, entity.name), staged(source, entity.name)
    values = _values(desk, source, entity)
    for file, view in (("accepted_view", accepted), ("accepted_versions_view", accepted_versions)):
        desk.run(
            statement(file, view=view(source, entity.name), staged=versions, values=values, acceptance=table)
        )  # fmt: skip


def _values(desk: Desk, source: str, entity: Entity) -> Sql:
    """Every staged column, those that are or may be emptied read through what the acceptance keeps of it."""
    rows = desk.run(fill(
        "select distinct unnest(blanked) from {{table}} where blanked is not null",
        table=acceptance(source, entity.name),
    ))  # fmt: skip
    # What other rules emptied before tonight's stays empty until a run releases tonight's.
    emptied = {staged_column(b) for check in entity.checks for b in check.blanks} | {column for (column,) in rows}
    there = (staged_column(c.name) for c in entity.landed())
    replaced = [
        fill("case when list_contains(acceptance.blanked, {{text}}) then null else staged.{{c}} end as {{c}}",
             text=value(c), c=name(c))
        for c in there if c in emptied
    ]  # fmt: skip
    return fill("staged.* replace ({{list}})", list=joined(replaced, ", ")) if replaced else Sql("staged.*")


def label_entity(
    desk: Desk, judge: Judge, source: str, entity: str, rules: Sequence[Rule], waivers: Sequence[Waiver], again: bool
) -> Labelled:
    """Judge and label. again: the suite is another than the last one, so that every version is judged anew.

    Raises: EngineFailed, SourceChanged CH-DIFF.
    """
    desk.clear("superseded", "fresh", "past", "waived", "finding", "rejected", "emptied", "rule")
    labelled = _population(desk, source, entity, again)
    asked, skipped = _askable(desk, rules)
    asked = _looked_up(desk, asked)
    counts = judge.judge("judged", asked) if asked else {}
    news = {} if labelled.everything else _judge_news(desk, judge, asked)
    _find(desk, [r for r in asked if counts[r.check.rule].failing], Sql("true"))
    if labelled.histories:
        replaced = Sql("content_hash in (select content_hash from superseded)")
        _find(desk, [r for r in asked if not counts[r.check.rule].failing], replaced)
    _compare(desk, entity, asked, counts)
    _waive(desk, rules, waivers)
    waived = _waived(desk)
    for rule in rules:
        if rule.place in skipped:
            labelled.outcomes.append(Outcome(entity, rule.check.rule, SKIPPED))
        else:
            labelled.outcomes.append(_outcome(rule, counts, news, waived.get(rule.place, 0)))
    return labelled


def _population(desk: Desk, source: str, entity: str, again: bool) -> Labelled:
    """Fill `superseded`, `fresh` and `past`, and make the views `judged`, `delivered` and `labelling`."""
    table, versions = acceptance(source, entity), staged(source, entity)
    desk.run(statement("superseded_insert", staged=versions))
    judged_before = fill("select count(*) from {{table}} where judged_run <> $run_no", table=table)
    everything = desk.one(judged_before) == (0,)
    if not everything:
        desk.run(statement("fresh_insert", staged=versions, acceptance=table))
        if not again:
            desk.run(statement("past_insert"))
    desk.run(statement("judged_view", staged=versions, population=_without(desk, "superseded")))
    desk.run(statement("delivered_view"))
    desk.run(statement("labelling_view", staged=versions, population=_without(desk, "past")))
    return Labelled(entity, everything, histories=_any(desk, "superseded"))


def _without(desk: Desk, table: str) -> Sql:
    """The condition that a version is not in a temporary table; none if the table is empty."""
    if not _any(desk, table):
        return Sql("true")
    # `not in`, not `not exists`: beside another condition DuckDB decorrelates the latter at five times the cost.
    return fill("staged.content_hash not in (select content_hash from {{table}})", table=name(table))


def _any(desk: Desk, table: str) -> bool:
    return bool(desk.run(fill("select 1 from {{table}} limit 1", table=name(table))))


def _askable(desk: Desk, rules: Sequence[Rule]) -> tuple[list[Rule], set[int]]:
    """The rules whose reference tables can answer, and the places of the others: a source may not be there yet."""
    there = desk.tables()
    answers = {target: _answers(desk, there, target) for rule in rules for target in rule.reads}
    asked = [r for r in rules if all(answers[t] for t in r.reads)]
    return asked, {r.place for r in rules if r not in asked}


def _answers(desk: Desk, there: frozenset[tuple[str, str]], target: Reference) -> bool:
    """Whether a referenced table is staged, holds something, and reaches back as far as the reference demands."""
    source, entity = str(target.source), target.entity
    if ("staging", table_name(source, entity)) not in there:
        return False
    if not desk.run(fill("select 1 from {{table}} limit 1", table=staged(source, entity))):
        return False
    if target.history is None:
        return True
    [(begin,)] = desk.run(
        Sql("select min(window_begin) from ledger.load where source = $other and entity = $target"),
        other=source, target=entity,
    )  # fmt: skip
    return begin is not None and begin.date() <= desk.facts["night"] - target.history


def _looked_up(desk: Desk, rules: Sequence[Rule]) -> list[Rule]:
    """Evaluate what the rules look up in other rows once, for Great Expectations and for the labels alike."""
    tables: dict[Sql, Sql] = {}
    for found in dict.fromkeys(q for rule in rules for q in rule.bad.queries):
        tables[found] = name(f"lookup_{len(tables)}")
        desk.run(statement("lookup_table", table=tables[found], query=found))
    return [replace(rule, bad=read_from(rule.bad, tables)) for rule in rules]


def _judge_news(desk: Desk, judge: Judge, rules: Sequence[Rule]) -> dict[str, Judgement]:
    """The same rules over the new rows alone, where there are enough of them."""
    # Counted without the view: a night without news must not pay for joining with a million old ones.
    [(new,)] = desk.run(Sql("select count(*) from fresh"))
    return judge.judge("delivered", rules) if rules and new >= SAMPLE else {}


def _find(desk: Desk, failing: Sequence[Rule], counted: Sql) -> None:
    """Write a finding for every row of `labelling` that fails one of these rules and meets the condition."""
    desk.insert(Sql("rule"), [
        {
            "place": r.place, "rule": r.check.rule, "column": r.check.columns[0], "severity": r.check.severity,
            "effect": r.check.effect, "owner_zh": r.owner.zh, "owner_en": r.owner.en,
        }
        for r in failing
    ])  # fmt: skip
    if not failing:
        return
    reasons = joined((
        fill("case when {{bad}} then {'place': {{place}}, 'shown': {{shown}}, 'emptied': {{emptied}}} end",
             bad=r.bad, place=value(r.place), shown=r.shown, emptied=_stated(r))
        for r in failing
    ), ",\n        ")  # fmt: skip
    any_bad = joined((r.bad for r in failing), "\n        or ")
    desk.run(statement("finding_insert", reasons=reasons, counted=counted, any_bad=any_bad))


def _stated(rule: Rule) -> Sql:
    """The list of those columns that the rule empties and in which the source had written something."""
    given = (
        fill(
            "case when {{column}} is not null or (untyped is not null and map_contains(untyped, {{text}}))"
            " then {{text}} end",
            column=name(staged_column(c)), text=value(staged_column(c)),
        )
        for c in rule.check.blanks
    )  # fmt: skip
    listed = joined(given, ", ")
    return fill("list_filter([{{listed}}]::varchar[], lambda c: c is not null)", listed=listed)


def _compare(desk: Desk, entity: str, rules: Sequence[Rule], counts: dict[str, Judgement]) -> None:
    """Our rows against the count of Great Expectations. Raises SourceChanged CH-DIFF naming the rules."""
    found = {place: failing for place, failing, _ in desk.run(statement("finding_counts"))}
    differ = [r.check.rule for r in rules if found.get(r.place, 0) != counts[r.check.rule].failing]
    if differ:
        raise SourceChanged("CH-DIFF", detail=f"{entity}: {', '.join(differ)}")


def _waive(desk: Desk, rules: Sequence[Rule], waivers: Sequence[Waiver]) -> None:
    places = {r.check.rule: r.place for r in rules}
    rows = [
        {"place": places[w.rule], "source_record_id": w.source_record_id, "waiver": w.waiver_id}
        for w in waivers
        if rules and w.entity == rules[0].entity and w.rule in places
    ]
    desk.insert(Sql("waived"), rows)
    if rows:
        desk.run(statement("finding_waive"))
    desk.run(statement("rejected_insert"))
    desk.run(statement("emptied_insert"))


def _waived(desk: Desk) -> dict[int, int]:
    return {place: waived for place, _, waived in desk.run(statement("finding_counts"))}


def _outcome(rule: Rule, counts: dict[str, Judgement], news: dict[str, Judgement], waived: int) -> Outcome:
    """What a rule came to; what a steward waived holds nothing, and what is left must be within the tolerance."""
    total, delivered = counts[rule.check.rule], news.get(rule.check.rule)
    outcome = Outcome(
        rule.entity, rule.check.rule, PASS, total.failing, waived, total.total,
        delivered.failing if delivered else None, delivered.total if delivered else None,
    )  # fmt: skip
    held = rule.check.severity == "critical" and not (total.passed and (delivered is None or delivered.passed))
    if held and waived:
        held = total.failing - waived > allowed(rule.check.tolerance, total.total)
    if held:
        outcome.outcome = HELD
    elif waived and waived == total.failing:
        outcome.outcome = WAIVED
    elif total.failing:
        outcome.outcome = FLAGGED
    return outcome


def newest_change(entity_changed_at: str | None) -> Sql:
    """The time that freshness goes by: the source's own, if it is plausible; a snapshot is as new as its last look."""
    if entity_changed_at is None:
        return Sql("staged.seen_at")
    # Not by a clock that runs ahead of what could be known: one such record would keep a source fresh for years.
    return Sql("case when staged.changed_at <= staged.known_from + interval 1 day then staged.changed_at end")

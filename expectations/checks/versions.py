"""What other rows of the same entity say against a row: duplicates, contradictions, records told twice."""

from __future__ import annotations

from collections.abc import Iterable

from expectations.checks.arguments import optional, required, word, words
from expectations.checks.registry import kind
from expectations.checks.scope import Scope, concerned
from expectations.model import Check
from expectations.sql import Sql, fill, joined, lookup, query, value


@kind("unique_within", columns=(1, None))
def unique_within(on: Scope, check: Check) -> Sql:
    """Uniqueness (GB/T 36344): no two records in force have the same value; `when` says which are in force."""
    twice = lookup(
        "select {{columns}} from {{newest}} where {{concerned}} and {{given}} group by {{columns}} having count(*) > 1",
        columns=on.columns(check.columns), newest=on.newest, concerned=concerned(check),
        given=_given(on, check.columns),
    )  # fmt: skip
    return fill("({{columns}}) in {{twice}}", columns=on.columns(check.columns), twice=twice)


@kind("one_open_version", columns=(1, None), until=required(word))
def one_open_version(on: Scope, check: Check) -> Sql:
    """Uniqueness (GB/T 36344): of what stands for the same thing, at most one has no end yet."""
    columns, until = on.columns(check.columns), on.column(check.args["until"])
    several = lookup(
        "select {{columns}} from {{newest}} where {{concerned}} and {{until}} is null and {{given}}"
        " group by {{columns}} having count(*) > 1",
        columns=columns, newest=on.newest, concerned=concerned(check), until=until, given=_given(on, check.columns),
    )  # fmt: skip
    return fill("{{until}} is null and ({{columns}}) in {{several}}", until=until, columns=columns, several=several)


@kind("stated_once", within=optional(words))
def stated_once(on: Scope, check: Check) -> Sql:
    """Uniqueness (GB/T 36344): the source states the record once; the same key with other content is a contradiction.

    within: columns that tell legitimate repetitions apart, such as the version of a file.
    """
    within = joined((Sql("source_record_id"), *(on.column(c) for c in check.args["within"] or ())), ", ")
    told = query("stated_once", within=within, versions=on.versions, concerned=concerned(check))
    return fill("content_hash in {{told}}", told=told)


@kind("one_value_per", key=required(words))
def one_value_per(on: Scope, check: Check) -> Sql:
    """Consistency (GB/T 36344): records with the same key agree on the value; those in the minority are bad.

    Where no value has more records than the others, nobody can say who is right, and all of them are.
    """
    key, column = on.columns(check.args["key"]), on.column(check.columns[0])
    given = _given(on, (*check.args["key"], *check.columns))
    minority = query(
        "one_value_per", key=key, column=column, newest=on.newest, concerned=concerned(check), given=given
    )  # fmt: skip
    return fill("({{key}}, {{column}}) in {{minority}}", key=key, column=column, minority=minority)


@kind("cancels_something", cancel=required(word), made=required(word))
def cancels_something(on: Scope, check: Check) -> Sql:
    """Consistency (GB/T 36344): a cancellation follows the record it cancels.

    Of what was made before our history begins nobody knows; `made` is the column that says when.
    """
    op = on.column(check.columns[0])
    cancel = value(check.args["cancel"])
    known = lookup(
        "select source_record_id from {{versions}} where op = 'upsert' and {{op}} <> {{cancel}} and source_record_id in"
        " (select source_record_id from {{versions}} where {{op}} = {{cancel}})",
        versions=on.versions, op=op, cancel=cancel,
    )  # fmt: skip
    return fill(
        "{{op}} = {{cancel}} and {{made}} >= {{begin}} and source_record_id not in {{known}}",
        op=op, cancel=cancel, made=on.column(check.args["made"]), begin=on.history_begin, known=known,
    )  # fmt: skip


@kind("not_deleted_before")
def not_deleted_before(on: Scope, check: Check) -> Sql:
    """Timeliness (GB/T 36344): the source did not log the deletion of a record before it sent the record.

    Whether the record stands or is gone only its owner can say.
    """
    return fill("content_hash in {{young}}", young=query("not_deleted_before", versions=on.versions))


@kind("one_home_per_stay", person=required(word), number=required(word), by=required(words), since=required(word))
def one_home_per_stay(on: Scope, check: Check) -> Sql:
    """Consistency (GB/T 36344): one person's stay with one day of arrival is in one dwelling.

    person, number, by: the entity that holds the person's number, and the columns under which it is the same person.
    Living in two places is a fact; having moved into both on one day is a guest written down twice.
    """
    guests = query(
        "one_home_per_stay",
        number=on.column(check.args["number"]), since=on.column(check.args["since"]), house=on.column(check.columns[0]),
        newest=on.newest, persons=on.sibling(check.args["person"]), by=on.columns(check.args["by"]),
    )  # fmt: skip
    return fill("content_hash in {{guests}}", guests=guests)


def _given(on: Scope, columns: Iterable[str]) -> Sql:
    return joined((fill("{{c}} is not null", c=on.column(c)) for c in columns), " and ")

"""What other rows of the same entity say against a row: duplicates, contradictions, records told twice."""

from __future__ import annotations

from expectations.checks.arguments import optional, required, word, words
from expectations.checks.registry import kind
from expectations.checks.scope import Scope, concerned
from expectations.model import Check
from expectations.sql import Sql, fill, joined, value


@kind("unique_within", columns=(1, None))
def unique_within(on: Scope, check: Check) -> Sql:
    """Uniqueness (GB/T 36344): no two records in force have the same value; `when` says which are in force."""
    return fill(
        "({{columns}}) in (select {{columns}} from {{newest}} where {{concerned}} and {{given}}"
        " group by {{columns}} having count(*) > 1)",
        columns=on.columns(check.columns), newest=on.newest, concerned=concerned(check),
        given=joined((fill("{{c}} is not null", c=on.column(c)) for c in check.columns), " and "),
    )  # fmt: skip


@kind("one_open_version", columns=(1, None), until=required(word))
def one_open_version(on: Scope, check: Check) -> Sql:
    """Uniqueness (GB/T 36344): of what stands for the same thing, at most one has no end yet."""
    return fill(
        "{{until}} is null and ({{columns}}) in (select {{columns}} from {{newest}} where {{concerned}}"
        " and {{until}} is null and {{given}} group by {{columns}} having count(*) > 1)",
        columns=on.columns(check.columns), newest=on.newest, concerned=concerned(check),
        until=on.column(check.args["until"]),
        given=joined((fill("{{c}} is not null", c=on.column(c)) for c in check.columns), " and "),
    )  # fmt: skip


@kind("stated_once", within=optional(words))
def stated_once(on: Scope, check: Check) -> Sql:
    """Uniqueness (GB/T 36344): the source states the record once; the same key with other content is a contradiction.

    within: columns that tell legitimate repetitions apart, such as the version of a file.
    """
    within = joined((Sql("source_record_id"), *(on.column(c) for c in check.args["within"] or ())), ", ")
    return fill(
        "content_hash in (select content_hash from (select content_hash, count(*) over (partition by {{within}}) as
        told"
        " from {{versions}} where op = 'upsert' and {{concerned}}) where told > 1)",
        within=within, versions=on.versions, concerned=concerned(check),
    )  # fmt: skip


@kind("one_value_per", key=required(words))
def one_value_per(on: Scope, check: Check) -> Sql:
    """Consistency (GB/T 36344): records with the same key agree on the value; those in the minority are bad.

    Where no value has more records than the others, nobody can say who is right, and all of them are.
    """
    key, column = on.columns(check.args["key"]), on.column(check.columns[0])
    return fill(
        "({{key}}, {{column}}) in (with counted as (select {{key}}, {{column}}, count(*) as records from {{newest}}"
        " where {{concerned}} and {{column}} is not null and {{given}} group by all), ranked as (select *,"
        " max(records) over (partition by {{key}}) as most, count(*) over (partition by {{key}}) as variants"
        " from counted), decided as (select *, count(*) filter (where records = most) over (partition by {{key}}) as firsts"
        " from ranked) select {{key}}, {{column}} from decided where variants > 1 and (records < most or firsts > 1))",
        key=key, column=column, newest=on.newest, concerned=concerned(check),
        given=joined((fill("{{c}} is not null", c=on.column(c)) for c in check.args["key"]), " and "),
    )  # fmt: skip


@kind("cancels_something", cancel=required(word), made=required(word))
def cancels_something(on: Scope, check: Check) -> Sql:
    """Consistency (GB/T 36344): a cancellation follows the record it cancels.

    Of what was made before our history begins nobody knows; `made` is the column that says when.
    """
    op = on.column(check.columns[0])
    return fill(
        "{{op}} = {{cancel}} and {{made}} >= {{begin}} and source_record_id not in"
        " (select source_record_id from {{versions}} where op = 'upsert' and {{op}} <> {{cancel}})",
        op=op, cancel=value(check.args["cancel"]), made=on.column(check.args["made"]), begin=on.history_begin,
        versions=on.versions,
    )  # fmt: skip


@kind("not_deleted_before")
def not_deleted_before(on: Scope, check: Check) -> Sql:
    """Timeliness (GB/T 36344): the source did not log the deletion of a record before it sent the record.

    Whether the record stands or is gone only its owner can say.
    """
    return fill(
        "content_hash in (select staged.content_hash from {{versions}} as staged join (select source_record_id,"
        " min(changed_at) as gone from {{versions}} where op = 'delete' group by source_record_id) as deleted"
        " on deleted.source_record_id = staged.source_record_id where staged.changed_at > deleted.gone)",
        versions=on.versions,
    )  # fmt: skip


@kind("one_home_per_stay", person=required(word), number=required(word), by=required(words), since=required(word))
def one_home_per_stay(on: Scope, check: Check) -> Sql:
    """Consistency (GB/T 36344): one person's stay with one day of arrival is in one dwelling.

    person, number, by: the entity that holds the person's number, and the columns under which it is the same person.
    Living in two places is a fact; having moved into both on one day is a guest written down twice.
    """
    stays = fill(
        "(select stay.content_hash, person.{{number}} as number, stay.{{since}} as since, stay.{{house}} as house"
        " from {{newest}} as stay join (select * from {{persons}} where op = 'upsert' and content_hash not in"
        " (select content_hash from superseded)) as person using ({{on}}) where person.id_check = 'valid')",
        number=on.column(check.args["number"]), since=on.column(check.args["since"]), newest=on.newest,
        house=on.column(check.columns[0]), persons=on.sibling(check.args["person"]), on=on.columns(check.args["by"]),
    )  # fmt: skip
    return fill(
        "content_hash in (with stays as {{stays}}, counted as (select number, since, house, count(*) as visits"
        " from stays group by all), ranked as (select *, max(visits) over (partition by number, since) as most,"
        " count(*) over (partition by number, since) as houses from counted), decided as (select *, count(*) filter"
        " (where visits = most) over (partition by number, since) as firsts from ranked) select stays.content_hash"
        " from stays join decided using (number, since, house) where houses > 1 and (visits < most or firsts > 1))",
        stays=stays,
    )  # fmt: skip

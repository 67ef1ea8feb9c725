"""What the tables of other entities and sources say against a row.

A table that holds nothing yet judges nothing: the rule is skipped that night, and the result says so.
"""

from __future__ import annotations

from typing import Any

from expectations.checks.arguments import Reference, code_sets, codes_of, optional, reference, required, word, words
from expectations.checks.registry import kind
from expectations.checks.scope import Scope, having
from expectations.code_lists import code_list
from expectations.model import Check
from expectations.sql import Sql, fill, joined, lookup, name, query, values

_FORMS = {
    "plain": "{{column}}",
    "hyphens": "replace({{column}}, '-', '')",
    "guid": "lower(replace({{column}}, '-', ''))",
    "grid": "left(replace({{column}}, '-', ''), 15)",
    "organisation": (
        "case when length({{column}}) = 18 then substr({{column}}, 9, 9) else replace({{column}}, '-', '') end"
    ),
}


def form(raw: Any) -> str:
    """How two writings of one code are made alike: plain, hyphens, guid, grid (20 digits are 15 and zeros) and so on.

    An organisation code stands in the digits 9 to 17 of the credit code that replaced it (GB 32100).
    """
    if raw not in _FORMS:
        raise ValueError(f"one of {', '.join(_FORMS)}")
    return str(raw)


@kind("refers_to", to=required(reference), form=optional(form, "plain"), or_codes=optional(codes_of))
def refers_to(on: Scope, check: Check) -> Sql:
    """Referential integrity (GB/T 36344, consistency): what the code stands for is known, in any version.

    or_codes: a list of names that are as good as a known code.
    """
    to: Reference = check.args["to"]
    ours, theirs = (fill(_FORMS[check.args["form"]], column=c) for c in (on.column(check.columns[0]), name(to.column)))
    plain = on.column(check.columns[0])
    names = check.args["or_codes"]
    also = fill("{{plain}} in {{names}}", plain=plain, names=values(code_list(names))) if names else Sql("false")
    # The case: in SQL, NULL is not in an empty table for certain.
    known = lookup(
        "select {{theirs}} from {{target}} where op = 'upsert' and {{column}} is not null",
        theirs=theirs, target=on.target(to), column=name(to.column),
    )  # fmt: skip
    return fill(
        "case when {{plain}} is null then null when {{also}} then false else {{ours}} not in {{known}} end",
        plain=plain, also=also, ours=ours, known=known,
    )  # fmt: skip


@kind("not_also_in", other=required(reference), where=optional(code_sets))
def not_also_in(on: Scope, check: Check) -> Sql:
    """Uniqueness (GB/T 36344): who stands in this list with a sound number does not stand in the other too."""
    other: Reference = check.args["other"]
    listed = lookup(
        "select {{theirs}} from {{target}} where op = 'upsert' and id_check in ('valid', 'lifted')"
        " and {{theirs}} is not null and {{where}}",
        theirs=name(other.column), target=on.target(other), where=having(check.args["where"] or {}),
    )  # fmt: skip
    column = on.column(check.columns[0])
    return fill("id_check in ('valid', 'lifted') and {{column}} in {{listed}}", column=column, listed=listed)


@kind("not_before_other", entity=required(word), by=required(words), than=required(word))
def not_before_other(on: Scope, check: Check) -> Sql:
    """Consistency (GB/T 36344): what comes later does not lie before a time of the record it belongs to.

    entity, by, than: another entity of the source, the columns that join them, and its time; its latest word counts.
    """
    early = query(
        "not_before_other",
        versions=on.versions, other=on.sibling(check.args["entity"]), by=on.columns(check.args["by"]),
        than=on.column(check.args["than"]), column=on.column(check.columns[0]),
    )  # fmt: skip
    return fill("content_hash in {{early}}", early=early)


@kind("one_name_per_number", also=required(reference))
def one_name_per_number(on: Scope, check: Check) -> Sql:
    """GB 11643-1999, 4.1: a number is one person's for life; under it the other source knows the same name.

    also: the column of the other source's number token. Bad: that source knows the number, and never under this name,
    which is how a name written by its sound shows.
    """
    also: Reference = check.args["also"]
    sound = Sql("id_check in ('valid', 'lifted') and name_flag is null and name_token is not null")
    numbers, names = (
        lookup(
            "select {{columns}} from {{target}} where op = 'upsert' and {{sound}}",
            columns=columns, target=on.target(also), sound=sound,
        )
        for columns in (name(also.column), joined((name(also.column), Sql("name_token")), ", "))
    )  # fmt: skip
    return fill(
        "{{sound}} and id_token in {{numbers}} and (id_token, name_token) not in {{names}}",
        sound=sound, numbers=numbers, names=names,
    )  # fmt: skip

"""What a single value may be: a code of a list, a form, a range, a real date, plain characters."""

from __future__ import annotations

from datetime import date

from expectations.checks.arguments import codes_of, flag, number, optional, pattern, required
from expectations.checks.registry import kind
from expectations.checks.scope import Scope
from expectations.code_lists import code_list
from expectations.model import Check
from expectations.sql import Sql, fill, joined, value, values


@kind("in_codes", codes=required(codes_of), or_codes=optional(codes_of))
def in_codes(on: Scope, check: Check) -> Sql:
    """Conformity (GB/T 36344): the code is of its list; what is not is an unknown code and is counted as one.

    or_codes: a second list that is as good, such as names beside codes.
    """
    known = code_list(check.args["codes"])
    if check.args["or_codes"]:
        known += code_list(check.args["or_codes"])
    return fill("{{column}} not in {{codes}}", column=on.column(check.columns[0]), codes=values(known))


@kind("matches", pattern=required(pattern))
def matches(on: Scope, check: Check) -> Sql:
    """Conformity (GB/T 36344): the value has the agreed form, from its first to its last character."""
    return fill(
        "not regexp_full_match({{column}}, {{pattern}})",
        column=on.column(check.columns[0]),
        pattern=value(check.args["pattern"][1:-1]),
    )


@kind("between", min=optional(number), max=optional(number), open=optional(flag, False))
def between(on: Scope, check: Check) -> Sql:
    """Accuracy (GB/T 36344): the number lies between the limits; `open` leaves the lower limit itself out."""
    column = on.column(check.columns[0])
    limits = []
    if check.args["min"] is not None:
        below = "{{column}} <= {{limit}}" if check.args["open"] else "{{column}} < {{limit}}"
        limits.append(fill(below, column=column, limit=value(check.args["min"])))
    if check.args["max"] is not None:
        limits.append(fill("{{column}} > {{limit}}", column=column, limit=value(check.args["max"])))
    return joined(limits, " or ")


@kind("sentinel_date")
def sentinel_date(on: Scope, check: Check) -> Sql:
    """Accuracy (GB/T 36344): no stand-in for an unknown date, such as 1899-12-31, 1900-01-01 or 9999-09-09."""
    return fill(
        "{{column}} < {{first}} or {{column}} >= {{last}}",
        column=on.column(check.columns[0]), first=value(date(1900, 1, 2)), last=value(date(2100, 1, 1)),
    )  # fmt: skip


@kind("not_in_future")
def not_in_future(on: Scope, check: Check) -> Sql:
    """Accuracy (GB/T 36344): the time was over when the version was made (a day is left for clocks)."""
    made = "coalesce(changed_at, known_from) + interval 1 day"
    return fill(f"{{{{column}}}} > {made}", column=on.column(check.columns[0]))


@kind("plain_characters")
def plain_characters(on: Scope, check: Check) -> Sql:
    """GB 18030: characters beyond GBK, private use and broken ones (U+FFFD, 锟斤拷), which many systems cannot show.

    They are kept as they are; a steward should know of them, because a name that another system cannot write
    does not match there.
    """
    rare = r"[\x{3400}-\x{4dbf}\x{e000}-\x{f8ff}\x{fffd}\x{20000}-\x{3ffff}]|锟斤拷"
    return fill("regexp_matches({{column}}, {{rare}})", column=on.column(check.columns[0]), rare=value(rare))

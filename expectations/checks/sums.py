"""Month sheets and counts: totals add up, nobody finishes more than was due, a month is not a year."""

from __future__ import annotations

from decimal import Decimal

from expectations.checks.arguments import number, optional, required, word, words
from expectations.checks.registry import kind
from expectations.checks.scope import Scope
from expectations.model import Check
from expectations.sql import Sql, fill, joined, query, value


@kind("adds_up", columns=(3, None))
def adds_up(on: Scope, check: Check) -> Sql:
    """Consistency (GB/T 36344): the first column is the sum of the others."""
    total, *parts = (on.column(c) for c in check.columns)
    return fill("{{total}} <> {{parts}}", total=total, parts=joined(parts, " + "))


@kind("at_most", limit=required(word), times=optional(number, Decimal(1)))
def at_most(on: Scope, check: Check) -> Sql:
    """Consistency (GB/T 36344): no more than another column of the row says (times a factor)."""
    return fill(
        "{{column}} > {{limit}} * {{times}}",
        column=on.column(check.columns[0]), limit=on.column(check.args["limit"]), times=value(check.args["times"]),
    )  # fmt: skip


@kind("not_year_to_date", month=required(word), group=required(words), plan=required(word))
def not_year_to_date(on: Scope, check: Check) -> Sql:
    """The reporting rules of the monthly sheets: the month's own count, not what came together since January.

    Bad: at least what the year's earlier months came to, those over their plan aside, and over 1.2 times its own plan.
    In January both are the same.
    """
    cumulated = query(
        "not_year_to_date",
        group=on.columns(check.args["group"]), month=on.column(check.args["month"]),
        column=on.column(check.columns[0]), plan=on.column(check.args["plan"]), newest=on.newest,
    )  # fmt: skip
    return fill("content_hash in {{cumulated}}", cumulated=cumulated)

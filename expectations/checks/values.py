"""What a single value may be: a code of a list, a form, a range."""

from __future__ import annotations

from expectations.checks.arguments import flag, number, optional, pattern, required
from expectations.checks.registry import kind
from expectations.checks.scope import Scope
from expectations.model import Check
from expectations.sql import Sql, fill, value


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
    column, low, high = on.column(check.columns[0]), check.args["min"], check.args["max"]
    below = "{{column}} <= {{low}}" if check.args["open"] else "{{column}} < {{low}}"
    if high is None:
        return fill(below, column=column, low=value(low))
    if low is None:
        return fill("{{column}} > {{high}}", column=column, high=value(high))
    return fill(f"{below} or {{{{column}}}} > {{{{high}}}}", column=column, low=value(low), high=value(high))

"""Whether a value is there, and whether it is of its type."""

from __future__ import annotations

from expectations.checks.arguments import optional, words
from expectations.checks.registry import kind
from expectations.checks.scope import Scope
from expectations.model import Check
from expectations.relations import staged_column
from expectations.sql import Sql, fill, joined, value, values


@kind("present", columns=(1, None))
def present(on: Scope, check: Check) -> Sql:
    """Completeness (GB/T 36344): the value is there. What is there and does not type is the business of `typed`.

    Staging has made blanks and the contract's null words NULL already.
    """
    return joined((_absent(on, c) for c in check.columns), " or ")


@kind("empty")
def empty(on: Scope, check: Check) -> Sql:
    """Consistency (GB/T 36344): nothing is there yet, such as a closing time on an open case."""
    return fill("not ({{absent}})", absent=_absent(on, check.columns[0]))


@kind("typed", allow=optional(words))
def typed(on: Scope, check: Check) -> Sql:
    """Accuracy (GB/T 36344): what the source wrote could be read as the contract's type.

    allow: what may stand there besides, such as the `<10` that the edge puts in place of a small count.
    """
    column = value(staged_column(check.columns[0]))
    unread = fill("untyped is not null and map_contains(untyped, {{column}})", column=column)
    if not check.args["allow"]:
        return unread
    allowed = values(check.args["allow"])
    return fill("{{unread}} and untyped[{{column}}] not in {{allowed}}", unread=unread, column=column, allowed=allowed)


def _absent(on: Scope, column: str) -> Sql:
    unread = fill("untyped is not null and map_contains(untyped, {{column}})", column=value(staged_column(column)))
    typing = on.entity_type(column)
    if typing in ("text", "code"):
        return fill("{{column}} is null", column=on.column(column))
    return fill("{{column}} is null and not ({{unread}})", column=on.column(column), unread=unread)

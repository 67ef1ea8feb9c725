"""The order of times, and the deadlines of the law."""

from __future__ import annotations

from expectations.checks.arguments import optional, required, whole, word
from expectations.checks.registry import kind
from expectations.checks.scope import Scope
from expectations.code_lists import calendar
from expectations.model import Check
from expectations.sql import Sql, fill, joined, query, value, values


@kind("not_before", than=required(word))
def not_before(on: Scope, check: Check) -> Sql:
    """Consistency (GB/T 36344): what comes later does not lie before what comes first.

    A date is compared with a time by its day.
    """
    later, first = _alike(on, check.columns[0], check.args["than"])
    return fill("{{later}} < {{first}}", later=later, first=first)


@kind("days_apart", after=required(word), min=optional(whole), max=optional(whole))
def days_apart(on: Scope, check: Check) -> Sql:
    """The deadlines of the procedure (信访工作条例, 人民调解), in calendar days: so many lie between."""
    apart = fill(
        "date_diff('day', {{after}}, {{column}})",
        after=on.column(check.args["after"]), column=on.column(check.columns[0]),
    )  # fmt: skip
    limits = []
    if check.args["min"] is not None:
        limits.append(fill("{{apart}} < {{limit}}", apart=apart, limit=value(check.args["min"])))
    if check.args["max"] is not None:
        limits.append(fill("{{apart}} > {{limit}}", apart=apart, limit=value(check.args["max"])))
    return joined(limits, " or ")


@kind("working_day_deadline", after=required(word), min=optional(whole), max=optional(whole))
def working_day_deadline(on: Scope, check: Check) -> Sql:
    """A deadline in working days by the State Council's holiday notices (`codes/holidays/`): so many lie between.

    The day it starts on does not count, its last day does. Outside the years of the notices nothing is said.
    """
    known = calendar()
    after, until = (fill("cast({{c}} as date)", c=on.column(c)) for c in (check.args["after"], check.columns[0]))
    days = fill(
        "({{until_weekdays}} - {{after_weekdays}}"
        " - len(list_filter({{off}}, lambda d: d > {{after}} and d <= {{until}}))"
        " + len(list_filter({{worked}}, lambda d: d > {{after}} and d <= {{until}})))",
        until_weekdays=_weekdays(until), after_weekdays=_weekdays(after), after=after, until=until,
        off=_array(values(known.off)), worked=_array(values(known.worked)),
    )  # fmt: skip
    limits = []
    if check.args["min"] is not None:
        limits.append(fill("{{days}} < {{limit}}", days=days, limit=value(check.args["min"])))
    if check.args["max"] is not None:
        limits.append(fill("{{days}} > {{limit}}", days=days, limit=value(check.args["max"])))
    return fill(
        "case when {{after}} >= {{first}} and {{until}} <= {{last}} then {{limits}} end",
        after=after, until=until, first=value(known.first), last=value(known.last), limits=joined(limits, " or "),
    )  # fmt: skip


@kind("not_after_first_change")
def not_after_first_change(on: Scope, check: Check) -> Sql:
    """Consistency (GB/T 36344): a record was not registered after the source first changed it.

    A clock that writes hh for HH puts a quarter past midnight at a quarter past noon: later than the first change.
    """
    late = query("not_after_first_change", versions=on.versions, column=on.column(check.columns[0]))
    return fill("content_hash in {{late}}", late=late)


@kind("same_clock", against=required(word))
def same_clock(on: Scope, check: Check) -> Sql:
    """GB/T 7408 (ISO 8601), 24-hour clock: a time past midnight is not written as past noon.

    against: a time that the source computed from this one in whole days, such as a deadline; its clock betrays what
    this one really was. Bad: an hour of twelve that the other one does not show.
    """
    return fill(
        "hour({{column}}) = 12 and cast({{column}} as time) <> cast({{against}} as time)",
        column=on.column(check.columns[0]), against=on.column(check.args["against"]),
    )  # fmt: skip


def _alike(on: Scope, *columns: str) -> list[Sql]:
    """Columns of one type: as days where one of them is only a day."""
    if {on.entity_type(c) for c in columns} == {"date", "datetime"}:
        return [fill("cast({{c}} as date)", c=on.column(c)) for c in columns]
    return [on.column(c) for c in columns]


def _weekdays(day: Sql) -> Sql:
    """Weekdays from Monday, 1 January 2018 up to and with a day."""
    since = fill("date_diff('day', date '2018-01-01', {{day}}) + 1", day=day)
    return fill("(5 * (({{since}}) // 7) + least(({{since}}) % 7, 5))", since=since)


def _array(listed: Sql) -> Sql:
    return Sql("[" + listed[1:-1] + "]")

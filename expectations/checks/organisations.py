"""Numbers of organisations, checked digit by digit in SQL."""

from __future__ import annotations

from expectations.checks.arguments import flag, optional
from expectations.checks.registry import kind
from expectations.checks.scope import Scope
from expectations.model import Check
from expectations.sql import Sql, fill, joined, value

_CREDIT = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_ORGANISATION = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@kind("credit_code", or_organisation_code=optional(flag, False))
def credit_code(on: Scope, check: Check) -> Sql:
    """GB 32100-2015: 18 of 31 characters; their values, weighted by 3^i mod 31, and the last one sum to 0 mod 31.

    or_organisation_code: nine characters, or ten with a hyphen, are the business of `organisation_code`.
    """
    column = on.column(check.columns[0])
    short = Sql("false")
    if check.args["or_organisation_code"]:
        short = fill("length({{column}}) in (9, 10)", column=column)
    weights = [*(pow(3, i, 31) for i in range(17)), 1]
    return fill(
        "case when {{column}} is null or {{short}} then null"
        " when regexp_full_match({{column}}, '[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}')"
        " then ({{total}}) % 31 <> 0 else true end",
        column=column, short=short, total=_weighted(column, _CREDIT, weights),
    )  # fmt: skip


@kind("organisation_code")
def organisation_code(on: Scope, check: Check) -> Sql:
    """GB 11714-1997: eight characters weighted 3 7 9 10 5 8 4 2, a hyphen or none, a check character MOD 11.

    Longer values are no organisation codes and are not judged here.
    """
    plain = fill("replace({{column}}, '-', '')", column=on.column(check.columns[0]))
    body = fill("left({{plain}}, 8)", plain=plain)
    last = fill(
        "case right({{plain}}, 1) when 'X' then 10 else try_cast(right({{plain}}, 1) as integer) end", plain=plain
    )
    return fill(
        "case when {{column}} is null or length({{column}}) > 10 then null"
        " when regexp_full_match({{column}}, '[0-9A-Z]{8}-?[0-9X]') then ({{total}} + ({{last}})) % 11 <> 0"
        " else true end",
        column=on.column(check.columns[0]), last=last,
        total=_weighted(body, _ORGANISATION, [3, 7, 9, 10, 5, 8, 4, 2]),
    )  # fmt: skip


def _weighted(text: Sql, alphabet: str, weights: list[int]) -> Sql:
    """The sum of the characters' places in the alphabet, each times its weight."""
    return joined(
        (
            fill("{{weight}} * (strpos({{alphabet}}, text[{{place}}]) - 1)".replace("text", "{{text}}"),
                 weight=value(weight), alphabet=value(alphabet), text=text, place=value(place))
            for place, weight in enumerate(weights, 1)
        ),
        " + ",
    )  # fmt: skip

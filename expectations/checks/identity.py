"""Identity numbers and names, by the facets made at the edge: no clear number is needed, and none is there.

The edge (`extractors/_kit/identity.py`) reads GB 11643 and leaves `id_type`, `id_check`, `id_birth`, `id_sex`,
`id_division` and `name_flag`. The column a check names is the one the quarantine shows, usually the mask.
"""

from __future__ import annotations

from expectations.checks.arguments import optional, required, span, word
from expectations.checks.registry import kind
from expectations.checks.scope import Scope
from expectations.code_lists import divisions
from expectations.model import Check
from expectations.sql import Sql, fill, value, values


@kind("resident_id")
def resident_id(on: Scope, check: Check) -> Sql:
    """GB 11643-1999: 18 characters, a real calendar date, check character by ISO 7064 MOD 11-2; 15 digits lifted."""
    return Sql("id_type = '111' and id_check = 'invalid'")


@kind("number_given", born=optional(word), at=optional(word), within=optional(span))
def number_given(on: Scope, check: Check) -> Sql:
    """Completeness (GB/T 36344): there is a number, and no placeholder (无, 000…, a number everybody has).

    born, at, within: a child has none yet for so long after its birth.
    """
    if check.args["born"] is None:
        return Sql("id_check = 'absent'")
    return fill(
        "id_check = 'absent' and not coalesce(cast({{at}} as date) - cast({{born}} as date) <= {{days}}, false)",
        at=on.column(check.args["at"]), born=on.column(check.args["born"]), days=value(check.args["within"].days),
    )  # fmt: skip


@kind("current_number_form")
def current_number_form(on: Scope, check: Check) -> Sql:
    """居民身份证法 (2004): numbers have 18 characters; the 15 digits of the first generation ceased on 2013-01-01.

    They are lifted at the edge and compare as the same person; the source should write the number in force.
    """
    return Sql("id_check = 'lifted'")


@kind("id_birth_agrees")
def id_birth_agrees(on: Scope, check: Check) -> Sql:
    """GB 11643-1999, digits 7 to 14: the birth date of a sound number is that of the record."""
    return fill(
        "id_check in ('valid', 'lifted') and id_birth <> cast({{birth}} as date)", birth=on.column(check.columns[0])
    )


@kind("id_sex_agrees")
def id_sex_agrees(on: Scope, check: Check) -> Sql:
    """GB 11643-1999, digit 17: odd for a man (1 of GB/T 2261.1), even for a woman (2); other codes say nothing.

    Resident numbers only: how a permanent resident card counts is not published in a standard we could name.
    """
    return fill(
        "id_type = '111' and id_check in ('valid', 'lifted') and {{sex}} in ('1', '2') and id_sex <> {{sex}}",
        sex=on.column(check.columns[0]),
    )


@kind("id_division_known")
def id_division_known(on: Scope, check: Check) -> Sql:
    """GB/T 2260: the division a sound number begins with is in force or abolished (`codes/divisions.yml`)."""
    return fill(
        "id_check in ('valid', 'lifted') and id_type = '111' and {{unknown}}",
        unknown=unknown_division(Sql("id_division")),
    )


@kind("hk_mo_tw_permit", status=required(word), code=required(word))
def hk_mo_tw_permit(on: Scope, check: Check) -> Sql:
    """港澳台居民居住证 (2018): a resident number of a person from there begins with 810000, 820000 or 830000.

    status, code: where the record says that the person is from there. Passes (516, 511) have no check digit.
    """
    return fill(
        "{{status}} = {{code}} and id_type = '111' and id_check = 'valid'"
        " and id_division not in ('810000', '820000', '830000')",
        status=on.column(check.args["status"]), code=value(check.args["code"]),
    )  # fmt: skip


@kind("foreign_permanent_resident")
def foreign_permanent_resident(on: Scope, check: Check) -> Sql:
    """外国人永久居留身份证 (2023): 18 characters, the first a 9, check as GB 11643; older cards have 15."""
    return Sql("id_type = '553' and id_check = 'invalid'")


@kind("whole_name")
def whole_name(on: Scope, check: Check) -> Sql:
    """Completeness (GB/T 36344): the name is whole: the source did not mask it (张**) or cut it to one character."""
    return Sql("name_flag in ('masked', 'one_char')")


def unknown_division(column: Sql) -> Sql:
    """Whether a six-digit code is certainly none: a province that is not, or not listed where the list is complete."""
    known = divisions()
    return fill(
        "({{column}} not in {{listed}} and (left({{column}}, 2) not in {{provinces}}"
        " or left({{column}}, 4) in {{complete}}))",
        column=column, listed=values(known.listed), provinces=values(known.provinces), complete=values(known.complete),
    )  # fmt: skip


@kind("division_known")
def division_known(on: Scope, check: Check) -> Sql:
    """GB/T 2260: six digits, in force or abolished, as far as `codes/divisions.yml` can tell."""
    column = on.column(check.columns[0])
    return fill(
        "not regexp_full_match({{column}}, '[1-8][0-9]{5}') or {{unknown}}",
        column=column,
        unknown=unknown_division(column),
    )

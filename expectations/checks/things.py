"""Layouts of the numbers of devices, grids, facilities and plates."""

from __future__ import annotations

from expectations.checks.arguments import optional, required, word, words
from expectations.checks.identity import unknown_division
from expectations.checks.registry import kind
from expectations.checks.scope import Scope
from expectations.model import Check
from expectations.sql import Sql, fill, value, values


@kind("gb28181_id", types=optional(words))
def gb28181_id(on: Scope, check: Check) -> Sql:
    """GB/T 28181-2016, annex D: 20 digits, 8 centre (six a division), 2 industry, 3 type, 1 network, 6 serial.

    types: the device types of digits 11 to 13 that the contract knows.
    """
    column = on.column(check.columns[0])
    known = check.args["types"]
    type_ = (
        fill("substr({{column}}, 11, 3) not in {{types}}", column=column, types=values(known))
        if known
        else Sql("false")
    )
    return fill(
        "not regexp_full_match({{column}}, '[0-9]{20}') or {{type}} or {{division}}",
        column=column, type=type_, division=unknown_division(fill("left({{column}}, 6)", column=column)),
    )  # fmt: skip


@kind("grid_code", district=required(word))
def grid_code(on: Scope, check: Check) -> Sql:
    """The grid numbering of the district: 15 digits, 6 division, 3 street, 3 community, 3 grid; no hyphens."""
    return fill(
        "not regexp_full_match({{column}}, '[0-9]{15}') or not starts_with({{column}}, {{district}})",
        column=on.column(check.columns[0]), district=value(check.args["district"]),
    )  # fmt: skip


@kind("part_code", district=required(word))
def part_code(on: Scope, check: Check) -> Sql:
    """GB/T 30428.2-2013: 16 digits, 6 division, 2 class (01 to 06, 21), 2 kind, 6 serial."""
    return fill(
        "not regexp_full_match({{column}}, '[0-9]{6}(0[1-6]|21)[0-9]{8}') or not starts_with({{column}}, {{district}})",
        column=on.column(check.columns[0]), district=value(check.args["district"]),
    )  # fmt: skip


_PROVINCE = "[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼]"
_OFFICE = "[A-HJ-NP-Z]"
_LETTER = "[0-9A-HJ-NP-Z]"


@kind("plate")
def plate(on: Scope, check: Check) -> Sql:
    """GA 36-2018: province, office, five characters without I and O; six for new energy, a letter first or last.

    Also 粤Z…港 and 粤Z…澳, and 学 警 领 挂 at the end. For plates in clear; where only a mask lands, see `plate_mask`.
    """
    ordinary = f"{_LETTER}{{4}}[0-9A-HJ-NP-Z港澳学警领挂]"
    small, large = f"[A-HJK]{_LETTER}[0-9]{{4}}", "[0-9]{5}[A-HJK]"
    form = f"{_PROVINCE}{_OFFICE}({ordinary}|{small}|{large})"
    return fill(
        "not regexp_full_match({{column}}, {{form}})", column=on.column(check.columns[0]), form=value(form)
    )  # fmt: skip


@kind("plate_mask")
def plate_mask(on: Scope, check: Check) -> Sql:
    """GA 36-2018, as far as the mask of a plate shows it: province, office, length, the last two characters."""
    form = rf"{_PROVINCE}{_OFFICE}·\*{{3,4}}{_LETTER}[0-9A-HJ-NP-Z港澳学警领挂]"
    return fill(
        "not regexp_full_match({{column}}, {{form}})", column=on.column(check.columns[0]), form=value(form)
    )  # fmt: skip

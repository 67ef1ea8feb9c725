"""What of a failing value may stand in the quarantine: never a person's (privacy.md, rule 6).

Codes, numbers and dates of zones W, A and I are shown as they are, because a steward cannot mend `4401110170` without
seeing it, unless they look like an identity or a telephone number. Everything else, and everything of zone R, is shown
by its shape: `440111-017-001` is `999999-999-999`, `三楼302` is `汉汉999`. Masks and flags made at the edge stay; a
token says only that it is one.
"""

from __future__ import annotations

from expectations.model import Contract, Entity
from expectations.relations import staged_column
from expectations.sql import Sql, fill, name, value

_SHOWN_TYPES = ("code", "integer", "decimal", "date", "datetime", "boolean")
_FACETS = ("id_type", "id_check", "id_sex", "id_division", "name_flag", "name_rarity")

# Longest 40 characters. Letters, digits and Han characters are replaced; what stays is the punctuation between them.
_SHAPE = (
    "left(regexp_replace(regexp_replace(regexp_replace(regexp_replace({{text}},"
    " '[0-9０-９]', '9', 'g'), '[a-z]', 'a', 'g'), '[A-Z]', 'A', 'g'), '[^ -~]', '汉', 'g'), 40)"
)
# 11 digits of a mobile number, 15 or 18 of an identity number, wherever they stand between non-digits.
_PERSONAL = r"(^|[^0-9])(1[3-9][0-9]{9}|[1-9][0-9]{5}(19|20)[0-9]{2}[01][0-9][0-3][0-9][0-9]{3}[0-9Xx]?)([^0-9]|$)"


def masked(contract: Contract, entity: Entity, column: str) -> Sql:
    """The value of a contract column as the quarantine may hold it, NULL for none."""
    landed = next(c for c in entity.landed() if c.name == column)
    staged = name(staged_column(column))
    if column in _FACETS or column.endswith("_mask"):
        return staged
    if landed.edge == "token" or column.endswith("_token"):
        return fill("case when {{staged}} is not null then '(token)' end", staged=staged)
    # A text always types: only other columns can have left their wording in `untyped`.
    text = staged if landed.type in ("text", "code") else fill(
        "coalesce(cast({{staged}} as varchar), untyped[{{column}}])",
        staged=staged, column=value(staged_column(column)),
    )  # fmt: skip
    shape = fill(_SHAPE, text=text)
    if contract.zone == "R" or landed.type not in _SHOWN_TYPES:
        return shape
    return fill(
        "case when regexp_full_match({{text}}, '[!-~ ]{1,40}') and not regexp_matches({{text}}, {{personal}})"
        " then {{text}} else {{shape}} end",
        text=text, personal=value(_PERSONAL), shape=shape,
    )  # fmt: skip

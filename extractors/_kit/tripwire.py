"""The tripwire of the counts-only sources (02, 09): one sign of a person and the whole file is refused.

Signs: a resident ID or mobile number in any cell, hidden sheet, comment or cached table; a column (or a labelled
field) for a name, number, diagnosis, grade, dwelling or telephone of a person. The refusal says which kind of sign,
never what it read. Runs in the child of `sandbox`, so that no cell of a refused file reaches the run.

Honest sheets pass: an organisation's landline in a footnote, the name of the clerk who filled the form in, and a
sentence that speaks of names or numbers without giving any.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

from expectations.errors import RecordRejected

Cells = Sequence[str | None]

# Digits may be grouped as people write them; full width has become half width before.
_SEP = r"[ \-‐–—]?"
_BEFORE, _AFTER = r"(?<![0-9A-Za-z.])", r"(?![0-9A-Za-z])"
_DAY = rf"(?:1[89]|20)\d\d{_SEP}(?:0[1-9]|1[0-2]){_SEP}(?:0[1-9]|[12]\d|3[01])"
_ID = re.compile(rf"{_BEFORE}[1-9]\d{{5}}{_SEP}{_DAY}{_SEP}\d{{3}}{_SEP}[0-9Xx]{_AFTER}")
_ANY_18 = re.compile(rf"{_BEFORE}[1-9]\d{{16}}[0-9Xx]{_AFTER}")
_OLD_ID = re.compile(rf"{_BEFORE}[1-9]\d{{5}}\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{{3}}{_AFTER}")
_LOSSY = re.compile(r"(?<![0-9.])[1-9]\.\d{4,}[Ee]\+?17(?!\d)")  # what a sheet makes of 18 digits
_MASKED = re.compile(r"(?<!\d)\d{3,6}[*×]{4,}\d{2,4}[0-9Xx]?")
_MOBILE = re.compile(rf"{_BEFORE}(?:\+?(?:00)?86{_SEP})?1[3-9]\d{_SEP}\d{{4}}{_SEP}\d{{4}}{_AFTER}")
_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)

_PERSON = re.compile(
    "姓名|身份证|证件号|公民身份|诊断|病情|病史|住址|家庭地址|居住地址|现住地|户籍地|户口|监护人|出生|民族|籍贯|手机|微信"
    "|患者名|患者编号|个案编号|档案编号|吸毒人员编号|毒品种类|尿检|住院号|花名册|(?:人员|患者|对象)名单|^.{0,8}等级$|^(?:性别|年龄)$"
)
_PERSON_LATIN = re.compile(
    r"^(?:(?:person|patient|user|client|full|real|first|last|family|given)_?)?name$"
    r"|^(?:idno|id_no|id_card|idcard|id_num|id_number|identity.*|card_no|cert_no|sfzh|xm|sjh|lxdh)$"
    r"|diagnos|^(?:risk_?)?(?:level|grade)$|^(?:home_?)?addr(?:ess)?$|residence|phone|mobile|^tel$|^sex$|^gender$|birth"
)
# A person's only as the heading of a column: beneath the table they are the office's.
_SHARED = re.compile("电话|联系方式|联系号码|^地址$|^住所$")
# Who filled the form in stands under the table of many an honest sheet.
_CLERK = re.compile("^(?:填报|填表|制表|审核|经办|复核|负责|联系|统计|报送|单位|主管|分管|领导)")
_SENTENCE = re.compile("[,。;]")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
_LABEL = 12  # a heading is short; a sentence that mentions a word is no heading
_TABLE = 3  # cells in a row that make it a row of a table


def check_rows(rows: Sequence[Cells]) -> None:
    """Look at the cells of one sheet or text file. Raises RecordRejected EX-TRIPWIRE naming the kind of sign."""
    below: set[int] = set()  # columns that hold something further down
    table_below = False
    for cells in reversed(rows):
        for place, cell in enumerate(cells):
            if cell is not None:
                _check_cell(cell, heads=place in below or table_below)
        filled = {place for place, cell in enumerate(cells) if cell is not None and cell.strip()}
        below |= filled
        table_below = table_below or len(filled) >= _TABLE


def check_loose(texts: Iterable[str], *, heads: bool) -> None:
    """Look at texts without their place; heads: each may head a column. Raises RecordRejected EX-TRIPWIRE."""
    for text in texts:
        _check_cell(text, heads=heads)


def _check_cell(cell: str, *, heads: bool) -> None:
    text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", cell))
    sign = number_sign(text) or heading_sign(text, heads=heads)
    if sign:
        raise RecordRejected("EX-TRIPWIRE", detail=sign)


def number_sign(text: str) -> str | None:
    """`ID number` or `mobile number` if the text (half width) holds one."""
    if sum(c.isdigit() for c in text) < 5:
        return None
    if any(pattern.search(text) for pattern in (_ID, _OLD_ID, _MASKED, _LOSSY)):
        return "ID number"
    if any(_is_id(found[0].upper()) for found in _ANY_18.finditer(text)):
        return "ID number"
    return "mobile number" if _MOBILE.search(text) else None


def _is_id(number: str) -> bool:
    """Whether 18 digits without a birthday hold the check of an ID (GB 11643), not of an organisation (GB 32100)."""
    values = [10 if c == "X" else int(c) for c in number]
    person = (12 - sum(w * v for w, v in zip(_WEIGHTS, values[:17], strict=True))) % 11 == values[17]
    check = (31 - sum(pow(3, i, 31) * v for i, v in enumerate(values[:17]))) % 31
    return person and _ALPHABET[check] != number[17]


def heading_sign(text: str, *, heads: bool) -> str | None:
    """`person column` if the text names a field of a person; heads: something stands beneath it."""
    label, colon, _ = text.partition(":")
    label = re.sub(r"\s|\(.*?\)|\[.*?\]|[*#]", "", label)
    if not label or len(label) > _LABEL or _SENTENCE.search(label):
        return None
    if _CLERK.search(label) and (colon or not heads):
        return None
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", label).lower()
    if _PERSON.search(label) or _PERSON_LATIN.search(snake):
        return "person column"
    return "person column" if heads and not colon and _SHARED.search(label) else None

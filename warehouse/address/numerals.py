"""Chinese numerals as people write them in addresses: 十二, 二十, 一〇二, 廿三, and the digits they stand for."""

from __future__ import annotations

from functools import lru_cache

_DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
_FORMAL = dict(zip("壹贰叁肆伍陆柒捌玖拾", "一二三四五六七八九十", strict=True))
_UNITS = {"十": 10, "百": 100, "千": 1000}
_WRITTEN = "零一二三四五六七八九"


@lru_cache(maxsize=4096)
def value_of(text: str) -> int | None:
    """The number a numeral means; None if it is not a well-formed one. 一〇二 and 五〇一 are read digit by digit."""
    if text.isdecimal() and text.isascii():
        return int(text)
    text = "".join(_FORMAL.get(char, char) for char in text).replace("廿", "二十").replace("卅", "三十")
    if text and all(char in _DIGITS for char in text):
        return int("".join(str(_DIGITS[char]) for char in text))
    return _placed(text)


def _placed(text: str) -> int | None:
    """Read 一百零二 by places; units must fall, and between two digits there must be a unit."""
    total, digit, last, after_unit = 0, None, 10_000, True
    for char in text:
        if char in _UNITS:
            unit = _UNITS[char]
            if unit >= last or (digit is None and not (unit == 10 and total % 100 == 0)):
                return None
            total, digit, last, after_unit = total + (digit or 1) * unit, None, unit, True
        elif char in _DIGITS and after_unit:
            digit, after_unit = (None, True) if char in "零〇" else (_DIGITS[char], False)
        else:
            return None
    return total + (digit or 0) if text else None


def is_well_formed(text: str) -> bool:
    """Whether people would write the number so: 十二 and 二十五, but not 二五."""
    value = value_of(text)
    return value is not None and (text.isdecimal() or text == written(value) or text == written(value)[1:])


def written(value: int) -> str:
    """Write 0 to 99 in Chinese numerals, as the names of lanes do: 12 is 十二."""
    tens, ones = divmod(value, 10)
    if tens == 0:
        return _WRITTEN[ones]
    return ("" if tens == 1 else _WRITTEN[tens]) + "十" + (_WRITTEN[ones] if ones else "")

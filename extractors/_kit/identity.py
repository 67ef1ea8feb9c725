"""Identity numbers and names as pure functions: canonical form, check digit, facets, sound, masks.

Nothing here holds a key or a clock: the same text gives the same answer on every day. Numbers follow GB 11643,
text width follows Unicode NFKC. The frozen rarity table beside this file is part of the answer: changing it makes
landed rarity classes stale, so it is versioned with the matching model.
"""

import csv
import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from operator import mul
from pathlib import Path
from typing import Final

CHECK_CHARACTERS: Final = "10X98765432"
WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ZEROS: Final = sum(WEIGHTS) * ord("0")
RESIDENT, FOREIGN_RESIDENT, OTHER = "111", "553", "990"
KNOWN_TYPES: Final = frozenset({RESIDENT, "414", "511", "516", FOREIGN_RESIDENT, OTHER})
MIDDLE_DOT: Final = "\u00b7"

_FOLDS: Final = str.maketrans({"\u2022": MIDDLE_DOT, "\u30fb": MIDDLE_DOT})
_LOOKALIKES: Final = str.maketrans({"\u00d7": "X", "\u0425": "X", "\u03a7": "X"})
_NOT_A_NUMBER: Final = frozenset({
    "NULL", "NONE", "NIL", "NAN", "NA", "N/A", "\\N", "无", "無", "没有", "无证", "无证件", "无身份证", "暂无", "未知",
    "不详", "不明", "未提供", "未登记", "待补", "待补录", "拒绝", "其他", "其它",
})  # fmt: skip
_NOT_A_NAME: Final = _NOT_A_NUMBER - {"NA"} | {"无名", "无名氏", "姓名", "测试"}
_SHORTEST_NUMBER: Final = 5
_SURNAMES: Final = frozenset(re.findall(
    "..",
    "欧阳司马上官诸葛司徒令狐皇甫尉迟公孙慕容长孙宇文夏侯东方南宫轩辕端木百里呼延申屠太史独孤司空钟离闻人东郭西门南门赫连澹台公冶宗政濮阳"
    "淳于单于太叔仲孙鲜于闾丘亓官司寇子车颛孙巫马公西漆雕乐正壤驷公良拓跋夹谷宰父谷梁段干东门羊舌微生万俟第五梁丘左丘歐陽司馬諸葛尉遲東方",
))  # fmt: skip
SURNAME_SOUNDS: Final = {
    "单": "san", "曾": "zeng", "解": "xie", "仇": "qiu", "区": "ou", "查": "za", "朴": "piao", "盖": "ge", "乐": "yue",
    "覃": "qin", "翟": "zai", "缪": "miao", "员": "yun", "种": "cong", "黑": "he", "召": "sao", "洗": "xian",
    "尉迟": "yu ci", "万俟": "mo qi", "长孙": "zang sun", "澹台": "tan tai", "单于": "can yu",
}  # fmt: skip
PLACEHOLDERS: Final = frozenset("*某?_#□■○◯●")
PLAIN_HAN = re.compile(r"[\u4e00-\u9fff]+")
_HAN = re.compile(r"[\u3007\u3400-\u9fff\ue000-\uf8ff\U00020000-\U0003ffff]")


@dataclass(slots=True)
class IdNumber:
    """An identity number as read. `check`: valid, invalid, lifted, unchecked or absent; `tail` is division + serial."""

    text: str
    id_type: str | None
    check: str
    lifted: bool = False
    birth: str | None = None
    sex: str | None = None
    division: str | None = None
    tail: str | None = None


def check_digit(first17: str) -> str:
    """The 18th character of a resident ID: GB 11643-1999, ISO 7064 MOD 11-2.

    Raises: ValueError unless given 17 ASCII digits; the message does not repeat them.
    """
    if len(first17) != 17 or not (first17.isascii() and first17.isdigit()):
        raise ValueError("a check digit needs exactly 17 digits")
    return CHECK_CHARACTERS[(sum(map(mul, WEIGHTS, first17.encode())) - _ZEROS) % 11]


@lru_cache(maxsize=1 << 16)
def iso_date(digits: str) -> str | None:
    """`YYYYMMDD` as `YYYY-MM-DD` (GB/T 7408) when it is a calendar date of 1900 to 2099, else None."""
    if len(digits) != 8 or not (digits.isascii() and digits.isdigit()) or digits[:2] not in ("19", "20"):
        return None
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:])).isoformat()
    except ValueError:
        return None


def _plain(raw: str) -> str:
    """NFKC width, upper case; blanks, controls, zero-width marks and variation selectors out."""
    text = _plain_once(raw)
    # What was apart may compose once a blank between is gone; few texts need a second round, none a fourth.
    for _ in range(3):
        if text.isascii() or (again := _plain_once(text)) == text:
            break
        text = again
    return text


def _plain_once(raw: str) -> str:
    text = unicodedata.normalize("NFKC", raw).translate(_FOLDS).upper()
    if text.isalnum():
        return text
    kept = (c for c in text if not c.isspace() and unicodedata.category(c) not in ("Cc", "Cf", "Cs"))
    return "".join(c for c in kept if not ("\ufe00" <= c <= "\ufe0f" or "\U000e0100" <= c <= "\U000e01ef"))


def canonical_number(raw: str | None) -> str:
    """The number as it is compared: plain text without hyphens, look-alikes of X folded; empty when it is junk."""
    if not raw:
        return ""
    text = raw.upper()
    if not (text.isascii() and text.isalnum()):
        text = _plain(raw).translate(_LOOKALIKES)
        if text in _NOT_A_NUMBER:
            return ""
        text = "".join(c for c in text if unicodedata.category(c)[0] not in "MPZ" or c == "*").replace("\u2212", "")
    if len(text) < _SHORTEST_NUMBER or text in _NOT_A_NUMBER or len(set(text)) == 1:
        return ""
    # A number the source has already masked would give different people one token.
    if "*" in text[:-1] or not any(c.isdigit() for c in text):
        return ""
    return "" if len(text) > 14 and "12345678901234567890".startswith(text) else text


def parse_number(raw: str | None, id_type: str | None) -> IdNumber:
    """Read an identity number by its layout: GB 11643 (18 or 15 digits) for residents, for residence permits of
    Hong Kong, Macau and Taiwan people (81, 82, 83) and for foreign permanent residents (first digit 9).

    A number that passes as an 18-character layout has the type of that layout, whatever the clerk chose.
    """
    if raw and len(raw) == 18 and raw.isascii() and raw[:17].isdigit():
        read = _read(raw.upper(), RESIDENT)
        if read.check == "valid":
            return read
    declared = (id_type or "").strip()
    declared = declared if declared in KNOWN_TYPES else OTHER if declared else ""
    text = canonical_number(raw)
    if not text:
        return IdNumber("", declared or None, "absent")
    if len(text) == 15 and declared in ("", RESIDENT) and text.isascii() and text.isdigit():
        first17 = f"{text[:6]}19{text[6:]}"
        number = _read(first17 + check_digit(first17), RESIDENT)
        number.lifted = True
        number.check = "lifted" if number.birth else "invalid"
        return number
    read = _read(text, declared or RESIDENT)
    if read.check == "valid":
        return read
    if declared == RESIDENT or (not declared and (read.birth or len(text) == 18)):
        return read
    if declared == FOREIGN_RESIDENT and len(text) != 15:
        return read
    return IdNumber(text, declared or OTHER, "unchecked")


def _read(text: str, id_type: str) -> IdNumber:
    """Check and facets of the 18-character layout; 17 readable digits are enough for facets (a lost X)."""
    number = IdNumber(text, id_type, "invalid")
    first17 = text[:17]
    if len(text) not in (17, 18) or len(first17) != 17 or not (first17.isascii() and first17.isdigit()):
        return number
    foreign = text[0] == "9"
    serial = first17[14:]
    if serial != "000":
        number.tail = first17[:6] + serial
    number.birth = iso_date(first17[6:14])
    if number.birth is None:
        return number
    number.sex = "1" if int(serial) % 2 else "2"
    number.division = None if foreign or id_type == FOREIGN_RESIDENT else first17[:6]
    if text[17:] == check_digit(first17):
        number.check, number.id_type = "valid", FOREIGN_RESIDENT if foreign else RESIDENT
    return number


def canonical_name(raw: str | None) -> str:
    """The name as it is compared: NFKC, blanks out, one middle dot (U+00B7), upper case; empty when it is junk."""
    if not raw:
        return ""
    # NFKC leaves the main block of Han characters as it is.
    text = raw if PLAIN_HAN.fullmatch(raw) else _plain(raw)
    return "" if text in _NOT_A_NAME else text.strip(MIDDLE_DOT + "-./\\,;")


def split_name(name: str) -> tuple[str, str]:
    """Surname and given name of a canonical name.

    Han: a compound surname if at least one more character follows it, else the first character. With a middle dot:
    the part before the first dot and the rest. Other scripts are not split: no surname, all of it given.
    """
    if MIDDLE_DOT in name:
        first, _, rest = name.partition(MIDDLE_DOT)
        return first, rest
    if not name or not (_HAN.match(name) or name[0] in PLACEHOLDERS):
        return "", name
    length = 2 if len(name) > 2 and name[:2] in _SURNAMES else 1
    return name[:length], name[length:]


@lru_cache(maxsize=1 << 15)
def sound_of(character: str) -> str:
    """Pinyin of one character without tone, zh/ch/sh to z/c/s and initial n to l; other scripts stay as they are."""
    if not _HAN.match(character):
        return character
    from pypinyin import lazy_pinyin  # 0.2 s to import, and most sources hold no person

    sound = lazy_pinyin(character)[0]
    if sound[:2] in ("zh", "ch", "sh"):
        return sound[0] + sound[2:]
    return "l" + sound[1:] if sound[0] == "n" and len(sound) > 1 else sound


@lru_cache(maxsize=1 << 15)
def given_sound(given: str) -> str:
    """Sound of a given name: syllables with blanks between, dots left out; Latin letters stay together.

    Read character by character, so that a homophone typed in its place gives the same sound.
    """
    return ("" if given.isascii() else " ").join([sound_of(c) for c in given if c != MIDDLE_DOT])


def name_sound(name: str) -> str:
    """Sound of a canonical name, surnames in their own reading (`曾` is zeng, not ceng)."""
    surname, given = split_name(name)
    return f"{SURNAME_SOUNDS.get(surname) or given_sound(surname)} {given_sound(given)}".strip()


def name_chars(name: str) -> str:
    """Characters of a canonical name in code-point order, dots left out: survives swapped order."""
    return "".join(sorted(name.replace(MIDDLE_DOT, "")))


def is_placeholder(character: str, han: bool = True) -> bool:
    """Whether a character stands for one the source hides; X does so only beside Han characters."""
    return character in PLACEHOLDERS or (han and character in "X\u00d7")


def name_flag(name: str) -> str:
    """`masked` when a canonical name hides characters, `one_char` when it has only one, else empty."""
    if not PLACEHOLDERS.isdisjoint(name) or (("X" in name or "\u00d7" in name) and _HAN.search(name)):
        return "masked"
    return "one_char" if len(name) == 1 else ""


@cache
def _rarity_points() -> tuple[dict[str, int], dict[str, int]]:
    surnames: dict[str, int] = {}
    given: dict[str, int] = {}
    with Path(__file__).with_name("name_rarity.csv").open(encoding="utf8", newline="") as file:
        for row in csv.DictReader(file):
            (surnames if row["kind"] == "surname" else given)[row["text"]] = int(row["class"])
    return surnames, given


def name_rarity(name: str) -> str | None:
    """Rarity class of a canonical Han name, `1` very common to `4` rare; None for other, masked, one-character names.

    The frozen table gives points in half decades of frequency: surnames 0 (2 % of people and more), 1 (0.5 %),
    2 (0.15 %); given characters 0 (the commonest 40), 1 (the next 69), 2 (the next 172); unlisted 3. Points of the
    surname and of the first two given characters add up, a second character adds 2 more; up to 2 is class 1, up to
    4 class 2, up to 6 class 3.
    """
    surname, given = split_name(name)
    if not surname or not given or MIDDLE_DOT in name or name_flag(name):
        return None
    return rarity_of(surname, given)


def rarity_of(surname: str, given: str) -> str:
    """The class of a plain Han name that is split already; see name_rarity."""
    of_surname, of_given = _rarity_points()
    total = of_surname.get(surname, 3) + sum(of_given.get(c, 3) for c in given[:2]) + (2 if len(given) > 1 else 0)
    return "1" if total <= 2 else "2" if total <= 4 else "3" if total <= 6 else "4"


def mask_name(raw: str | None) -> str:
    """`张**`: the surname of a Han name, the first character of any other; never the length."""
    name = canonical_name(raw)
    if not name:
        return ""
    surname, given = split_name(name)
    return f"{surname if surname and given and MIDDLE_DOT not in name else name[0]}**"


def mask_number(raw: str | None) -> str:
    """`440197************` from 15 characters on; shorter numbers keep the last two, under six nothing.

    No digit of the serial: beside the birth facet the last four would give the whole number back.
    """
    return mask_of_number(canonical_number(raw))


def mask_of_number(text: str) -> str:
    """The mask of a canonical number; see mask_number."""
    if len(text) > 14:
        return text[:6] + "*" * (len(text) - 6)
    return "*" * (len(text) - 2) + text[-2:] if len(text) > 5 else "*" * len(text)


def mask_plate(raw: str | None) -> str:
    """`粤A·***45`: province, office and the last two characters of a plate (GA 36)."""
    text = _plain(raw or "").replace(MIDDLE_DOT, "").replace("-", "")
    if len(text) < 7:
        return "*" * len(text)
    return f"{text[:2]}{MIDDLE_DOT}{'*' * (len(text) - 4)}{text[-2:]}"

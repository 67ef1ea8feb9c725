"""How a clerk or a telephone writes down a person: name, number, sex and birth, with the errors of the trade."""

from random import Random

from simulator.town.defects import Flaws
from simulator.town.numbers import lower_id
from simulator.town.people import Person
from simulator.town.seeding import pick

_SAME_SOUND = {
    "伟": "玮",
    "丽": "莉",
    "芳": "方",
    "静": "靖",
    "婷": "亭",
    "强": "墙",
    "军": "君",
    "杰": "洁",
    "明": "鸣",
    "华": "桦",
    "建": "健",
    "志": "智",
    "文": "雯",
    "英": "瑛",
    "玲": "铃",
    "辉": "晖",
    "浩": "皓",
    "宇": "雨",
    "梓": "子",
    "涵": "晗",
    "轩": "宣",
    "佳": "嘉",
    "嘉": "佳",
    "欣": "心",
    "怡": "宜",
    "诗": "思",
    "俊": "骏",
    "霞": "遐",
    "燕": "艳",
    "艳": "燕",
    "平": "萍",
    "萍": "平",
    "国": "帼",
    "德": "得",
    "锋": "峰",
    "秀": "绣",
    "兰": "岚",
    "珍": "真",
    "琴": "芹",
}
_JUNK = ("无", "000000000000000000", "111111111111111111", "不详", "123456789012345678")


def write_name(person: Person, flaws: Flaws) -> str:
    """Write the person's name."""
    name = person.name
    if person.id_type != "111" or "·" in name:
        return name
    if flaws.hit("name_masked"):
        return person.surname + "*" * (len(name) - len(person.surname))
    if flaws.hit("name_short"):
        return name[0]
    place = next((i for i in range(len(name) - 1, 0, -1) if _SAME_SOUND.get(name[i], name[i]) != name[i]), 0)
    if place and flaws.hit("name_sound"):
        return name[:place] + _SAME_SOUND[name[place]] + name[place + 1 :]
    return name


def write_id(person: Person, day: int, others: list[Person], flaws: Flaws) -> str:
    """Write the person's number as known on `day`: empty for a baby that has none yet."""
    if day < person.id_from:
        return ""
    error = flaws.id_error()
    if not error:
        return person.id_no
    written, error = _spoil_id(person.id_no, error, others, flaws.random)
    flaws.note(error)
    return written


def _spoil_id(number: str, error: str, others: list[Person], random: Random) -> tuple[str, str]:
    """Spoil a number; an error that cannot happen to this number becomes a wrong digit."""
    if error == "id_missing":
        return "", error
    if error == "id_junk":
        return pick(random, _JUNK), error
    if error == "id_cut":
        return number[: len(number) - 2 - int(random.random() * 5)], error
    if error == "id_relative" and others:
        return pick(random, others).id_no, error
    if error == "id_ocr":
        read = _misread(number, random)
        if read != number:
            return read, error
    return _wrong_digit(number, random), "id_digit"


def _misread(number: str, random: Random) -> str:
    """Read the number as a camera does: X lost, 0 as O, 6 as 8."""
    if number.endswith("X"):
        return number[:-1]
    if random.random() < 0.5 and "0" in number[6:]:
        at = number.rindex("0")
        return number[:at] + "O" + number[at + 1 :]
    at = number.rfind("6", 6)
    return number[:at] + "8" + number[at + 1 :] if at >= 0 else number


def _wrong_digit(number: str, random: Random) -> str:
    at = len(number) - 2 - int(random.random() * min(10, len(number) - 3))
    if random.random() < 0.4 and number[at] != number[at - 1]:
        return number[: at - 1] + number[at] + number[at - 1] + number[at + 1 :]
    digit = str((ord(number[at]) + 1 + int(random.random() * 9)) % 10)
    return number[:at] + (digit if digit != number[at] else str((int(digit) + 1) % 10)) + number[at + 1 :]


def old_style_id(person: Person, written: str, day: int, flaws: Flaws) -> str:
    """Write an elder's number in 15 digits, or X in lower case, as some clerks do."""
    if written != person.id_no or person.id_type != "111":
        return written
    if person.age(day) >= 60 and flaws.hit("id_15_digits"):
        return lower_id(written)
    return written.lower() if written.endswith("X") and flaws.hit("id_lower_x") else written

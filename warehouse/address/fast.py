"""The fast path: one expression for the addresses of the register's own ground, and nothing that could be doubted.

Flow: normalised text -> `match_local` -> Parts. What it does not match whole, or what two readings fit, is left to the
scanner.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise

from warehouse.address.doubts import SMALLER
from warehouse.address.elements import Parts
from warehouse.address.numerals import is_well_formed
from warehouse.address.places import is_plain, number_of, prefix_pattern, street_of

_CN = "一二三四五六七八九十"
# A street's name holds no ending of anything larger or smaller than a street.
# Written as ranges: a set of ranges is compiled to a bitmap, a negated set is walked through.


def _han_but(without: str) -> str:
    """A set of all Han characters but some."""
    cuts = [0x4E00 - 1, *sorted(map(ord, without)), 0x9FA5 + 1]
    pairs = [(low + 1, high - 1) for low, high in pairwise(cuts) if high - low > 1]
    return "[" + "".join(f"{chr(low)}-{chr(high)}" for low, high in pairs) + "]"


_STREET = _han_but("号栋幢座房室楼层元省市县区镇乡附之第")
_HOME = _han_but("号栋幢座房室楼层元省市县镇乡附之第")
_TAIL = rf"""
(?P<road>{_STREET}{{2,12}}?(?:\d{{1,2}}(?:巷|横路|横巷|街|坊|里))?(?:自编)?)
(?P<number>\d{{1,4}})
(?:号(?:之(?P<sub>[{_CN}]{{1,6}}+)(?:(?P<joined>[楼层])|(?![栋幢座]))|附(?P<sub4>\d{{1,2}})号)?|之(?P<sub2>[{_CN}]{{1,3}})号|-(?P<sub3>\d{{1,2}})号)
(?P<home>{_HOME}{{2,10}}?)?
(?:(?P<building2>[A-Z]?\d{{1,2}})-(?:(?P<unit2>\d{{1,2}})-)?(?P<room2>\d{{3,4}})(?:房|室)?|
(?:(?P<building>[A-Z]?\d{{1,3}}|[{_CN}]{{1,3}}|[A-Z])(?:栋|幢|座|号楼))?
(?:(?P<unit>\d{{1,2}}|[{_CN}]{{1,2}})单元)?
(?:(?P<floor>\d{{1,2}}|[{_CN}]{{1,3}})[楼层])?
(?:(?P<room>[A-Z]?\d{{3,4}}[A-Z]?)(?:号?房间?|室|户)?)?)
(?P<alias>\([^()]*\))?
"""
# 黄边社区 alone or 一期 before a block: what an estate's name may not be.
_NOT_HOME = re.compile(r"[路街巷]|自编")


@lru_cache(maxsize=1)
def pattern() -> re.Pattern[str]:
    """The expression, built from the register's own ground. Groups bear the kinds of elements.py."""
    return re.compile(prefix_pattern() + _TAIL.replace("\n", ""))


def match_local(text: str) -> re.Match[str] | None:
    """Match a normalised text whole; None if it is not plainly a local address."""
    match = pattern().fullmatch(text)
    if match is None or not is_plain(match["road"]):
        return None
    sub, joined, home, building, floor, room, alias = match.group(
        "sub", "joined", "home", "building", "floor", "room", "alias"
    )
    if sub and len(sub) > 1 and not (len(splits(sub, room or "")) == 1 if joined else is_well_formed(sub)):
        return None
    if joined and (floor or len(sub) == 1 or match["building2"]):
        return None
    if home and (not (building or match["building2"]) or _NOT_HOME.search(home)):
        return None
    if alias and SMALLER.search(alias):
        return None
    if floor and room and not fits(number_of(floor), room):
        return None
    return match


@lru_cache(maxsize=4096)
def fits(floor: str, room: str) -> bool:
    """Whether a room's number begins with its floor: 501 and 1203 do on 5 and 12; A102 is judged by its digits."""
    digits = "".join(char for char in room if char.isdecimal())
    return len(digits) < 3 or digits[:-2] == floor or digits == floor


@lru_cache(maxsize=4096)
def splits(run: str, room: str) -> tuple[tuple[str, str], ...]:
    """The ways a run of numerals between 之 and 楼 parts into sub-number and floor, given the room's number.

    二十一 before room 1101 can only be 二 and 十一; without a room it may be 二十 and 一 as well.
    """
    both = [(run[:i], run[i:]) for i in range(1, len(run))]
    formed = [pair for pair in both if is_well_formed(pair[0]) and is_well_formed(pair[1])]
    return tuple(
        (number_of(sub), number_of(floor)) for sub, floor in formed if not room or fits(number_of(floor), room)
    )


def parts_of(match: re.Match[str]) -> Parts:
    """The canonical parts of a match."""
    road, number, sub, joined, sub2, sub3, sub4, home, building, unit, floor, room = match.group(
        "road", "number", "sub", "joined", "sub2", "sub3", "sub4", "home", "building", "unit", "floor", "room"
    )
    village, street = street_of(road)
    sub = sub or sub2 or sub3 or sub4
    if match["building2"]:
        building, unit, room = match.group("building2", "unit2", "room2")
    if joined:
        sub, floor = splits(sub, room or "")[0]
    return Parts(
        "", village, street, number_of(number), number_of(sub) if sub else "", home or "",
        number_of(building) if building else "", number_of(unit) if unit else "", number_of(floor) if floor else "",
        room or "",
    )  # fmt: skip

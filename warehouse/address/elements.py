"""The parts of an address and what they are called; an address as `parse` returns it.

The model is GB/T 35639-2017 (division, street or area, door and room, points of interest beside them); the two-digit
codes are those of GA/T 2000.32-2014 as far as its published text could be read: 11 to 13 divisions, 21 to 23 town,
31 to 34 community, 41 street, 42 estate. Parts below the door have no code here rather than an invented one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple


class Kind(NamedTuple):
    """A kind of element: its titles and its code in GA/T 2000.32, empty where that is not known for certain."""

    zh: str
    en: str
    code: str = ""


KINDS = {
    "province": Kind("省", "province", "11"),
    "city": Kind("市", "city", "12"),
    "county": Kind("县（区）", "county or district", "13"),
    "town": Kind("镇街", "town or street", "23"),
    "community": Kind("社区（村）", "community or village", "31"),
    "group": Kind("组", "group", "34"),
    "road": Kind("街路巷", "road or lane", "41"),
    "subroad": Kind("支路", "road off the road", "41"),
    "lane": Kind("弄", "numbered lane", "41"),
    "home": Kind("小区", "estate", "42"),
    "door": Kind("门牌号", "door number"),
    "subdoor": Kind("附号", "number off the door"),
    "house": Kind("栋", "building"),
    "cell": Kind("单元", "unit"),
    "floor": Kind("楼层", "floor"),
    "room": Kind("房号", "room"),
    "alias": Kind("括注", "in brackets"),
    "shop": Kind("标志物", "point of interest"),
    "place": Kind("地名", "other name"),
    "zone": Kind("开发区", "development zone"),
    "assist": Kind("方位", "how to find it"),
    "person": Kind("非地址", "no address"),
    "repeated": Kind("重复", "said twice"),
    "division": Kind("重复", "said twice"),
}


class Element(NamedTuple):
    """One part: kind (a key of KINDS), place in the raw text, the raw words and what they mean (12 for 十二, B1)."""

    kind: str
    start: int
    end: int
    text: str
    value: str


class Ambiguity(NamedTuple):
    """What cannot be told from the text alone, for a steward: code, place in the raw text, in two languages."""

    code: str
    start: int
    end: int
    zh: str
    en: str


AMBIGUITIES = {
    "sub_or_building": ("“之”后的数字是附号还是栋号", "is the number after 之 the door's or the building's"),
    "sub_or_room": ("“之”后的数字是附号还是房号", "is the number after 之 the door's or the room's"),
    "sub_or_floor": ("“之”后的数字与楼层连写", "the number after 之 runs into the floor's"),
    "floor_not_of_room": ("楼层与房号不符", "the floor is not the room's"),
    "number_or_room": ("“号”是门牌、楼栋还是房号", "is the number a door, a building or a room"),
    "dashes": ("连字符之间的数字各指什么", "what do the numbers between the dashes mean"),
    "no_building": ("小区没有写栋号", "an estate without the number of the building"),
    "brackets": ("括注里有栋、单元、楼层或房号", "building, unit, floor or room in brackets"),
    "relative": ("只写了在哪里附近", "it only says what it is near to"),
    "two_buildings": ("写了不止一个栋或单元", "more than one building or unit"),
    "two_rooms": ("写了不止一个房号", "more than one room"),
    "two_doors": ("写了不止一个门牌号", "more than one door number"),
    "unread": ("有未能识别的部分", "a part of it could not be read"),
}  # fmt: skip


class Parts(NamedTuple):
    """What an address says, each in its canonical spelling; empty where it says nothing.

    home: the estate or place a building stands in; foreign: the division outside the register's own, as a prefix.
    """

    foreign: str = ""
    village: str = ""
    road: str = ""
    number: str = ""
    sub: str = ""
    home: str = ""
    building: str = ""
    unit: str = ""
    floor: str = ""
    room: str = ""


@dataclass(frozen=True, slots=True)
class Address:
    """A parsed address. `elements` cover the raw text in order; keys are None where the text does not reach so far.

    key: `road | door | building | unit | room`, only if it names exactly one room and nothing is ambiguous.
    block: road and base door, where candidates for the same room are looked for; for urban villages village and number.
    """

    raw: str
    elements: tuple[Element, ...]
    parts: Parts
    key: str | None
    block: str | None
    village_key: str | None
    building_key: str | None
    door_key: str | None
    ambiguities: tuple[Ambiguity, ...]

    def of(self, kind: str) -> Iterator[Element]:
        """The elements of one kind."""
        return (element for element in self.elements if element.kind == kind)

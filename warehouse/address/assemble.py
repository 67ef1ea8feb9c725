"""From the scanner's pieces to parts: what the elements of an address mean together, and what they leave open.

Flow: normalised text and pieces -> `assemble` -> Parts and the ambiguities of the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from warehouse.address.abroad import foreign_of
from warehouse.address.doubts import doubt, doubts_of
from warehouse.address.elements import Ambiguity, Parts
from warehouse.address.fast import fits, splits
from warehouse.address.numerals import is_well_formed
from warehouse.address.places import local, number_of, street_of
from warehouse.address.refine import Piece

_CN = "一二三四五六七八九十百零"
_VALUE = re.compile(rf"[A-Z]{{0,2}}-?\d+[A-Z]?|[{_CN}]+|[A-Z]|[东西南北中甲乙丙丁戊]")
_DOOR = re.compile(
    rf"(?P<own>自编)?[^\d{_CN}]*?(?P<number>\d+|[{_CN}]+)(?:(?:-|之)(?P<sub>\d+|[{_CN}]+))?号?(?:院)?(?:[之附-](?P<sub2>\d+|[{_CN}]+)号?)?$"
)
_LOOSE_SUB = re.compile(rf"号之([{_CN}\d]+)")


class Reading(NamedTuple):
    """What was read: the parts and what is ambiguous about them."""

    parts: Parts
    ambiguities: tuple[Ambiguity, ...]


def assemble(text: str, pieces: list[Piece]) -> Reading:
    """Put the pieces together. What two readings fit is reported, not chosen."""
    doubts = list(doubts_of(text, pieces))
    village, road = _street(text, pieces)
    number, sub = _door(text, pieces)
    floor, room = _last(text, pieces, "floor"), _last(text, pieces, "room")
    loose = _LOOSE_SUB.search(text)
    if loose is not None and _covers(pieces, loose.start(1)):
        sub, floor, found = _split_sub(loose, pieces, text, sub, floor, room)
        doubts += found
    if floor and room and not any(d.code.startswith("sub") for d in doubts) and not fits(floor, room):
        doubts.append(doubt("floor_not_of_room", _piece(pieces, "floor"), _piece(pieces, "room")))
    home = _words(text, pieces, "home")
    if not home and not number:
        home = _words(text, pieces, "shop") or ("" if road else _words(text, pieces, "place"))
    building, unit = _last(text, pieces, "house"), _last(text, pieces, "cell")
    if home and number and room and not building and not _has(pieces, "shop"):
        doubts.append(doubt("no_building", _piece(pieces, "home")))
    parts = Parts(foreign_of(text, pieces), village, road, number, sub, home, building, unit, floor, room)
    return Reading(parts, tuple(doubts))


def _piece(pieces: list[Piece], kind: str) -> Piece:
    return next(piece for piece in pieces if piece.kind == kind)


def _words(text: str, pieces: Iterable[Piece], kind: str) -> str:
    return "".join(text[piece.start : piece.end] for piece in pieces if piece.kind == kind)


def _last(text: str, pieces: list[Piece], kind: str) -> str:
    found = [text[piece.start : piece.end] for piece in pieces if piece.kind == kind]
    return value_in(found[-1], kind) if found else ""


def value_in(words: str, kind: str) -> str:
    """The canonical value of an element: 十二栋 is 12, 首层 is 1, 负一层 and 地下一层 are B1."""
    if kind == "floor":
        if words in ("首层", "地下"):
            return "1"
        below = words.startswith(("负", "地下", "B"))
        match = _VALUE.search(words.removeprefix("B"))
        return ("B" if below else "") + (number_of(match[0]) if match else ("1" if below else ""))
    match = _VALUE.search(words)
    return number_of(match[0].replace("-", "")) if match else ""


def _street(text: str, pieces: list[Piece]) -> tuple[str, str]:
    """(village, street): the chain of roads; a 村 right before a lane belongs to the lane."""
    roads = [piece for piece in pieces if piece.kind in ("road", "subroad", "lane", "group")]
    communities = [text[piece.start : piece.end] for piece in pieces if piece.kind == "community"]
    village = next((name for name in reversed(communities) if name.endswith("村")), "")
    name = "".join(text[piece.start : piece.end] for piece in roads)
    own = "自编" if any(piece.kind == "door" and "自编" in text[piece.start : piece.end] for piece in pieces) else ""
    if not name:
        known = local().villages
        return (
            (village, village + own)
            if village and (own or _has(pieces, "door"))
            else ("", _loose_place(text, pieces, known, own))
        )
    if village and village[:-1] not in name:
        joined = street_of(village + name)
        return joined if _is_lane(name) else street_of(name)
    found, street = street_of(name if not own else name + own)
    return found, street


def _is_lane(name: str) -> bool:
    return name.endswith(("巷", "里", "坊", "街", "组", "队", "社", "横路"))


def _has(pieces: list[Piece], kind: str) -> bool:
    return any(piece.kind == kind for piece in pieces)


def _loose_place(text: str, pieces: list[Piece], known: dict[str, str], own: str) -> str:
    """A place that takes the street's part: 黄边自编12号."""
    place = _words(text, pieces, "place")
    return known[place] + own if place in known and own else place + own if own else ""


def _door(text: str, pieces: list[Piece]) -> tuple[str, str]:
    doors = [text[piece.start : piece.end] for piece in pieces if piece.kind in ("door", "subdoor")]
    return door_in(doors[0]) if doors else ("", "")


def door_in(words: str) -> tuple[str, str]:
    """(number, sub-number or empty) of a door: 12号之一, 12-1号, 12之一号 and 12号附1号 are 12 and 1."""
    match = _DOOR.search(words)
    if match is None:
        return words.rstrip("号"), ""
    sub = match["sub"] or match["sub2"]
    return number_of(match["number"]), number_of(sub) if sub else ""


def _covers(pieces: list[Piece], place: int) -> bool:
    return any(piece.start <= place < piece.end for piece in pieces)


def _split_sub(
    loose: re.Match[str], pieces: list[Piece], text: str, sub: str, floor: str, room: str
) -> tuple[str, str, list[Ambiguity]]:
    """Settle what stands after 号之: a sub-number alone, or one that runs into the building, the floor or the room.

    之二十一楼1101 can only be 之二 and the eleventh floor; 之13幢 can be two things and is left to a steward.
    """
    run, end = loose[1], loose.end()
    after = text[end : end + 1]
    span = Piece("door", loose.start(1), end)
    if after in ("楼", "层") and not run.isascii():
        found = splits(run, room)
        if len(found) == 1:
            return *found[0], []
        return sub, floor, [doubt("sub_or_floor", span)]
    if (after and after in "栋幢座") or text[end : end + 2] == "号楼":
        return sub, floor, [doubt("sub_or_building", span)] if len(run) > 1 or run.isascii() else []
    mixed = re.fullmatch(rf"[{_CN}]+\d+", run)
    if not mixed and (len(run) >= 3 if run.isascii() else not is_well_formed(run)):
        return sub, floor, [doubt("sub_or_room", span)]
    return sub, floor, []

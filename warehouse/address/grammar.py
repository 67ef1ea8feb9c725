"""How elements may be read at a place of the text, and how likely each reading is beside the others.

The weights are set by hand after how addresses are built (GB/T 23705: divisions, then the area, then the point in it);
they are a preference among readings, not probabilities, and nothing here was fitted to data.
Flow: normalised text, place -> `candidates` -> (end, form, weight).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from warehouse.address import forms
from warehouse.address.places import is_ours

Candidate = tuple[int, str, float]

# Whatever begins with the ending of something else was cut in the wrong place.
_ENDS = "路街巷弄村镇号栋幢座层室区县"
_WHOLE = ("街道", "街区", "市场", "村委", "社区", "镇区", "县城", "园区")
_TURNS = "东西南北中前后环横"
_STOPS = " ,;-()"
_LONGEST = 18
# Names without an ending, by their length: 洪殿, 下沙.
_BARE = {2: -1.0, 3: -1.8}
_HAN = re.compile(r"[^\W\dA-Z_区市县镇乡路街村省]+")
_TURN = re.compile(r"[东西南北中一二三四五六七八九十\d]+$")
_COUNTED = re.compile(rf"(?:\d+|[{forms.CN}]+)街")
_LANE_AHEAD = re.compile(rf"[里坊][\d{forms.CN}]{{1,2}}(?:巷|横)")
_SPECIAL = (
    (forms.BRACKETS, "alias", 3.0),
    (forms.ASSIST, "assist", 1.0),
    (forms.PERSON, "person", 4.0),
    (forms.HALL, "hall", 1.5),
)


def candidates(text: str, start: int) -> Iterator[Candidate]:
    """Everything that may begin here: (end, form, weight)."""
    if (blank := forms.BLANK.match(text, start)) is not None:
        yield blank.end(), "blank", 0.0
        return
    yield from _numbers(text, start)
    for pattern, form, weight in _SPECIAL:
        if (match := pattern.match(text, start)) is not None and match.end() > start:
            yield match.end(), form, weight
    yield from _names(text, start)


def _numbers(text: str, start: int) -> Iterator[Candidate]:
    for form, pattern, weight in forms.NUMBERS:
        if (match := pattern.match(text, start)) is not None:
            end = match.end()
            doubtful = form == "room_bare" and text[end : end + 1] != "某" and _HAN.match(text, end) is not None
            yield end, form, weight - (1.5 if doubtful else 0.0)
    if (match := forms.DOOR.match(text, start)) is not None:
        yield match.end(), "door", 2.5 if re.search(r"[-之附、]", match[0]) else 1.5
    for pattern, form, weight in _MORE_NUMBERS:
        if (match := pattern.match(text, start)) is not None:
            yield match.end(), form, weight


_MORE_NUMBERS = (
    (forms.LANE_DOOR, "lane", 2.0), (forms.BARE_DOOR, "door_bare", 0.5), (forms.GROUP, "group", 2.5),
    (forms.NAMED_GROUP, "named_group", 1.5),
)  # fmt: skip


def _names(text: str, start: int) -> Iterator[Candidate]:
    first = text[start]
    if first in _STOPS:
        yield start + 1, "place", -6.0
        return
    broken = 3.0 if first in _ENDS or (first == "道" and text[start - 1 : start] == "街") else 0.0
    for end in range(start + 1, min(len(text), start + _LONGEST) + 1):
        if text[end - 1] in _STOPS:
            break
        length = end - start
        yield end, "place", -1.0 - 0.6 * length - broken
        found = _name_forms(text[start:end])
        if length in _BARE and not found and _HAN.fullmatch(text, start, end):
            yield end, "bare_town", _BARE[length] - broken
            yield end, "bare_community", _BARE[length] - broken
        for form, weight in found:
            yield end, form, weight - broken - _misfit(text, start, end, form)


def _misfit(text: str, start: int, end: int, form: str) -> float:
    """What it costs that the text goes on as it does: 街 before 道, 坊 before 三巷, 许巷 without a number."""
    cost = 3.0 if text[end - 1 : end + 1] in _WHOLE else 0.0
    if form == "home" and _LANE_AHEAD.match(text, end - 1):
        cost += 9.0
    if form == "road" and end - start == 2:
        cost += 0.0 if text[end : end + 1].isdigit() else 1.5
        cost += 1.5 if text[start] in _TURNS else 0.0
    if form == "road" and _COUNTED.fullmatch(text, start, end):
        cost += 1.0
    return cost


@lru_cache(maxsize=65536)
def _name_forms(name: str) -> tuple[tuple[str, float], ...]:
    """The kinds a name may be by its ending and its length, with weights."""
    found = []
    for form, pattern, weight, lengths in _NAMED:
        last = next((m for m in pattern.finditer(name) if m.end() == len(name)), None)
        if last is None or (last.start() == 0 and form not in ("zone", "works")):
            continue
        stem = last.start()
        if form == "road" and stem > 2:
            stem = 2 if is_ours(name) else stem - bool(_TURN.search(name[1:stem]))
        found.append((form, weight + lengths[min(stem, len(lengths) - 1)] - _inner(name[: last.start()], form)))
    return tuple(found)


_MARKS = {
    "town": re.compile(r"[镇乡道路街村区县号]"),
    "community": re.compile(r"[镇乡道路街村区县号园]|\d"),
    "road": re.compile(r"[镇乡村区路街号]|街道|社区|园区"),
    "county": re.compile(r"[镇乡村路街号区市县]|\d"),
    "zone": re.compile(r"[镇乡村路街号]"),
    "home": re.compile(r"[镇乡村路街号区栋幢]"),
    "works": re.compile(r"[镇乡村路街号栋幢]"),
    "shop": re.compile(r"[镇乡村路街号栋幢]"),
}
# By length of the stem: 0, 1, 2, ... characters before the suffix.
_NAMED = (
    ("town", forms.TOWN, 4.0, (-9.0, -4.0, 0.5, 0.0, -1.5, -3.0, -5.0)),
    ("community", forms.COMMUNITY, 3.0, (-9.0, -1.5, 0.5, 0.3, -0.7, -1.5, -3.0, -5.0)),
    ("road", forms.ROAD, 3.5, (-9.0, -0.5, 0.5, 0.2, -1.0, -2.0, -3.0, -5.0)),
    ("county", forms.COUNTY, 2.0, (-9.0, -2.0, 0.5, 0.0, -1.0, -2.0, -4.0)),
    ("zone", forms.ZONE, 2.5, (0.0, 0.0, 0.0, -0.5, -1.0, -1.5, -2.0, -4.0)),
    ("home", forms.HOME, 1.5, (-9.0, -0.5, 0.8, 0.6, 0.3, 0.0, -0.5, -1.0, -1.5, -2.0, -4.0)),
    ("works", forms.WORKS, 1.6, (-2.0, -0.5, 0.5, 0.5, 0.3, 0.2, 0.0, -0.3, -0.6, -1.0, -1.5, -3.0)),
    ("shop", forms.SHOP, 1.5, (-9.0, -0.5, 0.5, 0.5, 0.3, 0.2, 0.0, -0.3, -0.6, -1.0, -1.5, -3.0)),
)


def _inner(stem: str, form: str) -> float:
    """What it costs that a stem holds the ending of something else: 下宅村万里 is no name of a road."""
    return 2.0 * len(_MARKS[form].findall(stem[1:]))

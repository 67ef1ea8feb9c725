"""The divisions an address begins with: province, city, county, also repeated, shortened or out of order.

Flow: normalised text -> `read_head` -> the divisions found, what is repetition, and where the rest begins.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from warehouse.address.gazetteer import CITY, COUNTY, PROVINCE, Division, by_name, by_stem

_FILLING = re.compile(r"(?:[\s,;:.、|/\\*-]|NULL|市辖区|其[它他]区|收件人|收货地址|地址|中国(?=[^\s\d]{2}))+")
_LONGEST = 13
# After a short name these make it something else: 鄞州大道, 余姚路, 永康村, 温州银行.
_NOT_AFTER_STEM = re.compile(
    r"[一-龥]?[一二三四五六七八九十]?(?:大道|大街|路|街(?!道)|巷|弄|公路)"
    r"|[东南西北中新老]?(?:村|镇|乡|社区|小区|花园|大厦|公寓|广场|商城|宾馆|酒店|[东西南北]区)"
    r"|[一-龥]?(?:镇|乡|街道)|-?\d|号|市场|[市区县省]|[东西南北]站|工业|国际|经济"
)
_MUNICIPALITIES = ("11", "12", "31", "50")


class Found(NamedTuple):
    """A division in the text; `repeated` when another token of the head says the same."""

    division: Division
    level: int
    start: int
    end: int
    repeated: bool


def read_head(text: str, begin: int = 0) -> tuple[list[Found], int]:
    """The divisions at the beginning of a normalised text, and the position after them."""
    found: list[Found] = []
    position = _skip(text, begin)
    while position < len(text):
        token = _full(text, position, found) or _short(text, position, found)
        if token is None:
            break
        found.append(token)
        position = _skip(text, token.end)
    end = found[-1].end if found else 0
    return _settle(found), end


def _skip(text: str, position: int) -> int:
    filling = _FILLING.match(text, position)
    return filling.end() if filling else position


def _full(text: str, position: int, before: list[Found]) -> Found | None:
    names = by_name()
    for end in range(min(len(text), position + _LONGEST), position + 1, -1):
        if (candidates := names.get(text[position:end])) is not None:
            if end - position == 2 and not _fits_any(candidates, before):
                continue
            return _found(candidates, before, position, end)
    return None


def _short(text: str, position: int, before: list[Found]) -> Found | None:
    stems = by_stem()
    for end in range(min(len(text), position + 6), position + 1, -1):
        candidates = stems.get(text[position:end])
        if candidates is None or (_NOT_AFTER_STEM.match(text, end) and not _names_one(text, end)):
            continue
        fitting = tuple(c for c in candidates if _stem_is_sure(c, before, text, end))
        if fitting:
            return _found(fitting, before, position, end)
    return None


def _names_one(text: str, position: int) -> bool:
    """Whether the full name of a division follows: 嘉兴 before 桐乡市 is no 乡."""
    ahead = any(text[position:end] in by_name() for end in range(position + 3, position + 8))
    return ahead or text[position : position + 2] in by_stem()


def _goes_on(text: str, position: int) -> bool:
    """Whether another division follows."""
    position = _skip(text, position)
    ends = range(position + 2, position + 6)
    return any(text[position:end] in by_name() or text[position:end] in by_stem() for end in ends)


def _stem_is_sure(division: Division, before: list[Found], text: str, end: int) -> bool:
    """Whether a short name means this division here: provinces and cities always, counties below their parent.

    A district of a city (西湖, 江北, 城区) needs the city before it; a county or county-level city needs no more than
    the beginning of the text.
    """
    if division.level < COUNTY:
        return not before or before[-1].level <= division.level or _goes_on(text, end)
    if before:
        last = before[-1]
        same = _under(division, last.division) or (last.level == COUNTY and last.division.name == division.name)
        return division == last.division or (same and last.level < COUNTY)
    if len(division.name) != 3:
        return False
    return division.name[-1] == "市" or (division.name[-1] == "区" and len(by_stem()[division.name[:2]]) == 1)


def _under(division: Division, other: Division) -> bool:
    width = 2 if other.level == PROVINCE else 4
    return division.code[:width] == other.code[:width]


def _fits_any(candidates: tuple[Division, ...], before: list[Found]) -> bool:
    return any(_under(c, b.division) for c in candidates for b in before)


def _found(candidates: tuple[Division, ...], before: list[Found], start: int, end: int) -> Found:
    """Choose among divisions of one name the one below what was said before, else a city before a county."""
    ranked = sorted(candidates, key=lambda c: (-sum(_under(c, b.division) for b in before), c.level, c.code))
    best = ranked[0]
    level = CITY if best.level == PROVINCE and best.code[:2] in _MUNICIPALITIES else best.level
    return Found(best, level, start, end, repeated=False)


def _settle(found: list[Found]) -> list[Found]:
    """Of a head written several times keep one chain: the first if the second is its mirror, else the last."""
    chains: list[list[Found]] = []
    for token in found:
        if not chains or token.level < chains[-1][-1].level or (token.level == chains[-1][-1].level):
            chains.append([])
        chains[-1].append(token)
    kept: dict[int, Found] = {}
    for chain in chains:
        if kept and chain[0].level == PROVINCE:
            kept = {}
        for token in chain:
            old = kept.get(token.level)
            if old is None or old.division != token.division or token.end - token.start > old.end - old.start:
                kept[token.level] = token
    places = {token.start for token in kept.values()}
    return [token._replace(repeated=token.start not in places) for token in found]


@lru_cache(maxsize=1)
def county_names() -> frozenset[str]:
    """Full names of divisions, for the scanner to spot one further on."""
    return frozenset(name for name in by_name() if len(name) > 2)

"""Which division outside the register's own an address names: the same road there is another road.

Flow: normalised text and pieces -> `foreign_of` -> a prefix for the keys, empty at home.
"""

from __future__ import annotations

from collections.abc import Iterable

from warehouse.address.gazetteer import by_name, by_stem
from warehouse.address.places import local
from warehouse.address.refine import Piece

_DIVISIONS = ("province", "city", "county")


def foreign_of(text: str, pieces: Iterable[Piece]) -> str:
    """The smallest division that is not one of ours: its code, or its name where the code is not certain."""
    known, place, town = local(), "", ""
    for piece in pieces:
        words = text[piece.start : piece.end]
        if piece.kind in _DIVISIONS:
            place = _within(place, words)
        elif piece.kind == "town" and words not in known.towns:
            town = words
    place = "" if place in known.codes else place
    return "".join(f"{part}:" for part in (place, town) if part)


def _within(place: str, words: str) -> str:
    """The code of a division inside the one named before it; ours if it can be, none if two could be meant."""
    found = [division.code for division in by_name().get(words) or by_stem().get(words) or ()]
    inside = [code for code in found if _is_inside(code, place)]
    ours = [code for code in inside if code in local().codes]
    if ours or len(inside) == 1:
        return (ours or inside)[0]
    return f"{place}{words}"


def _is_inside(code: str, place: str) -> bool:
    if len(place) != 6 or not place.isdecimal():
        return not place
    return code.startswith(place[:2] if place.endswith("0000") else place[:4] if place.endswith("00") else place)

"""What only the neighbours decide: bare names, roads off a road, villages that are estates, what is said twice.

Flow: pieces of the scanner's best path -> `refine` -> the same pieces under their final kinds.
"""

from __future__ import annotations

from itertools import zip_longest
from typing import NamedTuple

_BUILDING = ("栋", "幢", "座", "楼")


class Piece(NamedTuple):
    """An element by its place in the text."""

    kind: str
    start: int
    end: int


def refine(pieces: list[Piece], text: str) -> list[Piece]:
    """Give every piece its final kind."""
    refined: list[Piece] = []
    said: set[str] = set()
    for piece, following in zip_longest(pieces, pieces[1:]):
        words = text[piece.start : piece.end]
        kind = "repeated" if piece.kind == "town" and words in said else _kind(piece, refined, following, text)
        said.add(words)
        refined.append(piece._replace(kind=kind))
    return refined


def _kind(piece: Piece, before: list[Piece], following: Piece | None, text: str) -> str:
    kind = "home" if piece.kind == "hall" else piece.kind
    if kind.startswith("bare_"):
        return kind.removeprefix("bare_")
    if kind == "community":
        return "home" if following is not None and _is_estate(following, text) else kind
    if kind in ("road", "lane"):
        return "subroad" if _leaves_a_road(piece, before, following, text) else kind
    return "subdoor" if kind in ("door", "house") and _is_off_the_road(piece, before, text) else kind


def _is_estate(following: Piece, text: str) -> bool:
    """Whether what follows makes a village or community the name of an estate: 二区, or a building."""
    words = text[following.start : following.end]
    return (following.kind == "home" and len(words) <= 2) or (following.kind == "house" and not words.endswith("号"))


def _leaves_a_road(piece: Piece, before: list[Piece], following: Piece | None, text: str) -> bool:
    """Whether a road or numbered lane begins at the road before it: 洋中路|9弄 before a door, 新桥路|三巷."""
    last = before[-1].kind if before else ""
    if piece.kind == "lane":
        return last == "road" and following is not None and text[following.end - 1] == "号"
    return last in ("road", "subroad", "assist") and any(other.kind == "road" for other in before)


def _is_off_the_road(piece: Piece, before: list[Piece], text: str) -> bool:
    """Whether a number counts along the road off the road, or along a part of it: 环城南路东段|1356号."""
    last = before[-1].kind if before else ""
    if last == "subroad":
        return not text[piece.start : piece.end].endswith(_BUILDING)
    return piece.kind == "door" and last == "place" and len(before) > 1 and before[-2].kind == "road"

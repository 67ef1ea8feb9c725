"""What the pieces of an address leave open, each with its place: nothing here is decided, only reported.

Flow: normalised text and pieces -> `doubts_of` -> ambiguities.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import zip_longest

from warehouse.address.elements import AMBIGUITIES, Ambiguity
from warehouse.address.forms import CN
from warehouse.address.refine import Piece

_TWICE = (("room", "two_rooms"), ("door", "two_doors"), ("house", "two_buildings"), ("cell", "two_buildings"))
_SEVERAL = re.compile(r"[、,/]|\d{3,}-\d{3,}")
_SHORT = re.compile(rf"(?:\d{{1,2}}|[{CN}]{{1,2}})号")
_ODD = re.compile(r"\d|[之附号]")
_RUN = re.compile(r"(?<![\dA-Z-])[A-Z]?\d+[A-Z]?(?:-[A-Z]?\d+[A-Z]?)+")
SMALLER = re.compile(rf"[\dA-Z{CN}](?:栋|幢|座|单元|号楼|楼|层|房|室)")


def doubt(code: str, first: Piece, last: Piece | None = None) -> Ambiguity:
    """An ambiguity from one piece to another."""
    return Ambiguity(code, first.start, (last or first).end, *AMBIGUITIES[code])


def doubts_of(text: str, pieces: list[Piece]) -> Iterable[Ambiguity]:
    """What the pieces alone leave open."""
    for kind, twice in _TWICE:
        found = [piece for piece in pieces if piece.kind == kind]
        if len(found) > 1 or (found and _SEVERAL.search(text, found[0].start, found[0].end)):
            yield doubt(twice, found[0], found[-1])
    for piece, following in zip_longest(pieces, pieces[1:]):
        if (code := _code(text, piece, following)) is not None:
            yield doubt(code, piece)
    yield from _dashes(text, pieces)


def _code(text: str, piece: Piece, following: Piece | None) -> str | None:
    """What is doubtful about one piece, if anything."""
    kind, words = piece.kind, text[piece.start : piece.end]
    if kind in ("house", "cell", "room"):
        bare = kind == "house" and words.isdecimal() and text[piece.end : piece.end + 1] != "-"
        return "number_or_room" if bare or _SHORT.fullmatch(words) else None
    if kind == "assist":
        return "relative"
    if kind == "alias":
        return "brackets" if SMALLER.search(words) else None
    # An unknown name between a road and a number: 东段1356号 may be counted on its own.
    part = following is not None and following.kind == "subdoor"
    return "unread" if kind == "place" and words != "之" and (part or _ODD.search(words)) else None


def _dashes(text: str, pieces: list[Piece]) -> Iterable[Ambiguity]:
    """Numbers with dashes: 3-501 and 3-2-501 end in a room, 203-1 or 3-2 may be anything."""
    doors = [piece for piece in pieces if piece.kind in ("door", "subdoor")]
    for run in _RUN.finditer(text):
        lengths = [sum(char.isdecimal() for char in number) for number in run[0].split("-")]
        plain = lengths[-1] >= 3 and max(lengths[:-1]) <= 2 and len(lengths) <= 3
        if not plain and not any(door.start <= run.start() < door.end for door in doors):
            yield Ambiguity("dashes", *run.span(), *AMBIGUITIES["dashes"])

"""Reading an address: the fast path, else the scanner; the same reading for one text and for a column of them.

Flow: raw text -> `read` (parts, ambiguities) -> keys; `parse` adds the elements with their spans.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from warehouse.address.assemble import assemble, door_in, value_in
from warehouse.address.elements import Address, Ambiguity, Element, Parts
from warehouse.address.fast import match_local, parts_of
from warehouse.address.keys import NONE, Keys, keys_of
from warehouse.address.normal import normalise
from warehouse.address.places import number_of, street_of
from warehouse.address.refine import Piece
from warehouse.address.scanner import scan

LONGEST = 200
_GROUPS = {
    "building": "house",
    "unit": "cell",
    "sub2": "sub",
    "sub3": "sub",
    "sub4": "sub",
    "building2": "house",
    "unit2": "cell",
    "room2": "room",
}
_GAP = re.compile(r"(?<!\d) +| +(?!\d)")  # between two numbers a blank is all that parts them
_VILLAGE = re.compile(r"[一-龥]{1,4}村(?=.)")
_NUMBERED = ("house", "cell", "floor", "room", "door")


class Read(NamedTuple):
    """An address as the bulk path needs it."""

    parts: Parts
    keys: Keys
    ambiguities: tuple[Ambiguity, ...]


def read(text: str) -> Read:
    """Read a raw text. Texts longer than an address can be are read as nothing."""
    normal = normalise(text)
    match = match_local(_GAP.sub("", normal) if " " in normal else normal)
    if match is not None:
        parts = parts_of(match)
        return Read(parts, keys_of(parts, certain=True), ())
    if len(text) > LONGEST:
        return Read(Parts(), NONE, ())
    parts, ambiguities = assemble(normal, scan(normal))
    return Read(parts, keys_of(parts, certain=not ambiguities), ambiguities)


def parse(text: str) -> Address:
    """Parse one address (GB/T 35639; element codes of GA/T 2000.32 in `elements.KINDS`).

    Spans point into `text` as given. Never raises for a string; what cannot be read has no key and says why.
    """
    found = read(text)
    elements = tuple(_element(text, piece) for piece in _pieces(text))
    return Address(text, elements, found.parts, *found.keys, found.ambiguities)


def _pieces(text: str) -> list[Piece]:
    normal = normalise(text)
    match = match_local(_GAP.sub("", normal))
    if match is not None:
        gaps = {place for gap in _GAP.finditer(normal) for place in range(*gap.span())}
        kept = [place for place in range(len(normal)) if place not in gaps]
        return [Piece(p.kind, kept[p.start], kept[p.end - 1] + 1) for p in _matched(match)]
    return scan(normal) if len(text) <= LONGEST else []


def _matched(match: re.Match[str]) -> list[Piece]:
    """The pieces of a match; door and place number reach as far as their suffixes do."""
    spans = [
        (_GROUPS.get(kind, kind), *match.span(kind)) for kind, value in match.groupdict().items() if value is not None
    ]
    joined = match.group("joined")
    if joined:
        cut = match.start("joined") - _width_of_floor(match)
        spans.append(("floor", cut, match.end("joined")))
    spans = sorted((span for span in spans if span[0] not in ("sub", "joined", "road")), key=lambda span: span[1])
    at = [span[0] for span in spans].index("number")
    spans[at : at + 1] = _street_spans(match)
    pieces = []
    for place, (kind, start, end) in enumerate(spans):
        follow = spans[place + 1][1] if place + 1 < len(spans) else match.end()
        kind = "door" if kind == "number" else kind
        # A dash parts two numbers and belongs to neither.
        follow -= match.string[follow - 1] == "-"
        pieces.append(Piece(kind, start, follow if kind in _NUMBERED else end))
    return pieces


def _street_spans(match: re.Match[str]) -> list[tuple[str, int, int]]:
    """Village, street and number: 黄边村|东坊三巷|12号; 自编 belongs to the number, as the scanner has it."""
    (start, end), number = match.span("road"), match.start("number")
    village = _VILLAGE.match(match["road"])
    inner = start + (village.end() if village else 0)
    own = end - 2 if match["road"].endswith("自编") else end
    street = "place" if own < end else "road"
    spans = [("community", start, inner), (street, inner, own), ("number", min(own, number), match.end("number"))]
    return [span for span in spans if span[1] < span[2]]


def _width_of_floor(match: re.Match[str]) -> int:
    """How many numerals before 楼 are the floor's, where they run on from the sub-number."""
    floor = parts_of(match).floor
    run: str = match["sub"]
    return next(len(run) - at for at in range(1, len(run)) if number_of(run[at:]) == floor)


def _element(text: str, piece: Piece) -> Element:
    words = text[piece.start : piece.end]
    normal = normalise(words).replace(" ", "")
    if piece.kind == "road":
        value = street_of(normal)[1]
    elif piece.kind in ("house", "cell", "floor", "room"):
        value = value_in(normal, piece.kind)
    elif piece.kind in ("door", "subdoor"):
        value = "-".join(filter(None, door_in(normal)))
    else:
        value = normal
    return Element(piece.kind, piece.start, piece.end, words, value)

"""The scanner: of all ways to cut a text into elements, the one with the greatest weight.

Flow: normalised text -> divisions of the head -> best path over `grammar.candidates` and `order.after` -> pieces.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from warehouse.address.gazetteer import CITY, PROVINCE
from warehouse.address.grammar import candidates
from warehouse.address.head import county_names, read_head
from warehouse.address.order import KIND, after
from warehouse.address.places import prefix_pattern
from warehouse.address.refine import Piece, refine

_LEVELS = {PROVINCE: "province", CITY: "city"}


class _Step(NamedTuple):
    weight: float
    start: int
    before: tuple[str, bool]
    kind: str


State = tuple[str, bool]
_TOWN_FIRST = re.compile(r"[一-龥]{2,5}?(?:街道|镇|乡)(?=[一-龥]{2,8}?[省市])")
_DASH = re.compile(r"(?<=[\d号栋幢])一(?=\d)")
_WORD = re.compile(r"\d\d|[A-Z][A-Z]")


def scan(text: str) -> list[Piece]:
    """Cut a normalised text into elements. Every character that is not blank belongs to one."""
    text = _DASH.sub("-", text)
    pieces, position = local_prefix(text)
    if not pieces:
        found, position = read_head(text)
        if not found and (town := _TOWN_FIRST.match(text)) is not None:
            found, position = read_head(text, town.end())
            pieces = [Piece("repeated", *town.span())] if found else []
        pieces += [
            Piece("repeated" if token.repeated else _LEVELS.get(token.level, "county"), token.start, token.end)
            for token in found
        ]
    return pieces + refine(_best_path(text, position), text)


def local_prefix(text: str) -> tuple[list[Piece], int]:
    """The divisions, street and community of the register's own ground, if the text begins with them."""
    match = _prefix().match(text)
    if match is None or not any(match.group("county", "town", "community")):
        return [], 0
    return [Piece(kind, *match.span(kind)) for kind, words in match.groupdict().items() if words], match.end()


@lru_cache(maxsize=1)
def _prefix() -> re.Pattern[str]:
    return re.compile(prefix_pattern())


def _best_path(text: str, position: int) -> list[Piece]:
    length = len(text)
    tables: list[dict[State, _Step]] = [{} for _ in range(length + 1)]
    tables[position][("head" if position else "start", False)] = _Step(0.0, position, ("", False), "")
    names = county_names()
    for start in range(position, length):
        if not tables[start] or (start > position and _WORD.fullmatch(text, start - 1, start + 1)):
            continue
        found = list(candidates(text, start))
        found += [
            (end, "division", 2.0) for end in range(start + 3, min(length, start + 8) + 1) if text[start:end] in names
        ]
        states = list(tables[start].items())
        for end, form, weight in found:
            _extend(tables[end], states, start, form, weight, text)
    return _walk_back(tables, position)


def _extend(
    table: dict[State, _Step], states: list[tuple[State, _Step]], start: int, form: str, weight: float, text: str
) -> None:
    for state, step in states:
        before, dash = state
        if form in ("blank", "person"):
            target, total, kind = (before, text[start] == "-"), step.weight + weight, form
        else:
            kind = KIND.get(form, form)
            target, total = (kind, False), step.weight + weight + after(form, before, dash)
        old = table.get(target)
        if old is None or total > old.weight:
            table[target] = _Step(total, start, state, kind)


def _walk_back(tables: list[dict[State, _Step]], position: int) -> list[Piece]:
    end = len(tables) - 1
    pieces: list[Piece] = []
    if end == position:
        return pieces
    state = max(tables[end], key=lambda state: (tables[end][state].weight, state))
    while end > position:
        step = tables[end][state]
        if step.kind != "blank":
            pieces.append(Piece(step.kind, step.start, end))
        end, state = step.start, step.before
    return pieces[::-1]

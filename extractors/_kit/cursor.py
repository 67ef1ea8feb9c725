"""The nightly cursor: which windows a night asks for, read off the landing zone, never off a clock or a variable.

The night's own window comes first, with the overlap that its source declares: rows are committed late, and clocks
run slow. Then holes: what no night has read whole is asked for again, however old it is, a bounded number of pieces
a night, so that an old hole never stops a night. A window that a backfill has read whole is no hole; an unread
stretch before the first night is none either: a person starts a backfill.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

from expectations.manifest import entity_manifests, span_of
from expectations.model import COMPARED
from expectations.windows import Closing, open_windows
from extractors._kit.spec import Source
from extractors._kit.window import Window

PIECE = timedelta(days=7)
PIECES = 8  # a night


def nightly_window(source: Source, landing: Path, day: str) -> Window:
    """The window of the night `day` (`YYYY-MM-DD`); its begin is earlier by the overlap once a night was read."""
    night = Window.of_day(day)
    return night.looking_back(source.overlap) if _was_read_before(source, landing, night.begin) else night


def hole_windows(source: Source, landing: Path, day: str, closed: Sequence[Closing] = ()) -> list[Window]:
    """The pieces of holes that this night asks for after its own window, each with the overlap."""
    begin = Window.of_day(day).begin
    pieces = [p for hole in open_windows(source.contract(), landing, begin, closed)
              for p in _pieces(hole.begin, hole.end)]  # fmt: skip
    if len(pieces) > PIECES:
        # Another part of them each night: a piece that a source never gives does not starve the others.
        start = date.fromisoformat(day).toordinal() * PIECES % len(pieces)
        pieces = (pieces[start:] + pieces[:start])[:PIECES]
    return [piece.looking_back(source.overlap) for piece in pieces]


def compared(source: Source) -> Source:
    """The same source with the entities whose keys are held against ours."""
    entities = source.contract().entities
    return replace(source, entities=tuple(e for e in source.entities if entities[e].deletions == COMPARED))


def comparison_window(source: Source, landing: Path, day: str) -> Window | None:
    """All that was ever read of them, up to the night's end; None while the last comparison is recent enough."""
    night = Window.of_day(day)
    read = [m for e in compared(source).entities for m in entity_manifests(landing / source.key / e)]
    begin = min((span_of(m)[0] for m in read), default=night.begin)
    last = max((span_of(m)[1] for m in read if m.snapshot and span_of(m)[1] != night.end), default=None)
    recent = last is not None and night.end - last < timedelta(days=source.compare)
    return None if recent or begin >= night.begin else Window(begin, night.end)


def asked_by_change_time(source: Source) -> Source:
    """The same source without pictures and drop folders: an old window of those is made up for by the newest."""
    entities = source.contract().entities
    return replace(source, entities=tuple(e for e in source.entities if entities[e].delivery == "changes"))


def _was_read_before(source: Source, landing: Path, moment: datetime) -> bool:
    folders = (landing / source.key / entity for entity in source.entities)
    return any(span_of(m)[0] < moment and not m.history for f in folders for m in entity_manifests(f))


def _pieces(begin: datetime, end: datetime) -> list[Window]:
    found = []
    while begin < end:
        found.append(Window(begin, min(begin + PIECE, end)))
        begin += PIECE
    return found

"""The nightly cursor: where the next window begins, read off the landing zone, never off a clock or a variable.

A missed or failed night leaves a hole; the next night's window begins at that hole, so nothing is skipped and a
re-run reads only what is known already. What a backfill has read moves it neither way.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from expectations.manifest import landed_windows
from extractors._kit.spec import Source
from extractors._kit.window import Window

REACH = timedelta(days=31)  # a longer hole is a backfill, which a person starts


def nightly_window(source: Source, landing: Path, day: str) -> Window:
    """The window of the night `day` (`YYYY-MM-DD`), stretched back over nights that never landed."""
    night = Window.of_day(day)
    begins = [
        _resume(landed_windows(landing / source.key / entity, nightly=True), night.begin) for entity in source.entities
    ]
    return Window(min(begins), night.end)


def _resume(landed: list[tuple[datetime, datetime]], night: datetime) -> datetime:
    """The end of the first unbroken stretch of landed windows within reach; the night itself if there is none."""
    reached: datetime | None = None
    for begin, end in landed:
        if end < night - REACH or begin >= night:
            continue
        if reached is None or begin <= reached:
            reached = max(end, reached or end)
        else:
            break
    return night if reached is None else min(reached, night)

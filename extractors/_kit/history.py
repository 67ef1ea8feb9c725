"""Backfill: which windows of the past are still to be read, and reading one, in halves where the source refuses it.

What has been read is asked of the landing zone, so an interrupted backfill goes on at its window; what it lands is
marked as history, so that the nightly cursor does not go by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path

from expectations.errors import CallRejected
from expectations.manifest import landed_windows
from extractors._kit.connection import Connection
from extractors._kit.run import run_source
from extractors._kit.spec import Source
from extractors._kit.summary import Summary
from extractors._kit.window import Window

# What a source answers to a window that is too much for it, or that moves while it is read.
REFUSALS = frozenset({"EX-TOOMANY", "EX-BIG", "EX-MOVING", "EX-CODE", "EX-JOB"})
SMALLEST = timedelta(days=1)


def month_windows(begin: date, end: date) -> list[Window]:
    """The months of [begin, end), the first and the last cut to it. Raises CallRejected SC-CALL when it is empty."""
    moment, last = datetime.combine(begin, time()), datetime.combine(end, time())
    if moment >= last:
        raise CallRejected("SC-CALL", detail=f"history begin {begin} is not before its end {end}")
    windows = []
    while moment < last:
        following = (moment.replace(day=1) + timedelta(days=32)).replace(day=1)
        windows.append(Window(moment, min(following, last)))
        moment = following
    return windows


def missing_windows(source: Source, landing: Path, windows: Sequence[Window]) -> list[Window]:
    """Those that not every entity that can tell of the past has landed whole, in one piece or in several."""
    landed = [landed_windows(landing / source.key / entity) for entity in source.of_the_past().entities]
    return [w for w in windows if not all(_covers(spans, w) for spans in landed)]


def _covers(spans: Sequence[tuple[datetime, datetime]], window: Window) -> bool:
    reached = window.begin
    for begin, end in sorted(spans):
        if begin <= reached < end:
            reached = end
    return reached >= window.end


def refuse_expired(source: Source, begin: date, today: date) -> None:
    """Raises CallRejected BF-RETENTION for a begin that lies further back than the source's records may be kept."""
    years = int(source.contract().retention.removesuffix("y"))
    if begin < (oldest := _years_before(today, years)):
        raise CallRejected("BF-RETENTION", detail=f"{source.key}: {begin}, kept from {oldest} on")


def _years_before(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # 29 February
        return day.replace(year=day.year - years, day=28)


def read_window(source: Source, window: Window, landing: Path, connection: Connection) -> list[Summary]:
    """Read one window of the past; one summary, or one for each half that the source would give.

    An error that halving does not mend stands in the summaries, as after `run_source`.
    """
    summary = run_source(source, window, landing, connection, history=True)
    refused = {error.code for error in summary.errors}
    halves = window.halves() if window.end - window.begin >= 2 * SMALLEST else None
    if not refused or not refused <= REFUSALS or halves is None:
        return [summary]
    return [s for half in halves for s in read_window(source, half, landing, connection)]

"""What earlier nights left open: asked for again after the night's own window, and named until a person closes it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import structlog

from extractors import Source
from extractors._kit.clock import now
from extractors._kit.connection import Connection
from extractors._kit.cursor import asked_by_change_time, compared, comparison_window, hole_windows
from extractors._kit.run import run_source
from plugins.alerts import alert
from warehouse.decisions.closings import closed_of, open_of

log = structlog.get_logger("register.night")


def catch_up(source: Source, landing: Path, connection: Connection, night: str) -> int:
    """Ask for the night's pieces of holes; how many were read whole.

    A piece that fails stays open and is named; it never stops the night, which is landed already.
    """
    read, told = 0, asked_by_change_time(source)
    for piece in hole_windows(source, landing, night, closed_of(source.key)):
        summary = run_source(told, piece, landing, connection)
        log.info("caught_up", source=source.key, begin=summary.begin, end=summary.end, rows=summary.rows,
                 codes=[e.code for e in summary.errors])  # fmt: skip
        read += not summary.errors
        if summary.exit_status == 3:
            break  # the source is busy or gone: the next night asks again
    return read


def compare_keys(source: Source, landing: Path, connection: Connection, night: str) -> int | None:
    """Read all that a source without a delete log has, where that is due; the rows, or None.

    What does not come is closed in staging. A comparison that fails closes nothing, and the next night makes it.
    """
    window = comparison_window(source, landing, night)
    if window is None or now() < window.end:
        return None
    summary = run_source(compared(source), window, landing, connection, compare=True)
    log.info("compared", source=source.key, rows=summary.rows, codes=[e.code for e in summary.errors])
    return None if summary.errors else summary.rows


def name_open(source: Source, landing: Path, until: datetime) -> None:
    """One alert for each thing that is open, every night."""
    for left in open_of(source.contract(), landing, until):
        alert("file_is_open" if left.file else "window_is_open", **left.as_dict())

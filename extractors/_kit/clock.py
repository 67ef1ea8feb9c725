"""The one clock of reading: when something was read, and of which moment a complete picture is.

REGISTER_TODAY sets the calendar back for a simulated town, whose years are past: its nights are run long after their
days, as if on them, so a picture is of the night that was asked for. Everywhere else the clock on the wall decides.
"""

from __future__ import annotations

import os
from datetime import date, datetime, timedelta

from extractors._kit.window import ZONE, Window

TODAY = "REGISTER_TODAY"
NIGHT = timedelta(days=1)  # a night's own runs, retries included, begin within a day of its window's end


def now() -> datetime:
    """Asia/Shanghai wall clock, without its zone."""
    return datetime.now(ZONE).replace(tzinfo=None)


def today() -> date:
    """The day the calendar shows: REGISTER_TODAY, or that of the wall clock."""
    return simulated() or now().date()


def simulated() -> date | None:
    """The day a simulated town has reached; None in an office."""
    given = os.environ.get(TODAY)
    return date.fromisoformat(given) if given else None


def picture_taken(window: Window, read_at: datetime) -> str:
    """ISO text of when a picture was taken; "" if it was in the night of its window."""
    if simulated() or window.end <= read_at < window.end + NIGHT:
        return ""
    return read_at.isoformat(timespec="seconds")

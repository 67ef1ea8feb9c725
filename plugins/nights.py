"""What a run is about: the one reading of a night, and of a window by hand, that all DAGs share.

A night is written `YYYY-MM-DD` and nothing else. Other forms of a moment (`20221105`, `2022-11-05T00:00:00`) are
refused: read as a night they would name another window, or sort before every real one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final

from expectations.errors import CallRejected
from extractors._kit.window import Window

FORM: Final = r"^\d{4}-\d{2}-\d{2}$"
KEY_FORMAT: Final = "%Y-%m-%d"
ZONE: Final = "Asia/Shanghai"


def parse_night(text: str) -> date:
    """The day a night begins on. Raises CallRejected SC-CALL for another form, or a day that no calendar has."""
    try:
        return date.fromisoformat(text if re.fullmatch(FORM, text, re.ASCII) else "")
    except ValueError as error:
        right = "夜写作 YYYY-MM-DD，如 2022-11-05 / a night is written YYYY-MM-DD, such as 2022-11-05"
        raise CallRejected("SC-CALL", detail=f"{right}; {text[:40]!r}") from error


def night_of(context: Mapping[str, Any], today: date) -> str:
    """The night of a run: its partition key; without one the night that is due, yesterday's. Raises SC-CALL."""
    key = context.get("partition_key") or getattr(context.get("dag_run"), "partition_key", None)
    return parse_night(str(key)).isoformat() if key else (today - timedelta(days=1)).isoformat()


def window_of(params: Mapping[str, Any]) -> Window | None:
    """The window that somebody gave by hand, None when neither end is given. Raises SC-CALL for half of one."""
    begin, end = params.get("begin") or None, params.get("end") or None
    if begin is None and end is None:
        return None
    if begin is None or end is None:
        raise CallRejected("SC-CALL", detail="起始与结束须同时填写，或都留空 / give both begin and end, or neither")
    return Window.parse(str(begin), str(end))

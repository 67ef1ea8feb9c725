"""Half-open windows [begin, end) on the source's own change time, Asia/Shanghai wall clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from expectations.errors import CallRejected

ZONE = ZoneInfo("Asia/Shanghai")
WIRE = "%Y-%m-%d %H:%M:%S"


@dataclass(frozen=True)
class Window:
    """begin and end are naive datetimes of Asia/Shanghai, second resolution."""

    begin: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.begin >= self.end:
            raise CallRejected("SC-CALL", detail=f"window begin {self.begin} is not before its end {self.end}")

    @classmethod
    def parse(cls, begin: str, end: str) -> Window:
        """From ISO dates or date-times; a zone, if given, is converted. Raises CallRejected SC-CALL."""
        return cls(_moment(begin), _moment(end))

    @classmethod
    def of_day(cls, day: str) -> Window:
        """The window of one night's partition key, `YYYY-MM-DD`."""
        begin = _moment(day)
        return cls(begin, begin + timedelta(days=1))

    @property
    def begin_text(self) -> str:
        """`yyyy-MM-dd HH:mm:ss`, as most wires want it."""
        return self.begin.strftime(WIRE)

    @property
    def end_text(self) -> str:
        return self.end.strftime(WIRE)

    def looking_back(self, days: int) -> Window:
        """The same window with an earlier begin: sources that re-issue rows late declare a look-back."""
        return Window(self.begin - timedelta(days=days), self.end)

    def halves(self) -> tuple[Window, Window] | None:
        """Two halves that meet on a whole second; None when the window is one second long."""
        middle = (self.begin + (self.end - self.begin) / 2).replace(microsecond=0)
        if middle <= self.begin:
            return None
        return Window(self.begin, middle), Window(middle, self.end)

    def holds(self, moment: datetime) -> bool:
        """Whether a naive Asia/Shanghai moment lies in the window."""
        return self.begin <= moment < self.end

    def key(self) -> tuple[str, str]:
        """ISO texts for the manifest."""
        return self.begin.isoformat(timespec="seconds"), self.end.isoformat(timespec="seconds")


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise CallRejected("SC-CALL", detail=f"{text!r} is not a date (YYYY-MM-DD)") from error
    if moment.tzinfo:
        moment = moment.astimezone(ZONE).replace(tzinfo=None)
    return moment.replace(microsecond=0)

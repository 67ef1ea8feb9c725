"""The town's calendar: days and moments are whole numbers counted from 2018-01-01 00:00, Shanghai wall clock.

Whole numbers keep the generator fast and free of time zones; `day_text` and `stamp` write them for the wire.
"""

from datetime import date, timedelta
from random import Random

FIRST = date(2018, 1, 1)
LAST = date(2022, 12, 31)
DAYS = (LAST - FIRST).days + 1
DAY = 86_400
END = DAYS * DAY
NIGHT = (date(2022, 11, 5) - FIRST).days
"""The day every system has news on: the demonstration's night of 2022-11-05."""

_ORDINAL = FIRST.toordinal()


def day_of(value: date) -> int:
    """Count the days from the first day of the town to `value`."""
    return value.toordinal() - _ORDINAL


def date_of(day: int) -> date:
    """Turn a day number back into a date."""
    return date.fromordinal(_ORDINAL + day)


def day_text(day: int, separator: str = "-") -> str:
    """Write a day as `yyyy-MM-dd`, or with another separator (none for `yyyyMMdd`)."""
    text = date.fromordinal(_ORDINAL + day).isoformat()
    return text if separator == "-" else text.replace("-", separator)


def time_text(second: int) -> str:
    """Write a second of the day as `HH:mm:ss`."""
    return f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"


def stamp(moment: int) -> str:
    """Write a moment as `yyyy-MM-dd HH:mm:ss`."""
    return f"{day_text(moment // DAY)} {time_text(moment % DAY)}"


def moment_of(text: str) -> int:
    """Read a moment back from `yyyy-MM-dd HH:mm:ss`."""
    day = date.fromisoformat(text[:10]).toordinal() - _ORDINAL
    return day * DAY + int(text[11:13]) * 3600 + int(text[14:16]) * 60 + int(text[17:19])


def slashed(moment: int) -> str:
    """Write a moment as `yyyy/MM/dd HH:mm:ss`."""
    return f"{day_text(moment // DAY, '/')} {time_text(moment % DAY)}"


def utc_stamp(moment: int) -> str:
    """Write a moment as the UTC clock shows it, with its zone: `yyyy-MM-ddTHH:mm:ssZ`."""
    shifted = moment - 8 * 3600
    return f"{day_text(shifted // DAY)}T{time_text(shifted % DAY)}Z"


def office(random: Random, day: int) -> int:
    """Pick a moment of `day` between 08:30 and 20:30."""
    return day * DAY + 30_600 + int(random.random() * 43_200)


def years() -> list[tuple[int, int, int]]:
    """List (year, first day, day after the last) for every year of the town."""
    spans = []
    for year in range(FIRST.year, LAST.year + 1):
        spans.append((year, day_of(date(year, 1, 1)), day_of(date(year + 1, 1, 1))))
    return spans


def months() -> list[tuple[str, int, int]]:
    """List (yyyyMM, first day, day the sheet of that month is dropped) for each month whose sheet falls in the years.

    The sheet of a month is dropped on the fifth of the next one, so the list runs from 201712 to 202211.
    """
    found: list[tuple[str, int, int]] = []
    first = date(FIRST.year - 1, 12, 1)
    while True:
        following = (first + timedelta(days=32)).replace(day=1)
        drop = day_of(following.replace(day=5))
        if drop >= DAYS:
            return found
        found.append((f"{first:%Y%m}", day_of(first), drop))
        first = following

"""Working days of 2018 to 2023 as the State Council's notices set them; written down here a second time."""

from __future__ import annotations

from datetime import date, timedelta

# (first day off, last day off) and the days off that are worked instead, year by year.
_OFF = (
    "20180101 20180215-20180221 20180405-20180407 20180429-20180501 20180616-20180618 20180922-20180924"
    " 20181001-20181007 20181230-20190101 20190204-20190210 20190405-20190407 20190501-20190504 20190607-20190609"
    " 20190913-20190915 20191001-20191007 20200101 20200124-20200202 20200404-20200406 20200501-20200505"
    " 20200625-20200627 20201001-20201008 20210101-20210103 20210211-20210217 20210403-20210405 20210501-20210505"
    " 20210612-20210614 20210919-20210921 20211001-20211007 20220101-20220103 20220131-20220206 20220403-20220405"
    " 20220430-20220504 20220603-20220605 20220910-20220912 20221001-20221007 20221231-20230102 20230121-20230127"
    " 20230405 20230429-20230503 20230622-20230624 20230929-20231006"
)
_WORKED = (
    "20180211 20180224 20180408 20180428 20180929 20180930 20181229 20190202 20190203 20190428 20190505 20190929"
    " 20191012 20200119 20200426 20200509 20200628 20200927 20201010 20210207 20210220 20210425 20210508 20210918"
    " 20210926 20211009 20220129 20220130 20220402 20220424 20220507 20221008 20221009 20230128 20230129 20230423"
    " 20230506 20230625 20231007 20231008"
)


def _day(text: str) -> date:
    return date(int(text[:4]), int(text[4:6]), int(text[6:]))


def _days(texts: str) -> frozenset[date]:
    found = set()
    for text in texts.split():
        first, last = _day(text[:8]), _day(text[-8:])
        found |= {first + timedelta(n) for n in range((last - first).days + 1)}
    return frozenset(found)


_FREE, _BUSY = _days(_OFF), _days(_WORKED)


def is_working(day: date) -> bool:
    """Whether offices work on a day."""
    return day in _BUSY or (day.weekday() < 5 and day not in _FREE)


def after_working_days(day: date, count: int) -> date:
    """The `count`-th working day after a day, which does not count itself."""
    while count:
        day += timedelta(days=1)
        count -= is_working(day)
    return day

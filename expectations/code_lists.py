"""Code lists, places and the working calendar of `expectations/codes/`: data with its standard, read once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from expectations.errors import CallRejected
from expectations.strict import read_yaml, take

FOLDER = Path(__file__).with_name("codes")


@cache
def code_list(name: str) -> tuple[str, ...]:
    """The codes of a list; `communities` and `community_names` have their own file. Raises CallRejected CT-SPEC."""
    if name in ("communities", "community_names"):
        found = _read("communities")
        return tuple(found) if name == "communities" else tuple(n for names in found.values() for n in names)
    lists = _read("lists")
    if name not in lists:
        raise CallRejected("CT-SPEC", detail=f"codes/lists.yml holds no list {name!r}")
    take(lists[name], f"lists.yml: {name}", required=("standard", "codes"))
    return tuple(lists[name]["codes"])


@dataclass(frozen=True)
class Box:
    """A bounding area in degrees."""

    west: float
    east: float
    south: float
    north: float


@cache
def place(division: str) -> Box:
    """The bounding area of a division. Raises CallRejected CT-SPEC."""
    places = _read("places")
    if division not in places:
        raise CallRejected("CT-SPEC", detail=f"codes/places.yml does not know {division!r}")
    return Box(**places[division])


@dataclass(frozen=True)
class Divisions:
    """What is known of GB/T 2260: provinces, and prefixes whose codes are all listed."""

    provinces: tuple[str, ...]
    complete: tuple[str, ...]
    listed: tuple[str, ...]


@cache
def divisions() -> Divisions:
    """The divisions of `codes/divisions.yml`."""
    raw = _read("divisions")
    known = [code for found in raw["complete"].values() for codes in found.values() for code in codes]
    return Divisions(tuple(raw["provinces"]), tuple(raw["complete"]), (*known, *raw["test"]))


@dataclass(frozen=True)
class Calendar:
    """Days off that fall on a weekday and weekend days that are worked, between the two certain dates."""

    first: date
    last: date
    off: tuple[date, ...]
    worked: tuple[date, ...]

    def works(self, day: date) -> bool:
        """Whether a day within the certain years is a working day."""
        return day in self.worked or (day.weekday() < 5 and day not in self.off)


@cache
def calendar() -> Calendar:
    """The working calendar of the State Council's notices."""
    raw = _read("holidays")
    off: list[date] = []
    worked: list[date] = []
    for year, found in raw["years"].items():
        for begin, end in found["rest"]:
            day, last = _day(year, begin), _day(year, end)
            while day <= last:
                off.append(day)
                day += timedelta(days=1)
        worked += [_day(year, day) for day in found["work"]]
    weekdays = tuple(d for d in off if d.weekday() < 5)
    return Calendar(raw["certain"]["from"], raw["certain"]["until"], weekdays, tuple(worked))


def _day(year: int, text: str) -> date:
    return date.fromisoformat(f"{year}-{text}")


def _read(name: str) -> dict[str, Any]:
    return read_yaml(FOLDER / f"{name}.yml")

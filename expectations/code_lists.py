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
    """Days off that fall on a weekday and weekend days that are worked, in the years that a notice was read for."""

    first: date
    last: date
    off: tuple[date, ...]
    worked: tuple[date, ...]

    def works(self, day: date) -> bool:
        """Whether a day within the certain years is a working day."""
        return day in self.worked or (day.weekday() < 5 and day not in self.off)


@cache
def calendar(folder: Path = FOLDER / "holidays") -> Calendar:
    """The working calendar of the State Council's notices, one file a year.

    Raises CallRejected CT-SPEC: for a year left out between two others, a holiday of another length than its notice
    says, or a worked day that is no weekend.
    """
    years = sorted(int(path.stem) for path in folder.glob("*.yml"))
    if not years or years != list(range(years[0], years[-1] + 1)):
        raise CallRejected("CT-SPEC", detail=f"codes/holidays: a file a year without a gap is wanted, found {years}")
    off: list[date] = []
    worked: list[date] = []
    for year in years:
        raw = read_yaml(folder / f"{year}.yml")
        take(raw, f"{year}.yml", required=("notices", "holidays"), optional=("seen_in",))
        for holiday in raw["holidays"]:
            days, work = _holiday(year, holiday)
            off += days
            worked += work
    weekdays = tuple(d for d in off if d.weekday() < 5)
    return Calendar(date(years[0], 1, 1), date(years[-1], 12, 31), weekdays, tuple(sorted(worked)))


def _holiday(year: int, raw: dict[str, Any]) -> tuple[list[date], list[date]]:
    take(raw, f"{year}.yml", required=("name", "from", "until", "days", "work"))
    first, last = (date.fromisoformat(f"{year}-{raw[end]}") for end in ("from", "until"))
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    work = [date.fromisoformat(f"{year}-{day}") for day in raw["work"]]
    if len(days) != raw["days"] or any(day.weekday() < 5 for day in work):
        raise CallRejected("CT-SPEC", detail=f"{year}.yml: {raw['name']} is not {raw['days']} days, or works a weekday")
    return days, work


def _read(name: str) -> dict[str, Any]:
    return read_yaml(FOLDER / f"{name}.yml")

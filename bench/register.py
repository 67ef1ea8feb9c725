"""The register of persons against the truth: quality on a town and in a city, cost, growth, nights.

Profile `street`: a town of life size through the edge's tokeniser, then a million persons of a made city. Profile
`small`: the same with the small town and 50,000 persons; its figures show that the bench works, and no bar applies.

    python -m bench.register [--profile small|street] [--seed N] [--json FILE]
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bench._common import Line, Result, command, none_of, within
from bench._measure import Cost, Side, run_side
from bench._persons_city import CITY, city_observations
from bench._persons_town import town_observations
from bench._splink import available

MILLION, QUARTER, SAMPLE = 1_000_000, 62_500, 200_000
SMALL = 50_000


def run(profile: str, seed: int) -> Result:
    """All parts, one child after the other."""
    large = profile == "street"
    details: dict[str, Any] = {}
    lines = _quality(details, "town", _side("measured", town_observations(profile, seed)), large, 0.9998, 0.999, 0.995)
    dense = city_observations(SAMPLE if large else SMALL, seed, 0.14, CITY)
    lines += _quality(details, "city, 14 %", _side("measured", dense), large, 0.9995, 0.9975, None)
    lines += _costs(details, seed, large)
    return Result("register", profile, seed, lines, details)


def _side(function: str, path: Path) -> Cost:
    return run_side(Side(f"bench._persons:{function}", {"path": str(path)}))


def _quality(
    details: dict[str, Any], what: str, cost: Cost, judged: bool, precision: float, recall: float, exact: float | None
) -> list[Line]:
    """Precision, recall, exact clusters, review cases and forbidden clusters of one data set."""
    found = details[what] = cost.result
    lines = [_at_least(f"{what}: {n}", found[n], bar if judged else None)
             for n, bar in (("precision", precision), ("recall", recall))]  # fmt: skip
    if exact is not None:
        lines += [_at_least(f"{what}: {n}", found[n], exact if judged else None) for n in ("exact_found", "exact_true")]
        cases = found["review_cases"] / found["persons"] * 100_000
        lines.append(within(f"{what}: review cases", cases, "per 100,000 persons", 250, "", 1.0))
    return [*lines, none_of(f"{what}: persons with two valid numbers of one type", found["valid_twice"])]


def _at_least(what: str, figure: float, bar: float | None) -> Line:
    return Line(what, figure, "", "the truth", 1.0, figure, bar)


def _costs(details: dict[str, Any], seed: int, large: bool) -> list[Line]:
    """A full build, a quarter of it, a night of 1 %, and Splink alone."""
    most = city_observations(MILLION if large else SMALL, seed, 0.05)
    few = city_observations(QUARTER if large else SMALL // 4, seed, 0.05)
    full, quarter = _side("measured", most).result, _side("measured", few).result
    night = _side("night", most)
    details["costs"] = {"full": full, "quarter": quarter, "night": {"cpu": night.cpu, **night.result}}
    each = [c["cpu"] / c["observations"] * 1e6 for c in (full, quarter)]
    lines = [
        _at_most("full build", full["wall"], "s", "a minute", 60, 1.0 if large else None),
        _at_most("memory", full["peak_mb"], "MiB", "6 GiB", 6144, 1.0 if large else None),
        _at_most("growth", each[0], "us CPU an observation", "a sixteenth", each[1], 1.5 if large else None),
        _at_most("night of 1 %", night.cpu, "CPU s", "full build", full["cpu"], 0.08 if large else None),
    ]
    return lines + (_peer(details, most, full, large) if available() else [])


def _peer(details: dict[str, Any], data: Path, full: dict[str, Any], large: bool) -> list[Line]:
    """Splink alone over the same data."""
    peer = details["costs"]["splink"] = _side("splink_alone", data).result
    slower, better = peer["cpu"] / full["cpu"], full["f1"] / peer["f1"]
    return [
        Line("full build", full["cpu"], "CPU s", "Splink alone", peer["cpu"], slower, 3.0 if large else None),
        Line("F1", full["f1"], "", "Splink alone", peer["f1"], better, 1.0 if large else None),
    ]


def _at_most(what: str, figure: float, unit: str, against: str, other: float, bar: float | None) -> Line:
    return Line(what, figure, unit, against, other, figure / other, bar, "at most")


if __name__ == "__main__":
    raise SystemExit(command("register", run))

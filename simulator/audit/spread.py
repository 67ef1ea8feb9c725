"""How much each measure varies from month to month over the five years: one that never does cannot be wrong.

Flow: every record of the town as it was sent, nothing loaded -> the figure of each month (or quarter) -> least, most.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median

import pandas as pd

from simulator.audit.cases import case_rows, cases
from simulator.audit.compare import Mart, summed
from simulator.audit.counts import READERS
from simulator.audit.marts import OF_CASES, OF_COUNTS
from simulator.audit.town import Loads, TownFile

WHOLE = Loads.of("2022-12-31", ("2017-12-01", "2023-01-01"))
_CERTAIN = "holiday notices of all its years are out / 各年放假通知均已发布"
CONSTANT = {
    "case_timeliness.limit_uncertain": _CERTAIN,
    "case_timeliness_by_office.limit_uncertain": _CERTAIN,
    "case_timeliness_by_community.limit_uncertain": _CERTAIN,
    "case_timeliness_by_channel.limit_uncertain": _CERTAIN,
    "house_occupancy.houses": "the town builds and pulls down nothing / 镇内不新建、不拆除",
    "objects_by_place.facility": "the town builds and pulls down nothing / 镇内不新建、不拆除",
    "rental_movement.buildings": "every let building reports every month / 出租楼栋逐月都报",
}
"""Measures that stand still in the town, and why that is so."""


@dataclass(frozen=True)
class Spread:
    """One measure over the periods of five years."""

    mart: str
    measure: str
    periods: int
    least: float
    middle: float
    most: float
    distinct: int

    @property
    def explained(self) -> str:
        """Why a measure that never varies may do so; empty if it varies or nothing says why."""
        return CONSTANT.get(f"{self.mart}.{self.measure}", "") if self.distinct < 2 else ""


def spreads(town: TownFile) -> list[Spread]:
    """Every measure of the marts made of cases and counts, and the stocks of the register."""
    return [*_of_cases(town), *_of_counts(town), *_of_stocks(town)]


def _of_cases(town: TownFile) -> Iterator[Spread]:
    told = cases(town, WHOLE).told
    for mart in OF_CASES:
        yield from _over(mart, case_rows(mart.name, told))


def _of_counts(town: TownFile) -> Iterator[Spread]:
    for mart in OF_COUNTS:
        yield from _over(mart, READERS[mart.name](town, WHOLE).told)


def _over(mart: Mart, frame: pd.DataFrame) -> Iterator[Spread]:
    period = next(name for name in mart.grain if name.endswith(("month", "quarter")))
    known = frame[frame[period].notna()]
    periods = sorted({str(value) for value in known[period]})
    for measure in mart.measures:
        if measure in frame.columns:
            sums = {key[0]: value for key, value in summed(known, [period], measure).items()}
            yield _spread(mart.name, measure, [sums.get(name, 0.0) for name in periods])


def _of_stocks(town: TownFile) -> Iterator[Spread]:
    """What stood at the end of each month."""
    asked = {
        ("residents_by_grid", "residents"): "select begin, until from truth_stay",
        ("objects_by_place", "device"): "select begin, until from truth_device",
        ("objects_by_place", "vehicle"): "select begin, until from truth_vehicle",
        ("objects_by_place", "organisation"): "select opened, closed from truth_employer",
        ("objects_by_place", "facility"): "select '2018-01-01', null from truth_facility",
        ("house_occupancy", "houses"): "select '2018-01-01', null from truth_dwelling",
    }
    for (mart, measure), question in asked.items():
        spans = town.rows(question)
        figures = [
            float(sum(begin <= day and (until is None or until > day) for begin, until in spans)) for day in _ends()
        ]
        yield _spread(mart, measure, figures)


def _ends() -> list[str]:
    """The last day of each month of the five years."""
    firsts = [date(year, month, 1) for year in range(2018, 2024) for month in range(1, 13)]
    return [(first - timedelta(days=1)).isoformat() for first in firsts[1:61]]


def _spread(mart: str, measure: str, figures: list[float]) -> Spread:
    return Spread(mart, measure, len(figures), min(figures), float(median(figures)), max(figures), len(set(figures)))


def still(found: list[Spread]) -> Mapping[str, str]:
    """The measures that never vary, with the reason; an empty reason is a fault of the town."""
    return {f"{one.mart}.{one.measure}": one.explained for one in found if one.distinct < 2}

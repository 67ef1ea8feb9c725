"""The yearly report: each indicator of each year made again from the cases and counts that the wires told.

An indicator names its mart, kind, measure and, for a rate, what it is a share of; a year that is not wholly loaded must
be empty. Stocks and what was open at the end of a year are not made here.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal

import pandas as pd

from simulator.audit.cases import Cases, case_rows
from simulator.audit.compare import CENT, Line, Shown, plain
from simulator.audit.counts import READERS
from simulator.audit.town import Loads, TownFile

FIELDS = ("indicator", "year", "mart", "kind", "measure", "of", "coverage", "value")
OF_CASES = {
    "case_timeliness": "month",
    "case_outcome": "month",
    "wage_recovery": "month",
    "case_satisfaction": "rated_month",
    "hotline_timeliness": "month",
}
OF_COUNTS = {"enrolment_progress": "month", "service_delivery": "month"}


def yearly(town: TownFile, loads: Loads, found: Cases, shown: Shown) -> Line:
    """One line for the whole report: its cells, and those that are not what they should be."""
    rows = _rows(shown)
    line = Line("yearly_report", "value", None, None, float(len(rows)), None)
    counts = {mart: READERS[mart](town, loads).told for mart in OF_COUNTS}
    published = {(row["indicator"], row["year"]): row["value"] for row in _rows(shown, published=True)}
    for row in rows:
        place = f"{row['indicator']} {row['year']}"
        if plain(row.get("coverage", 1)) != 1 and row["value"] is not None:
            line.say("unexplained", f"{place}: not wholly loaded, and {row['value']}")
        expected = _expected(row, found, counts) if row["value"] is not None else None
        if expected is not None and abs(expected - (plain(row["value"]) or 0.0)) > max(
            CENT, 0.05 if row.get("of") else 0
        ):
            line.say("unexplained", f"{place}: told {expected}, warehouse {row['value']}")
        out = published.get((row["indicator"], row["year"]))
        if published and out is None and row["value"] is not None:
            line.say("withheld", place)
    return line


def _rows(shown: Shown, published: bool = False) -> list[dict[str, object]]:
    connection = shown.out if published else shown.warehouse
    if connection is None:
        return []
    relation = connection.execute("select * from marts.yearly_report")
    names = [str(column[0]) for column in relation.description or ()]
    return [{k: v for k, v in zip(names, row, strict=True) if k in FIELDS} for row in relation.fetchall()]


def _expected(row: Mapping[str, object], found: Cases, counts: Mapping[str, pd.DataFrame]) -> float | None:
    """The figure as the bench makes it; None for what it does not make."""
    mart, year = str(row["mart"]), str(row["year"])
    if mart in OF_CASES:
        frame = case_rows(mart, found.told)
        chosen = frame.loc[[str(value)[:4] == year for value in frame[OF_CASES[mart]]]]
        if row["kind"]:
            chosen = chosen[chosen["kind"] == row["kind"]]
    elif mart in OF_COUNTS:
        frame = counts[mart]
        chosen = frame.loc[[str(value)[:4] == year for value in frame["month"]]]
        if row["kind"]:
            chosen = chosen[chosen["service_kind"] == row["kind"]]
    else:
        return None
    top = _sum(chosen, str(row["measure"]))
    if not row.get("of"):
        return top
    bottom = _sum(chosen, str(row["of"]))
    if top is None or not bottom:
        return None
    share = Decimal(100) * Decimal(top) / Decimal(bottom)
    return float(share.quantize(Decimal("0.1"), ROUND_HALF_UP))  # as SQL rounds a half


def _sum(frame: pd.DataFrame, measures: str) -> float | None:
    """The sum of one measure, or of several written with a plus."""
    names = measures.split(" + ")
    if any(name not in frame.columns for name in names):
        return None
    return float(sum(plain(value) or 0.0 for name in names for value in frame[name]))

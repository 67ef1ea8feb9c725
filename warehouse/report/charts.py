"""Charts as SVG files, drawn on the server by Vega-Lite (`vl-convert`): no browser, no script in the page.

A chart is data: `charts/*.json` says what it looks like, this module says what is in it. Only dates, numbers and our
own marks go in, so one file serves both languages and no text of a source can reach it. The pages show them as
images; their words (alt text, caption, legend) are HTML.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import vl_convert

from warehouse.report.model import BLOCKING, QUIET, Night, Point, Rule

SPECS = Path(__file__).with_name("charts")
NIGHTS = 30
VEGA_LITE = "6.1"
_LONG_DECIMALS = re.compile(r"(\d\.\d\d)\d+")


def source_spark(history: Sequence[Night], night: date) -> bytes:
    """Rows kept out or emptied as of each of the last 30 nights, with a mark under those that were not let through."""
    judged = {n.night: n for n in history}
    days = [judged.get(d, Night(d, _absent(judged, d))) for d in _last(night)]
    return _spark([(n.faulty_current, _mark(n.verdict)) for n in days])


def rule_spark(rule: Rule, night: date) -> bytes:
    """Failing rows as of each of the 30 nights up to the night, with a mark under those the rule held back."""
    judged = {p.night: p for p in rule.trend}
    days = [judged.get(d, Point(d, 0, _absent(judged, d))) for d in _last(night)]
    return _spark([(p.failing, _mark(p.outcome)) for p in days])


def _absent(judged: Collection[date], day: date) -> str:
    """A night without a record: not judged, unless nothing had begun yet."""
    return "none" if judged and day > min(judged) else "pass"


def _mark(outcome: str) -> str:
    """The mark of a verdict or outcome: none for what went on, the error's for one we do not know."""
    if outcome in BLOCKING:
        return outcome
    return "" if outcome in (*QUIET, "flagged") else "error"


def year(history: Sequence[Night], night: date) -> bytes:
    """New rows, rows newly quarantined or emptied and those standing, night by night from the first that was judged."""
    judged = {n.night: n for n in history}
    first = min(judged, default=night)
    days = [
        judged.get(first + timedelta(i), Night(first + timedelta(i), "none")) for i in range((night - first).days + 1)
    ]
    rows: list[dict[str, Any]] = [
        {
            "night": n.night.isoformat(),
            "new": n.rows_new,
            "quarantined": n.faulty,
            "kept": n.faulty_current,
            "mark": _mark(n.verdict),
        }
        for n in days
    ]
    peaks = {name: max(row[name] for row in rows) for name in ("new", "quarantined", "kept")}
    return _draw("year", rows, peaks)


def _last(night: date) -> list[date]:
    return [night - timedelta(days=i) for i in reversed(range(NIGHTS))]


@cache
def _cached_spark(nights: tuple[tuple[int, str], ...]) -> bytes:
    rows = [{"x": i, "rows": count, "mark": mark} for i, (count, mark) in enumerate(nights)]
    return _draw("spark", rows, {"rows": max(count for count, _ in nights)})


def _spark(nights: list[tuple[int, str]]) -> bytes:
    # Most rules pass for most of a month: their charts are the same one.
    return _cached_spark(tuple(nights))


def _draw(name: str, rows: list[dict[str, Any]], peaks: Mapping[str, int]) -> bytes:
    """The chart of that name; every axis ends at its peak, and at 1 where there is nothing."""
    spec = json.loads(_spec(name))
    for parameter in spec["params"]:
        parameter["value"] = max(1, peaks[parameter["name"].removeprefix("peak_")])
    spec["datasets"] = {"nights": rows}
    drawn = vl_convert.vegalite_to_svg(spec, vl_version=VEGA_LITE, allowed_base_urls=[])
    return _LONG_DECIMALS.sub(r"\1", drawn).encode()  # a hundredth of a pixel is enough, and half the size


@cache
def _spec(name: str) -> str:
    return (SPECS / f"{name}.json").read_text("utf8")

"""From the warehouse to the published site: read under the lock, draw without it, swap.

The pages carry no clock: the same tables give the same bytes.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path
from typing import Any

from expectations.windows import Open
from warehouse.decisions.closings import open_of
from warehouse.decisions.store import decisions_url
from warehouse.report.charts import rule_spark, source_spark, year
from warehouse.report.export import Exporter
from warehouse.report.model import QUIET, Report, Rule, Source
from warehouse.report.pages import ICON, STYLE, draw_pages
from warehouse.report.publication import FOLDER, read_publication
from warehouse.report.publish import publishing
from warehouse.report.read import choose_night, open_for_reading, read_report, stream_rows
from warehouse.report.safe import slug


@dataclass(frozen=True)
class ReportSummary:
    """What was built: for the table at the end of a night, counts only."""

    night: str
    page: str  # what the steward opens
    verdicts: dict[str, int]
    held: tuple[str, ...]  # keys of the sources that were not let through
    incidents: int
    rows_open: int
    files: int
    csv_rows: int
    bytes: int
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self)


def build_report(
    warehouse: Path, site: Path, night: str | None = None, landing: Path | None = None, published: Path | None = None
) -> ReportSummary:
    """Build the site for a night (the last that was judged) and publish it in the place of the present one.

    warehouse: the DuckDB file. landing: the landing zone, published: the folder of the publications; both beside the
    warehouse unless told otherwise. site: a path that becomes a link to the newest of `<site>.site-<n>`.
    Raises: SC-CALL, LO-LOCKED, LO-WAREHOUSE; then the present site stays as it is.
    """
    started = time.monotonic()
    with publishing(site) as folder:
        with open_for_reading(warehouse) as connection:
            report = read_report(connection, choose_night(connection, night))
            exporter = Exporter(report, folder)
            stream_rows(connection, report, exporter)
        report.left = _left(report, landing or warehouse.parent / "landing")
        report.publication = read_publication(published or warehouse.parent / FOLDER, report.night)
        _draw_charts(report, folder)
        for path, html in draw_pages(report):
            _write(folder / path, html.encode("utf8", "replace"))
        for asset in (STYLE, ICON):
            _write(folder / asset.name, asset.read_bytes())
        sizes = [p.stat().st_size for p in folder.rglob("*") if p.is_file()]
    blocked = [s for s in report.sources if s.blocked]
    return ReportSummary(
        night=report.night.isoformat(),
        page=str(site / "index.html"),
        verdicts=dict(Counter(s.verdict for s in report.sources)),
        held=tuple(s.key for s in blocked),
        incidents=len(report.incidents),
        rows_open=sum(s.open_rows for s in report.judged),
        files=len(sizes),
        csv_rows=exporter.rows,
        bytes=sum(sizes),
        seconds=round(time.monotonic() - started, 3),
    )


def _left(report: Report, landing: Path) -> list[Open]:
    """What no night has taken and nobody has closed, up to the end of the night, of every system."""
    until = datetime.combine(report.night + timedelta(days=1), time_of_day())
    store = decisions_url(landing.parent)
    contracts = (c for _, c in sorted(report.names.sources.items()) if c is not None)
    return [left for contract in contracts for left in open_of(contract, landing, until, store)]


def _draw_charts(report: Report, folder: Path) -> None:
    """Sparklines and years. A rule that has nothing to show gets no chart: the page says so in words."""
    for source in report.judged:
        if source.history:
            source.chart = _chart(folder, source, "_source", source_spark(source.history, report.night))
            if any(n.rows_new for n in source.history):
                source.year_chart = _chart(folder, source, "_year", year(source.history, report.night))
        for rule in source.rules:
            if any(p.outcome not in QUIET or (p.failing and not rule.is_bound) for p in rule.trend):
                rule.chart = _chart(folder, source, _rule_name(rule), rule_spark(rule, report.night))


def _rule_name(rule: Rule) -> str:
    return f"{slug(rule.entity)}.{slug(rule.rule)}"


def _chart(folder: Path, source: Source, name: str, drawn: bytes) -> str:
    path = f"charts/{slug(source.key)}/{name}.svg"
    _write(folder / path, drawn)
    return path


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)

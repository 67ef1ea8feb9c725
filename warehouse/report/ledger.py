"""The conservation figures as lines of a table: what came, where each row went, and whether the sums agree.

source total = landed + dropped by rule + rejected;  landed = new + known;  new = accepted + quarantined + withdrawn.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from expectations.model import Text
from warehouse.report.model import Flow, Night, Report


@dataclass
class Line:
    """One source (or one kind of record of it) over some nights; `judged` is absent where nothing was judged."""

    key: str
    title: Text
    source_total: int = 0
    landed: int = 0
    new: int = 0
    known: int = 0
    partial: int = 0
    loads: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    judged: Night | None = None

    def add(self, flow: Flow) -> None:
        """Sum one more entity into the line."""
        for name in ("source_total", "landed", "new", "known", "partial", "loads"):
            setattr(self, name, getattr(self, name) + getattr(flow, name))
        self.dropped.update(flow.dropped)
        self.rejected.update(flow.rejected)

    @property
    def short(self) -> int:
        """Rows of the source nobody explains."""
        return self.source_total - self.landed - self.dropped.total() - self.rejected.total()

    @property
    def short_is_told(self) -> bool:
        """A partial load says itself that it did not get everything."""
        return self.short > 0 and self.partial > 0

    @property
    def unknown(self) -> int:
        return self.landed - self.new - self.known

    @property
    def unjudged(self) -> int:
        return self.judged.unexplained if self.judged else 0

    @property
    def balanced(self) -> bool:
        """Whether every row is explained: the three equations, to the row."""
        return (self.short == 0 or self.short_is_told) and self.unknown == 0 and self.unjudged == 0


def lines_tonight(report: Report) -> list[Line]:
    """One line per source for the night, in the order of the keys: a ledger is looked up, not ranked."""
    judged = {s.key: s.tonight for s in report.sources if s.tonight.verdict != "none"}
    return _lines(report, report.flows_tonight, judged)


def lines_ever(report: Report) -> list[Line]:
    """One line per source for all nights up to this one."""
    return _lines(report, report.flows_ever, report.totals)


def entity_lines(report: Report, flows: Iterable[Flow]) -> list[tuple[Text, Line]]:
    """(source, line) per kind of record; judging is told per source only."""
    lines = []
    for flow in flows:
        line = Line(f"{flow.source}.{flow.entity}", report.names.entity(flow.source, flow.entity))
        line.add(flow)
        lines.append((report.names.source(flow.source), line))
    return lines


def summed(lines: Sequence[Line], title: Text) -> Line:
    """The line under the table."""
    total = Line("", title)
    rows = [0, 0, 0, 0]
    for line in lines:
        for name in ("source_total", "landed", "new", "known", "partial", "loads"):
            setattr(total, name, getattr(total, name) + getattr(line, name))
        total.dropped.update(line.dropped)
        total.rejected.update(line.rejected)
        if line.judged:
            night = line.judged
            rows = [a + b for a, b in zip(rows, (night.rows_new, night.accepted, night.quarantined, night.withdrawn), strict=True)]
            total.judged = Night(night.night, "", *rows)
    return total


def _lines(report: Report, flows: Iterable[Flow], judged: dict[str, Night]) -> list[Line]:
    lines = {s.key: Line(s.key, s.title, judged=judged.get(s.key)) for s in sorted(report.sources, key=lambda s: s.key)}
    for flow in flows:
        if flow.source in lines:
            lines[flow.source].add(flow)
    return list(lines.values())

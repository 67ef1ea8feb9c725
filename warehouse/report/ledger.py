"""The conservation figures as lines of a table: what came, where each row went, and whether the sums agree.

source total = landed + dropped by rule + rejected;  landed = new + known;
of a night: new = accepted (emptied among them) + quarantined + withdrawn;
of all time: versions = judged + not judged yet.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from expectations.model import Text
from warehouse.report.model import Flow, Night, Report

FIGURES = ("source_total", "landed", "new", "known", "versions", "partial", "loads")
JUDGED = ("rows_new", "accepted", "emptied", "quarantined", "withdrawn")


@dataclass
class Line:
    """One source (or one kind of record of it) over some nights.

    night: what was judged in the night, None if nothing was. judged: versions judged in all. waiting: versions that
    are staged and not judged; a night that was not checked leaves some.
    """

    key: str
    source: str
    title: Text
    source_total: int = 0
    landed: int = 0
    new: int = 0
    known: int = 0
    versions: int = 0
    partial: int = 0
    loads: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    night: Night | None = None
    judged: int = 0
    waiting: int = 0

    def add(self, other: Flow | Line) -> None:
        """Sum one more into the line."""
        for name in FIGURES:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.dropped.update(other.dropped)
        self.rejected.update(other.rejected)

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
    def unlabelled(self) -> int:
        return self.night.unexplained if self.night else 0

    @property
    def off(self) -> int:
        """By how many rows the worst of the equations fails."""
        return max(0 if self.short_is_told else abs(self.short), abs(self.unknown), abs(self.unlabelled), -self.waiting)

    @property
    def balanced(self) -> bool:
        return self.off == 0


def lines_tonight(report: Report) -> list[Line]:
    """One line per source for the night, in the order of the keys: a ledger is looked up, not ranked."""
    lines = _lines(report, report.flows_tonight)
    for source in report.sources:
        if source.tonight.verdict not in ("none", "error"):
            lines[source.key].night = source.tonight
        else:
            lines[source.key].waiting = lines[source.key].versions
    return list(lines.values())


def lines_ever(report: Report) -> list[Line]:
    """One line per source for all nights up to this one."""
    lines = _lines(report, report.flows_ever)
    for key, line in lines.items():
        line.judged = sum(rows for (source, _), rows in report.judged_ever.items() if source == key)
        line.waiting = line.versions - line.judged
    return list(lines.values())


def entity_lines(report: Report) -> list[Line]:
    """The same per kind of record."""
    lines = []
    for flow in report.flows_ever:
        line = Line(flow.entity, flow.source, report.names.entity(flow.source, flow.entity))
        line.add(flow)
        line.judged = report.judged_ever.get((flow.source, flow.entity), 0)
        line.waiting = line.versions - line.judged
        lines.append(line)
    return lines


def summed(lines: Sequence[Line]) -> Line:
    """The line under the table."""
    total = Line("", "", Text("", ""))
    for line in lines:
        total.add(line)
        total.judged += line.judged
        total.waiting += line.waiting
    if nights := [line.night for line in lines if line.night]:
        figures = {name: sum(getattr(n, name) for n in nights) for name in JUDGED}
        total.night = Night(nights[0].night, "", **figures)
    return total


def _lines(report: Report, flows: Iterable[Flow]) -> dict[str, Line]:
    lines = {s.key: Line(s.key, s.key, s.title) for s in sorted(report.sources, key=lambda s: s.key)}
    for flow in flows:
        if flow.source in lines:
            lines[flow.source].add(flow)
    return lines

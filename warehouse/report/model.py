"""The nouns of the report: nights, rules, quarantined rows, sources, the ledger. Counts and masks, nothing else.

Filled by `read.py`, drawn by `pages.py`, texts in both languages. A code that docs/quality.md has not is never a pass.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from expectations.model import NOT_TOLD, Text
from expectations.windows import Open
from warehouse.report.names import Names
from warehouse.report.publication import Publication

# Worst first: the order in which a steward reads. `none` is a night without a verdict, which is not a pass.
VERDICTS = ("held", "error", "none", "flagged", "pass")
BLOCKING = ("held", "error", "none")
QUIET = ("pass", "waived", "skipped")  # outcomes of a rule that ask for nothing
BOUNDS = ("rows", "fresh", "filled", "declared", "keys", "standing")  # checks of a whole entity, not of its rows
UNASKED = "error"  # the judging broke down: that is the administrator's incident, not one of each rule


@dataclass(frozen=True)
class Night:
    """What one source came to in one night. The figures of versions new that night, and of records as they stand."""

    night: date
    verdict: str
    rows_new: int = 0
    accepted: int = 0
    quarantined: int = 0
    withdrawn: int = 0
    rows_current: int = 0
    quarantined_current: int = 0
    noted_current: int = 0
    emptied: int = 0
    emptied_current: int = 0
    ended_at: datetime | None = None
    code: str = ""  # of the error catalogue, when the judging broke down
    detail: str = ""
    suite_changed: bool = False  # rules were changed after they had failed this night

    @property
    def unexplained(self) -> int:
        """Rows that are neither accepted, nor quarantined, nor withdrawn: must be 0."""
        return self.rows_new - self.accepted - self.quarantined - self.withdrawn

    @property
    def faulty(self) -> int:
        """Rows new that night of which the row, or a value in it, cannot be used."""
        return self.quarantined + self.emptied

    @property
    def faulty_current(self) -> int:
        """The same of the records as they stand."""
        return self.quarantined_current + self.emptied_current

    @property
    def blocked(self) -> bool:
        """Whether the night was not let through."""
        return self.verdict not in ("pass", "flagged")


@dataclass(frozen=True)
class Point:
    """One night of one rule."""

    night: date
    failing: int
    outcome: str


@dataclass(frozen=True)
class Row:
    """One failing row under one of its reasons. The value is a mask; the record number leads to the record."""

    record: str
    column: str
    value: str
    owner: str
    first_seen: date
    last_seen: date
    times: int
    status: str
    effect: str
    reasons: int  # how many rules this row fails in all


@dataclass
class Rule:
    """One rule of one source as of the night, with its open incident if it has one."""

    source: str
    entity: str
    rule: str
    check: str
    column: str
    severity: str
    effect: str  # of a failing row: `blank` empties the value, `quarantine` keeps the row out, `note` only counts
    title: Text
    owner: Text
    hint: Text
    failing: int | None
    total: int | None
    failing_new: int | None
    total_new: int | None
    tolerance: float
    outcome: str
    error: str
    judged: date | None  # the night of the figures above
    since: date | None  # first night of the present run of failing nights
    first_failed: date | None
    open_rows: int = 0
    waived_rows: int = 0
    oldest: date | None = None
    against: tuple[str, ...] = ()  # the other sources this rule compares with
    trend: list[Point] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)  # the oldest ones, as many as a page holds
    csv: str = ""  # path below the site, "" without rows
    chart: str = ""  # the same of the trend

    @property
    def failed(self) -> bool:
        """Whether rows failed, when the rule was last asked."""
        return self.outcome not in (*QUIET, UNASKED)

    @property
    def stops(self) -> bool:
        """Whether it is this rule that holds its source back."""
        return self.failed and self.outcome != "flagged"

    @property
    def is_open(self) -> bool:
        """One open incident per rule: from the first failure until the rule passes and its last row has left."""
        return self.failed or self.open_rows > 0

    @property
    def is_bound(self) -> bool:
        """Whether it judges the load as a whole: `failing` of `total` are rows of the usual, or days of the allowed."""
        return self.check in BOUNDS

    @property
    def is_note(self) -> bool:
        """Whether it only counts: a warning whose rows went through, for which nobody has to be called this morning."""
        return self.effect == "note" and not self.critical and not self.stops

    @property
    def began(self) -> date | None:
        """Since when the incident is open."""
        return min((d for d in (self.since if self.failed else None, self.oldest) if d), default=self.judged)

    @property
    def is_new(self) -> bool:
        """Whether the incident began in the night of the figures."""
        return self.is_open and self.began == self.judged

    @property
    def critical(self) -> bool:
        return self.severity == "critical"


@dataclass(frozen=True)
class Closed:
    """An incident that closed within the last nights, and how."""

    source: str
    entity: str
    rule: str
    title: Text
    night: date
    rows: int
    resolution: str


@dataclass(frozen=True)
class Flow:
    """What the ledger says of one entity: the figures that explain every row of the source."""

    source: str
    entity: str
    source_total: int
    landed: int
    dropped: Mapping[str, int]
    rejected: Mapping[str, int]
    new: int
    known: int
    versions: int  # new ones, and closings and returns that a snapshot brought: what there is to judge
    partial: int  # loads that may fall short of the source's total
    loads: int


@dataclass
class Source:
    """One system with all that its page says."""

    key: str
    title: Text
    owner: Text
    hint: Text
    tonight: Night
    history: list[Night]  # a year of nights that were judged, oldest first
    rules: list[Rule]
    fresh_until: datetime | None = None
    loaded_at: datetime | None = None
    open_rows: int = 0
    waived_rows: int = 0
    closed: list[Closed] = field(default_factory=list)
    chart: str = ""
    year_chart: str = ""

    @property
    def verdict(self) -> str:
        return self.tonight.verdict

    @property
    def blocked(self) -> bool:
        return self.tonight.blocked

    @property
    def incidents(self) -> list[Rule]:
        """Open incidents: what holds the source first, then what is new, then what is critical."""
        return sorted((r for r in self.rules if r.is_open and not r.is_note), key=_urgency)

    @property
    def new_incidents(self) -> int:
        """How many of them began in this very night."""
        return sum(r.began == self.tonight.night for r in self.incidents)

    @property
    def notes(self) -> list[Rule]:
        """Rules that only count: their rows went through."""
        return sorted((r for r in self.rules if r.is_open and r.is_note), key=_urgency)

    @property
    def rules_by_urgency(self) -> list[Rule]:
        """All rules, the open incidents first."""
        return [*self.incidents, *self.notes, *(r for r in self.rules if not r.is_open)]

    @property
    def figures_of(self) -> date | None:
        """The night of the figures of the rules: the last that was judged to the end."""
        return max((r.judged for r in self.rules if r.judged), default=None)

    @property
    def first_judged(self) -> date:
        """From when on a night without a verdict is one too many; far ahead for a source that never had one."""
        return self.history[0].night if self.history else date.max

    @property
    def last_judged(self) -> date | None:
        return self.history[-1].night if self.history else None


@dataclass
class Report:
    """Everything the pages are drawn from."""

    night: date
    sources: list[Source]  # worst first
    cross: Source
    flows_tonight: list[Flow]
    flows_ever: list[Flow]
    judged_ever: Mapping[tuple[str, str], int]  # versions judged, by source and entity
    names: Names
    left: list[Open] = field(default_factory=list)  # windows and files that no night has taken
    publication: Publication = field(default_factory=lambda: Publication(0, None, ()))

    @property
    def untold(self) -> list[Text]:
        """The systems that do not tell of deletions, in whole or in part."""
        found = (c for c in self.names.sources.values() if c)
        return [c.title for c in found if any(e.deletions == NOT_TOLD for e in c.entities.values())]

    @property
    def judged(self) -> list[Source]:
        """The sources, and what is judged across them."""
        return [*self.sources, self.cross]

    @property
    def incidents(self) -> list[Rule]:
        """All open incidents, those of the sources first."""
        return [r for s in self.judged for r in s.incidents]

    @property
    def compared(self) -> list[Rule]:
        """Rules of a source that hold it against another source, the failing ones first."""
        return sorted(
            (r for s in self.sources for r in s.rules if r.against), key=lambda r: (not r.is_open, *_urgency(r))
        )

    @property
    def judged_at(self) -> datetime | None:
        """When the last check of the night ended. The pages carry this and no clock: same data, same bytes."""
        return max((s.tonight.ended_at for s in self.judged if s.tonight.ended_at), default=None)


def _urgency(rule: Rule) -> tuple[bool, bool, bool, int, str, str, str]:
    return (not rule.stops, not rule.is_new, not rule.critical, -rule.open_rows, rule.source, rule.entity, rule.rule)

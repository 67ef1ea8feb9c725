"""What a check came to: one outcome per rule, one verdict per source and night.

Verdicts: `pass` nothing failed; `flagged` something did, and the source goes on; `held` a critical rule failed beyond
its tolerance, so what was accepted before stays; `error` the judging itself broke down, which is never a pass.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from expectations.errors import PipelineError
from expectations.model import Text

PASS, FLAGGED, HELD, ERROR = "pass", "flagged", "held", "error"
WAIVED, SKIPPED = "waived", "skipped"
FEW = 3
_WORST = {PASS: 0, SKIPPED: 0, WAIVED: 1, FLAGGED: 2, HELD: 3, ERROR: 4}


@dataclass(frozen=True)
class Waiver:
    """A steward's word: until `until` (inclusive) this rule, or one record under it, holds nothing back."""

    waiver_id: str
    source: str
    entity: str
    rule: str
    reason: str
    until: date
    source_record_id: str | None = None


@dataclass
class Outcome:
    """One rule of one entity. total: judged rows; *_new: those no run had judged before. None: not counted.

    hint: what to do about it, where that depends on what was found; else the rule's own.
    """

    entity: str
    rule: str
    outcome: str
    failing: int | None = None
    waived: int = 0
    total: int | None = None
    failing_new: int | None = None
    total_new: int | None = None
    error: str | None = None
    hint: Text | None = None


@dataclass
class EntityFigures:
    """The conservation figures of one entity: rows_new = accepted + quarantined + withdrawn.

    emptied is the part of the accepted that lost a value to a rule."""

    staged: int = 0
    known: int = 0
    rows_new: int = 0
    accepted: int = 0
    quarantined: int = 0
    withdrawn: int = 0
    rows_current: int = 0
    quarantined_current: int = 0
    noted_current: int = 0
    emptied: int = 0
    emptied_current: int = 0
    newest_change: datetime | None = None


@dataclass
class Verdict:
    """One source in one night: counts and codes only."""

    source: str
    night: str
    verdict: str
    suite_hash: str
    outcomes: list[Outcome] = field(default_factory=list)
    entities: dict[str, EntityFigures] = field(default_factory=dict)
    error: PipelineError | None = None
    seconds: float = 0.0

    @property
    def exit_status(self) -> int:
        """0 for a source that goes on, 4 where a person must look."""
        return 4 if self.verdict in (HELD, ERROR) else 0

    def total(self, figure: str) -> int:
        """A figure over all entities."""
        return sum(int(getattr(f, figure)) for f in self.entities.values())

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready, for the task's result and the alert."""
        figures = ("rows_new", "accepted", "emptied", "quarantined", "withdrawn", "rows_current", "emptied_current",
                   "quarantined_current")  # fmt: skip
        return {
            "source": self.source,
            "night": self.night,
            "verdict": self.verdict,
            "suite_hash": self.suite_hash,
            **{name: self.total(name) for name in figures},
            "failed": [
                {"entity": o.entity, "rule": o.rule, "outcome": o.outcome, "failing": o.failing, "total": o.total}
                for o in self.outcomes
                if o.outcome not in (PASS, SKIPPED)
            ],
            "error": self.error.as_dict() if self.error else None,
            "seconds": round(self.seconds, 3),
        }


def allowed(tolerance: float, total: int) -> float:
    """How many of so many rows may fail. A tolerance is a share, and of a handful of rows a few are no share yet."""
    return max(tolerance * total, FEW) if tolerance else 0


def worst(outcomes: Mapping[str, str] | list[str]) -> str:
    """The verdict that outcomes of rules come to; a waiver alone leaves a flag."""
    listed = list(outcomes.values()) if isinstance(outcomes, Mapping) else outcomes
    found = max(listed, key=lambda o: _WORST[o], default=PASS)
    return {WAIVED: FLAGGED, SKIPPED: PASS}.get(found, found)

"""What staging did: counts and codes only, for the task's result, the log and the steward's page."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from expectations.errors import PipelineError


@dataclass
class EntityReport:
    """One entity. landed = new + known, over the loads of this run; erased: landed rows that a tombstone kept out.

    closed, returned: records closed and re-opened by complete snapshots. restaged: staged anew under a changed
    contract; behind: it could not be, and the table is the one of the contract before. lost, extra: columns of the
    contract that an older landed file lacks, and columns of it that the contract no longer takes.
    """

    loads: int = 0
    loads_known: int = 0
    landed: int = 0
    new: int = 0
    known: int = 0
    deletes: int = 0
    closed: int = 0
    returned: int = 0
    untyped: int = 0
    floor_held: int = 0
    erased: int = 0
    orphans: int = 0
    restaged: bool = False
    behind: bool = False
    lost: dict[str, int] = field(default_factory=dict)
    extra: dict[str, int] = field(default_factory=dict)


@dataclass
class StageReport:
    """One source. An error that concerns one load stands here; the other loads went in."""

    source: str
    entities: dict[str, EntityReport] = field(default_factory=dict)
    errors: list[PipelineError] = field(default_factory=list)
    orphans: int = 0
    seconds: float = 0.0

    @property
    def exit_status(self) -> int:
        """0, or the worst of the errors: 3 later, 4 a person must look."""
        return max((e.exit_status for e in self.errors), default=0)

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "source": self.source,
            "exit_status": self.exit_status,
            "entities": {name: asdict(entity) for name, entity in sorted(self.entities.items())},
            "orphans": self.orphans,
            "errors": [e.as_dict() for e in self.errors],
            "seconds": round(self.seconds, 3),
        }

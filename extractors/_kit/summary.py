"""The summary of one run: what the CLI prints as its last line and the DAG hands on. Counts and codes only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from expectations.errors import PipelineError


@dataclass
class EntitySummary:
    """Conservation of one entity: source_total = rows + dropped + rejected."""

    source_total: int | None = None
    rows: int = 0
    dropped: dict[str, int] = field(default_factory=dict)
    rejected: dict[str, int] = field(default_factory=dict)
    partial: bool = False
    snapshot: bool = False
    file: str | None = None
    load_id: str | None = None
    undeclared: dict[str, int] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    urls_removed: dict[str, int] = field(default_factory=dict)

    def reconciled(self) -> bool:
        """Whether every record the source speaks of is landed, dropped by a named rule or rejected."""
        explained = self.rows + sum(self.dropped.values()) + sum(self.rejected.values())
        return self.source_total == explained and not self.partial


@dataclass
class Summary:
    """One run of one source. `exit_status` follows the CLI's contract: 0, 2, 3 or 4."""

    source: str
    begin: str
    end: str
    entities: dict[str, EntitySummary] = field(default_factory=dict)
    errors: list[PipelineError] = field(default_factory=list)
    notes: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def rows(self) -> int:
        return sum(e.rows for e in self.entities.values())

    @property
    def exit_status(self) -> int:
        return max((e.exit_status for e in self.errors), default=0)

    @property
    def findings(self) -> list[dict[str, Any]]:
        """Drift for the steward, each with the line to add to the contract."""
        found: list[dict[str, Any]] = []
        for name, entity in sorted(self.entities.items()):
            for column, count in sorted(entity.undeclared.items()):
                line = f"{name}: ignore: [{column}]"
                found.append({"code": "EX-UNDECLARED", "entity": name, "field": column, "rows": count, "add": line})
            found += [{"code": "DE-SCHEMA", "entity": name, "field": c, "missing": True} for c in entity.missing]
        return found

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "source": self.source,
            "begin": self.begin,
            "end": self.end,
            "status": {0: "reconciled", 2: "refused", 3: "later", 4: "changed"}[self.exit_status],
            "exit_status": self.exit_status,
            "rows": self.rows,
            "entities": {
                name: {
                    "source_total": e.source_total, "rows": e.rows, "dropped": e.dropped, "rejected": e.rejected,
                    "partial": e.partial, "snapshot": e.snapshot, "reconciled": e.reconciled(), "file": e.file,
                    "load_id": e.load_id, "urls_removed": e.urls_removed,
                }
                for name, e in sorted(self.entities.items())
            },
            "findings": self.findings,
            "errors": [e.as_dict() for e in self.errors],
            "notes": dict(sorted(self.notes.items())),
            "seconds": round(self.seconds, 3),
        }  # fmt: skip

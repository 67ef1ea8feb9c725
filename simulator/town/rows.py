"""The shape of what a town emits: one version of one source record, with the truth about it beside it."""

from dataclasses import dataclass, field
from typing import Any

Fields = dict[str, Any]


@dataclass(slots=True)
class Row:
    """One version of a source record as the wire shows it.

    `persons` are the true persons in order of their place in the record, `room` the true room, `organisation` the
    true employer, `defects` the names of what was spoiled in it. An empty `fields` says that a record left the
    snapshot.
    """

    system: str
    entity: str
    key: str
    seq: int
    changed_at: str
    fields: Fields
    persons: tuple[str, ...] = ()
    room: str = ""
    organisation: str = ""
    defects: tuple[str, ...] = ()


@dataclass(slots=True)
class Versions:
    """Counts the versions of one record, so that `seq` runs 1, 2, 3 in the order of change."""

    key: str
    seq: int = 0
    rows: list[Row] = field(default_factory=list)

    def next(self) -> int:
        """Give the next version its number."""
        self.seq += 1
        return self.seq

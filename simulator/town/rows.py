"""The shape of what a town emits: one version of one source record, with the truth about it beside it."""

from dataclasses import dataclass
from typing import Any

Fields = dict[str, Any]


@dataclass(slots=True)
class Row:
    """One version of a source record as the wire shows it.

    `persons` are the true persons in order of their place in the record, `room` the true room, `organisation` the
    true employer, `building` the true building of a record that speaks of no room, `span` the days between which a
    device stands, `defects` the names of what was spoiled in it. An empty `fields` says that a record left the
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
    building: str = ""
    span: tuple[int, int | None] | None = None

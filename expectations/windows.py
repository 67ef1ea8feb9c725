"""What is still open of a source: windows that nobody has read whole, and files of a drop folder that were not taken.

Flow: manifests of the landing zone -> `open_windows`, `open_files`. The nightly cursor asks again for what is open,
the morning's page names it, and only a person closes it: a closing is a row of the decision store.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from expectations.contract import Contract
from expectations.manifest import Manifest, entity_manifests, landed_windows, span_of

Span = tuple[datetime, datetime]
READ, REFUSED, WAITING, BEFORE = "read", "refused", "waiting", "before"  # what became of a file of a drop folder


@dataclass(frozen=True)
class Closing:
    """A person's word that a window, or a file, of a source is not waited for any more."""

    span: Span | None = None
    file: str = ""


@dataclass(frozen=True)
class Open:
    """One thing that is still open: a window of a source or, with `file`, one file that came in it."""

    source: str
    begin: datetime
    end: datetime
    file: str = ""
    about: str = ""  # what the file's name says, where it keeps to the agreement
    code: str = ""  # why it was refused; EX-SFTP for one that waits for its marker

    @property
    def days(self) -> int:
        """How many days it spans, a part of one for a whole one."""
        return -(-int((self.end - self.begin).total_seconds()) // 86400)

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        begin, end = (m.isoformat(timespec="seconds") for m in (self.begin, self.end))
        return {"source": self.source, "begin": begin, "end": end, "file": self.file, "code": self.code}


def open_everywhere(contract: Contract, landing: Path, until: datetime, closed: Sequence[Closing] = ()) -> list[Open]:
    """Windows first, then files, of one source, oldest first."""
    return [*open_windows(contract, landing, until, closed), *open_files(contract, landing, closed)]


def open_windows(contract: Contract, landing: Path, until: datetime, closed: Sequence[Closing] = ()) -> list[Open]:
    """Holes from a source's first night up to `until`: windows that some entity has not read whole.

    Only of what is asked by change time: a complete picture and the list of a drop folder make up for all nights
    before them.
    """
    gone = [c.span for c in closed if c.span]
    holes: list[Span] = []
    for entity in contract.entities.values():
        if entity.delivery == "changes":
            folder = landing / contract.source / entity.name
            begins = [span_of(m)[0] for m in entity_manifests(folder) if not m.history]
            if begins:
                holes += gaps(min(begins), until, [*landed_windows(folder), *gone])
    return [Open(contract.source, *span) for span in _merged(holes)]


def gaps(begin: datetime, end: datetime, covered: Iterable[Span]) -> list[Span]:
    """What of [begin, end) no span covers."""
    found, reached = [], begin
    for first, last in sorted(covered):
        if first >= end:
            break
        if first > reached:
            found.append((reached, first))
        reached = max(reached, last)
    return [*found, (reached, end)] if reached < end else found


def _merged(spans: Iterable[Span]) -> list[Span]:
    found: list[Span] = []
    for begin, end in sorted(spans):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((begin, end))
    return found


def open_files(contract: Contract, landing: Path, closed: Sequence[Closing] = ()) -> list[Open]:
    """Files that came and were refused, or wait for their marker, and have not been taken since."""
    gone = {c.file for c in closed if c.file}
    found = []
    for name in sorted(contract.entities):
        for manifest, file in newest_files(entity_manifests(landing / contract.source / name)).values():
            if file["state"] in (REFUSED, WAITING) and file["file"] not in gone:
                about, code = file.get("about", ""), file.get("code", "")
                found.append(Open(contract.source, *span_of(manifest), file["file"], about, code))
    return sorted(found, key=lambda o: (o.begin, o.file))


def newest_files(manifests: Iterable[Manifest]) -> dict[str, tuple[Manifest, dict[str, Any]]]:
    """By its alias, the last that was seen of each file, and the reading that saw it; one that was read stays so.

    The order is that of the readings, not of the windows: a window of the past may be read last.
    """
    found: dict[str, tuple[Manifest, dict[str, Any]]] = {}
    for manifest in sorted(manifests, key=lambda m: (m.read_at or m.end, m.end, m.load_id)):
        for file in manifest.files:
            found[file["file"]] = (manifest, file)
    return found

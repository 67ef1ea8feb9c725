"""The landing contract: what a manifest says of one landed file, written by extract and read by stage.

A manifest is the truth about the landing zone: a file that no manifest names is ignored and reported, a manifest
whose file is missing or differs from its SHA-256 stops the load. Its name comes from its content, so landing the
same content twice is a no-op.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from expectations.errors import SourceChanged

FORMAT = 1
PREFIX = "_manifest-"  # readers of Parquet folders pass over names with a leading underscore


@dataclass(frozen=True)
class Manifest:
    """One landed file: source total = rows + dropped by rule + rejected, to the row.

    begin, end: the half-open window, Asia/Shanghai wall clock, ISO text.
    source_total: records the source says it has for the window.
    snapshot: a complete picture of the entity, which may close records it no longer holds.
    partial: the source gave less than it has and said so; never closes anything.
    read_at: when it was read, ISO text; "" of manifests older than the field, which were read when their window ended.
    taken: when a picture was taken, if that was not in the night its window names; "" for one of its night.
    refused: files that came and could not be taken, by code. files: what of a drop folder this reading has seen.
    """

    source: str
    entity: str
    begin: str
    end: str
    file: str
    rows: int
    size: int  # bytes
    sha256: str
    source_total: int
    dropped: dict[str, int] = field(default_factory=dict)
    rejected: dict[str, int] = field(default_factory=dict)
    snapshot: bool = False
    partial: bool = False
    contract_version: str = ""
    token_key: str = ""
    history: bool = False  # read by a backfill: the nightly cursor does not go by it
    undeclared: dict[str, int] = field(default_factory=dict)  # fields beside the contract, dropped; rows that had them
    format: int = FORMAT
    read_at: str = ""
    taken: str = ""
    refused: dict[str, int] = field(default_factory=dict)
    files: list[dict[str, Any]] = field(default_factory=list)

    def body(self) -> bytes:
        """The canonical bytes: same facts, same bytes."""
        facts = asdict(self)
        for later in ("history", "read_at", "taken", "refused", "files", "undeclared"):
            if not facts[later]:
                del facts[later]  # as manifests were before they said so: the same facts keep their load id
        return json.dumps(facts, ensure_ascii=False, sort_keys=True, indent=1).encode("utf8") + b"\n"

    @property
    def load_id(self) -> str:
        """Names this load for ever: 16 hex digits of the SHA-256 of the body, whenever the same was read."""
        # Nor by the digests of files: an office program encrypts the same sheet to other bytes each time.
        files = [{fact: said for fact, said in file.items() if fact != "digest"} for file in self.files]
        return hashlib.sha256(replace(self, read_at="", files=files).body()).hexdigest()[:16]

    @property
    def name(self) -> str:
        """The manifest's file name."""
        return f"{PREFIX}{self.load_id}.json"

    @property
    def last_read(self) -> datetime:
        """When it was read; never before it could have been."""
        return max(datetime.fromisoformat(t) for t in (self.read_at or self.end, self.end))

    @property
    def seen_at(self) -> datetime:
        """When what it says was seen: the end of its window, or when its picture was taken."""
        return datetime.fromisoformat(self.taken or self.end)

    @classmethod
    def from_bytes(cls, raw: bytes) -> Manifest:
        """Parse. Raises SourceChanged LA-CORRUPT for text that is not a manifest of this format."""
        try:
            body: dict[str, Any] = json.loads(raw)
            manifest = cls(**body)
        except (ValueError, TypeError) as error:
            raise SourceChanged("LA-CORRUPT", detail="manifest is unreadable") from error
        if manifest.format != FORMAT:
            raise SourceChanged("LA-CORRUPT", detail=f"manifest format {manifest.format}, expected {FORMAT}")
        return manifest


def window_folder(begin: str, end: str) -> str:
    """`20221101T000000-20221102T000000` for a window in ISO text."""
    return "-".join(t.replace("-", "").replace(":", "") for t in (begin, end))


def was_read_whole(manifest: Manifest) -> bool:
    """Whether a window counts as read: after its end, all of it, nothing refused.

    The one question that the cursor, a backfill and the morning's page ask. A manifest older than `read_at` was read
    when its window ended.
    """
    return not manifest.partial and not manifest.refused and (manifest.read_at or manifest.end) >= manifest.end


def landed_windows(folder: Path, *, nightly: bool = False) -> list[tuple[datetime, datetime]]:
    """Begin and end of the windows that a manifest in `landing/<source>/<entity>/` vouches for as read whole, sorted.

    nightly: without those that only a backfill has read. Raises SourceChanged LA-CORRUPT.
    """
    found = {span_of(m) for m in entity_manifests(folder) if was_read_whole(m) and not (nightly and m.history)}
    return sorted(found)


def span_of(manifest: Manifest) -> tuple[datetime, datetime]:
    """The window as two moments."""
    return datetime.fromisoformat(manifest.begin), datetime.fromisoformat(manifest.end)


def entity_manifests(folder: Path) -> list[Manifest]:
    """All manifests in `landing/<source>/<entity>/`, in the order of their windows. Raises SourceChanged LA-CORRUPT."""
    return [Manifest.from_bytes(p.read_bytes()) for p in sorted(folder.glob(f"*-*/{PREFIX}*.json"))]


def read_manifests(landing: Path, source: str) -> Iterator[tuple[Path, Manifest]]:
    """All manifests of a source under `landing/<source>/`, in a stable order, without those of rejected rows."""
    root = landing / source
    for path in sorted(root.glob(f"*/*/{PREFIX}*.json")):
        if path.relative_to(root).parts[0] != "quarantine":
            yield path, Manifest.from_bytes(path.read_bytes())

"""The files of a drop folder that were seen: name (hashed), size, modification time, digest, and what became of each.

A file is due because nobody has taken it yet, whatever its name or its modification time says: a marker may come late,
a file that was refused is sent again, an upload may keep an old time. The list lies in the manifests, with the rows
that it speaks of: one write, so that a kill leaves both or neither.

Flow: manifests of the entity -> `due` for each file of a listing -> `read`, `refused` or `waits` -> manifest
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from expectations.contract import Contract
from expectations.errors import PipelineError
from expectations.manifest import Manifest, entity_manifests
from expectations.windows import BEFORE, READ, REFUSED, WAITING, newest_files
from extractors._kit.remote_file import RemoteFile
from extractors._kit.window import WIRE, Window

File = dict[str, Any]
NEVER_AGAIN = frozenset({"EX-TRIPWIRE"})  # what holds something of a person is not opened a second time


class Seen:
    """What earlier readings say of the files of one entity, and what this one adds."""

    def __init__(self, manifests: Sequence[Manifest], window: Window, *, history: bool = False) -> None:
        """window, history: of this reading; what the same window has read is read again, to the same bytes."""
        self._window, self._history = window, history
        same = [m for m in manifests if _same(m, window, history)]
        others = [m for m in manifests if not _same(m, window, history)]
        self._same, self._known = _newest(same), _newest(others)
        # Manifests older than `read_at` come from before there was a list.
        self._first = not any(m.read_at and not m.history for m in manifests)
        self._files: dict[str, File] = {}

    def due(self, file: RemoteFile, moment: datetime, beside: Sequence[RemoteFile] = (), about: str = "") -> bool:
        """Whether a file is to be opened; moment: when it is from, by its name or its modification time.

        The first listing of all takes what lies in its window and leaves what is older to a backfill; after that a
        file that nobody has taken is due at once, unless it is of a night that is still to come.
        """
        alias, mark = file.alias, _mark(file, beside)
        entry = {
            "file": alias,
            "about": about,
            "size": file.size,
            "modified": file.modified.strftime(WIRE),
            "mark": mark,
        }
        if self._is_due(alias, mark, moment):
            self._files[alias] = entry
            return True
        if self._is_old(alias, moment):
            self._files[alias] = entry | {"state": BEFORE}
        return False

    def _is_due(self, alias: str, mark: str, moment: datetime) -> bool:
        known, here = self._known.get(alias, {}), self._window.holds(moment)
        if known.get("mark") == mark and known["state"] in (READ, BEFORE):
            return known["state"] == BEFORE and here
        if known.get("mark") == mark and known.get("code") in NEVER_AGAIN:
            return False
        if self._history or moment >= self._window.end:
            return here
        return here or not self._is_old(alias, moment)

    def _is_old(self, alias: str, moment: datetime) -> bool:
        """Whether a file was there before the first night, and is nobody's but a backfill's."""
        if self._history or moment >= self._window.begin or alias in self._known:
            return False
        return self._first or self._same.get(alias, {}).get("state") == BEFORE

    def read(self, file: RemoteFile, digest: str) -> bool:
        """Remember that a file was taken. Returns whether its content is new: it may only have been sent again."""
        known = self._known.get(file.alias, {})
        self._files[file.alias] |= {"state": READ, "digest": digest}
        return not (known.get("state") == READ and known.get("digest") == digest)

    def refused(self, file: RemoteFile, error: PipelineError) -> bool:
        """Remember a refusal. Returns whether it is news: not the same file refused for the same reason before."""
        entry = self._files[file.alias] | {"state": REFUSED, "code": error.code}
        if error.code in NEVER_AGAIN:
            entry["about"] = ""
        return self._add(entry)

    def waits(self, file: RemoteFile) -> bool:
        """Remember a file whose marker is not there yet. Returns whether it is news."""
        return self._add(self._files[file.alias] | {"state": WAITING})

    def _add(self, entry: File) -> bool:
        """An entry that a reading of another window has already made is not made again."""
        alias, known = entry["file"], self._known.get(entry["file"], {})
        told = all(known.get(fact) == entry.get(fact) for fact in ("mark", "state", "code"))
        if told:
            del self._files[alias]
        else:
            self._files[alias] = entry
        return not told

    def listed(self) -> list[File]:
        """For the manifest, in a stable order: every file that something became of, without empty facts."""
        found = (self._files[alias] for alias in sorted(self._files))
        return [{fact: said for fact, said in f.items() if said != ""} for f in found if "state" in f]


def seen_of(contract: Contract, folder: Path, window: Window, *, history: bool = False) -> dict[str, Seen]:
    """By entity, what was seen of the drop folder of a source; folder: `landing/<source>`."""
    files = [entity.name for entity in contract.entities.values() if entity.delivery == "files"]
    return {name: Seen(entity_manifests(folder / name), window, history=history) for name in files}


def _newest(manifests: Sequence[Manifest]) -> dict[str, File]:
    return {alias: file for alias, (_, file) in newest_files(manifests).items()}


def _same(manifest: Manifest, window: Window, history: bool) -> bool:
    return (manifest.begin, manifest.end, manifest.history) == (*window.key(), history)


def _mark(file: RemoteFile, beside: Sequence[RemoteFile]) -> str:
    """Changes when a file, or what lies beside it, is sent again."""
    parts = [f"{f.alias}:{f.size}:{f.modified.strftime(WIRE)}" for f in (file, *beside)]
    return hashlib.sha256(" ".join(parts).encode()).hexdigest()[:16]

"""Anchors of the access log: files outside the database that hold each row's number, hash, time and the row itself.

A line is `seq hash at [row…]`, the row as JSON; lines of before rows were kept end after the time. Whoever restores an
older store brings back from here what it lost. The rows name residents by keyed digests only.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

_TAIL: Final = 65_536  # bytes from the end that surely hold the latest row: writers may anchor out of order by a few


def append(file: Path, seq: int, head: str, at: str, row: Sequence[Any]) -> None:
    """Add a line, synced; one writer at a time, after a line that a kill left half written."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "rb+") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        size = handle.seek(0, os.SEEK_END)
        if size:
            handle.seek(size - 1)
            torn = handle.read(1) != b"\n"
        line = f"{seq} {head} {at} {json.dumps(list(row))}\n"
        handle.write(("\n" if size and torn else "").encode() + line.encode())
        handle.flush()
        os.fsync(handle.fileno())


def heads(file: Path) -> list[tuple[int, str]]:
    """Number and hash of the whole lines; half a line is what a kill left, its row is anchored by the next write."""
    return [(int(parts[0]), parts[1]) for parts in _lines(file)]


def reach(file: Path) -> int:
    """The highest number anchored, read from the end of the file; 0 for none."""
    if not file.exists():
        return 0
    with file.open("rb") as handle:
        handle.seek(max(handle.seek(0, os.SEEK_END) - _TAIL, 0))
        tail = handle.read().decode("utf8", "replace")
    return max((int(parts[0]) for parts in _whole(tail)), default=0)


def bodies(files: Iterable[Path], *, after: int) -> list[list[Any]]:
    """The rows beyond a number, in order, from whichever file has them."""
    found: dict[int, list[Any]] = {}
    for file in files:
        found |= {int(p[0]): json.loads(p[3]) for p in _lines(file) if len(p) == 4 and int(p[0]) > after}
    return [row for _, row in sorted(found.items())]


def _lines(file: Path) -> list[list[str]]:
    return _whole(file.read_text("utf8")) if file.exists() else []


def _whole(text: str) -> list[list[str]]:
    lines = [line.split(" ", 3) for line in text.split("\n")]
    return [
        p for p in lines if len(p) >= 3 and p[0].isdigit() and len(p[1]) == 64 and (len(p) == 3 or p[3][-1:] == "]")
    ]

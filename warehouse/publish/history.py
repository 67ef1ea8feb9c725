"""What the last releases said of each count of people: the figures' intervals, for the attack on the next release.

One file per generation in `FOLDER/releases/`; it holds what was published, and a mark that changes with the count: a
keyed digest, which says nothing without the key that the warehouse keeps. Twelve are kept.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Final, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from warehouse.engine.connection import Connection

KEPT: Final = 12
_FOLDER: Final = "releases"


class Said(NamedTuple):
    """What a release said of a count: the interval of its figure, the base, and the mark of the count."""

    low: float
    high: float
    base: int
    mark: str


def key_of(connection: Connection) -> bytes:
    """The key of the marks, made when the warehouse has none. A rebuild takes it along; without it no mark is read."""
    connection.execute("create schema if not exists release")
    connection.execute("create table if not exists release.mark_key (key blob)")
    found = connection.execute("select key from release.mark_key").fetchall()
    if not found:
        found = [(secrets.token_bytes(32),)]
        connection.execute("insert into release.mark_key values ($key)", {"key": found[0][0]})
    return bytes(found[0][0])


def marker(key: bytes) -> tuple[str, Callable[[str, int], str]]:
    """What all marks of a key begin with, and the mark of a cell's count."""
    begin = blake2b(b"", key=key, digest_size=4).hexdigest()
    return begin, lambda cell, count: begin + blake2b(f"{cell}\n{count}".encode(), key=key, digest_size=8).hexdigest()


def note(folder: Path, generation: int, figures: Mapping[str, Said]) -> None:
    """Keep what a generation says of each cell."""
    place = folder / _FOLDER
    place.mkdir(mode=0o700, exist_ok=True)
    low, high, base, mark = zip(*figures.values(), strict=True) if figures else ((), (), (), ())
    table = pa.table({
        "cell": pa.array(figures, pa.string()), "low": pa.array(low, pa.float64()),
        "high": pa.array(high, pa.float64()), "base": pa.array(base, pa.int64()), "mark": pa.array(mark, pa.string()),
    })  # fmt: skip
    making = place / f"{generation}.making"
    pq.write_table(table, making, compression="zstd")
    making.rename(place / f"{generation}.parquet")


def recall(folder: Path) -> list[dict[str, Said]]:
    """The last releases, newest first."""
    found = []
    for _, path in sorted(_files(folder), reverse=True)[:KEPT]:
        columns = pq.read_table(path).to_pydict()
        marks = columns.get("mark", [""] * len(columns["cell"]))
        figures = map(Said, columns["low"], columns["high"], columns["base"], marks)
        found.append(dict(zip(columns["cell"], figures, strict=True)))
    return found


def forget(folder: Path, *, newer_than: float = math.inf, older_than: float = -math.inf) -> None:
    """Remove what was never published, or is too old to matter."""
    for number, path in _files(folder):
        if number > newer_than or number < older_than:
            path.unlink()


def _files(folder: Path) -> list[tuple[int, Path]]:
    return [(int(path.stem), path) for path in (folder / _FOLDER).glob("*.parquet")]

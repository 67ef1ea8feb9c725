"""What the last releases said of each count of people: the figures' intervals, for the attack on the next release.

One file per generation in `FOLDER/releases/`; it holds nothing that was not published. Twelve are kept.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

KEPT: Final = 12
_FOLDER: Final = "releases"


def note(folder: Path, generation: int, figures: Mapping[str, tuple[float, float, int]]) -> None:
    """Keep what a generation says of each cell."""
    place = folder / _FOLDER
    place.mkdir(mode=0o700, exist_ok=True)
    low, high, base = zip(*figures.values(), strict=True) if figures else ((), (), ())
    table = pa.table({"cell": pa.array(figures, pa.string()), "low": pa.array(low, pa.float64()),
                      "high": pa.array(high, pa.float64()), "base": pa.array(base, pa.int64())})  # fmt: skip
    making = place / f"{generation}.making"
    pq.write_table(table, making, compression="zstd")
    making.rename(place / f"{generation}.parquet")


def recall(folder: Path) -> list[dict[str, tuple[float, float, int]]]:
    """The last releases, newest first."""
    found = []
    for _, path in sorted(_files(folder), reverse=True)[:KEPT]:
        columns = pq.read_table(path).to_pydict()
        figures = zip(columns["low"], columns["high"], columns["base"], strict=True)
        found.append(dict(zip(columns["cell"], figures, strict=True)))
    return found


def forget(folder: Path, *, newer_than: float = math.inf, older_than: float = -math.inf) -> None:
    """Remove what was never published, or is too old to matter."""
    for number, path in _files(folder):
        if number > newer_than or number < older_than:
            path.unlink()


def _files(folder: Path) -> list[tuple[int, Path]]:
    return [(int(path.stem), path) for path in (folder / _FOLDER).glob("*.parquet")]

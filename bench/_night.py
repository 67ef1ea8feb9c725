"""One small night in one process, for the kill bench: extract and stage three sources, then rebuild the warehouse.

The sources are chosen for what they make durable: five entities at once, receipts sent after landing, a snapshot that
closes records. A fault point in the environment kills the process somewhere on the way; run again without one, it must
come to the same end.

Alone: python -m bench._night '{"connections": {...}, "home": DIR, "windows": [[BEGIN, END], ...]}'
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from bench import _extract
from expectations.contract import load_contract
from warehouse.engine import rebuild, stage_source

SOURCES = ("mobile_collection", "petitions", "video_platform")


def run(connections: dict[str, Any], home: Path, windows: list[list[str]]) -> None:
    """Every window of every source, staged, then the rebuild. Raises RuntimeError for whatever would need a person."""
    os.environ.update(_extract.KEYS)
    landing, warehouse = home / "landing", home / "warehouse.duckdb"
    for begin, end in windows:
        for key in SOURCES:
            _extract.extract(_extract.job(key, connections[key], begin, end), landing)
            _check(stage_source(load_contract(key), landing, warehouse))
    _check(rebuild(landing, warehouse, [load_contract(key) for key in SOURCES]))


def _check(report: Any) -> None:
    if report.exit_status:
        raise RuntimeError(json.dumps(report.as_dict(), ensure_ascii=False))


def points() -> set[str]:
    """Every durable boundary that the code of this night declares."""
    from expectations.faultpoint import POINTS

    return set(POINTS)


if __name__ == "__main__":
    _call = json.loads(sys.argv[1])
    run(_call["connections"], Path(_call["home"]), _call["windows"])

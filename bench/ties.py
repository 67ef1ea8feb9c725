"""Promise R4: 100,000 rows on one cursor value, over a page boundary, a window boundary and a second reading.

Both kinds of keyset are tried: the collection wire (REST) and a view of persons (SQL). 500 rows change one second
before the tie; night one ends at the tie, night two begins with it, then night two is read again. What is staged is
held against the town's own file. Beside it dlt reads the same wire with its incremental cursor, twice.

    python -m bench.ties [--profile small|street] [--seed N] [--json FILE]     (small: 20,000 rows on one value)
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from bench import _extract
from bench._common import Line, Result, command, installed, none_of, told, within
from bench._extract import job
from bench._fresh import COLLECTION, REGISTERED, Kind, grown_town
from bench._measure import Cost, Side, Work, run_side
from bench._towns import town, wire

TIED = {"small": 20_000, "street": 100_000}
BEFORE = 500
TIE = "2022-11-05 03:00:00"
NIGHTS = (("2022-11-05 02:00:00", TIE), (TIE, "2022-11-05 04:00:00"), (TIE, "2022-11-05 04:00:00"))
TABLES: dict[Kind, tuple[str, tuple[str, ...]]] = {
    COLLECTION: ("house", ()),
    REGISTERED: ("registered_person", ("12", "22")),
}
STATE_BYTES = 4_096


def moment_of(number: int) -> str:
    """When record `number` changed."""
    return TIE if number >= BEFORE else "2022-11-05 02:59:59"


def run(profile: str, seed: int) -> Result:
    """Three readings of each keyset, and dlt's two."""
    rows = BEFORE + TIED[profile]
    path = grown_town("tied", town(profile="small", seed=seed), dict.fromkeys(TABLES, rows), seed, moment_of)
    costs = {kind: _measured(kind, path) for kind in TABLES}
    with wire(COLLECTION[0], path, rate=None) as connection:
        told("dlt")
        dlt = run_side(Side("bench._dlt_incremental:prepare", {"connection": connection, "begin": NIGHTS[0][0]}))
    lost = sum(cost.result["lost"] for cost in costs.values())
    doubled = sum(cost.result["doubled"] for cost in costs.values())
    state = max(cost.result["state_bytes"] for cost in costs.values())
    tied = f"{TIED[profile]:,} rows on one cursor value"
    peer = f"state of dlt {installed('dlt')}"
    lines = [
        none_of(f"{tied}: lost", lost, "rows"),
        none_of(f"{tied}: duplicated", doubled, "rows"),
        within(f"{tied}: state", state, f"{STATE_BYTES:,} bytes", STATE_BYTES, "bytes"),
        Line(f"{tied}: state", state, "bytes", peer, dlt.result["state_bytes"], state / dlt.result["state_bytes"]),
    ]
    shown = {" ".join(kind): cost.result for kind, cost in costs.items()}
    return Result("ties", profile, seed, lines, {**shown, "dlt": dlt.result})


def _measured(kind: Kind, path: Path) -> Cost:
    told(" ".join(kind))
    options = {"rate": None} if kind == COLLECTION else {}
    with wire(kind[0], path, **options) as connection:
        jobs = [job(kind[0], connection, *night) for night in NIGHTS]
        return run_side(Side("bench.ties:prepare", {"jobs": jobs, "town": str(path), "kind": kind}))


def prepare(jobs: list[dict[str, Any]], town: str, kind: list[str]) -> Work:
    """The readings, one after the other, each staged; then the comparison with the town's file."""
    os.environ.update(_extract.KEYS)
    return partial(_read_and_compare, jobs, Path(town), (kind[0], kind[1]))


def _read_and_compare(jobs: list[dict[str, Any]], town: Path, kind: Kind) -> dict[str, Any]:
    from expectations.contract import load_contract
    from warehouse.engine import stage_source

    landed, new, state = [], [], 0
    table, _ = TABLES[kind]
    landing, warehouse = Path("landing"), Path("warehouse.duckdb")
    for one in jobs:
        before = _state_bytes(landing)
        summary = _extract.extract(one, landing)
        state = max(state, _state_bytes(landing) - before)
        report = stage_source(load_contract(kind[0]), landing, warehouse)
        landed.append(summary.entities[table].rows)
        new.append(report.entities[table].new)
    lost, doubled = _compare(warehouse, kind, town)
    return {"landed": landed, "new": new, "lost": lost, "doubled": doubled, "state_bytes": state}


def _state_bytes(landing: Path) -> int:
    """All that a later run reads to know where to go on: the manifests."""
    return sum(f.stat().st_size for f in landing.rglob("_manifest-*.json"))


def _compare(warehouse: Path, kind: Kind, town: Path) -> tuple[int, int]:
    """Keys of the town that are not staged, and staged rows beyond one for each key."""
    import duckdb

    table, statuses = TABLES[kind]
    with closing(sqlite3.connect(town)) as source:
        wanted = {key for key, status in source.execute(
            "select key, payload ->> 'status_cd' from record where system = ? and entity = ?", kind
        ) if not statuses or status in statuses}  # fmt: skip
    with duckdb.connect(str(warehouse), read_only=True) as staged:
        name = f'staging."{kind[0]}__{table}"'
        found = [key for (key,) in staged.execute(f"select source_record_id from {name}").fetchall()]
    return len(wanted - set(found)), len(found) - len(set(found))


if __name__ == "__main__":
    raise SystemExit(command("ties", run))

"""Nested gzip JSON: our extractor of the collection wire beside dlt, which reads the same pages and tokenises nothing.

`small` reads 20,000 collections, made beforehand (bench._pages), from a small server; `street` reads a year of the
town from the real wire. Rows are counted as the wire has them: collections, and each object nested in them.

    python -m bench.rest [--profile small|street] [--seed N] [--json FILE]
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bench._common import Line, Result, command, faster, installed, told
from bench._extract import job
from bench._measure import Cost, Side, cpu_of, spread, take_turns, wall_of
from bench._pages import fill_spool
from bench._server import serving
from bench._towns import town, wire

KEY = "mobile_collection"
RECORDS, WARM = 20_000, 1_000
YEAR, DAY = ("2022-01-01", "2023-01-01"), ("2021-12-30", "2021-12-31")
ROUNDS = {"small": 3, "street": 3}
NESTED = ("house", "person", "vehicle", "facility")
BAR = 3.0


def run(profile: str, seed: int) -> Result:
    """Both sides in turns."""
    with jobs(profile, seed) as (work, warm):
        arguments = {"work": work, "warm": warm}
        sides = {"ours": Side("bench._extract:prepare", arguments), "dlt": Side("bench._dlt:prepare", arguments)}
        costs = take_turns(sides, ROUNDS[profile], told)
    rows = wire_rows(costs)
    ours, theirs = rows / cpu_of(costs["ours"]), rows / cpu_of(costs["dlt"])
    peer = f"dlt {installed('dlt')}, no tokens"
    lines = [faster("nested gzip JSON to tokenised Parquet", ours, peer, theirs, "rows per CPU second", BAR)]
    return Result("rest", profile, seed, [*lines, *memory(costs, peer)], details(costs, rows))


@contextmanager
def jobs(profile: str, seed: int) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """The work and the warm-up, with the server they need."""
    if profile == "street":
        with wire(KEY, town(profile, seed).path, rate=None) as connection:
            yield job(KEY, connection, *YEAR), job(KEY, connection, *DAY)
        return
    small = town(profile, seed)
    work, _ = fill_spool("work", small, RECORDS, seed)
    warm, _ = fill_spool("warm", small, WARM, seed)
    with serving(work.parent) as url:
        yield job(KEY, at(f"{url}/{work.name}"), *YEAR), job(KEY, at(f"{url}/{warm.name}"), *YEAR)


def at(host: str) -> dict[str, Any]:
    """The connection to a server that asks for no credentials."""
    return {"conn_type": "http", "host": host, "login": "bench", "password": "bench", "extra": {}}


def wire_rows(costs: dict[str, list[Cost]]) -> int:
    """Rows as the wire has them. Raises RuntimeError when the sides did not read the same."""
    landed = costs["ours"][0].result["rows"]
    rows: int = sum(landed[name] for name in NESTED)
    theirs = sum(costs["dlt"][0].result["rows"].values())
    if rows != theirs:
        raise RuntimeError(f"ours read {rows} rows, dlt {theirs}")
    return rows


def memory(costs: dict[str, list[Cost]], peer: str) -> list[Line]:
    """Peak memory side by side; told, not judged."""
    ours, theirs = (max(c.peak_mb for c in costs[name]) for name in ("ours", "dlt"))
    return [Line("the same: peak memory", ours, "MiB", peer, theirs, ours / theirs, None, "at most")]


def details(costs: dict[str, list[Cost]], rows: int) -> dict[str, Any]:
    """What stands behind the lines."""
    return {
        "rows": rows,
        "landed": costs["ours"][0].result["rows"],
        **{
            name: {
                "cpu_seconds": cpu_of(runs), "wall_seconds": wall_of(runs), "spread": spread(runs),
                "bytes": runs[0].result["bytes"],
            }
            for name, runs in costs.items()
        },
    }  # fmt: skip


if __name__ == "__main__":
    raise SystemExit(command("rest", run))

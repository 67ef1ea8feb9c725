"""Peak memory of one extractor: under a bound, and flat however many rows pass.

The collection extractor reads pages from a small server, 200,000 and 1 million landed rows (`small`) or 1 and 5 million
(`street`), all of them of other people. Peak is of the whole process, interpreter and libraries included.

    python -m bench.memory [--profile small|street] [--seed N] [--json FILE]
"""

from __future__ import annotations

from typing import Any

from bench._common import Result, command, told, within
from bench._extract import job
from bench._measure import Cost, Side, run_side
from bench._pages import Spool, fill_spool
from bench._server import serving
from bench._towns import town
from bench.rest import KEY, WARM, YEAR, at

ROWS = {"small": (200_000, 1_000_000), "street": (1_000_000, 5_000_000)}
ROWS_PER_COLLECTION = 4.4  # a little less than the town has, so that there are never too few
LIMIT_MB = 500
FLAT = 1.1


def run(profile: str, seed: int) -> Result:
    """Both sizes, one after the other."""
    few, many = (_measured(rows, seed) for rows in ROWS[profile])
    bound = f"{LIMIT_MB} MiB"
    lines = [
        within(f"peak memory, {many[0].landed_rows:,} rows", many[1].peak_mb, bound, LIMIT_MB, "MiB"),
        within("flat memory", many[1].peak_mb, f"{few[0].landed_rows:,} rows", few[1].peak_mb, "MiB", FLAT),
    ]
    return Result("memory", profile, seed, lines, {"few": _details(*few), "many": _details(*many)})


def _measured(rows: int, seed: int) -> tuple[Spool, Cost]:
    small = town("small", seed)
    told(f"{rows:,} rows")
    work, spool = fill_spool("work", small, int(rows / ROWS_PER_COLLECTION), seed)
    warm, _ = fill_spool("warm", small, WARM, seed)
    with serving(work.parent) as url:
        jobs = {"work": job(KEY, at(f"{url}/{work.name}"), *YEAR), "warm": job(KEY, at(f"{url}/{warm.name}"), *YEAR)}
        cost = run_side(Side("bench._extract:prepare", jobs))
    landed = sum(cost.result["rows"].values())
    if landed != spool.landed_rows:
        raise RuntimeError(f"{landed} rows landed of {spool.landed_rows}")
    return spool, cost


def _details(spool: Spool, cost: Cost) -> dict[str, Any]:
    return {
        "rows": spool.landed_rows, "peak_mb": cost.peak_mb, "cpu_seconds": cost.cpu, "wall_seconds": cost.wall,
        "bytes": cost.result["bytes"], "rows_per_cpu_second": spool.landed_rows / cost.cpu,
    }  # fmt: skip


if __name__ == "__main__":
    raise SystemExit(command("memory", run))

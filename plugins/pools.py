"""Pools for `airflow pools import`: one writer for the warehouse, one slot per source system.

`python -m plugins.pools > pools.json`
"""

from __future__ import annotations

import json
import sys

from extractors import discover

WAREHOUSE = "warehouse"
HISTORY = "history"


def source_pool(key: str) -> str:
    """The pool that keeps two tasks from asking one source system at a time."""
    return f"source__{key}"


def pools() -> dict[str, dict[str, object]]:
    """All pools as Airflow's import file wants them."""
    found = {source_pool(s.key): (1, f"{s.title.zh}：同一时间只问一次") for s in discover().values()}
    found[WAREHOUSE] = (1, "数仓只有一个写入者 / one writer for the warehouse")
    found[HISTORY] = (2, "历史回填，不与当夜争抢 / backfill, apart from the nightly runs")
    return {
        name: {"slots": slots, "description": text, "include_deferred": True} for name, (slots, text) in found.items()
    }


if __name__ == "__main__":
    json.dump(pools(), sys.stdout, ensure_ascii=False, indent=1)

"""All marts of a street with five years of cases, beside bare scans of what they read.

Ours is `build_marts` over a register of life size: reference tables, working tables, every mart, every check. The bare
scans read, for every file of `4_marts/`, the same columns of the same tables once and fold them into one number. Both
have two threads and the same file.

    python -m bench.marts [--profile small|street] [--seed N] [--json FILE]
"""

from __future__ import annotations

import shutil
import time
from datetime import date
from pathlib import Path
from typing import Any

from bench._common import Result, command, told, within
from bench._marts_street import NIGHT, street_warehouse
from bench._measure import Cost, Side, Work, cpu_of, run_side, spread, take_turns, wall_of

ROUNDS = 3
BAR_SECONDS, BAR_SCANS, BAR_EXAMPLE = 20.0, 2.0, 0.2
THREADS = {"REGISTER_DUCKDB_THREADS": "2"}


def run(profile: str, seed: int) -> Result:
    """Both sides in turns, then the example queries of the dictionary."""
    arguments = {"place": str(street_warehouse(profile))}
    sides = {n: Side(f"bench.marts:{n}", arguments, THREADS) for n in ("ours", "bare")}
    costs = take_turns(sides, ROUNDS, told)
    examples = run_side(Side("bench.marts:examples", arguments, THREADS)).result
    wall, ours, bare = wall_of(costs["ours"]), cpu_of(costs["ours"]), cpu_of(costs["bare"])
    slowest = max(examples.values())
    lines = [
        within("all marts, five years, checks included", wall, "the night's share", BAR_SECONDS, "s"),
        within("all marts, five years, checks included", ours, "bare scans of the same columns", bare, "CPU seconds",
               BAR_SCANS),
        within("slowest example query of the dictionary", slowest, "a person's patience", BAR_EXAMPLE, "s"),
    ]  # fmt: skip
    return Result("marts", profile, seed, lines, {**details(costs), "examples": examples})


def ours(place: str) -> Work:
    """The timed part: `build_marts`."""
    from warehouse.engine.connection import opened
    from warehouse.engine.marts import build_marts

    shutil.copy(place, "w.duckdb")

    def build() -> dict[str, Any]:
        with opened(Path("w.duckdb")) as connection:
            report = build_marts(connection, date.fromisoformat(NIGHT))
        if report.failures:
            raise RuntimeError(str(report.as_dict()["failures"]))
        return {"rows": sum(report.rows.values()), "seconds": report.seconds}

    return build


def bare(place: str) -> Work:
    """The timed part of the peer: the same columns of the same tables, folded."""
    import duckdb

    from warehouse.engine.connection import opened
    from warehouse.engine.marts import build_marts

    shutil.copy(place, "w.duckdb")
    with opened(Path("w.duckdb")) as connection:
        build_marts(connection, date.fromisoformat(NIGHT))
        wanted = scans(connection)

    def scan() -> dict[str, Any]:
        with duckdb.connect("w.duckdb", read_only=True, config={"threads": 2}) as connection:
            for table, columns in wanted:
                listed = ", ".join(f'"{c}"' for c in columns)
                connection.execute(f"select count(*), bit_xor(hash({listed})) from {table}").fetchall()
        return {"scans": len(wanted)}

    return scan


def scans(connection: Any) -> list[tuple[str, list[str]]]:
    """For every file of `4_marts/` the tables it reads, with the columns of theirs that it names."""
    import sqlglot
    from sqlglot import exp

    from warehouse.engine.marts import FOLDER, build_order
    from warehouse.engine.relation import relation

    found = []
    for file in build_order():
        tree = sqlglot.parse_one(relation(FOLDER, file), read="duckdb")
        named = {c.name for c in tree.find_all(exp.Column)}
        for schema, table in sorted({(t.db, t.name) for t in tree.find_all(exp.Table) if t.db}):
            rows = connection.execute(
                "select column_name from duckdb_columns() where schema_name = $s and table_name = $t order by 1",
                {"s": schema, "t": table},
            ).fetchall()
            if columns := [c for (c,) in rows if c in named]:
                found.append((f'"{schema}"."{table}"', columns))
    return found


def examples(place: str) -> Work:
    """The timed part: every example query once, over marts that lie on the disk."""
    import duckdb

    from expectations.marts import load_marts

    build = ours(place)

    def ask() -> dict[str, Any]:
        build()
        seconds = {}
        with duckdb.connect("w.duckdb", read_only=True, config={"threads": 2}) as connection:
            for mart in load_marts().marts.values():
                for number, example in enumerate(mart.examples, 1):
                    started = time.perf_counter()
                    connection.execute(example.sql).fetchall()
                    seconds[f"{mart.name} {number}"] = time.perf_counter() - started
        return seconds

    return ask


def details(costs: dict[str, list[Cost]]) -> dict[str, Any]:
    """What stands behind the lines; `steps` are the seconds of each table in the last round."""
    timed = {
        name: {"cpu_seconds": cpu_of(runs), "wall_seconds": wall_of(runs), "spread": spread(runs),
               "peak_mb": max(c.peak_mb for c in runs)}
        for name, runs in costs.items()
    }  # fmt: skip
    last = costs["ours"][-1].result
    return {**timed, "rows": last["rows"], "steps": last["seconds"]}


if __name__ == "__main__":
    raise SystemExit(command("marts", run))

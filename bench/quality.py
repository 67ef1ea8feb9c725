"""Judging a staged source by twenty rules: beside one hand-written scan that counts the same, beside what others offer
for the same work (bench/_quality_peers.py), and how it grows.

Ours is the whole check of the nightly graph: Great Expectations judges, every failing row is found and written out with
its masked value, every version gets its label, all in one transaction. The import of Great Expectations is aside: all
sides have done a small run before. All must come to the same twenty counts.

    python -m bench.quality [--rows N] [--full] [--profile small|street] [--seed N] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

from bench import _quality
from bench._common import Line, Result, console, counts_hold, installed, none_of, table_of, told, within
from bench._measure import Cost, Side, cpu_of, spread, take_turns, wall_of
from bench._quality_peers import PEERS

ROWS, SMALL = 1_000_000, 100_000
MOST = 5_000_000  # with --full, or of the profile `street`
ROUNDS = 3
BAR = 2.5
LINEAR = 1.0
FLAT = 1.25  # peak memory from a million rows on; below, the libraries weigh more than the rows
BARS = {"pandera": 1.5, "pointblank": 1.0, "great_expectations": 1.0}
Costs = Mapping[str, list[Cost]]


def run(profile: str, seed: int, rows: int = ROWS) -> Result:
    """Ours, the scan and the peers in turns, then ours over fewer and, at life size, over more rows."""
    sizes = sorted({SMALL, rows, *([MOST] if profile == "street" else [])})
    places = {size: str(_quality.warehouse(size, seed)) for size in sizes}
    sides = {"ours": _ours(places, rows), "scan": Side("bench._quality:scan", {"place": places[rows]})}
    there = [name for name in PEERS if installed(name)]
    for name in there:
        both = {"place": places[rows], "small": places[SMALL]}
        sides[name] = Side(f"bench._quality_peers:{PEERS[name]}", both)
    costs = take_turns(sides, ROUNDS, told)
    differ = _differ(costs)
    grown = {rows: costs["ours"]}
    for size in sizes:
        if size != rows:
            rounds = ROUNDS if size < rows else 1
            grown[size] = take_turns({f"ours, {size:,} rows": _ours(places, size)}, rounds, told).popitem()[1]
    what = f"20 rules over {rows:,} rows, split and persist included"
    lines = [
        within(what, cpu_of(costs["ours"]), "one scan, same 20 counts", cpu_of(costs["scan"]), "CPU seconds", BAR),
        none_of("counts that differ from the scan's or a peer's", len(differ), "of 20"),
        *(line for name in there for line in _beside(name, costs)),
        *_growth(grown),
    ]
    return Result("quality", profile, seed, lines, _details(costs, grown, differ, rows))


def _ours(places: Mapping[int, str], size: int) -> Side:
    return Side("bench._quality:ours", {"place": places[size], "small": places[SMALL]})


def _beside(name: str, costs: Costs) -> Iterator[Line]:
    """A peer over the same staged rows; and, told only, if what it reads and looks up had cost it nothing."""
    ours, theirs = cpu_of(costs["ours"]), cpu_of(costs[name])
    label = f"{name} {installed(name)}"
    yield within(
        f"read, 20 checks, all failing rows written: beside {name}", ours, label, theirs, "CPU seconds", BARS[name]
    )
    bare = median(cost.cpu - cost.result["reading"] for cost in costs[name])
    against = f"{name}, its reading and look-ups left out"
    yield Line(f"the same beside {name} alone", ours, "CPU seconds", against, bare, ours / bare)


def _differ(costs: Costs) -> dict[str, Any]:
    """The rules on which the sides disagree, with the counts of each."""
    counts = {name: runs[0].result["counts"] for name, runs in costs.items()}
    found = {rule: {name: counted[rule] for name, counted in counts.items()} for rule in counts["ours"]}
    return {rule: sides for rule, sides in found.items() if len(set(sides.values())) > 1}


def _growth(grown: Mapping[int, list[Cost]]) -> list[Line]:
    """From each size to the next: CPU per row, and peak memory, which must be flat from a million rows on."""
    lines: list[Line] = []
    sizes = sorted(grown)
    for fewer, more in pairwise(sizes):
        step = f"{fewer:,} -> {more:,} rows"
        each = {n: cpu_of(grown[n]) / n * 1e6 for n in (fewer, more)}
        lines.append(within(f"CPU per row, {step}", each[more], "fewer rows", each[fewer], "microseconds", LINEAR))
        peak = {n: max(c.peak_mb for c in grown[n]) for n in (fewer, more)}
        bar = FLAT if fewer >= ROWS else None
        ratio = peak[more] / peak[fewer]
        lines.append(Line(f"peak memory, {step}", peak[more], "MiB", "fewer rows", peak[fewer], ratio, bar, "at most"))
    return lines


def _details(costs: Costs, grown: Mapping[int, list[Cost]], differ: dict[str, Any], rows: int) -> dict[str, Any]:
    """What stands behind the lines, and what was not run."""
    timed = {
        name: {"cpu_seconds": cpu_of(runs), "wall_seconds": wall_of(runs), "spread": spread(runs),
               "peak_mb": max(c.peak_mb for c in runs)}
        for name, runs in [*costs.items(), *((f"ours_{size}", runs) for size, runs in sorted(grown.items()))]
    }  # fmt: skip
    said = costs["ours"][0].result
    return {
        **timed, "rows": rows, "failing": said["counts"], "incidents": said["incidents"], "labels": said["labels"],
        "differ": differ, "peers_not_run": [name for name in PEERS if not installed(name)],
        "versions": {name: installed(name) for name in PEERS},
    }  # fmt: skip


def main() -> int:
    """The command line. Returns 1 when the sides do not count the same; a slow machine fails nothing."""
    parser = argparse.ArgumentParser(prog="python -m bench.quality", description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS, help=f"staged versions (default {ROWS:,})")
    parser.add_argument("--full", action="store_true", help=f"grow to {MOST:,} rows, too (as --profile street)")
    parser.add_argument("--profile", default="small", choices=("small", "street"))
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the JSON object here, too")
    call = parser.parse_args()
    result = run("street" if call.full else call.profile, call.seed, call.rows).as_dict()
    console.print(table_of([result]))
    if absent := result["details"]["peers_not_run"]:
        told(f"not installed and not run: {', '.join(absent)}")
    text = json.dumps(result, ensure_ascii=False)
    if call.json:
        call.json.write_text(text + "\n", "utf8")
    sys.stdout.write(text + "\n")
    return 0 if counts_hold(result) else 1


if __name__ == "__main__":
    raise SystemExit(main())

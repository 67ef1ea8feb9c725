"""The attack upon a release: is any small count of people known to less than five, and what does protection cost?

Small towns of residents (grid, community, sex), twelve releases each with moves between them, every end of every
interval by a linear programme of its own over all tables, levels and releases; beside it plain rounding. Then all marts
of a register of the profile's size: seconds of the release step, what the attack says of it, and the cost in
information, mart by mart.

    python -m bench.disclosure [--seed N] [--json FILE]
"""

from __future__ import annotations

import random
import shutil
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from bench._common import Line, Result, command, none_of, within
from bench._marts_street import NIGHT, street_warehouse
from bench._measure import Side, Work, run_side
from expectations.marts import Mart, load_marts
from expectations.model import Text
from warehouse.engine.connection import opened
from warehouse.engine.marts import build_marts
from warehouse.publish.cells import Cells, read_cells
from warehouse.publish.control import cost_of, figures_of
from warehouse.publish.protect import WIDTH, History, Release, attack_of, protect

RELEASES = 12
BAR_SECONDS = 90.0
GRIDS = 24
COUNTS = (0, 1, 1, 2, 3, 5, 7, 8, 12, 48, 52, 101, 103, 250)
_TITLE = Text("居民", "residents")
MART = Mart(
    name="residents", title=_TITLE, owner=_TITLE, group="residents", zone="R", grain=("grid_code", "sex"),
    attributes=("community_code",), measures=("residents",), people=("residents",),
    hierarchy=("grid_code", "community_code"), may_be_empty=(), refers={}, adds_up={}, at_most={}, amounts={},
    agrees=(), examples=(), rule=_TITLE,
)  # fmt: skip


def run(profile: str, seed: int) -> Result:
    """Three towns; the attack on the twelfth release of each."""
    found = [attacked(seed + n) for n in range(3)]
    exact = sum(low >= high - 1e-6 for town in found for low, high in town["released"])
    narrow = min(high - low for town in found for low, high in town["released"])
    plain = sum(high - low < WIDTH - 1e-6 for town in found for low, high in town["plain"])
    small = sum(len(town["released"]) for town in found)
    lines: list[Line] = [
        none_of(f"{small} small counts, {RELEASES} releases: known exactly", exact),
        within("least width of an interval", WIDTH, "bar", narrow + 1e-6, "persons"),
        Line("known to less than 5 without protection", plain, "counts", "of", small, plain / small),
    ]
    real = run_side(Side("bench.disclosure:released", {"place": str(street_warehouse(profile))})).result
    lines += [
        within("release step, all marts", real["seconds"], "the night's share", BAR_SECONDS, "CPU seconds"),
        none_of(f"all marts: {real['small']} small counts known to less than {WIDTH}", real["narrow"]),
        *(_of_all(what, real["cost"]) for what in ("coarser", "withheld")),
    ]  # fmt: skip
    return Result("disclosure", profile, seed, lines, {"cost": [t["cost"] for t in found], "marts": real["cost"]})


def _of_all(what: str, costs: dict[str, dict[str, float]]) -> Line:
    """How many figures of all marts; mart by mart they stand in the details."""
    told, cells = (sum(cost[part] for cost in costs.values()) for part in (what, "cells"))
    return Line(f"all marts: figures {what}", told, "figures", "of", cells, told / cells)


def released(place: str) -> Work:
    """The timed part: cells and release of every mart; then the attack on it, from nothing."""
    shutil.copy(place, "w.duckdb")
    with opened(Path("w.duckdb")) as connection:
        build_marts(connection, date.fromisoformat(NIGHT))
    marts = [m for m in load_marts().marts.values() if m.counts]

    def release() -> dict[str, Any]:
        with duckdb.connect("w.duckdb", read_only=True) as connection:
            started = time.process_time()
            found = protect(read_cells(connection, marts), [])
            seconds = time.process_time() - started
        small = [cell for cell in range(len(found.base)) if found.is_small(cell)]
        weak = attack_of(found).narrow(small, np.array([found.width(n) for n in range(len(found.base))], float))
        return {"seconds": seconds, "small": len(small), "narrow": len(weak),
                "cost": {m.name: cost_of(found, shown_of(found, m)) for m in marts}}  # fmt: skip

    return release


def shown_of(release: Release, mart: Mart) -> list[int]:
    """The cells that a mart shows."""
    return [n for (name, _), numbers in release.cells.shown.items() if name == mart.name
            for n in numbers if n is not None and release.cells.holders[n]]  # fmt: skip


def attacked(seed: int) -> dict[str, Any]:
    """Intervals of the small counts, as released and as plainly rounded, and what the release cost."""
    chance = random.Random(seed)
    people = [[chance.choice(COUNTS), chance.choice(COUNTS)] for _ in range(GRIDS)]
    history: History = []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(RELEASES):
            cells = cells_of(Path(folder) / "town.duckdb", people)
            kept = protect(cells, history)
            history = [figures_of(kept), *history]
            people[chance.randrange(GRIDS)][chance.randrange(2)] += 1
    return {"released": intervals(kept), "plain": intervals(plainly(kept)),
            "cost": cost_of(kept, list(range(len(kept.base)))), "published": len(history)}  # fmt: skip


def plainly(release: Release) -> Release:
    """The same counts, rounded and no more."""
    return Release(release.cells, [rule.base for rule in release.cells.rules], set(), release.before)


def intervals(release: Release) -> list[tuple[float, float]]:
    """What is known of each small count."""
    attack = attack_of(release)
    return [attack.interval(cell) for cell in range(len(release.base)) if release.is_small(cell)]


def cells_of(file: Path, people: list[list[int]]) -> Cells:
    """The cells of a town."""
    rows = [(f"g{n}", f"c{n % 4}", str(s + 1), c) for n, pair in enumerate(people) for s, c in enumerate(pair) if c]
    with duckdb.connect(str(file)) as connection:
        connection.execute("create schema if not exists marts")
        connection.execute("create or replace table marts.residents (grid_code varchar, community_code varchar, "
                           "sex varchar, residents bigint)")  # fmt: skip
        connection.executemany("insert into marts.residents values (?, ?, ?, ?)", rows)
        return read_cells(connection, [MART])


if __name__ == "__main__":
    raise SystemExit(command("disclosure", run))

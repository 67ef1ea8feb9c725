"""Promise R2: kill -9 at every durable boundary, then one plain run: nothing lost, doubled or torn, nobody needed.

For each point of expectations.faultpoint.POINTS a night (bench._night) runs with that point armed, until the process
kills itself there; then the same night runs once more with nothing armed. What it ends with is held against a night
that was never killed. `small` kills at the first time each point is reached.

    python -m bench.kills [--seed N] [--json FILE]
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb

from bench._common import Result, command, none_of, told
from bench._measure import ROOT, scratch
from bench._night import SOURCES, points
from bench._towns import town
from expectations.manifest import read_manifests
from simulator.store import Store
from simulator.wires import discover_wires

WINDOWS = [["2022-11-01", "2022-11-05"], ["2022-11-05", "2022-11-08"]]
Rows = dict[str, Counter[tuple[str, str, str]]]


@dataclass
class Harm:
    """What a kill and one plain run have left behind, compared with a night that was never killed."""

    reached: bool = True
    lost: int = 0
    duplicate: int = 0
    torn: int = 0
    manual: int = 0


def run(profile: str, seed: int) -> Result:
    """One killed night for every point."""
    store = town("small", seed)
    with night(store) as (home, connections):
        if (status := spend(home, connections, None)) != 0:
            raise RuntimeError(f"the night that nobody killed ended with {status}")
        wanted = staged_rows(home)
    harms = {}
    for point in sorted(points()):
        told(f"kill -9 at {point}")
        harms[point] = killed(store, point, wanted)
    return Result("kills", profile, seed, lines_of(harms), {point: asdict(harm) for point, harm in harms.items()})


def lines_of(harms: dict[str, Harm]) -> list[Any]:
    """The counts that must all be 0."""
    total = f"kill -9 at {len(harms)} durable boundaries"
    counts = {name: sum(getattr(h, name) for h in harms.values()) for name in ("lost", "duplicate", "torn", "manual")}
    units = {"lost": "rows lost", "duplicate": "rows doubled", "torn": "files torn", "manual": "steps by hand"}
    unreached = sum(not harm.reached for harm in harms.values())
    return [
        *(none_of(f"{total}: {unit}", counts[name]) for name, unit in units.items()),
        none_of(f"{total}: never reached", unreached),
    ]


def killed(store: Store, point: str, wanted: Rows) -> Harm:
    """Kill a night at the point, run it again, and look."""
    with night(store) as (home, connections):
        status = spend(home, connections, f"{point}:kill")
        harm = Harm(reached=status == -signal.SIGKILL)
        if spend(home, connections, None) != 0:
            harm.manual = 1
            told((home / "log").read_text("utf8", "replace")[-600:])
        found = staged_rows(home)
        for table in wanted.keys() | found.keys():
            harm.lost += (wanted.get(table, Counter()) - found.get(table, Counter())).total()
            harm.duplicate += (found.get(table, Counter()) - wanted.get(table, Counter())).total()
        harm.torn = torn(home)
    return harm


@contextmanager
def night(store: Store) -> Iterator[tuple[Path, dict[str, Any]]]:
    """A home of its own, and wires that remember nothing of an earlier night."""
    with scratch() as home, ExitStack() as stack:
        connections = {}
        for found in discover_wires(SOURCES):
            options = {"rate": None} if found.key == "mobile_collection" else None
            wire = found.make(store, at="2022-11-08 00:00:00", options=options)
            wire.start()
            stack.callback(wire.stop)
            connections[found.key] = wire.connection()
        yield home, connections


def spend(home: Path, connections: dict[str, Any], armed: str | None) -> int:
    """Run the night in a process. Returns its exit status, negative for the signal that ended it."""
    call = json.dumps({"connections": connections, "home": str(home), "windows": WINDOWS})
    environment = {k: v for k, v in os.environ.items() if k != "REGISTER_FAULTPOINT"} | {"PYTHONPATH": str(ROOT)}
    if armed:
        environment["REGISTER_FAULTPOINT"] = armed
    with (home / "log").open("ab") as log:
        command_line = [sys.executable, "-m", "bench._night", call]
        done = subprocess.run(command_line, cwd=home, env=environment, stdout=log, stderr=log, check=False)
    return done.returncode


def staged_rows(home: Path) -> Rows:
    """Every version of every staged table by record, content and kind: what no two nights may differ in."""
    rows: Rows = {}
    if not (home / "warehouse.duckdb").exists():
        return rows
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as connection:
        tables = connection.execute("select table_name from duckdb_tables() where schema_name = 'staging'").fetchall()
        for (table,) in tables:
            versions = f'select source_record_id, content_hash, op from staging."{table}"'
            rows[table] = Counter(connection.execute(versions).fetchall())
    return rows


def torn(home: Path) -> int:
    """Landed files that differ from their manifest, and temporary files that were left."""
    landing = home / "landing"
    count = sum(1 for _ in landing.rglob(".tmp-*"))
    for key in SOURCES:
        for path, manifest in read_manifests(landing, key):
            file = path.with_name(manifest.file)
            whole = file.is_file() and hashlib.sha256(file.read_bytes()).hexdigest() == manifest.sha256
            count += not whole
    return count


if __name__ == "__main__":
    raise SystemExit(command("kills", run))

"""Towns for the benches, built once under var/bench, and their real wires in a process of their own.

Flow: `town(profile, seed)` -> Store; `wires(profile, seed, keys)` -> the connections, as `simulator serve` writes them.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from bench._common import told
from bench._measure import HOME, ROOT, scratch
from simulator.store import Store, build

PATIENCE = 120.0


@cache
def cellar() -> Path:
    """Where made data is kept from run to run: another place as soon as the simulator would make other data."""
    digest = hashlib.sha256()
    for path in sorted((ROOT / "simulator" / "town").rglob("*.py")):
        digest.update(path.read_bytes())
    return HOME / f"made-{digest.hexdigest()[:12]}"


def town_path(profile: str, seed: int) -> Path:
    """Where the town of that profile and seed lies; the name is the one `simulator serve` looks for."""
    return cellar() / f"{profile}-{seed}.db"


def town(profile: str, seed: int) -> Store:
    """The town, built if an earlier run has not left it."""
    path = town_path(profile, seed)
    if not path.exists():
        told(f"building the town {profile}, seed {seed}")
        return build(profile, seed, path)
    return Store.open(path)


@contextmanager
def wires(profile: str, seed: int, keys: Sequence[str]) -> Iterator[dict[str, dict[str, Any]]]:
    """The real wires of some systems over a town, in another process: Airflow connections by key."""
    town(profile, seed)
    with scratch() as folder:
        ready = folder / "connections.json"
        command = [
            sys.executable, "-m", "simulator", "serve", "--profile", profile, "--seed", str(seed),
            "--home", str(town_path(profile, seed).parent), "--base-port", "0", "--json", str(ready),
            "--only", *keys,
        ]  # fmt: skip
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT)
        try:
            yield _connections(server, ready, folder / "log")
        finally:
            server.terminate()
            server.wait()


def _connections(server: subprocess.Popen[bytes], ready: Path, log: Path) -> dict[str, dict[str, Any]]:
    deadline = time.monotonic() + PATIENCE
    while not ready.exists():
        if server.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"the wires did not start: {log.read_text('utf8', 'replace')[-1_000:]}")
        time.sleep(0.1)
    connections: dict[str, dict[str, Any]] = json.loads(ready.read_text("utf8"))
    return connections

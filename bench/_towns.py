"""Towns for the benches, built once under var/bench, and their real wires in a process of their own.

Flow: `town(profile, seed)` -> Store; `wire(key, path)` -> the Airflow connection of a system over a town file.
Alone: python -m bench._towns KEY TOWN.db OPTIONS    (prints the connection, serves until its standard input closes)
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from bench._common import told
from bench._measure import ROOT, home
from simulator.store import Store, build
from simulator.wires import discover_wires


def cellar() -> Path:
    """Where made data is kept from run to run: another place as soon as the simulator would make other data."""
    folder = home() / f"made-{simulator_digest()}"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


@cache
def simulator_digest() -> str:
    """Twelve digits that change with the code of the town."""
    digest = hashlib.sha256()
    for path in sorted((ROOT / "simulator" / "town").rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def town(profile: str, seed: int) -> Store:
    """The town, built if an earlier run has not left it."""
    path = cellar() / f"{profile}-{seed}.db"
    if not path.exists():
        told(f"building the town {profile}, seed {seed}")
        return build(profile, seed, path)
    return Store.open(path)


@contextmanager
def wire(key: str, path: Path, **options: Any) -> Iterator[dict[str, Any]]:
    """The real wire of a system over a town file, in another process; gives its connection."""
    command = [sys.executable, "-m", "bench._towns", key, str(path), json.dumps(options)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as server:
        assert server.stdin is not None and server.stdout is not None
        try:
            connection: dict[str, Any] = json.loads(server.stdout.readline() or "{}")
            if not connection:
                raise RuntimeError(f"the wire {key} did not start")
            yield connection
        finally:
            server.stdin.close()


def main() -> None:
    """Serve one wire until nobody holds our standard input."""
    key, path, options = sys.argv[1:]
    [found] = discover_wires([key])
    served = found.make(Store.open(Path(path)), options=json.loads(options) or None)
    served.start()
    try:
        sys.stdout.write(json.dumps(served.connection()) + "\n")
        sys.stdout.flush()
        sys.stdin.read()
    finally:
        served.stop()


if __name__ == "__main__":
    main()

"""What one run of one side costs: a fresh process per run, its own CPU seconds, its own peak memory.

A side is a function that prepares (imports, warms up, makes folders) and returns the part that is timed. It runs in a
child, so that nothing one side leaves behind helps or hinders the other, and a server in a third process costs
neither of them anything. Sides take turns, A B A B, and medians are compared: a busy neighbour then hits both.

Flow: Side -> `python -m bench._measure` in a child -> Cost.  Alone: nothing to run; the benches use it.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parent.parent

Work = Callable[[], dict[str, Any]]


@dataclass(frozen=True)
class Side:
    """One of the things compared: `module:function`, and what it is called with (JSON)."""

    function: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Cost:
    """CPU and wall seconds of the timed part, peak memory of the whole process, and what the work returned."""

    cpu: float
    wall: float
    peak_mb: float
    result: dict[str, Any]


def run_side(side: Side) -> Cost:
    """Run one side once, in a child with an empty folder for its current directory.

    Raises: RuntimeError with the end of the child's output when it fails.
    """
    with scratch() as folder:
        answer = folder / "answer.json"
        call = {"function": side.function, "arguments": dict(side.arguments), "answer": str(answer)}
        command = [sys.executable, "-m", "bench._measure", json.dumps(call)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(folder), **side.environment}
        with (folder / "output.txt").open("wb") as output:
            child = subprocess.Popen(command, cwd=folder, env=environment, stdout=output, stderr=subprocess.STDOUT)
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode or not answer.exists():
            tail = (folder / "output.txt").read_text("utf8", "replace")[-2_000:]
            raise RuntimeError(f"{side.function} ended with {child.returncode}:\n{tail}")
        said = json.loads(answer.read_text("utf8"))
    # The child knows better where the kernel tells it: ru_maxrss also counts the pages of the parent it came from.
    peak = said["peak_mb"] or usage.ru_maxrss / 1024
    return Cost(said["cpu"], said["wall"], peak, said["result"])


def take_turns(
    sides: Mapping[str, Side], rounds: int, told: Callable[[str], None] | None = None
) -> dict[str, list[Cost]]:
    """Every side once per round, in the same order: costs by side."""
    costs: dict[str, list[Cost]] = {name: [] for name in sides}
    for number in range(1, rounds + 1):
        for name, side in sides.items():
            if told is not None:
                told(f"{name}, {number} of {rounds}")
            costs[name].append(run_side(side))
    return costs


def cpu_of(costs: list[Cost]) -> float:
    """Median CPU seconds."""
    return median(c.cpu for c in costs)


def wall_of(costs: list[Cost]) -> float:
    """Median wall seconds."""
    return median(c.wall for c in costs)


def spread(costs: list[Cost]) -> float:
    """How far the runs lie apart: (most - least) / median of the CPU seconds."""
    seconds = [c.cpu for c in costs]
    return (max(seconds) - min(seconds)) / median(seconds)


def cpu_seconds() -> float:
    """CPU seconds so far of this process, all its threads and the children it has waited for."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def peak_memory_mb() -> float:
    """The most memory this process has held since it began, in MiB; 0 where the kernel does not say."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 if sys.platform.startswith("linux") else 0.0
    lines = status.read_text("ascii", "replace").splitlines()
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:")), 0.0)


def home() -> Path:
    """Where the benches keep what they make: `bench` in REGISTER_HOME, which is var/ if nobody says otherwise."""
    folder = Path(os.environ.get("REGISTER_HOME", ROOT / "var")) / "bench"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


@contextmanager
def scratch() -> Iterator[Path]:
    """A private folder (not in /tmp, which may be memory), removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=home()))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def spin(seconds: float, megabytes: int = 0) -> Work:
    """A side of known cost, for the test of this module: burns CPU, sleeps as long again, holds some memory."""

    def work() -> dict[str, Any]:
        held = b"x" * (megabytes << 20)
        end = time.process_time() + seconds
        while time.process_time() < end:
            pass
        time.sleep(seconds)
        return {"held": len(held)}

    return work


def _child(call: dict[str, Any]) -> None:
    module, _, name = call["function"].partition(":")
    prepare: Callable[..., Work] = getattr(importlib.import_module(module), name)
    work = prepare(**call["arguments"])
    cpu, wall = cpu_seconds(), time.monotonic()
    result = work()
    said = {"cpu": cpu_seconds() - cpu, "wall": time.monotonic() - wall, "peak_mb": peak_memory_mb(), "result": result}
    Path(call["answer"]).write_text(json.dumps(said), "utf8")


if __name__ == "__main__":
    _child(json.loads(sys.argv[1]))

"""What the benches share: a line of the result, the machine, the table for people, the JSON for programs, the CLI."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

from rich.console import Console
from rich.table import Table

from bench._measure import ROOT

RESULTS = ROOT / "bench" / "results.json"
SENSES = {"at least": ">=", "at most": "<=", "exactly": "="}
_PACKAGES = ("duckdb", "pyarrow", "pandas", "dlt", "sqlalchemy", "cryptography")

console = Console(stderr=True)
Sense = Literal["at least", "at most", "exactly"]


@dataclass(frozen=True)
class Line:
    """One promise: a figure of ours beside the figure of a peer or a bound, and the ratio that must hold.

    bar: what `ratio` is held against, in the given sense; None for a line that is only told.
    """

    what: str
    figure: float
    unit: str
    against: str
    other: float
    ratio: float
    bar: float | None = None
    sense: Sense = "at least"

    @property
    def holds(self) -> bool:
        """Whether the ratio keeps its bar."""
        if self.bar is None:
            return True
        if self.sense == "at least":
            return self.ratio >= self.bar
        return self.ratio <= self.bar if self.sense == "at most" else self.ratio == self.bar


def faster(what: str, ours: float, peer: str, theirs: float, unit: str, bar: float | None) -> Line:
    """A rate of ours against a peer's: at least `bar` times as much."""
    return Line(what, ours, unit, peer, theirs, ours / theirs, bar, "at least")


def within(what: str, ours: float, bound: str, limit: float, unit: str, bar: float = 1.0) -> Line:
    """A cost of ours against a bound or a peer's: at most `bar` times as much."""
    return Line(what, ours, unit, bound, limit, ours / limit, bar, "at most")


def none_of(what: str, count: int, unit: str = "") -> Line:
    """A count that must be 0; its ratio is the count itself."""
    return Line(what, count, unit, "none may be", 0, count, 0, "exactly")


@dataclass
class Result:
    """One bench as it ran. `details` is whatever explains the lines; nothing in it is judged."""

    bench: str
    profile: str
    seed: int
    lines: list[Line]
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        """Whether every line does."""
        return all(line.holds for line in self.lines)

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready, with the command that makes it again and the machine it ran on."""
        return {
            "bench": self.bench,
            "command": f"python -m bench.{self.bench} --profile {self.profile} --seed {self.seed}",
            "profile": self.profile,
            "seed": self.seed,
            "holds": self.holds,
            "lines": [{**_rounded(asdict(line)), "holds": line.holds} for line in self.lines],
            "details": _rounded(self.details),
            "machine": machine(),
        }


def _rounded(value: Any) -> Any:
    """Floats to four significant digits: more would pretend to a precision that no timing has."""
    if isinstance(value, float):
        return int(value) if value == int(value) else float(f"{value:.6g}")
    if isinstance(value, dict):
        return {k: _rounded(v) for k, v in value.items()}
    return [_rounded(v) for v in value] if isinstance(value, list) else value


def machine() -> dict[str, Any]:
    """What a reader needs to judge the figures; no name, no address."""
    model, memory = platform.processor() or platform.machine(), 0
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text("utf8", "replace").splitlines()
        model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), model)
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 30
    return {
        "cpu": model,
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gib": memory,
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 1),
        "packages": {name: found for name in _PACKAGES if (found := installed(name))},
    }


def installed(package: str) -> str:
    """The version of a package; empty if it is not there."""
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def table_of(results: Sequence[dict[str, Any]]) -> Table:
    """The lines of some results for people."""
    table = Table("bench", "what", "figure", "peer or bound", "its figure", "ratio", "bar", "")
    for result in results:
        for line in result["lines"]:
            verdict = "" if line["bar"] is None else "[green]holds[/]" if line["holds"] else "[red]misses[/]"
            table.add_row(
                result["bench"], line["what"], f"{shown(line['figure'])} {line['unit']}", line["against"],
                shown(line["other"]), shown(line["ratio"]), bar_text(line), verdict,
            )  # fmt: skip
    return table


def shown(value: float) -> str:
    """A number as people read it: three digits, thousands apart."""
    if abs(value) >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.5g}" if 0.99 <= abs(value) < 1 else f"{value:.3g}"  # 0.9995 is not 1


def bar_text(line: dict[str, Any]) -> str:
    """`>= 3`; a dash for a line that is only told."""
    return "–" if line["bar"] is None else f"{SENSES[line['sense']]} {shown(line['bar'])}"


def told(text: str) -> None:
    """One line of progress."""
    console.print(text, style="dim", highlight=False, markup=False)


def command(name: str, run: Callable[[str, int], Result]) -> int:
    """The command line every bench has. Returns 1 when a count is not what it must be; a slow machine fails nothing."""
    parser = argparse.ArgumentParser(prog=f"python -m bench.{name}", description=sys.modules["__main__"].__doc__)
    parser.add_argument("--profile", default="small", choices=("small", "street"), help="size (default small)")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the JSON object here, too")
    call = parser.parse_args()
    result = run(call.profile, call.seed).as_dict()
    console.print(table_of([result]))
    text = json.dumps(result, ensure_ascii=False)
    if call.json:
        call.json.write_text(text + "\n", "utf8")
    sys.stdout.write(text + "\n")
    return 0 if counts_hold(result) else 1


def counts_hold(result: dict[str, Any]) -> bool:
    """Whether every line that no machine can excuse holds: rows lost, doubled or torn."""
    return all(line["holds"] for line in result["lines"] if line["sense"] == "exactly")

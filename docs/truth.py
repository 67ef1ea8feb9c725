"""docs/truth.md: what the truth bench found, made of bench/results/truth.json; docs/generate.py keeps it in step.

Alone: python -m docs.truth
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "bench" / "results" / "truth.json"
Found = dict[str, Any]


def truth() -> str:
    """Every run that is kept: register, pairs and days, publications, marts."""
    return "\n\n".join(part for run in _runs() for part in _run(run))


def spread() -> str:
    """Per measure its spread over the months (or quarters) of five years, and what never varies."""
    runs = [run for run in _runs() if run["spread"]]
    if not runs:
        return "尚未跑过五年 / no run of five years is kept."
    rows = runs[-1]["spread"]
    still = [one for one in rows if one["distinct"] < 2]
    lines = [
        f"{len(rows)} 个指标，其中 {len(still)} 个五年不变 / {len(rows)} measures, {len(still)} of which never vary:",
        *map(_standing, still),
        "",
        "| mart | measure | periods | min | median | max | distinct |",
        "|---|---|---|---|---|---|---|",
    ]
    for one in rows:
        figures = " | ".join(_number(one[name]) for name in ("periods", "least", "middle", "most", "distinct"))
        lines.append(f"| {one['mart']} | {one['measure']} | {figures} |")
    return "\n".join(lines)


def _standing(one: Found) -> str:
    why = one["explained"] or "**无解释 / unexplained**"
    return f"- `{one['mart']}.{one['measure']}` = {_number(one['least'])}: {why}"


def _runs() -> list[Found]:
    found: list[Found] = json.loads(RESULTS.read_text("utf8")) if RESULTS.exists() else []
    return found


def _run(run: Found) -> Iterator[str]:
    yield f"### {run['name']}"
    yield f"无解释 / unexplained: **{run['unexplained']}**. `python -m bench.truth {_arguments(run['call'])}`"
    yield _register(run["register"])
    yield _agreed(run)
    yield _published(run["published"])
    yield _marts(run["marts"])


def _arguments(call: Found) -> str:
    parts = [f"--profile {call['profile']} --seed {call['seed']}"]
    if call["years"]:
        parts.append(f"--years {call['years'][0]}-{call['years'][1]} --order {call['order']}")
        parts += ["--kill"] if call["killed"] else []
    elif call["nights"] > 1:
        parts.append(f"--nights {call['nights']}")
    return " ".join(parts + (["--past"] if call["past"] else []))


def _register(register: Found) -> str:
    rows = ["| 底册 / register | true | told | held | cause | precision | recall |", "|---|---|---|---|---|---|---|"]
    matched = {f"{thing}s": one for thing, one in register["matched"].items()}
    for line in register["lines"]:
        one = matched.get(line["measure"])
        scores = f"{one['precision']:.5f} | {one['recall']:.5f}" if one else " | "
        counts = " | ".join(_number(line[name]) for name in ("true", "told", "warehouse"))
        rows.append(f"| {line['measure']} | {counts} | {_causes(line['causes'])} | {scores} |")
    return "\n".join(rows)


def _agreed(run: Found) -> str:
    rows = [
        "| 配对与日期 / pairs and days | found | true | right | P | R | best P | best R |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, one in run["register"]["agreed"].items():
        counts = " | ".join(_number(one[part]) for part in ("found", "true", "right"))
        shares = " | ".join(_share(one[part]) for part in ("precision", "recall", "precision_bound", "recall_bound"))
        rows.append(f"| {name} | {counts} | {shares} |")
    for past in run["pasts"]:
        counts = " | ".join(_number(past[part]) for part in ("found", "known", "right"))
        rows.append(f"| as of {past['day']} | {counts} | {_share(past['precision'])} | {_share(past['recall'])} | | |")
    return "\n".join(rows)


def _published(nights: list[Found]) -> str:
    held = sum(len(night["held"]) for night in nights)
    failed = sum(len(night["failed"]) for night in nights)
    cells: dict[str, int] = {}
    for night in nights:
        for name, count in night["cells"].items():
            cells[name] = cells.get(name, 0) + count
    whole = sum(cells.values())
    shares = ", ".join(f"{name} {count:,} ({count / whole:.1%})" for name, count in cells.items() if whole)
    return f"发布 / published: {len(nights)} night(s), held {held}, failed {failed}" + (
        f"; cells: {shares}" if shares else ""
    )


def _marts(lines: list[Found]) -> str:
    rows = ["| mart | measure | true | told | warehouse | published | cause |", "|---|---|---|---|---|---|---|"]
    for line in lines:
        figures = " | ".join(_number(line[name]) for name in ("true", "told", "warehouse", "published"))
        rows.append(f"| {line['what']} | {line['measure']} | {figures} | {_causes(line['causes'])} |")
    return "\n".join(rows)


def _causes(found: dict[str, int]) -> str:
    """Rules together, the rest by name."""
    rules = sum(count for name, count in found.items() if name.startswith("rule"))
    rest = {name: count for name, count in found.items() if count and not name.startswith("rule")}
    said = ({"rule": rules} if rules else {}) | rest
    return ", ".join(f"{name} {count:,}" for name, count in said.items()) or "equal"


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"


if __name__ == "__main__":
    sys.stdout.write(truth() + "\n\n" + spread() + "\n")

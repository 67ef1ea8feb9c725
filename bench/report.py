"""docs/performance.md and docs/performance.svg from bench/results.json: no figure in them comes from anywhere else.

Of a bench that was run at both sizes the larger counts. The text around the table is written by hand and stays.

    python -m bench.report            write both
    python -m bench.report --check    exit status 1 if the table is not what the file says
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from bench._common import RESULTS, bar_text, shown
from bench._measure import ROOT

DOCUMENT, PLOT = ROOT / "docs" / "performance.md", ROOT / "docs" / "performance.svg"
BEGIN, END = "<!-- generated: figures -->", "<!-- end: figures -->"
HOLDS, MISSES, TOLD = "#2a7f62", "#b3432b", "#8a8f98"


def main() -> int:
    """Write, or with --check compare."""
    results = latest(json.loads(RESULTS.read_text("utf8")))
    old = DOCUMENT.read_text("utf8")
    new = filled(old, table(results))
    if "--check" in sys.argv:
        return int(new != old)
    DOCUMENT.write_text(new, "utf8")
    plot(results, PLOT)
    return 0


def latest(results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One result for each bench: of life size if there is one."""
    chosen: dict[str, dict[str, Any]] = {}
    for result in results:
        if result["bench"] not in chosen or result["profile"] == "street":
            chosen[result["bench"]] = result
    return list(chosen.values())


def filled(text: str, body: str) -> str:
    """The document with its generated block replaced. Raises ValueError when the markers are missing."""
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{DOCUMENT.name} lost its markers")
    return f"{head}{BEGIN}\n{body}\n{END}{tail}"


def table(results: list[dict[str, Any]]) -> str:
    """The lines of all results, the commands that made them and the machines they ran on."""
    rows = ["| what | ours | beside | its figure | ratio | bar | |", "|---|---|---|---|---|---|---|"]
    for result in results:
        for line in result["lines"]:
            verdict = "" if line["bar"] is None else "holds" if line["holds"] else "**misses**"
            rows.append(
                f"| {line['what']} | {shown(line['figure'])} {line['unit']} | {line['against']} "
                f"| {shown(line['other'])} | {shown(line['ratio'])} | {bar_text(line)} | {verdict} |"
            )
    commands = [f"- `{r['command']}` ({machine_text(r['machine'])})" for r in results]
    return "\n".join([*rows, "", "Made by:", "", *commands])


def machine_text(machine: dict[str, Any]) -> str:
    """`2 cores of AMD EPYC, 23 GiB, Python 3.11.7, load 3.1`."""
    return (
        f"{machine['cores']} cores of {machine['cpu']}, {machine['memory_gib']} GiB, Python {machine['python']}, "
        f"load {machine['load']}"
    )


def plot(results: list[dict[str, Any]], path: Path) -> None:
    """Every judged ratio as how many times better than its bar it is, on a log scale; to the right of 1 it holds."""
    import matplotlib

    matplotlib.use("svg")
    # Text stays text and ids stay the same from run to run: a small file, and a diff that shows what changed.
    matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "bench", "font.size": 9})
    from matplotlib import pyplot

    lines = [line for result in results for line in result["lines"] if line["bar"] and line["sense"] != "exactly"]
    margins = [margin(line) for line in lines]
    figure, axes = pyplot.subplots(figsize=(8, 0.45 * len(lines) + 1))
    for holds, colour in ((True, HOLDS), (False, MISSES)):
        places = [place for place, line in enumerate(lines) if line["holds"] is holds]
        values = [margins[place] for place in places]
        axes.hlines(places, 1, values, color=colour, linewidth=2)
        axes.plot(values, places, "o", color=colour)
    for place, (line, value) in enumerate(zip(lines, margins, strict=True)):
        text = f" {shown(line['ratio'])} (bar {bar_text(line)})"
        axes.annotate(text, (max(value, 1), place), xytext=(6, -3), textcoords="offset points")
    axes.set_xscale("log")
    axes.set_xlim(min([0.5, *margins]) * 0.8, max([2.0, *margins]) * 15)
    axes.axvline(1, color=TOLD, linewidth=1)
    axes.set_yticks(range(len(lines)), [line["what"] for line in lines])
    axes.invert_yaxis()
    axes.set_xlabel("times better than the bar asks (log scale)")
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)


def margin(line: dict[str, Any]) -> float:
    """How many times better than its bar a ratio is; below 1 it misses."""
    ratio, bar = float(line["ratio"]), float(line["bar"])
    return ratio / bar if line["sense"] == "at least" else bar / ratio


if __name__ == "__main__":
    raise SystemExit(main())

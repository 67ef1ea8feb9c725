"""The two tables of the demo: progress while it runs, and what became of every row."""

from __future__ import annotations

from typing import Any

from rich.table import Table

from simulator.demo.night import NightRun

_COLOURS = {"success": "green", "failed": "red", "running": "yellow", "up_for_retry": "magenta"}


def _coloured(state: str) -> str:
    return f"[{_COLOURS.get(state, 'dim')}]{state}[/]"


def progress_table(runs: list[NightRun]) -> Table:
    """One line per source while the night runs."""
    table = Table(box=None, pad_edge=False)
    for heading in ("系统", "extract", "stage", "条", "秒"):
        table.add_column(heading, justify="right" if heading in "条秒" else "left")
    for run in runs:
        rows = run.extracted.get("rows")
        states = (_coloured(run.tasks.get(t, "waiting")) for t in ("extract", "stage"))
        table.add_row(run.title, *states, "" if rows is None else f"{rows:,}", f"{run.seconds:.1f}")
    return table


def night_table(runs: list[NightRun]) -> Table:
    """The closing table: per source and entity, from the source's total to new versions."""
    table = Table(title="这一夜 / the night", title_justify="left")
    for heading, right in (
        ("系统 / source", False), ("记录 / entity", False), ("来源总数 / total", True), ("落地 / landed", True),
        ("丢弃与拒收 / dropped", False), ("新版本 / new", True), ("秒 / s", True),
    ):  # fmt: skip
        table.add_column(heading, justify="right" if right else "left")
    for run in runs:
        entities: dict[str, dict[str, Any]] = run.extracted.get("entities", {})
        if not entities:
            table.add_row(run.title, _coloured(run.state), "", "", "", "", f"{run.seconds:.1f}", end_section=True)
        for i, (name, entity) in enumerate(entities.items()):
            staged = run.staged.get("entities", {}).get(name, {})
            lost = {**entity["dropped"], **entity["rejected"]}
            table.add_row(
                run.title if i == 0 else "",
                name,
                f"{entity['source_total'] or 0:,}",
                f"{entity['rows']:,}",
                ", ".join(f"{rule} {count}" for rule, count in lost.items()),
                f"{staged['new']:,}" if "new" in staged else "-",
                f"{run.seconds:.1f}" if i == 0 else "",
                end_section=i == len(entities) - 1,
            )
    return table

"""The two tables of the demo: progress while it runs, and what became of every row."""

from __future__ import annotations

from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

from simulator.demo.night import NightRun

_COLOURS = {"success": "green", "failed": "red", "running": "yellow", "up_for_retry": "magenta"}


def _coloured(state: str) -> str:
    return f"[{_COLOURS.get(state, 'dim')}]{state}[/]"


def progress_table(runs: list[NightRun]) -> Table:
    """One line per source while the night runs."""
    table = Table(box=None, pad_edge=False)
    for heading in ("系统", "extract", "stage", "check", "条", "秒"):
        table.add_column(heading, justify="right" if heading in "条秒" else "left")
    for run in runs:
        rows = run.extracted.get("rows")
        states = (_coloured(run.tasks.get(t, "waiting")) for t in ("extract", "stage", "check"))
        table.add_row(run.title, *states, "" if rows is None else f"{rows:,}", f"{run.seconds:.1f}")
    return table


def night_table(runs: list[NightRun]) -> Table:
    """The closing table: a line per source, a line per entity, from the source's own total to new versions."""
    table = Table(title="这一夜 / the night", title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("系统与记录\nsource, entity", no_wrap=True, overflow="ellipsis", max_width=30)
    for heading in ("总数\ntotal", "落地\nlanded", "丢弃\ndropped", "新版本\nnew", "秒\ns"):
        table.add_column(heading, justify="right", no_wrap=True, min_width=7)
    for run in runs:
        table.add_row(f"[bold]{run.title}[/]", "", "", "", _coloured(run.state), f"{run.seconds:.1f}")
        entities: dict[str, dict[str, Any]] = run.extracted.get("entities", {})
        for name, entity in entities.items():
            new = run.staged.get("entities", {}).get(name, {}).get("new")
            table.add_row(
                f"   {name}",
                f"{entity['source_total'] or 0:,}",
                f"{entity['rows']:,}",
                f"{sum(_lost(entity).values()):,}" if _lost(entity) else "",
                "-" if new is None else f"{new:,}",
                "",
            )
    table.add_row(*_totals(runs), style="bold")
    return table


def _totals(runs: list[NightRun]) -> list[str]:
    landed = [e for run in runs for e in run.extracted.get("entities", {}).values()]
    new = sum(e["new"] for run in runs for e in run.staged.get("entities", {}).values())
    lost = sum(sum(_lost(e).values()) for e in landed)
    total, rows = sum(e["source_total"] or 0 for e in landed), sum(e["rows"] for e in landed)
    return ["合计 / all", f"{total:,}", f"{rows:,}", f"{lost:,}", f"{new:,}", f"{sum(r.seconds for r in runs):.0f}"]


_VERDICTS = {"pass": "[green]通过 pass[/]", "flagged": "[yellow]有提示 flagged[/]", "held": "[red]暂缓 held[/]"}


def verdict_table(runs: list[NightRun]) -> Table:
    """What the checks made of it: new = accepted + quarantined + withdrawn, what was emptied, the rules that failed."""
    table = Table(title="判定 / verdicts", title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("系统\nsource", no_wrap=True, overflow="ellipsis", max_width=20)
    table.add_column("判定\nverdict", no_wrap=True, min_width=14)
    for heading in ("新版本\nnew", "接收\naccepted", "清空\nemptied", "隔离\nset aside", "规则\nrules"):
        table.add_column(heading, justify="right", no_wrap=True, min_width=6)
    for run in runs:
        found = run.checked
        verdict = _VERDICTS.get(found.get("verdict", ""), "[red]未判定 not judged[/]")
        counts = (f"{found.get(name, 0):,}" for name in ("rows_new", "accepted", "emptied", "quarantined"))
        table.add_row(run.title, verdict, *counts, str(len(found.get("failed", []))))
    return table


def dropped_lines(runs: list[NightRun]) -> list[str]:
    """Every rule that dropped or set aside rows, by name: nothing disappears without one."""
    return [
        f"{run.title[:2]} {name}: {rule} {count:,}"
        for run in runs
        for name, entity in run.extracted.get("entities", {}).items()
        for rule, count in _lost(entity).items()
    ]


def _lost(entity: dict[str, Any]) -> dict[str, int]:
    return {**entity["dropped"], **entity["rejected"]}

"""Run one extractor alone, without Airflow.

`python -m extractors <source> --begin D --end D --landing DIR [--history] [--json]`; the connection comes from
`AIRFLOW_CONN_<SOURCE>`. Exit status: 0 reconciled, 2 bad call, 3 ask again later, 4 the source changed.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from expectations.errors import CallRejected, PipelineError
from extractors import Source, Window, discover
from extractors._kit.connection import Connection
from extractors._kit.run import run_source
from extractors._kit.summary import Summary

console = Console(stderr=True)


def main(argv: list[str] | None = None) -> int:
    """The command. Returns the exit status."""
    try:
        sources = discover()
    except CallRejected as error:
        return _fail(error)
    parser = argparse.ArgumentParser(prog="python -m extractors", description=__doc__)
    parser.add_argument("source", choices=sorted(sources), metavar="SOURCE", help=", ".join(sorted(sources)))
    parser.add_argument("--begin", required=True, help="first day or moment, Asia/Shanghai, inclusive")
    parser.add_argument("--end", required=True, help="last day or moment, exclusive")
    parser.add_argument("--landing", required=True, type=Path, help="landing folder (made 0700)")
    parser.add_argument("--history", action="store_true", help="a window of the past: without what shows the present")
    parser.add_argument("--json", action="store_true", help="one JSON summary line at the end of the output")
    call = parser.parse_args(argv)
    source = sources[call.source]
    try:
        window = Window.parse(call.begin, call.end)
        summary = _run(source, window, call.landing, Connection.from_env(source.connection), history=call.history)
    except PipelineError as error:
        if call.json:
            sys.stdout.write(json.dumps({"source": source.key, "errors": [error.as_dict()]}, ensure_ascii=False) + "\n")
        return _fail(error)
    _show(source, summary)
    if call.json:
        sys.stdout.write(json.dumps(summary.as_dict(), ensure_ascii=False) + "\n")
    return summary.exit_status


def _run(source: Source, window: Window, landing: Path, connection: Connection, *, history: bool) -> Summary:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TextColumn("{task.completed} 条"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        tasks = {name: bar.add_task(f"{source.title.zh} {name}", total=None) for name in source.entities}
        return run_source(
            source,
            window,
            landing,
            connection,
            progress=lambda entity, rows: bar.advance(tasks[entity], rows),
            history=history,
        )


def _show(source: Source, summary: Summary) -> None:
    for name, entity in summary.entities.items():
        console.print(
            f"{source.key}/{name}: {entity.source_total} -> {entity.rows}"
            + "".join(f", {rule} -{count}" for rule, count in {**entity.dropped, **entity.rejected}.items()),
            highlight=False,
        )
    for finding in summary.findings:
        console.print(f"{finding['code']}: {finding['entity']}.{finding['field']}", highlight=False, markup=False)
    for error in summary.errors:
        _fail(error)


def _fail(error: PipelineError) -> int:
    console.print(f"{error.code} {error.text.zh} / {error.text.en}", style="red", highlight=False, markup=False)
    if error.detail:
        console.print(f"  {error.detail}", highlight=False, markup=False)
    console.print(f"  下一步 / next: {error.text.next_zh} / {error.text.next_en}", highlight=False, markup=False)
    return error.exit_status


if __name__ == "__main__":
    raise SystemExit(main())

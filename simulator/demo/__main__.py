"""`python -m simulator.demo [--keep]`: set up, run the night, print what became of every row.

Flow: town -> metadata database -> Airflow (migrate, pools, services) -> trigger twelve DAGs -> watch -> tables, and
the register, which Airflow builds by itself when the twelfth system has been judged.
Exit status 0 only if every source reconciled.
"""

from __future__ import annotations

import argparse
import os
import signal
import time
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import requests
from rich.console import Console
from rich.live import Live

from simulator.audit.audit import audit
from simulator.audit.town import Loads
from simulator.demo.airflow_env import ROOT, USER, kept_secrets
from simulator.demo.answers import answer_tables
from simulator.demo.night import Api, NightRun, RunFailed, run_night, run_report, wait_for_marts, wait_for_register
from simulator.demo.office import office, titles
from simulator.demo.services import StartFailed, town
from simulator.demo.tables import dropped_lines, night_table, progress_table, verdict_table
from simulator.demo.truth import marts_table, register_table

NIGHT = "2022-11-05"
FIRST = "2022-01-01"
console = Console()


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m simulator.demo", description=__doc__)
    parser.add_argument("--home", type=Path, default=ROOT / "var" / "demo", help="where everything of the demo lies")
    parser.add_argument("--profile", default="small", help="size of the town: small, street, district")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--night", default=NIGHT, help="partition key of the night, YYYY-MM-DD")
    parser.add_argument("--keep", action="store_true", help="leave Airflow up until Ctrl-C and print its address")
    call = parser.parse_args()
    # An ended demo must end its services too: SIGTERM unwinds like Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    home: Path = call.home.resolve()
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    started = time.monotonic()
    try:
        return _demo(call, home, started)
    except (StartFailed, RunFailed, TimeoutError, requests.RequestException) as error:
        console.print(f"[red]没有跑成 / did not run:[/red] {error}")
        return 1
    except KeyboardInterrupt:
        return 130


def _demo(call: argparse.Namespace, home: Path, started: float) -> int:
    with ExitStack() as stack:
        step = _Steps(started)
        step("建镇并启动十二个系统 / building the town, starting twelve systems")
        after = (date.fromisoformat(call.night) + timedelta(days=1)).isoformat()
        env = os.environ | kept_secrets(home)
        connections = stack.enter_context(town(home, call.profile, call.seed, env, f"{after} 00:00:00"))
        api, env, _ = stack.enter_context(office(home, connections, step))
        since = datetime.now(UTC).isoformat()
        step(f"跑 {call.night} 这一夜 / running the night of {call.night}")
        runs = _watch(api, titles(), call.night, home)
        console.print(night_table(runs))
        console.print("丢弃规则 / dropped by rule: " + ("; ".join(dropped_lines(runs)) or "-"), highlight=False)
        console.print(verdict_table(runs))
        step("等十二个系统到齐后建底册 / the register, once all twelve are judged")
        built_by, built = wait_for_register(api, call.night, since)
        step("建集市并发布 / the marts, built and published as one generation")
        published = wait_for_marts(api, call.night, since)
        step("生成质量报告 / building the steward's report")
        report = run_report(api, call.night, f"demo__{int(time.time())}")
        if built and published:
            file = home / "town" / f"{call.profile}-{call.seed}.db"
            loads = Loads.of(call.night, (FIRST, after))
            found = audit(home / "warehouse.duckdb", home / "published" / "current", file, loads)
            console.print(register_table(found, built_by, built))
            console.print(marts_table(found))
            for table in answer_tables(home / "published"):
                console.print(table)
        good = _verdict(runs, bool(built and published), report, home, time.monotonic() - started)
        if call.keep:
            _stay(env)
    return 0 if good else 1


class _Steps:
    """Says what is going on, with the seconds since the start."""

    def __init__(self, started: float) -> None:
        self._started = started

    def __call__(self, text: str) -> None:
        console.print(f"[dim]{time.monotonic() - self._started:5.0f} s[/dim]  {text}")


def _watch(api: Api, named: dict[str, str], night: str, home: Path) -> list[NightRun]:
    """The first run of a home reads the year up to the night; later runs read the night alone."""
    first = not (home / "landing").exists()
    after = (date.fromisoformat(night) + timedelta(days=1)).isoformat()
    conf = {"begin": FIRST, "end": after} if first else {"begin": night, "end": after}
    run_id = f"demo__{night}__{int(time.time())}"
    with Live(console=console, refresh_per_second=2, transient=True) as live:
        return run_night(api, named, night, run_id, conf, lambda runs: live.update(progress_table(runs)))


def _verdict(runs: list[NightRun], built: bool, report: dict[str, Any], home: Path, seconds: float) -> bool:
    reconciled = all(r.state == "success" and r.extracted.get("exit_status") == 0 for r in runs)
    good = reconciled and built and bool(report)
    colour, text = (
        ("green", "每一行都有交代 / every row is accounted for") if good else ("red", "有来源未对平 / not reconciled")
    )
    console.print(f"[{colour}]{text}[/{colour}]  {seconds:.0f} s")
    console.print(
        f"质量报告 / report: {report.get('page', '-')}\n落地 / landing: {home / 'landing'}"
        f"\n数仓 / warehouse: {home / 'warehouse.duckdb'}"
        f"\n已发布的集市 / published marts: {home / 'published' / 'current'}"
        f"\n日志 / logs: {home / 'logs'}\n"
        "接着看 / next: docs/tour.md；再跑一次 make demo 应为 0 个新版本 / run it again: 0 new versions"
    )
    return good


def _stay(env: dict[str, str]) -> None:
    password = kept_secrets(Path(env["REGISTER_HOME"]))["DEMO_PASSWORD"]
    console.print(f"Airflow: {env['AIRFLOW__API__BASE_URL']}  {USER} / {password}   (Ctrl-C 结束 / to stop)")
    while True:
        time.sleep(3600)


if __name__ == "__main__":
    raise SystemExit(main())

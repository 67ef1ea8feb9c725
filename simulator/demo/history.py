"""`python -m simulator.demo.history`: the years 2018-2022 of all twelve systems, twice, in two orders.

Once from the oldest month to the newest; once backward, and stopped in the middle: Airflow is ended while it reads,
started again, and the DAG is triggered once more. Then the marts of the last day are built of each. Claims, register
and marts must have the same digest, table by table; what shows the present only is left out of both, and named.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import requests
from rich.console import Console
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from simulator.demo.airflow_env import ROOT, USER, airflow_environment, free_port, kept_secrets
from simulator.demo.night import DONE, Api, wait_for_dags
from simulator.demo.services import StartFailed, airflow, import_pools, metadata_database, run_once, town

DAG = "history"
STOP_AFTER = 0.4  # of the months, in the second order
console = Console()


@dataclass(frozen=True)
class Order:
    """One of the two ways through the years."""

    name: str
    title: str
    backward: bool
    stopped: bool


ORDERS = (
    Order("forward", "从旧到新 / oldest first", backward=False, stopped=False),
    Order("backward", "从新到旧，中途停一次 / newest first, stopped once", backward=True, stopped=True),
)


class Stopped(Exception):
    """Enough has been read for a stop in the middle."""


def main() -> int:
    """The command. Exit status 0 only if both orders end, and in the same claims, register and marts."""
    parser = argparse.ArgumentParser(prog="python -m simulator.demo.history", description=__doc__)
    parser.add_argument("--home", type=Path, default=ROOT / "var" / "demo-history", help="emptied first")
    parser.add_argument("--profile", default="small")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--begin", default="2018-01-01")
    parser.add_argument("--end", default="2023-01-01")
    call = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    home: Path = call.home.resolve()
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(mode=0o755, parents=True)
    try:
        digests = {order.name: _go(call, order, home) for order in ORDERS}
    except (StartFailed, TimeoutError, requests.RequestException) as error:
        console.print(f"[red]没有跑成 / did not run:[/red] {error}")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0 if _compare(digests) else 1


def _go(call: argparse.Namespace, order: Order, home: Path) -> dict[str, str]:
    """One order from nothing; rows and digest of each table of what came of it."""
    console.print(f"[bold]{order.title}[/]")
    place = home / order.name
    place.mkdir()
    secrets = home / "secrets.json"
    if secrets.exists():  # with other keys the same person would have other tokens
        shutil.copy(secrets, place)
    with ExitStack() as stack:
        env = os.environ | kept_secrets(place)
        shutil.copy(place / "secrets.json", secrets)
        connections = stack.enter_context(town(home, call.profile, call.seed, env))
        database = stack.enter_context(metadata_database(place))
        stops = [STOP_AFTER, None] if order.stopped else [None]
        for number, stop in enumerate(stops):
            env = airflow_environment(place, database, free_port())
            env |= {f"AIRFLOW_CONN_{key.upper()}": json.dumps(value) for key, value in connections.items()}
            if number == 0:
                run_once("migrate", ["db", "migrate"], env, place)
                import_pools(env, place)
            with airflow(place, env):
                _trigger(call, order, env, place, stop)
    _build_marts(place, env, call.end)
    return told_digests(place / "warehouse.duckdb")


def _trigger(call: argparse.Namespace, order: Order, env: dict[str, str], place: Path, stop: float | None) -> None:
    """Trigger the DAG and watch it to its end, or to the stop. Raises StartFailed when the run is red."""
    api = Api(env["AIRFLOW__API__BASE_URL"], USER, kept_secrets(place)["DEMO_PASSWORD"])
    wait_for_dags(api, [DAG])
    conf: dict[str, Any] = {"sources": [], "begin": call.begin, "end": call.end, "backward": order.backward}
    run_id = f"demo__{int(time.time())}"
    api.call("POST", f"/dags/{DAG}/dagRuns", {"dag_run_id": run_id, "logical_date": None, "conf": conf})
    bar = Progress(TextColumn("  {task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Live(bar, console=console, refresh_per_second=2):
        months = bar.add_task("系统·月 / months of systems", total=None)
        try:
            state = _watch(api, run_id, stop, lambda done, total: bar.update(months, completed=done, total=total))
        except Stopped:
            # An operator's stop: what runs is cut off, and Airflow forgets the run.
            api.call("PATCH", f"/dags/{DAG}/dagRuns/{run_id}", {"state": "failed"})
            bar.update(months, description="停下 / stopped")
            return
    if state != "success":
        raise StartFailed(f"{DAG} ended {state}: {place / 'logs' / 'scheduler.log'}")


def _watch(api: Api, run_id: str, stop: float | None, show: Any) -> str:
    """Poll until the run is done. Raises Stopped, TimeoutError."""
    deadline = time.monotonic() + 3600
    while True:
        state: str = api.call("GET", f"/dags/{DAG}/dagRuns/{run_id}")["state"]
        if state in DONE:
            return state
        if time.monotonic() > deadline:
            raise TimeoutError(f"{DAG} is not done")
        path = f"/dags/{DAG}/dagRuns/{run_id}/taskInstances?task_id=extract&limit=1"
        total = api.call("GET", path)["total_entries"]
        done = api.call("GET", f"{path}&state=success")["total_entries"]
        show(done, total)
        if stop is not None and total > 1 and done >= stop * total:
            raise Stopped
        time.sleep(1)


def _build_marts(place: Path, env: dict[str, str], end: str) -> None:
    """The marts of the last day, by the command an operator has. Raises StartFailed."""
    night = (date.fromisoformat(end) - timedelta(days=1)).isoformat()
    command = [sys.executable, "-m", "warehouse.engine", "marts", "--night", night]
    command += ["--warehouse", str(place / "warehouse.duckdb")]
    made = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    (place / "logs" / "marts.log").write_text(made.stdout + made.stderr)
    if made.returncode:
        raise StartFailed(f"marts: {place / 'logs' / 'marts.log'}")


def told_digests(warehouse: Path) -> dict[str, str]:
    """Rows and digest of each table of claims, register and marts, whatever the order of its rows."""
    command = [sys.executable, "-m", "warehouse.engine", "digest", "--warehouse", str(warehouse)]
    made = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if made.returncode:
        raise StartFailed(f"digest: {made.stdout}{made.stderr}")
    told: dict[str, str] = json.loads(made.stdout)
    return told


def _compare(digests: dict[str, dict[str, str]]) -> bool:
    """The closing table; whether every table of both is the same."""
    forward, backward = (digests[order.name] for order in ORDERS)
    table = Table(title="两种次序，同一结果 / two orders, one result", title_justify="left")
    for heading in ("表 table", "行 rows", "forward", "backward", ""):
        table.add_column(heading)
    same = True
    for name in sorted(forward.keys() | backward.keys()):
        (rows, _, a), (_, _, b) = (d.get(name, "0:-").partition(":") for d in (forward, backward))
        same = same and forward.get(name) == backward.get(name)
        table.add_row(name, f"{int(rows):,}", a[:12], b[:12], "[green]=[/]" if a == b else "[red]≠[/]")
    console.print(table)
    text = "次序与中断不改变结果 / neither order nor interruption changes it" if same else "两次结果不同 / they differ"
    console.print(f"[{'green' if same else 'red'}]{text}[/]")
    return same


if __name__ == "__main__":
    sys.exit(main())

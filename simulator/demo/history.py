"""`python -m simulator.demo.history`: the years 2018-2022 of the systems that know persons, twice, in two orders.

Once from the oldest month to the newest; once backward, and stopped in the middle: Airflow is ended while it reads,
started again, and the DAG is triggered once more. Both registers must have the same digest, table by table.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import requests
from rich.console import Console
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from extractors import discover
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
    """The command. Exit status 0 only if both orders end, and in the same register."""
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


def _go(call: argparse.Namespace, order: Order, home: Path) -> dict[str, tuple[int, str]]:
    """One order from nothing; rows and digest of each table of its register."""
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
    return _digests(place / "warehouse.duckdb")


def _trigger(call: argparse.Namespace, order: Order, env: dict[str, str], place: Path, stop: float | None) -> None:
    """Trigger the DAG and watch it to its end, or to the stop. Raises StartFailed when the run is red."""
    api = Api(env["AIRFLOW__API__BASE_URL"], USER, kept_secrets(place)["DEMO_PASSWORD"])
    wait_for_dags(api, [DAG])
    sources = sorted(s.key for s in discover().values() if s.contract().zone == "R")
    conf = {"sources": sources, "begin": call.begin, "end": call.end, "backward": order.backward}
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


def _digests(warehouse: Path) -> dict[str, tuple[int, str]]:
    """Rows and digest of each table of the register, whatever the order of its rows; `build` is about the build."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        names = connection.execute(
            "select table_name from duckdb_tables() where schema_name = 'register' and table_name <> 'build' order by 1"
        ).fetchall()
        found = {}
        for (table,) in names:
            relation = connection.table(f"register.{table}").set_alias("t")
            rows = relation.aggregate("count(*), md5(coalesce(sum(hash(t)), 0)::varchar)")
            found[table] = rows.fetchall()[0]
    return found


def _compare(digests: dict[str, dict[str, tuple[int, str]]]) -> bool:
    """The closing table; whether every table of both registers is the same."""
    forward, backward = (digests[order.name] for order in ORDERS)
    table = Table(title="两种次序，同一底册 / two orders, one register", title_justify="left")
    for heading in ("表 table", "行 rows", "forward", "backward", ""):
        table.add_column(heading)
    same = True
    for name in sorted(forward.keys() | backward.keys()):
        a, b = forward.get(name, (0, "-")), backward.get(name, (0, "-"))
        same = same and a == b
        table.add_row(name, f"{a[0]:,}", a[1][:12], b[1][:12], "[green]=[/]" if a == b else "[red]≠[/]")
    console.print(table)
    text = "次序与中断不改变底册 / neither order nor interruption changes it" if same else "两个底册不同 / they differ"
    console.print(f"[{'green' if same else 'red'}]{text}[/]")
    return same


if __name__ == "__main__":
    sys.exit(main())

"""Driving a whole Airflow as an operator would: through its REST API, and by ending and starting its processes.

One office over a hamlet; its scheduler may be killed, and one of its systems may be down.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import psutil
import requests

from extractors import Window, discover
from extractors._kit.connection import Connection
from extractors._kit.run import run_source
from simulator.demo.airflow_env import ROOT, free_port, kept_secrets
from simulator.demo.night import DONE, Api
from simulator.demo.office import office
from simulator.demo.services import airflow_service, service, town, wait_for
from simulator.store import Store, build
from simulator.town.profiles import PROFILES
from simulator.wires import discover_wires
from tests.warehouse.told_past import HAMLET
from warehouse.engine import stage_source

SEED = 7
PATIENCE = 600.0  # seconds for one run or a handful of them
RESET_AFTER = 35.0  # seconds after which Airflow holds a silent scheduler for dead, and its tasks for nobody's
DOWN = "mediation"  # the system that has a server of its own
FIRST = "2022-01-01"


class System:
    """The server of one system alone, which can go down and come back on the port it had."""

    def __init__(self, home: Path, env: dict[str, str], stack: ExitStack) -> None:
        self._home, self._env, self._stack = home, env, stack
        # The command counts the ports up from that of system 01.
        self._base = free_port() - int(discover()[DOWN].number) + 1
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> dict[str, object]:
        """Serve; the connection that leads to it."""
        ready = self._home / "system.json"
        ready.unlink(missing_ok=True)
        command = [sys.executable, "-m", "simulator", "serve", "--profile", HAMLET.name, "--seed", str(SEED)]
        command += ["--home", str(self._home / "town"), "--only", DOWN]
        command += ["--base-port", str(self._base), "--json", str(ready)]
        self._process = self._stack.enter_context(service("system", command, self._env, self._home))
        wait_for(ready.exists, self._process, "system", self._home, 60)
        found: dict[str, dict[str, object]] = json.loads(ready.read_text())
        return found[DOWN]

    def stop(self) -> None:
        """Nobody listens any more."""
        assert self._process is not None
        self._process.terminate()
        self._process.wait(20)

    def start_if_down(self) -> None:
        """Up in any case, also when the test that brings it back did not."""
        if self._process is None or self._process.poll() is not None:
            self.start()


@dataclass
class Driven:
    """An office that is up: its API, its stores, the process of its scheduler."""

    home: Path
    api: Api
    env: dict[str, str]
    stack: ExitStack
    scheduler: subprocess.Popen[bytes]
    system: System
    runs: int = 0

    def trigger(self, dag_id: str, night: str | None, conf: dict[str, Any] | None = None) -> str:
        """A run by hand; its id."""
        self.runs += 1
        run_id = f"lane__{self.runs}__{night}"
        body = {"dag_run_id": run_id, "partition_key": night, "logical_date": None, "conf": conf or {}}
        self.api.call("POST", f"/dags/{dag_id}/dagRuns", body)
        return run_id

    def runs_of(self, dag_id: str, night: str | None = None) -> list[dict[str, Any]]:
        """The runs of a DAG, newest first, of one night if it is given."""
        found = self.api.call("GET", f"/dags/{dag_id}/dagRuns?order_by=-run_after&limit=200")["dag_runs"]
        return [run for run in found if night in (None, run["partition_key"])]

    def wait(self, dag_id: str, run_id: str, seconds: float = PATIENCE) -> str:
        """The state a run ends in."""
        path = f"/dags/{dag_id}/dagRuns/{run_id}"
        until(lambda: self.api.call("GET", path)["state"] in DONE, f"{dag_id} {run_id} to end", seconds)
        return str(self.api.call("GET", path)["state"])

    def woken(self, dag_id: str, night: str, since: int = 0) -> str:
        """The id of the run that assets woke for a night, beside the `since` runs there were; it has ended well."""
        until(lambda: len(self.runs_of(dag_id, night)) > since, f"{dag_id} to be woken for {night}", 120)
        run_id = str(self.runs_of(dag_id, night)[0]["dag_run_id"])
        assert self.wait(dag_id, run_id) == "success", f"{dag_id} {run_id}: {self.told(dag_id, run_id)[-2000:]}"
        return run_id

    def tasks(self, dag_id: str, run_id: str) -> dict[str, str]:
        """task_id -> state, of a run."""
        found = self.api.call("GET", f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances")["task_instances"]
        return {task["task_id"]: task["state"] or "waiting" for task in found}

    def told(self, dag_id: str, run_id: str) -> str:
        """What the tasks of a run have logged."""
        folder = self.home / "airflow" / "logs" / f"dag_id={dag_id}" / f"run_id={run_id}"
        return "".join(log.read_text("utf8") for log in sorted(folder.rglob("attempt=*.log")))

    def clear(self, dag_id: str, run_id: str, tasks: list[str] | None = None) -> int:
        """Clear the tasks of a run, all if none is named, as the button of the UI does; how many there were."""
        body = {"dry_run": False, "only_failed": False, "reset_dag_runs": True, "dag_run_id": run_id, "task_ids": tasks}
        return int(self.api.call("POST", f"/dags/{dag_id}/clearTaskInstances", body)["total_entries"])

    def backfill(self, dag_id: str, first: str, last: str) -> int:
        """Load a range of plain dates again or for the first time; the number of the backfill."""
        body = {"dag_id": dag_id, "from_date": first, "to_date": last, "max_active_runs": 4}
        return int(self.api.call("POST", "/backfills", body)["id"])

    def backfill_nights(self, dag_id: str, first: str, last: str) -> list[str]:
        """The nights that a backfill of plain dates would load, those that were loaded before among them."""
        body = {"dag_id": dag_id, "from_date": first, "to_date": last, "reprocess_behavior": "completed"}
        found = self.api.call("POST", "/backfills/dry_run", body)["backfills"]
        return [one["partition_key"] for one in found]

    def kill_scheduler(self) -> int:
        """SIGKILL the scheduler, its workers and their tasks, as a power cut would; how many processes there were."""
        parent = psutil.Process(self.scheduler.pid)
        doomed = [parent, *parent.children(recursive=True)]
        for process in doomed:
            try:
                process.kill()
            except psutil.NoSuchProcess:  # a task that had just ended
                continue
        self.scheduler.wait()
        return len(doomed)

    def start_scheduler(self) -> None:
        """A scheduler anew, over the same metadata."""
        self.scheduler = self.stack.enter_context(airflow_service("scheduler", self.env, self.home))

    def command(self, module: str, *arguments: str) -> str:
        """A command of an operator beside the office; what it printed."""
        call = [sys.executable, "-m", module, *arguments]
        done = subprocess.run(call, cwd=ROOT, env=self.env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @property
    def town_file(self) -> Path:
        """The hamlet itself."""
        return town_file(self.home)

    @property
    def warehouse(self) -> Path:
        """The file of the pipeline."""
        return self.home / "warehouse.duckdb"

    def published(self) -> tuple[str, str]:
        """The generation that readers see: its file and its night."""
        file = (self.home / "published" / "current").resolve()
        with duckdb.connect(str(file), read_only=True) as connection:
            [(night,)] = connection.execute("select max(night)::varchar from marts.generation").fetchall()
        return file.name, str(night)


def until(there: Callable[[], bool], what: str, seconds: float = PATIENCE) -> None:
    """Poll until it is so. Raises TimeoutError naming what did not come."""
    deadline = time.monotonic() + seconds
    while not _asked(there):
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds:.0f} s for {what}")
        time.sleep(1)


def _asked(there: Callable[[], bool]) -> bool:
    try:
        return there()
    except requests.ConnectionError:  # a busy API server drops a call now and then
        return False


def pause(seconds: float) -> None:
    """Let time go by."""
    time.sleep(seconds)


def asked(warehouse: Path, query: str) -> list[tuple[Any, ...]]:
    """Rows of a question to the warehouse, once no task holds its file."""
    found: list[tuple[Any, ...]] = []

    def free() -> bool:
        try:
            with duckdb.connect(str(warehouse), read_only=True) as connection:
                found[:] = connection.execute(query).fetchall()
        except duckdb.IOException:  # a writer holds it
            return False
        return True

    until(free, "the warehouse to be free", 60)
    return found


def staged_by_source(warehouse: Path) -> dict[str, int]:
    """Versions that staging holds, by source and entity, as the ledger counts them."""
    query = "select source || '.' || entity, sum(new)::bigint from ledger.load group by all order by 1"
    return dict(asked(warehouse, query))


def nights(first: str, last: str) -> list[str]:
    """Every night from the first to the last, both included."""
    begin, days = date.fromisoformat(first), (date.fromisoformat(last) - date.fromisoformat(first)).days
    return [(begin + timedelta(days=n)).isoformat() for n in range(days + 1)]


@contextmanager
def driven_office(home: Path) -> Iterator[Driven]:
    """A hamlet, its twelve systems and an Airflow over them, until the end of the block."""
    _build_hamlet(home)
    env = os.environ | kept_secrets(home)
    with ExitStack() as stack:
        connections = stack.enter_context(town(home, HAMLET.name, SEED, env))
        system = System(home, env, stack)
        connections[DOWN] = system.start()
        api, env, processes = stack.enter_context(office(home, connections, lambda _: None))
        yield Driven(home, api, env, stack, processes["scheduler"], system)


def _build_hamlet(home: Path) -> None:
    PROFILES[HAMLET.name] = HAMLET
    try:
        town_file(home).parent.mkdir(parents=True)
        build(HAMLET.name, SEED, town_file(home))
    finally:
        del PROFILES[HAMLET.name]


def town_file(home: Path) -> Path:
    """Where the town's server looks for the hamlet."""
    return home / "town" / f"{HAMLET.name}-{SEED}.db"


@dataclass
class Undisturbed:
    """The same town read and staged without Airflow, where nothing is killed and nothing is down."""

    home: Path
    town: Path

    def read(self, key: str, *windows: tuple[str, str]) -> None:
        """One source, window by window, from a wire of its own: what was acknowledged to another is not left out."""
        source = discover()[key]
        wire = next(f for f in discover_wires() if f.key == key).make(Store.open(self.town))
        wire.start()
        try:
            connection = Connection.from_json(source.connection, json.dumps(wire.connection()))
            for begin, end in windows:
                assert run_source(source, Window.parse(begin, end), self.home / "landing", connection).errors == []
        finally:
            wire.stop()
        assert stage_source(source.contract(), self.home / "landing", self.warehouse).errors == []

    @property
    def warehouse(self) -> Path:
        """Its file."""
        return self.home / "warehouse.duckdb"


def after(night: str) -> str:
    """The day after a night."""
    return (date.fromisoformat(night) + timedelta(days=1)).isoformat()

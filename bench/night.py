"""A whole night in a real Airflow: twelve systems read over their wires, staged, judged, register, marts, published.

The town's year up to the night is loaded first and not timed. Then the same night is run twice from equal copies of the
three stores: by Airflow (scheduler, API server, PostgreSQL for its metadata, four slots), and by the same functions
one after the other in one process. What the first costs more than the second is Airflow's own share.

    python -m bench.night [--profile small|street] [--seed N] [--json FILE]
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil

from bench._common import Line, Result, command, told, within
from bench._measure import Cost, Side, Work, run_side, scratch
from simulator.demo.airflow_env import kept_secrets
from simulator.demo.night import run_night, wait_for_marts, wait_for_register
from simulator.demo.office import office, titles
from simulator.demo.services import town

FIRST, NIGHT = "2022-01-01", "2022-11-04"
AFTER = (date.fromisoformat(NIGHT) + timedelta(days=1)).isoformat()
BAR_SECONDS = 600.0


def run(profile: str, seed: int) -> Result:
    """Load, copy, and the night on both copies."""
    with scratch() as folder, ExitStack() as stack:
        first = folder / "first"
        first.mkdir()
        folder.chmod(0o755)  # Airflow's PostgreSQL is another user where we are root
        keys = kept_secrets(first)
        connections = stack.enter_context(town(first, profile, seed, os.environ | keys))
        told(f"the town until {NIGHT}")
        loaded = _alone(first, connections, FIRST, NIGHT)
        for name in ("alone", "airflow"):
            _copy(first, folder / name)
        told("the night in one process")
        alone = _alone(folder / "alone", connections, NIGHT, AFTER)
        told("the night in Airflow")
        wall, cpu, runs = in_airflow(folder / "airflow", connections)
    lines = [
        within("a whole night, twelve systems to published marts, in Airflow", wall, "what a night has", BAR_SECONDS,
               "s"),
        Line("CPU of the night: Airflow and all its processes", cpu, "CPU s", "the same functions in one process",
             alone.cpu, cpu / alone.cpu),
        Line("Airflow's own share of the CPU", cpu - alone.cpu, "CPU s", "of", cpu, 1 - alone.cpu / cpu),
    ]  # fmt: skip
    details = {"first_load": _cost(loaded), "one_process": _cost(alone), "task_seconds": runs}
    return Result("night", profile, seed, lines, details)


def in_airflow(home: Path, connections: Mapping[str, Any]) -> tuple[float, float, dict[str, float]]:
    """Wall seconds from the first trigger to the published generation, CPU seconds, and seconds in tasks by source.

    Raises RuntimeError when a source did not reconcile or nothing was published.
    """
    with office(home, connections, told) as (api, *_):
        services = [psutil.Process(), *_metadata_server(home)]
        before, started = _cpu(services), time.monotonic()
        since = datetime.now(UTC).isoformat()
        run_id = f"bench__{NIGHT}__{int(time.time())}"
        runs = run_night(api, titles(), NIGHT, run_id, {"begin": NIGHT, "end": AFTER}, lambda _: None)
        wait_for_register(api, NIGHT, since)
        published = wait_for_marts(api, NIGHT, since)
        wall, cpu = time.monotonic() - started, _cpu(services) - before
    if not published or any(r.extracted.get("exit_status") for r in runs):
        raise RuntimeError(f"the night did not end well: {[(r.dag_id, r.state) for r in runs]}")
    return wall, cpu, {r.dag_id: r.seconds for r in runs}


def night_alone(connections: Mapping[str, Any], begin: str, end: str) -> Work:
    """The timed part: what the DAGs' tasks do, one after the other."""
    from expectations.errors import PipelineError
    from extractors import Window, discover
    from extractors._kit.connection import Connection
    from extractors._kit.run import run_source
    from warehouse.engine import stage_source
    from warehouse.engine.check import check_source
    from warehouse.engine.marts import marts_nightly
    from warehouse.engine.nightly import register_nightly
    from warehouse.publish.night import publish_night

    home = Path(os.environ["REGISTER_HOME"])
    landing, warehouse = home / "landing", home / "warehouse.duckdb"
    night = (date.fromisoformat(end) - timedelta(days=1)).isoformat()

    def work() -> dict[str, Any]:
        rows = 0
        for key, source in discover().items():
            connection = Connection.from_json(source.connection, json.dumps(connections[source.connection]))
            summary = run_source(source, Window.parse(begin, end), landing, connection)
            if summary.errors:
                raise PipelineError(summary.errors[0].code, detail=f"{key}: {summary.errors[0].detail}")
            rows += sum(entity.rows for entity in summary.entities.values())
            stage_source(source.contract(), landing, warehouse)
            check_source(source.contract(), landing, warehouse, night)
        register_nightly(warehouse, night)
        built, _ = marts_nightly(warehouse, night)
        published = publish_night(warehouse, home, night, held=built["held"])
        return {"rows_landed": rows, "exit_status": published["exit_status"], "held": published["held"]}

    return work


def _alone(home: Path, connections: Mapping[str, Any], begin: str, end: str) -> Cost:
    keys = {k: v for k, v in kept_secrets(home).items() if k.startswith("REGISTER_")}
    environment = {**keys, "REGISTER_HOME": str(home), "REGISTER_DECISIONS_URL": f"sqlite:///{home / 'decisions.db'}",
                   "REGISTER_TODAY": "2023-01-01", "GX_ANALYTICS_ENABLED": "false"}  # fmt: skip
    return run_side(
        Side("bench.night:night_alone", {"connections": dict(connections), "begin": begin, "end": end}, environment)
    )


def _copy(first: Path, home: Path) -> None:
    """The three stores and the keys; the town is served from where it is."""
    shutil.copytree(first, home, symlinks=True, ignore=shutil.ignore_patterns("town", "logs", "connections.json"))
    home.chmod(0o755)


def _metadata_server(home: Path) -> list[psutil.Process]:
    """PostgreSQL of Airflow's metadata, which is no child of ours."""
    pid = home / "postgres" / "postmaster.pid"
    return [psutil.Process(int(pid.read_text("ascii").splitlines()[0]))] if pid.exists() else []


def _cpu(roots: list[psutil.Process]) -> float:
    """CPU seconds of these processes and all below them, those that have ended included; the town is not asked."""
    total = 0.0
    for process in (p for root in roots for p in (root, *root.children(recursive=True))):
        try:
            if "simulator" not in process.cmdline():
                spent = process.cpu_times()
                total += spent.user + spent.system + spent.children_user + spent.children_system
        except psutil.NoSuchProcess:
            continue
    return total


def _cost(cost: Cost) -> dict[str, Any]:
    return {"cpu_s": cost.cpu, "wall_s": cost.wall, "peak_mb": cost.peak_mb, **cost.result}


if __name__ == "__main__":
    raise SystemExit(command("night", run))

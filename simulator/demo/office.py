"""One office's Airflow over connections that are served already: database, pools, services, and its REST API."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from extractors import discover
from simulator.demo.airflow_env import USER, airflow_environment, free_port, kept_secrets
from simulator.demo.night import AT_FIVE, MARTS, REGISTER, REPORT, Api, wait_for_dags
from simulator.demo.services import airflow, import_pools, metadata_database, run_once


@contextmanager
def office(
    home: Path, connections: Mapping[str, Mapping[str, Any]], step: Callable[[str], None]
) -> Iterator[tuple[Api, dict[str, str], dict[str, subprocess.Popen[bytes]]]]:
    """Airflow from an empty or a kept database until its DAGs are parsed; gives API, environment and processes.

    Raises: StartFailed, TimeoutError.
    """
    step("准备 Airflow 元数据库 / preparing Airflow's metadata database")
    with metadata_database(home) as database:
        env = airflow_environment(home, database, free_port())
        env |= {f"AIRFLOW_CONN_{key.upper()}": json.dumps(value) for key, value in connections.items()}
        run_once("migrate", ["db", "migrate"], env, home)
        import_pools(env, home)
        step("启动 Airflow / starting Airflow")
        with airflow(home, env) as processes:
            api = Api(env["AIRFLOW__API__BASE_URL"], USER, kept_secrets(home)["DEMO_PASSWORD"])
            wait_for_dags(api, [*titles(), REGISTER, AT_FIVE, MARTS, REPORT])
            yield api, env, processes


def titles() -> dict[str, str]:
    """The twelve ingest DAGs, by their number, with what people call the systems."""
    named = {f"ingest__{s.key}": f"{s.number} {s.title.zh}" for s in discover().values()}
    return dict(sorted(named.items(), key=lambda item: item[1]))

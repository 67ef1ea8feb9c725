"""Trigger the night for every source through Airflow's REST API and watch it, as an operator would."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import requests

DONE = ("success", "failed")
REPORT, REGISTER, AT_FIVE, MARTS = "quality_report", "register", "register_at_five", "marts"
PATIENCE = 1800.0  # seconds; a night of the small town takes one or two minutes


class RunFailed(Exception):
    """A run that the demo cannot go on without has failed."""


@dataclass
class NightRun:
    """One source's run: state of the DAG run and what its tasks returned (counts and codes)."""

    dag_id: str
    title: str
    state: str = "queued"
    tasks: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    extracted: dict[str, Any] = field(default_factory=dict)
    staged: dict[str, Any] = field(default_factory=dict)
    checked: dict[str, Any] = field(default_factory=dict)


class Api:
    """The few calls of Airflow's stable REST API that the demo needs."""

    def __init__(self, base: str, user: str, password: str) -> None:
        self._base = base
        self._session = requests.Session()
        self._session.trust_env = False
        answer = self._session.post(f"{base}/auth/token", json={"username": user, "password": password}, timeout=60)
        answer.raise_for_status()
        self._session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """JSON in, JSON out. Raises requests.HTTPError with Airflow's own words."""
        answer = self._session.request(method, f"{self._base}/api/v2{path}", json=body, timeout=60)
        if not answer.ok:
            raise requests.HTTPError(f"{method} {path}: {answer.status_code} {answer.text[:300]}", response=answer)
        return answer.json()

    def dags(self) -> dict[str, str]:
        """dag_id -> display name of what Airflow has parsed."""
        return {d["dag_id"]: d["dag_display_name"] for d in self.call("GET", "/dags?limit=100")["dags"]}

    def result(self, dag_id: str, run_id: str, task_id: str) -> Any:
        """A task's return value."""
        path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/xcomEntries/return_value?deserialize=true"
        try:
            return self.call("GET", path)["value"]
        except requests.HTTPError:
            return None


def wait_for_dags(api: Api, wanted: Iterable[str], seconds: float = 60) -> dict[str, str]:
    """Wait until every DAG is parsed. Raises TimeoutError with what Airflow says of the first that is missing."""
    deadline = time.monotonic() + seconds
    while missing := sorted(set(wanted) - set(found := api.dags())):
        if time.monotonic() > deadline:
            broken = api.call("GET", "/importErrors")["import_errors"]
            why = broken[0]["stack_trace"].strip().splitlines()[-1] if broken else "no import error is known"
            raise TimeoutError(f"Airflow has not parsed {missing[0]}: {why}")
        time.sleep(1)
    return found


def run_night(
    api: Api,
    titles: dict[str, str],
    night: str,
    run_id: str,
    conf: dict[str, str],
    show: Callable[[list[NightRun]], None],
) -> list[NightRun]:
    """Trigger all, poll until all are done. Returns one NightRun per source, in order. Raises TimeoutError."""
    runs = [NightRun(dag_id, title) for dag_id, title in titles.items()]
    for run in runs:
        body = {"dag_run_id": run_id, "partition_key": night, "logical_date": None, "conf": conf}
        api.call("POST", f"/dags/{run.dag_id}/dagRuns", body)
    deadline = time.monotonic() + PATIENCE
    while any(r.state not in DONE for r in runs):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{sum(r.state not in DONE for r in runs)} runs are not done after {PATIENCE:.0f} s")
        time.sleep(1)
        for run in (r for r in runs if r.state not in DONE):
            _refresh(api, run, run_id)
        show(runs)
    return runs


def run_report(api: Api, night: str, run_id: str) -> dict[str, Any]:
    """Trigger the morning report and wait for it. Returns what its task returned; raises TimeoutError, RunFailed."""
    api.call("POST", f"/dags/{REPORT}/dagRuns", {"dag_run_id": run_id, "partition_key": night, "logical_date": None})
    return _wait(api, REPORT, run_id, "report")


def wait_for_register(api: Api, night: str, since: str) -> tuple[str, dict[str, Any]]:
    """The register that Airflow builds by itself once all assets have the night; its DAG and what its task returned.

    since: only runs queued after this moment (ISO text, UTC). A night that was built before raises no new run of its
    own, because its assets are complete already: the build of five o'clock is then triggered.
    Raises: TimeoutError, RunFailed.
    """
    deadline = time.monotonic() + 45
    while not (run := _run_of(api, REGISTER, night, since)):
        if time.monotonic() > deadline:
            run_id = f"demo__{night}__{int(time.time())}"
            body = {"dag_run_id": run_id, "partition_key": night, "logical_date": None}
            api.call("POST", f"/dags/{AT_FIVE}/dagRuns", body)
            return AT_FIVE, _wait(api, AT_FIVE, run_id, "register")
        time.sleep(1)
    return REGISTER, _wait(api, REGISTER, run, "register")


def wait_for_marts(api: Api, night: str, since: str) -> dict[str, Any]:
    """The marts that the register's asset wakes; what the publication said. Raises TimeoutError, RunFailed."""
    deadline = time.monotonic() + 120
    while not (run := _run_of(api, MARTS, night, since)):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{MARTS} was not woken by the register of {night}")
        time.sleep(1)
    return _wait(api, MARTS, run, "publish")


def _run_of(api: Api, dag_id: str, night: str, since: str) -> str | None:
    runs = api.call("GET", f"/dags/{dag_id}/dagRuns?order_by=-run_after&limit=5")["dag_runs"]
    mine = (r["dag_run_id"] for r in runs if r["partition_key"] == night and (r["queued_at"] or "") >= since)
    return next(mine, None)


def _wait(api: Api, dag_id: str, run_id: str, task_id: str) -> dict[str, Any]:
    deadline = time.monotonic() + 600
    while (state := api.call("GET", f"/dags/{dag_id}/dagRuns/{run_id}")["state"]) not in DONE:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{dag_id} is not done")
        time.sleep(1)
    if state == "failed":
        raise RunFailed(f"{dag_id}: airflow/logs/dag_id={dag_id}/run_id={run_id}/task_id={task_id}")
    found: dict[str, Any] = api.result(dag_id, run_id, task_id) or {}
    return found


def _refresh(api: Api, run: NightRun, run_id: str) -> None:
    state = api.call("GET", f"/dags/{run.dag_id}/dagRuns/{run_id}")
    tasks = api.call("GET", f"/dags/{run.dag_id}/dagRuns/{run_id}/taskInstances")["task_instances"]
    run.tasks = {t["task_id"]: t["state"] or "waiting" for t in tasks}
    run.seconds = sum(t["duration"] or 0.0 for t in tasks)
    if run.tasks.get("extract") == "success" and not run.extracted:
        run.extracted = api.result(run.dag_id, run_id, "extract") or {}
    if state["state"] in DONE:
        run.staged = api.result(run.dag_id, run_id, "stage") or {}
        run.checked = api.result(run.dag_id, run_id, "check") or {}
    run.state = state["state"]

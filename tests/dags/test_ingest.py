"""The ingest DAGs as Airflow sees them, and one night run by dag.test() against real wires."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from extractors import discover
from plugins.pools import HISTORY, WAREHOUSE, pools, source_pool
from simulator.store import Store
from simulator.wires import discover_wires

pytestmark = pytest.mark.airflow
ROOT = Path(__file__).resolve().parents[2]
KEYS = sorted(discover())


def test_every_source_has_its_dag_and_nothing_fails_to_import(dagbag: Any) -> None:
    assert dagbag.import_errors == {}
    ours = {
        *(f"ingest__{key}" for key in KEYS),
        "history",
        "marts",
        "quality_report",
        "register",
        "register_at_five",
        "retention",
    }
    assert set(dagbag.dags) == ours


@pytest.mark.parametrize("key", KEYS)
def test_a_dag_is_extract_stage_check_with_its_pools_and_its_asset(dagbag: Any, key: str) -> None:
    dag = dagbag.dags[f"ingest__{key}"]
    extract, stage, check = (dag.get_task(name) for name in ("extract", "stage", "check"))
    assert [t.task_id for t in dag.topological_sort()] == ["extract", "stage", "check"]
    assert (extract.pool, stage.pool, check.pool) == (source_pool(key), WAREHOUSE, WAREHOUSE)
    assert all(t.retries == 3 and t.retry_exponential_backoff for t in dag.tasks)
    assert [a.name for a in check.outlets] == [f"judged/{key}"] and extract.outlets == stage.outlets == []
    assert dag.max_active_runs == 1 and dag.catchup is False
    assert dag.doc_md.startswith("### ") and any("\u4e00" <= c <= "\u9fff" for c in dag.dag_display_name)


def test_every_pool_that_a_task_names_is_in_the_import_file(dagbag: Any) -> None:
    named = {task.pool for dag in dagbag.dags.values() for task in dag.tasks}
    assert named - {"default_pool"} == set(pools())
    assert {name: p["slots"] for name, p in pools().items() if p["slots"] != 1} == {HISTORY: 2}


def test_parsing_imports_nothing_heavy() -> None:
    script = f"""
import json, runpy, sys
for name in ("ingest", "register", "history", "report"):
    runpy.run_path({str(ROOT / "dags")!r} + "/" + name + ".py")
heavy = [m for m in ("pandas", "pyarrow", "duckdb", "great_expectations", "requests", "lxml") if m in sys.modules]
print(json.dumps(heavy))
"""
    out = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(out.stdout.splitlines()[-1]) == []


def test_one_night_by_hand_lands_and_stages(
    dagbag: Any, register_env: Path, small_town: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = "cloud_shield"
    wire = {f.key: f for f in discover_wires()}[key].make(small_town)
    wire.start()
    monkeypatch.setenv(f"AIRFLOW_CONN_{key.upper()}", json.dumps(wire.connection()))
    try:
        run = dagbag.dags[f"ingest__{key}"].test(run_conf={"begin": "2022-11-05", "end": "2022-11-06"})
    finally:
        wire.stop()
    assert run.state == "success"
    assert (register_env / "warehouse.duckdb").exists()


def test_a_refused_login_fails_at_once_and_says_so(
    dagbag: Any, register_env: Path, small_town: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = "cloud_shield"
    wire = {f.key: f for f in discover_wires()}[key].make(small_town)
    wire.start()
    monkeypatch.setenv(f"AIRFLOW_CONN_{key.upper()}", json.dumps(wire.connection() | {"password": "wrong"}))
    try:
        run = dagbag.dags[f"ingest__{key}"].test(run_conf={"begin": "2022-11-05", "end": "2022-11-06"})
    finally:
        wire.stop()
    assert run.state == "failed"
    assert not (register_env / "warehouse.duckdb").exists()

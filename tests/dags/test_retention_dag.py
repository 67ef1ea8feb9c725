"""The monthly purge in Airflow: when it runs, what it may disturb, and what a dry run leaves alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from expectations.errors import PipelineError
from plugins.pools import WAREHOUSE
from tests.warehouse.landed import TOWN, land
from tests.warehouse.registered import release
from warehouse.engine import open_warehouse, stage_source

pytestmark = pytest.mark.airflow
PERSON = TOWN.entities["person"]


@pytest.fixture
def office(register_env: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A town one of whose records changed in November 2022, five years and a day later."""
    for day in (1, 2):
        land(register_env / "landing", PERSON, [{"pk": "1", "age": str(day)}], day)
    stage_source(TOWN, register_env / "landing", register_env / "warehouse.duckdb")
    with open_warehouse(register_env / "warehouse.duckdb") as connection:
        release(connection, TOWN)
    monkeypatch.setattr("warehouse.retention.__main__.all_contracts", lambda: (TOWN,))
    monkeypatch.setenv("REGISTER_TODAY", "2027-11-04")
    return register_env


def versions(home: Path) -> list[tuple[int]]:
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as connection:
        return list(connection.execute("select age from staging.town_hall__person order by age").fetchall())


def test_the_purge_runs_on_the_first_of_the_month_and_one_writer_at_a_time(dagbag: Any) -> None:
    dag = dagbag.dags["retention"]
    assert [t.task_id for t in dag.topological_sort()] == ["plan", "purge", "report"]
    assert dag.timetable.expression == "30 6 1 * *" and str(dag.timezone) == "Asia/Shanghai"
    assert dag.get_task("plan").pool == dag.get_task("purge").pool == WAREHOUSE
    assert dag.params["dry_run"] is False and dag.max_active_runs == 1 and dag.catchup is False


def test_a_dry_run_takes_nothing_and_a_run_takes_what_is_past(dagbag: Any, office: Path) -> None:
    assert dagbag.dags["retention"].test(run_conf={"dry_run": True}).state == "success"
    assert versions(office) == [(1,), (2,)]
    assert dagbag.dags["retention"].test(run_conf={"dry_run": False}).state == "success"
    assert versions(office) == [(2,)]


def test_what_could_not_be_purged_is_alerted_and_the_run_is_red(office: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from plugins import purging

    told: list[dict[str, Any]] = []
    monkeypatch.setattr(purging, "alert", lambda event, **facts: told.append({"event": event, **facts}))
    with open_warehouse(office / "warehouse.duckdb") as connection:
        connection.execute("drop table acceptance.town_hall__person cascade")
    with pytest.raises(PipelineError) as error:
        purging.report_purge(purging.purge_planned(purging.plan_purge(), dry_run=False))
    assert error.value.code == "RE-RETAIN"
    assert [t["event"] for t in told] == ["retention_is_not_kept"] and "town_hall.person" in told[0]["problems"]

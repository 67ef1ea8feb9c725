"""The register's DAGs: who wakes them, and what a backfill reads, skips, halves and refuses."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest
from structlog.testing import capture_logs

from expectations.errors import CallRejected, PipelineError
from extractors import discover
from plugins.pools import HISTORY, WAREHOUSE
from simulator.store import Store
from simulator.wires import discover_wires

pytestmark = pytest.mark.airflow
KEY = "cloud_shield"
PARAMS = {"sources": [KEY], "begin": "2022-09-01", "end": "2022-11-01", "backward": True}


@pytest.fixture
def wire(small_town: Store, register_env: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    served = {f.key: f for f in discover_wires()}[KEY].make(small_town)
    served.start()
    monkeypatch.setenv(f"AIRFLOW_CONN_{KEY.upper()}", json.dumps(served.connection()))
    monkeypatch.setenv("REGISTER_TODAY", "2023-01-01")
    yield served
    served.stop()


def test_the_register_wakes_when_every_source_has_the_night_and_again_at_five(dagbag: Any) -> None:
    woken, at_five = dagbag.dags["register"], dagbag.dags["register_at_five"]
    named = {asset.name for asset in woken.timetable.asset_condition.objects}
    assert named == {f"judged/{key}" for key in discover()}
    assert at_five.timetable.summary == "0 5 * * *"
    for dag in (woken, at_five):
        assert dag.get_task("register").pool == WAREHOUSE
        assert [a.name for a in dag.get_task("register").outlets] == ["register"]


def test_the_backfill_has_a_pool_of_its_own_and_raises_no_nights_asset(dagbag: Any) -> None:
    dag = dagbag.dags["history"]
    tasks = [t.task_id for t in dag.topological_sort()]
    assert tasks == ["systems", "plan", "extract", "stage", "check", "register", "publish"]
    assert dag.get_task("extract").pool == HISTORY
    assert not any(t.outlets for t in dag.tasks)


def test_a_stopped_backfill_reads_only_what_is_missing_and_leaves_the_nights_alone(
    dagbag: Any, wire: Any, register_env: Path
) -> None:
    from extractors._kit.cursor import nightly_window
    from plugins.backfill import plan_history, read_history

    planned = plan_history([KEY], PARAMS)
    assert [w["begin"][:7] for w in planned] == ["2022-10", "2022-09"]
    assert read_history(planned[0])["rows"] > 0
    assert [w["begin"][:7] for w in plan_history([KEY], PARAMS)] == ["2022-09"]
    night = nightly_window(discover()[KEY], register_env / "landing", "2022-11-05")
    assert night.begin_text == "2022-11-05 00:00:00", "an unread stretch of the past is nobody's hole"
    run = dagbag.dags["history"].test(run_conf=PARAMS)
    assert run.state == "success"
    assert plan_history([KEY], PARAMS) == []
    with duckdb.connect(str(register_env / "warehouse.duckdb"), read_only=True) as db:
        windows = db.execute("select distinct window_begin::varchar from ledger.load order by 1").fetchall()
        months = db.execute("select distinct month::varchar from claims.service_count order by 1").fetchall()
    assert windows == [("2022-09-01 00:00:00",), ("2022-10-01 00:00:00",)]
    assert months == [("2022-08-01",), ("2022-09-01",)]


def test_what_shows_the_present_only_is_left_out_of_a_backfill_and_named(
    dagbag: Any, wire: Any, register_env: Path
) -> None:
    from plugins.backfill import choose_systems, finish_history, plan_history

    present = [s for s in discover().values() if not s.of_the_past().entities]
    params = PARAMS | {"sources": [KEY, *(s.key for s in present)]}
    with capture_logs() as logs:
        chosen = choose_systems(params)
        planned = plan_history([s.key for s in present], params)
    assert (chosen, planned) == ([KEY], [])
    assert f"{KEY}.door_device" in logs[0]["left_out"] and present[0].entities[0] in str(logs[0]["left_out"])
    assert present[0].title.zh in dagbag.dags["history"].params.get_param("sources").description
    assert callable(finish_history)


def test_a_window_that_is_too_much_for_the_source_is_read_in_halves(
    wire: Any, register_env: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from extractors._kit.run import run_source as whole
    from extractors._kit.window import Window

    def choosy(source: Any, window: Window, *rest: Any, **options: Any) -> Any:
        summary = whole(source, window, *rest, **options)
        if (window.end - window.begin).days > 10:
            summary.errors.append(PipelineError("EX-TOOMANY"))
        return summary

    monkeypatch.setattr("extractors._kit.history.run_source", choosy)
    from plugins.backfill import read_history

    read = read_history({"source": KEY, "begin": "2022-10-01T00:00:00", "end": "2022-11-01T00:00:00"})
    assert read["pieces"] == 4


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"begin": "2017-06-01"}, "BF-RETENTION"),
        ({"end": "2023-02-01"}, "SC-CALL"),
        ({"sources": ["no_such_system"]}, "SC-CALL"),
    ],
)
def test_a_period_that_may_not_be_fetched_is_refused_before_anything_is_read(
    wire: Any, register_env: Path, change: dict[str, Any], code: str
) -> None:
    from plugins.backfill import choose_systems

    with pytest.raises(CallRejected) as refused:
        choose_systems(PARAMS | change)
    assert refused.value.code == code
    assert not (register_env / "landing").exists()


@pytest.mark.parametrize(("published", "late"), [(None, True), ("2022-11-04", True), ("2022-11-05", False)])
def test_the_morning_says_when_readers_do_not_have_the_marts_of_the_night(
    register_env: Path, monkeypatch: pytest.MonkeyPatch, published: str | None, late: bool
) -> None:
    from plugins import nightly

    register_env.mkdir(exist_ok=True)
    if published:
        folder = register_env / "published"
        folder.mkdir()
        with duckdb.connect(str(folder / "marts-1.duckdb")) as file:
            file.execute("create schema marts")
            file.execute("create table marts.generation as select $night as night", {"night": published})
        (folder / "current").symlink_to("marts-1.duckdb")
    monkeypatch.setattr(nightly, "build_report", lambda *_: SimpleNamespace(as_dict=dict))
    with capture_logs() as logged:
        assert nightly.report_night("2022-11-05") == {"published": published}
    assert [entry["event"] for entry in logged] == ["marts_are_late"] * late

"""What only a whole Airflow shows: killed, held, late, down, backfilled and cleared, through its own API.

`make test-airflow`. The tests share one office and follow each other: the nights go on from test to test.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from extractors import discover
from simulator.demo.airflow_env import kept_secrets
from tests.airflow.driving import (
    DOWN,
    FIRST,
    RESET_AFTER,
    Driven,
    Undisturbed,
    after,
    asked,
    driven_office,
    nights,
    pause,
    staged_by_source,
    until,
)
from warehouse.decisions.judgements import Record, judge
from warehouse.decisions.store import open_decisions

pytestmark = pytest.mark.airflow_lane
NIGHT, BEFORE = "2022-11-05", "2022-11-04"
SILENT, BACK = "2022-11-06", "2022-12-16"  # the system is down from the one night, and up again for the other
BACKFILLED, LOADED = "wage_arrears", ("2022-11-25", "2022-12-04")  # over the end of a month
INGESTS = [f"ingest__{key}" for key in sorted(discover())]
DISPUTES = "select source_record_id, count(*) from staging.mediation__dispute group by all order by all"


@pytest.fixture(scope="module")
def office() -> Iterator[Driven]:
    """One Airflow for all of them, not under pytest's own folder: PostgreSQL may run as another user."""
    with tempfile.TemporaryDirectory(prefix="lane-") as folder, driven_office(Path(folder) / "home") as driven:
        yield driven


@pytest.fixture(scope="module")
def undisturbed(office: Driven, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Undisturbed]:
    """The same town read in peace, with the keys of the office: other keys would make other tokens."""
    home = tmp_path_factory.mktemp("undisturbed")
    with pytest.MonkeyPatch.context() as env:
        for name, value in kept_secrets(office.home).items():
            if name.startswith("REGISTER_"):
                env.setenv(name, value)
        env.setenv("REGISTER_HOME", str(home))
        env.setenv("REGISTER_DECISIONS_URL", f"sqlite:///{home / 'decisions.db'}")
        env.setenv("REGISTER_TODAY", office.env["REGISTER_TODAY"])
        quiet = Undisturbed(home, office.town_file)
        for key in sorted(discover()):
            quiet.read(key, (FIRST, after(NIGHT)))
        yield quiet


@pytest.fixture(scope="module")
def outage(office: Driven) -> str:
    """One system goes down, and its night is triggered; the run, which takes minutes to give up."""
    office.system.stop()
    return office.trigger(f"ingest__{DOWN}", SILENT)


def test_a_night_whose_scheduler_is_killed_ends_by_itself_with_the_rows_of_a_quiet_one(
    office: Driven, undisturbed: Undisturbed
) -> None:
    runs = {dag: office.trigger(dag, NIGHT, {"begin": FIRST, "end": after(NIGHT)}) for dag in INGESTS}

    def half_way() -> bool:
        states = [state for dag, run in runs.items() for state in office.tasks(dag, run).values()]
        return states.count("success") >= 12 and "running" in states

    until(half_way, "the middle of the night")
    assert office.kill_scheduler() > 2, "a scheduler with workers and a task at work"
    pause(RESET_AFTER)
    office.start_scheduler()
    assert {dag: office.wait(dag, run) for dag, run in runs.items()} == dict.fromkeys(INGESTS, "success")
    office.woken("register", NIGHT)
    office.woken("marts", NIGHT)
    assert office.published()[1] == NIGHT
    assert staged_by_source(office.warehouse) == staged_by_source(undisturbed.warehouse)


def test_a_held_register_stays_held_over_builds_until_a_steward_releases_it(office: Driven, outage: str) -> None:
    before, woken = office.published(), len(office.runs_of("marts", NIGHT))
    part_many_persons(office)
    run = office.trigger("register_at_five", NIGHT)
    assert office.wait("register_at_five", run) == "failed"
    assert "RE-HELD" in office.told("register_at_five", run)
    assert office.clear("register_at_five", run) == 1
    assert office.wait("register_at_five", run) == "failed", "nothing has changed"
    assert (office.published(), len(office.runs_of("marts", NIGHT))) == (before, woken)

    office.command(
        "warehouse.decisions", "release", "register", "--night", NIGHT, "--reason", "已核",
        "--by", "sun", "--role", "steward", "--purpose", "RE-HELD",
    )  # fmt: skip
    office.clear("register_at_five", run)
    assert office.wait("register_at_five", run) == "success"
    office.woken("marts", NIGHT, woken)
    assert office.published()[0] != before[0] and office.published()[1] == NIGHT


def test_an_old_night_triggered_late_leaves_what_readers_see(office: Driven, outage: str) -> None:
    before = office.published()
    run = office.trigger("register_at_five", BEFORE)
    assert office.wait("register_at_five", run) == "success"
    until(lambda: bool(office.runs_of("marts", BEFORE)), "the marts to be woken")
    late = office.runs_of("marts", BEFORE)[0]["dag_run_id"]
    assert office.wait("marts", late) == "failed"
    assert office.tasks("marts", late) == {"build": "success", "publish": "failed"}
    assert "PU-OLD" in office.told("marts", late)
    assert office.published() == before


def test_a_backfill_of_plain_dates_loads_the_nights_it_names(office: Driven, outage: str) -> None:
    dag = f"ingest__{BACKFILLED}"
    assert office.backfill_nights(dag, "2022-11-01", "2022-12-31") == nights("2022-11-01", "2022-12-31")
    backfill = office.backfill(dag, *LOADED)
    until(lambda: bool(office.api.call("GET", f"/backfills/{backfill}")["completed_at"]), "the backfill to end")
    states = {run["partition_key"]: run["state"] for run in office.runs_of(dag) if run["run_type"] == "backfill"}
    assert states == dict.fromkeys(nights(*LOADED), "success")
    ends = asked(
        office.warehouse,
        f"select distinct window_end::date::varchar from ledger.load where source = '{BACKFILLED}' "
        f"and window_end::date >= date '{after(LOADED[0])}' order by 1",  # what is older was a hole, read on the way
    )
    assert [end for (end,) in ends] == [after(night) for night in nights(*LOADED)]
    office.wait("register_at_five", office.trigger("register_at_five", LOADED[1]))
    office.woken("marts", LOADED[1])
    assert office.published()[1] == LOADED[1]


def test_a_system_that_was_down_for_forty_nights_is_made_up_for(
    office: Driven, undisturbed: Undisturbed, outage: str
) -> None:
    dag = f"ingest__{DOWN}"
    assert office.wait(dag, outage) == "failed"
    assert office.tasks(dag, outage)["extract"] == "failed" and "SourceLater" in office.told(dag, outage), (
        "it may be asked again"
    )
    office.system.start()
    run = office.trigger(dag, BACK)
    assert office.wait(dag, run) == "success"
    assert office.api.result(dag, run, "extract")["caught_up"] == 6, "forty days, a piece a week"
    undisturbed.read(DOWN, *((night, after(night)) for night in nights(SILENT, BACK)))
    assert asked(office.warehouse, DISPUTES) == asked(undisturbed.warehouse, DISPUTES)


def test_a_run_of_every_dag_is_cleared_and_ends_again(office: Driven) -> None:
    office.system.start_if_down()
    others = {
        "history": office.trigger(
            "history", None, {"sources": ["cloud_shield"], "begin": "2022-02-01", "end": "2022-03-01"}
        ),
        "quality_report": office.trigger("quality_report", LOADED[1]),
        "retention": office.trigger("retention", None, {"dry_run": True}),
    }
    assert {dag: office.wait(dag, run) for dag, run in others.items()} == dict.fromkeys(others, "success")
    dags = sorted(office.api.dags())
    runs = {dag: next(r["dag_run_id"] for r in office.runs_of(dag) if r["state"] == "success") for dag in dags}
    assert set(runs) == {*INGESTS, *others, "register", "register_at_five", "marts"}
    for dag, run in runs.items():
        # The last task of an ingest is enough to have its run queued again.
        assert office.clear(dag, run, ["check"] if dag in INGESTS else None) >= 1
    assert {dag: office.wait(dag, run) for dag, run in runs.items()} == dict.fromkeys(dags, "success")


def part_many_persons(office: Driven) -> None:
    """A steward's day of too many judgements: more ids change than may from night to night."""
    two_records_each = (
        "select min((source, entity, source_record_id)), max((source, entity, source_record_id)) "
        "from register.person_member join register.person_observation using (obs_key) "
        "group by person_id having count(*) > 1 order by person_id limit 8"
    )
    store = open_decisions(office.env["REGISTER_DECISIONS_URL"])
    for one, other in asked(office.warehouse, two_records_each):
        judge(store, "person", Record(*one), Record(*other), "different", reason="两个人", by="sun")

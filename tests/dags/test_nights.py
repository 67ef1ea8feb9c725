"""What a run is about: one reading of a night for all DAGs, dates of partitions that mean what they say."""

from __future__ import annotations

from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from expectations.errors import CallRejected
from plugins.nights import night_of, parse_night, window_of

pytestmark = pytest.mark.airflow
TODAY = date(2022, 11, 6)


@pytest.mark.parametrize(
    "text",
    ["20221105", "2022-11-05T00:00:00+00:00", "2022-11-5", "2022-02-30", "２０２２-11-05", " 2022-11-05", "tonight"],
)
def test_a_night_of_another_form_is_refused_with_the_right_one(text: str) -> None:
    with pytest.raises(CallRejected, match="YYYY-MM-DD") as refused:
        parse_night(text)
    assert refused.value.code == "SC-CALL"


def test_without_a_key_a_run_is_about_the_night_that_is_due() -> None:
    assert night_of({}, TODAY) == "2022-11-05"
    assert night_of({"dag_run": SimpleNamespace(partition_key="2022-11-03")}, TODAY) == "2022-11-03"


@pytest.mark.parametrize("half", [{"begin": "2022-11-01"}, {"end": "2022-11-01"}, {"begin": "2022-11-01", "end": ""}])
def test_half_a_window_is_refused_not_ignored(half: dict[str, str]) -> None:
    with pytest.raises(CallRejected, match="begin and end") as refused:
        window_of(half)
    assert refused.value.code == "SC-CALL"


def test_a_window_by_hand_is_read_and_none_is_the_nights() -> None:
    window = window_of({"begin": "2022-11-01", "end": "2022-11-03"})
    assert window is not None and window.key() == ("2022-11-01T00:00:00", "2022-11-03T00:00:00")
    assert window_of({"begin": None, "end": None}) is None


def _nights(timetable: Any, first: str, last: str) -> list[str]:
    # What `airflow backfill create` makes of plain dates: midnight, UTC.
    bounds = [datetime.fromisoformat(d).replace(tzinfo=UTC) for d in (first, last)]
    return [i.partition_key for i in timetable.iter_partition_dagrun_infos(earliest=bounds[0], latest=bounds[1])]


def test_a_backfill_of_plain_dates_is_the_nights_it_names(dagbag: Any) -> None:
    timetable = dagbag.dags["ingest__mediation"].timetable
    assert _nights(timetable, "2022-11-02", "2022-11-05") == ["2022-11-02", "2022-11-03", "2022-11-04", "2022-11-05"]
    assert _nights(timetable, "2022-11-02", "2022-11-02") == ["2022-11-02"]


def test_a_scheduled_night_and_the_same_night_by_hand_are_one_partition(dagbag: Any) -> None:
    from airflow.timetables.base import TimeRestriction

    timetable = dagbag.dags["register_at_five"].timetable
    begin = datetime(2022, 11, 5, 20, tzinfo=UTC)  # four in the morning of the 6th in Shanghai
    restriction = TimeRestriction(earliest=begin, latest=None, catchup=True)
    fired = timetable.next_dagrun_info_v2(last_dagrun_info=None, restriction=restriction)
    assert fired.partition_key == "2022-11-05"
    assert fired.partition_date == timetable.resolve_partition_date("2022-11-05")


def test_a_night_of_another_form_is_refused_at_the_trigger(dagbag: Any) -> None:
    from airflow.exceptions import InvalidPartitionKeyError

    with pytest.raises(InvalidPartitionKeyError, match="夜写作 YYYY-MM-DD"):
        dagbag.dags["quality_report"].timetable.resolve_partition_date("20221105")


def test_what_airflow_stores_by_name_comes_back_the_same(dagbag: Any) -> None:
    from airflow.serialization.serialized_objects import DagSerialization

    for name in ("ingest__mediation", "register_at_five", "quality_report"):
        dag = dagbag.dags[name]
        back = DagSerialization.from_dict(DagSerialization.to_dict(dag))
        assert type(back.timetable) is type(dag.timetable)
        assert back.timetable.serialize() == dag.timetable.serialize()


def test_every_link_of_the_night_is_tried_again(dagbag: Any) -> None:
    for name, dag in dagbag.dags.items():
        if name.startswith(("ingest__", "register", "marts", "quality")):
            assert {t.task_id: t.retries for t in dag.tasks} == {t.task_id: 3 for t in dag.tasks}, name

"""When nights run: a run that fires tonight owns yesterday's night, whose date is its own midnight in Shanghai.

So `airflow backfill create --from-date 2022-11-02 --to-date 2022-11-05` is the four nights it names. Airflow itself
dates a partition by the clock time of the run, and of every range of plain dates the last night falls out.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from airflow.exceptions import InvalidPartitionKeyError
from airflow.timetables.base import DagRunInfo
from airflow.timetables.trigger import CronPartitionTimetable

from expectations.errors import CallRejected
from plugins.nights import KEY_FORMAT, ZONE, parse_night


class NightTimetable(CronPartitionTimetable):
    """One partition a night, `YYYY-MM-DD`, at a time of day in Shanghai.

    cron: once a day. The run of a night fires on the day after it.
    """

    def __init__(self, cron: str) -> None:
        super().__init__(cron, timezone=ZONE, run_offset=-1, key_format=KEY_FORMAT)

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> NightTimetable:
        """Made again from its cron expression alone."""
        return cls(data["expression"])

    def _get_partition_date(self, *, run_date: Any) -> Any:
        return super()._get_partition_date(run_date=run_date).in_timezone(self._timezone).start_of("day")

    def iter_partition_dagrun_infos(self, *, earliest: datetime, latest: datetime) -> Iterable[DagRunInfo]:
        """One run per midnight in [earliest, latest], both read as wall-clock times in Shanghai."""
        first, last = (
            self.localize_partition_datetime(bound).in_timezone(self._timezone) for bound in (earliest, latest)
        )
        night = first.start_of("day")
        if night < first:
            night += timedelta(days=1)
        while night <= last:
            yield DagRunInfo(
                run_after=night, data_interval=None, partition_date=night, partition_key=self._format_key(night)
            )
            night += timedelta(days=1)

    def _decode_partition_date(self, partition_key: str) -> datetime:
        """Raises InvalidPartitionKeyError, at the trigger, with the right form in its text."""
        try:
            night = parse_night(partition_key)
        except CallRejected as error:
            raise InvalidPartitionKeyError(str(error)) from error
        decoded: datetime = super()._decode_partition_date(night.isoformat())
        return decoded

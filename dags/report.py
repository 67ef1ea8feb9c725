"""The steward's report of the night, built in the morning with whatever was judged by then.

Before it the sources are compared with each other, as far as they are accepted. A source that is late, down or held
never holds the report back: it is what the report is about.
"""

from __future__ import annotations

import os
from typing import Any

import pendulum
from airflow.sdk import DAG, task

from plugins.nights import ZONE, night_of
from plugins.pools import WAREHOUSE
from plugins.retries import LINK
from plugins.settings import Settings
from plugins.timetable import NightTimetable

BY_HAND = os.environ.get("REGISTER_SCHEDULE") == "by_hand"
BEGIN = pendulum.datetime(2022, 11, 1, tz=ZONE)


@task(task_display_name="跨系统比对 compare", pool=WAREHOUSE, **LINK)
def compare(**context: Any) -> dict[str, Any]:
    """Compare the sources with each other by `expectations/cross.yml`; nothing here holds a source."""
    from plugins.nightly import compare_night

    return compare_night(night_of(context, Settings.from_env().today))


# Even if the comparison broke: the report then says that nothing was compared.
@task(task_display_name="质量报告 report", pool=WAREHOUSE, trigger_rule="all_done", **LINK)
def report(**context: Any) -> dict[str, Any]:
    """Build and publish the site."""
    from plugins.nightly import report_night

    return report_night(night_of(context, Settings.from_env().today))


with DAG(
    dag_id="quality_report",
    dag_display_name="数据质量晨报",
    description="每天清晨为数据管理员生成一份可离线阅读的质量报告",
    doc_md=__doc__,
    schedule=NightTimetable("30 5 * * *"),
    start_date=BEGIN,
    end_date=BEGIN.add(days=1) if BY_HAND else None,
    catchup=False,
    max_active_runs=1,
    tags=["report"],
):
    compare() >> report()

"""The marts of the night: built and published once the register of that night stands.

Published is a generation as a whole, or the one before it stays. Readers never touch the warehouse itself.
"""

from __future__ import annotations

from typing import Any

import pendulum
from airflow.sdk import DAG, Asset, PartitionedAssetTimetable, task

from plugins.deadlines import late_after
from plugins.nights import ZONE, night_of
from plugins.pools import WAREHOUSE
from plugins.retries import LINK
from plugins.settings import Settings


@task(task_display_name="建集市 build", pool=WAREHOUSE, **LINK)
def build(**context: Any) -> dict[str, Any]:
    """Every mart from the register, the cases and the counts; each judged by its own checks."""
    from plugins.nightly import build_marts_night

    return build_marts_night(night_of(context, Settings.from_env().today))


@task(task_display_name="发布 publish", pool=WAREHOUSE, **LINK)
def publish(built: dict[str, Any], **context: Any) -> dict[str, Any]:
    """Release what passed, rounded, as one generation; a group that is held keeps its tables of before."""
    from plugins.nightly import publish_marts_night

    return publish_marts_night(night_of(context, Settings.from_env().today), built)


with DAG(
    dag_id="marts",
    dag_display_name="数据集市",
    description="底册建成后建集市并整体发布 / built from the register, published whole",
    doc_md=__doc__,
    schedule=PartitionedAssetTimetable(assets=Asset("register")),
    start_date=pendulum.datetime(2018, 1, 1, tz=ZONE),
    max_active_runs=1,
    deadline=late_after(1, "marts"),
    tags=["marts"],
):
    publish(build())

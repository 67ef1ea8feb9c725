"""The marts of the night: built and published once the register of that night stands.

Published is a generation as a whole, or the one before it stays. Readers never touch the warehouse itself.
"""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

import pendulum
from airflow.sdk import (
    DAG,
    Asset,
    DeadlineAlert,
    DeadlineReference,
    PartitionedAssetTimetable,
    SyncCallback,
    task,
)

from plugins.pools import WAREHOUSE
from plugins.retries import AskAgainLater
from plugins.settings import night_of

ZONE = "Asia/Shanghai"
LATE = timedelta(hours=1)


def _deadline() -> DeadlineAlert | None:
    # dag.test() cannot write deadlines on SQLite (Airflow 3.3.2), so tests switch them off.
    if os.environ.get("REGISTER_DEADLINES") == "off":
        return None
    late = SyncCallback("plugins.alerts.night_is_late", kwargs={"source": "marts"})
    return DeadlineAlert(DeadlineReference.DAGRUN_QUEUED_AT, LATE, late)


@task(task_display_name="建集市 build", pool=WAREHOUSE)
def build(**context: Any) -> dict[str, Any]:
    """Every mart from the register, the cases and the counts; each judged by its own checks."""
    from plugins.nightly import build_marts_night

    return build_marts_night(night_of(context))


@task(task_display_name="发布 publish", pool=WAREHOUSE, retries=2, retry_policy=AskAgainLater())
def publish(built: dict[str, Any], **context: Any) -> dict[str, Any]:
    """Release what passed, rounded, as one generation; a group that is held keeps its tables of before."""
    from plugins.nightly import publish_marts_night

    return publish_marts_night(night_of(context), built)


with DAG(
    dag_id="marts",
    dag_display_name="数据集市",
    description="底册建成后建集市并整体发布 / built from the register, published whole",
    doc_md=__doc__,
    schedule=PartitionedAssetTimetable(assets=Asset("register")),
    start_date=pendulum.datetime(2018, 1, 1, tz=ZONE),
    max_active_runs=1,
    deadline=_deadline(),
    tags=["marts"],
):
    publish(build())

"""The end of a record's time: on the first of each month what is past the period of its contract is deleted.

    plan -> purge -> report

The plan is in the log before anything goes. The present state is never past, so the register stays as it is; what was
purged stands in `ledger.purge` and in a receipt, counts and dates only. With `dry_run` nothing is deleted.
"""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

import pendulum
from airflow.sdk import DAG, CronTriggerTimetable, Param, task

from plugins.pools import WAREHOUSE
from plugins.retries import AskAgainLater

ZONE = "Asia/Shanghai"
BY_HAND = os.environ.get("REGISTER_SCHEDULE") == "by_hand"
BEGIN = pendulum.datetime(2022, 11, 1, tz=ZONE)
PARAMS = {
    "dry_run": Param(
        False, type="boolean", title="只看不删 / dry run", description="只列出到期数据。 Only says what would go."
    ),
}


@task(task_display_name="计划 plan", pool=WAREHOUSE, retries=2, retry_policy=AskAgainLater())
def plan() -> dict[str, Any]:
    """What is past its retention, by entity: counts and dates."""
    from plugins.purging import plan_purge

    return plan_purge()


@task(
    task_display_name="清除 purge",
    pool=WAREHOUSE,
    retries=5,
    retry_delay=timedelta(minutes=10),
    retry_policy=AskAgainLater(),
)
def purge(planned: dict[str, Any], **context: Any) -> dict[str, Any]:
    """Delete it from landing, staging, findings, claims and vault; a run that was killed is finished by the next."""
    from plugins.purging import purge_planned

    return purge_planned(planned, dry_run=bool(context["params"]["dry_run"]))


@task(task_display_name="报告 report")
def report(purged: dict[str, Any]) -> dict[str, Any]:
    """What went, and an alert for what could not."""
    from plugins.purging import report_purge

    return report_purge(purged)


with DAG(
    dag_id="retention",
    dag_display_name="到期清除（每月一日）",
    description="按各来源的保存期限清除到期数据 / deletes what is past the retention of its contract",
    doc_md=__doc__,
    # After the night is over and its report is out: a purge holds the lock of every source.
    schedule=CronTriggerTimetable("30 6 1 * *", timezone=ZONE),
    start_date=BEGIN,
    end_date=BEGIN.add(days=1) if BY_HAND else None,
    catchup=False,
    max_active_runs=1,
    params=PARAMS,
    tags=["retention"],
):
    report(purge(plan()))

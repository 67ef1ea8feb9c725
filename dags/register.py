"""The register of the night: built once all systems have been judged, and at 05:00 in any case, with what is there.

A source that the gate held back raises its asset too, marked as held: the build then uses what was accepted of it
before. One that is late or down keeps the first of the two builds waiting for ever, and the second does not wait; it
names whoever is missing. Building twice changes nothing: the register is a pure function of what is accepted.
"""

from __future__ import annotations

import os
from typing import Any

import pendulum
from airflow.sdk import DAG, Asset, AssetAll, PartitionedAssetTimetable, task

from extractors import discover
from plugins.nights import ZONE, night_of
from plugins.pools import WAREHOUSE
from plugins.retries import LINK
from plugins.settings import Settings
from plugins.timetable import NightTimetable

BY_HAND = os.environ.get("REGISTER_SCHEDULE") == "by_hand"
BEGIN = pendulum.datetime(2018, 1, 1, tz=ZONE)
REGISTER = Asset("register")
JUDGED = AssetAll(*(Asset(f"judged/{key}") for key in sorted(discover())))


@task(task_display_name="建库 register", pool=WAREHOUSE, outlets=[REGISTER], **LINK)
def register(**context: Any) -> dict[str, Any]:
    """Claims, persons, houses, objects and links of everything accepted; judged by the register's own contract."""
    from plugins.nightly import register_night

    return register_night(night_of(context, Settings.from_env().today))


with DAG(
    dag_id="register",
    dag_display_name="人房物底册（十二个系统到齐）",
    description="十二个系统当夜均已判定后建库 / once all systems of a night are judged",
    doc_md=__doc__,
    schedule=PartitionedAssetTimetable(assets=JUDGED),
    start_date=BEGIN,
    max_active_runs=1,
    tags=["register"],
):
    register()

with DAG(
    dag_id="register_at_five",
    dag_display_name="人房物底册（清晨五点）",
    description="到点即建：有来源迟到、故障或被拦下时，用其最近一次接收的数据 / in any case, with what is there",
    doc_md=__doc__,
    schedule=NightTimetable("0 5 * * *"),
    start_date=BEGIN,
    end_date=BEGIN.add(days=1) if BY_HAND else None,
    catchup=False,
    max_active_runs=1,
    tags=["register"],
):
    register()

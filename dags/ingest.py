"""One ingest DAG per source folder: extract -> stage -> check. Every night is a partition key, `YYYY-MM-DD`.

Rows never cross a task: extract ends by landing Parquet, stage reads manifests, check judges versions. Only a night
that is landed, staged and judged raises the source's asset; the asset says whether the source was held back.
"""

from __future__ import annotations

import os
from typing import Any

import pendulum
from airflow.sdk import DAG, Asset, Param, get_parsing_context, task

from extractors import Source, discover
from plugins.deadlines import late_after
from plugins.nights import FORM, ZONE
from plugins.pools import WAREHOUSE, source_pool
from plugins.retries import LINK
from plugins.timetable import NightTimetable

# `by_hand` leaves the clock out of it: the demo and a developer trigger nights themselves. The timetable stays,
# because only a partitioned DAG takes a partition key; an end in the past keeps the scheduler from firing it.
BY_HAND = os.environ.get("REGISTER_SCHEDULE") == "by_hand"
BEGIN = pendulum.datetime(2022, 11, 1, tz=ZONE)
DAY = {"type": ["null", "string"], "format": "date", "pattern": FORM}  # a date picker in the form
PARAMS = {
    "begin": Param(None, title="起始（含）/ begin", description="手工时间窗；留空则取该夜。 A window by hand.", **DAY),
    "end": Param(None, title="结束（不含）/ end", description="与起始同时填写。 Goes with begin.", **DAY),
}


@task(task_display_name="采集 extract", **LINK)
def extract(key: str, **context: Any) -> dict[str, Any]:
    """Pull the night's window into the landing zone; hand on counts and load ids."""
    from plugins.nightly import extract_night

    return extract_night(key, context)


@task(task_display_name="入库 stage", pool=WAREHOUSE, **LINK)
def stage(key: str, landed: dict[str, Any]) -> dict[str, Any]:
    """Load what is landed and not yet in the ledger; fail if extract left something for a person."""
    from plugins.nightly import stage_night

    return stage_night(key, landed)


@task(task_display_name="检查 check", pool=WAREHOUSE, **LINK)
def check(key: str, landed: dict[str, Any], **context: Any) -> dict[str, Any]:
    """Judge what is staged; a held source keeps what was accepted before, and its asset says so."""
    from plugins.nightly import check_night

    verdict = check_night(key, landed)
    context["outlet_events"][judged(key)].extra = {"verdict": verdict["verdict"]}
    return verdict


def judged(key: str) -> Asset:
    """What a source's night raises once it has been judged."""
    return Asset(f"judged/{key}")


def build(source: Source) -> DAG:
    """The DAG of one source."""
    with DAG(
        dag_id=f"ingest__{source.key}",
        dag_display_name=f"{source.number} {source.title.zh}",
        description=source.summary.zh,
        doc_md=source.doc(),
        schedule=NightTimetable(source.schedule),
        start_date=BEGIN,
        end_date=BEGIN.add(days=1) if BY_HAND else None,
        catchup=False,
        max_active_runs=1,
        params=PARAMS,
        default_args={"owner": source.contract().owner.zh},
        deadline=late_after(3, source.key),
        tags=["ingest", source.transport, source.contract().zone],
    ) as dag:
        landed = extract.override(pool=source_pool(source.key))(source.key)
        staged = stage(source.key, landed)
        staged >> check.override(outlets=[judged(source.key)])(source.key, landed)
    return dag


# A worker parses this file to run one DAG: it needs no other.
only = get_parsing_context().dag_id
for _source in discover().values():
    if only in (None, f"ingest__{_source.key}"):
        globals()[f"ingest__{_source.key}"] = build(_source)

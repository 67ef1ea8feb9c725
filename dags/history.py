"""Backfill of past years: months of chosen systems into the landing zone, staged, judged, and one register at the end.

    systems -> plan -> extract (one per month of a system) -> stage, check (one per system) -> register -> publish

Months that are landed are not read again, so a run that was stopped is simply triggered once more. Windows come in
any order, forward or backward, and beside the nightly runs; register and marts come out the same. What a source can
only show as it is now is left out: its past is what the nights have shown.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pendulum
from airflow.sdk import DAG, Param, get_current_context, task

from extractors import discover
from plugins.pools import HISTORY, WAREHOUSE
from plugins.retries import LINK, AskAgainLater

ZONE = "Asia/Shanghai"
PRESENT = "、".join(
    f"{source.title.zh}（{'、'.join(source.contract().entities[e].title.zh for e in source.of_the_present())}）"
    for source in discover().values()
    if source.of_the_present()
)
DAY = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"}
PARAMS = {
    "sources": Param(
        [], type="array", items={"type": "string"}, title="来源系统 / sources",
        description=f"来源的键；留空为全部。只能看到现在、不回填的：{PRESENT}。 "
        "Keys of sources; all of them if empty. What shows the present only is left out.",
    ),
    "begin": Param("2018-01-01", title="起始（含）/ begin", **DAY),
    "end": Param("2023-01-01", title="结束（不含）/ end", **DAY),
    "backward": Param(
        False, type="boolean", title="从近到远 / newest first", description="次序不影响结果。 Any order will do."
    ),
}  # fmt: skip


@task(task_display_name="来源 systems")
def systems(**context: Any) -> list[str]:
    """The keys of the chosen systems, once it is sure that the period may be fetched at all."""
    from plugins.backfill import choose_systems

    return choose_systems(context["params"])


@task(task_display_name="计划 plan")
def plan(chosen: list[str], **context: Any) -> list[dict[str, str]]:
    """The months that are still to be read."""
    from plugins.backfill import plan_history

    return plan_history(chosen, context["params"])


@task(
    task_display_name="采集 extract",
    pool=HISTORY,
    map_index_template="{{ window_name }}",
    retries=5,
    retry_delay=timedelta(seconds=30),
    retry_exponential_backoff=2,
    retry_policy=AskAgainLater(),
)
def extract(window: dict[str, str]) -> dict[str, Any]:
    """Read one month of one system, in halves if it is too much at once."""
    from plugins.backfill import read_history

    get_current_context()["window_name"] = f"{window['source']} {window['begin'][:7]}"
    return read_history(window)


@task(task_display_name="入库 stage", pool=WAREHOUSE, map_index_template="{{ source_key }}", trigger_rule="all_done")
def stage(source: str) -> dict[str, Any]:
    """Load what came of a system, also when some of its months are missing."""
    from plugins.backfill import stage_history

    get_current_context()["source_key"] = source
    return stage_history(source)


@task(task_display_name="检查 check", pool=WAREHOUSE, map_index_template="{{ source_key }}", trigger_rule="all_done")
def check(source: str, **context: Any) -> dict[str, Any]:
    """Judge everything of the system that nobody has judged yet."""
    from plugins.backfill import check_history

    get_current_context()["source_key"] = source
    return check_history(source, context["params"])


@task(task_display_name="建库 register", pool=WAREHOUSE, trigger_rule="all_done")
def register(chosen: list[str], **context: Any) -> dict[str, Any]:
    """The register once, with what is there; the run is red as long as a month is missing."""
    from plugins.backfill import finish_history

    return finish_history(chosen, context["params"])


@task(task_display_name="发布 publish", pool=WAREHOUSE, **LINK)
def publish(built: dict[str, Any], **context: Any) -> dict[str, Any]:
    """The marts of the newest night, which now know the past, published as one generation."""
    from plugins.backfill import publish_history

    return publish_history(context["params"])


with DAG(
    dag_id="history",
    dag_display_name="历史回填（2018–2022）",
    description="按月回填所选系统的历史数据，可中断、可重来、次序不限 / months of chosen systems, in any order",
    doc_md=__doc__,
    schedule=None,
    start_date=pendulum.datetime(2018, 1, 1, tz=ZONE),
    max_active_runs=1,
    params=PARAMS,
    tags=["history"],
):
    chosen = systems()
    read = extract.expand(window=plan(chosen))
    staged = stage.expand(source=chosen)
    checked = check.expand(source=chosen)
    built = register(chosen)
    read >> staged >> checked >> built
    publish(built)

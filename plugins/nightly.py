"""What the two ingest tasks do, between Airflow's context and the project's own functions.

Imported inside the tasks: parsing a DAG file must not pay for Arrow or DuckDB.
"""

from __future__ import annotations

from typing import Any

import structlog

from expectations.errors import CallRejected, PipelineError
from extractors import Window, discover
from extractors._kit.cursor import nightly_window
from extractors._kit.run import run_source
from extractors._kit.summary import Summary
from plugins.connections import source_connection
from plugins.settings import Settings
from warehouse.engine import stage_source

log = structlog.get_logger("register.night")


def extract_night(key: str, context: dict[str, Any]) -> dict[str, Any]:
    """Run one source for the run's window; its summary (counts, codes, load ids) is the task's result.

    Raises: the source's error when nothing landed, or while the source may still be asked again.
    """
    source = discover()[key]
    settings = Settings.from_env()
    params = context.get("params") or {}
    if params.get("begin") and params.get("end"):
        window = Window.parse(params["begin"], params["end"])
    elif night := context.get("partition_key") or getattr(context.get("dag_run"), "partition_key", None):
        window = nightly_window(source, settings.landing, night)
    else:
        raise CallRejected("SC-CALL", detail="a run needs a partition key (a night) or the params begin and end")
    summary = run_source(source, window, settings.landing, source_connection(source.connection))
    _log("extracted", summary.as_dict())
    _raise_unless_landed(summary, context)
    return summary.as_dict()


def _raise_unless_landed(summary: Summary, context: dict[str, Any]) -> None:
    """Landed siblings of a refused file go on to staging, which then fails with the refusal; the rest fails here."""
    if not summary.errors:
        return
    worst = max(summary.errors, key=lambda e: e.exit_status)
    landed = any(e.load_id for e in summary.entities.values())
    instance = context.get("ti")
    last_try = instance is None or instance.try_number > instance.max_tries
    if not landed or (worst.exit_status == 3 and not last_try):
        raise worst


def stage_night(key: str, landed: dict[str, Any]) -> dict[str, Any]:
    """Load everything of the source that the ledger does not hold.

    Raises: what extract or this load left open, after the rows are safe, so that the run is red and the asset silent.
    """
    settings = Settings.from_env()
    report = stage_source(discover()[key].contract(), settings.landing, settings.warehouse).as_dict()
    _log("staged", report)
    for error in [*landed["errors"], *report["errors"]]:
        raise PipelineError(error["code"], detail=error["detail"])
    return report


def _log(event: str, summary: dict[str, Any]) -> None:
    entities = summary["entities"]
    log.info(event, source=summary["source"], rows={n: e.get("rows", e.get("landed")) for n, e in entities.items()})

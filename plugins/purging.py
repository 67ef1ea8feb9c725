"""What the tasks of the `retention` DAG do.

Imported inside the tasks: parsing a DAG file must not pay for Arrow or DuckDB.
"""

from __future__ import annotations

from typing import Any

import structlog

from expectations.errors import PipelineError
from plugins.alerts import alert
from plugins.settings import Settings
from warehouse.retention import plan, purge
from warehouse.retention.__main__ import open_stores, refusal

log = structlog.get_logger("register.retention")


def plan_purge() -> dict[str, Any]:
    """What is past its retention today: counts and dates by entity."""
    settings = Settings.from_env()
    stores = open_stores(settings.landing, settings.warehouse)
    try:
        planned = plan(stores, settings.today)
    finally:
        stores.engine.dispose()
    log.info("purge_planned", night=planned["night"], versions=_versions(planned))
    return planned


def purge_planned(planned: dict[str, Any], *, dry_run: bool) -> dict[str, Any]:
    """Purge as planned; a dry run hands the plan on as it is. Raises SourceLater LA-BUSY, LO-LOCKED, DS-STORE."""
    if dry_run:
        return planned | {"purge_id": None}
    settings = Settings.from_env()
    stores = open_stores(settings.landing, settings.warehouse)
    try:
        return purge(stores, settings.today, by="retention")
    finally:
        stores.engine.dispose()


def report_purge(told: dict[str, Any]) -> dict[str, Any]:
    """Say what went. Raises RE-RETAIN, after an alert that names entities and causes, if something could not go."""
    log.info("purged", night=told["night"], purge_id=told["purge_id"], versions=_versions(told))
    if error := refusal(told):
        alert("retention_is_not_kept", night=told["night"], problems=error.detail)
        raise PipelineError(error.code, detail=error.detail)
    return told


def _versions(told: dict[str, Any]) -> dict[str, int]:
    return {f"{s['source']}.{s['entity']}": s["versions"] for s in told["shares"] if s["versions"]}

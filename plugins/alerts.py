"""Alerts: one log event per source that a person's monitoring can watch, with counts and names only."""

from __future__ import annotations

from typing import Any

import structlog

log = structlog.get_logger("register.alerts")


def alert(event: str, **facts: Any) -> None:
    """Somebody must act: counts, codes and names of rules, nothing of a row."""
    log.warning(event, **facts)


def night_is_late(context: dict[str, Any], *, source: str) -> None:
    """Deadline callback of an ingest DAG: names the source and the night, nothing of its content."""
    run = context.get("dag_run") or {}
    alert("night_is_late", source=source, run_id=run.get("dag_run_id") or run.get("run_id"))

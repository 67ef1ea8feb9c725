"""What happens when a night is late: one log event a person's monitoring can watch, counts and names only."""

from __future__ import annotations

from typing import Any

import structlog

log = structlog.get_logger("register.alerts")


def night_is_late(context: dict[str, Any], *, source: str) -> None:
    """Deadline callback of an ingest DAG: names the source and the night, nothing of its content."""
    run = context.get("dag_run") or {}
    log.warning("night_is_late", source=source, run_id=run.get("dag_run_id") or run.get("run_id"))

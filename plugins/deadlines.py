"""How long a run may take before somebody is told, counted from when it was queued.

Airflow's own DAGRUN_QUEUED_AT answers a clear of such a run with HTTP 500 (apache/airflow issue 70368): it reckons the
deadline again and stumbles. This reference keeps the moment it was given when the run was made.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import DeadlineAlert, SyncCallback
from airflow.sdk.definitions.deadline import BaseDeadlineReference

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


class SinceQueued(BaseDeadlineReference):
    """When the run was first queued."""

    required_kwargs = frozenset({"dag_id", "run_id"})

    def _evaluate_with(self, *, session: Session, dag_id: str, run_id: str, **_: Any) -> datetime | None:
        from airflow.models import DagRun
        from sqlalchemy import select

        found = session.scalar(select(DagRun.queued_at).where(DagRun.dag_id == dag_id, DagRun.run_id == run_id))
        return found if isinstance(found, datetime) else None


def late_after(hours: int, source: str) -> DeadlineAlert | None:
    """The deadline of a DAG: after so many hours an alert names its source. None where REGISTER_DEADLINES is off."""
    # dag.test() cannot write deadlines on SQLite (Airflow 3.3.2), so tests switch them off.
    if os.environ.get("REGISTER_DEADLINES") == "off":
        return None
    told = SyncCallback("plugins.alerts.night_is_late", kwargs={"source": source})
    return DeadlineAlert(SinceQueued(), timedelta(hours=hours), told)

"""The publication of one night, for the `marts` DAG and the command: the file first, then the server from it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import duckdb

from expectations.errors import PipelineError
from warehouse.publish.protect import Mode
from warehouse.publish.server import publish_postgres
from warehouse.publish.snapshot import current, publish_duckdb

FOLDER: Final = "published"


def publish_night(
    warehouse: Path, home: Path, night: str, postgres_url: str | None = None, *,
    held: Iterable[str] = (), mode: Mode = "round",
) -> dict[str, Any]:  # fmt: skip
    """Publish the marts of a night into `home/published` and, given a URL, on the server; the report as JSON.

    held: consistency groups that must not be published (`MartsReport.held`). exit_status: 0; 3 when the server must be
    asked again (the file is published all the same); 4 when a group was held. Raises what `publish_duckdb` raises.
    """
    published = publish_duckdb(warehouse, home / FOLDER, night, held=held, mode=mode)
    report = {"night": night, **published.as_dict()}
    if postgres_url:
        try:
            report["postgres"] = publish_postgres(published.path, postgres_url)
        except PipelineError as error:
            report["postgres"] = error.as_dict()
            report["exit_status"] = max(report["exit_status"], error.exit_status)
    return report


def published_night(home: Path) -> str | None:
    """The night of the generation that readers see, `YYYY-MM-DD`; None when nothing was ever published."""
    if (file := current(home / FOLDER)) is None:
        return None
    with duckdb.connect(str(file), read_only=True) as connection:
        [(night,)] = connection.execute("select max(night) from marts.generation").fetchall()
    return str(night)

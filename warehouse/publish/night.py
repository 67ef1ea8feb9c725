"""The publication of one night, for the `marts` DAG and the command: the file first, then the server from it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import duckdb

from expectations.errors import CallRejected, PipelineError
from warehouse.publish.server import publish_postgres
from warehouse.publish.snapshot import current, publish_duckdb

FOLDER: Final = "published"
ATTEMPT: Final = "attempt.json"


def publish_night(
    warehouse: Path, home: Path, night: str, postgres_url: str | None = None, *,
    held: Iterable[str] = (),
) -> dict[str, Any]:  # fmt: skip
    """Publish the marts of a night into `home/published` and, given a URL, on the server; the report as JSON.

    held: consistency groups that must not be published (`MartsReport.held`). exit_status: 0; 3 when the server must be
    asked again (the file is published all the same); 4 when a group was held. Raises what `publish_duckdb` raises, and
    CallRejected PU-OLD for a night before the published one.
    """
    if (there := published_night(home)) and night < there:
        raise CallRejected("PU-OLD", detail=f"{night} < {there}")
    try:
        published = publish_duckdb(warehouse, home / FOLDER, night, held=held)
    except PipelineError as error:
        with suppress(OSError):  # a full disk keeps no note; what is told is why nothing was published
            note_attempt(home, night, error.code)
        raise
    note_attempt(home, night, "")
    report = {"night": night, **published.as_dict()}
    if postgres_url:
        try:
            report["postgres"] = publish_postgres(published.path, postgres_url)
        except PipelineError as error:
            report["postgres"] = error.as_dict()
            report["exit_status"] = max(report["exit_status"], error.exit_status)
    return report


def note_attempt(home: Path, night: str, code: str) -> None:
    """Keep how the last publication ended, for the morning's page: its night, and the code of the error or none."""
    place = home / FOLDER / ATTEMPT
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    making = place.with_suffix(".making")
    making.write_text(json.dumps({"night": night, "code": code}), "utf8")
    making.replace(place)


def published_night(home: Path) -> str | None:
    """The night of the generation that readers see, `YYYY-MM-DD`; None when nothing was ever published."""
    if (file := current(home / FOLDER)) is None:
        return None
    with duckdb.connect(str(file), read_only=True) as connection:
        [(night,)] = connection.execute("select max(night) from marts.generation").fetchall()
    return str(night)

"""The peer of the REST bench: dlt reading the same pages, by its own client and paginator, into Parquet files.

It nests as dlt nests (one child table per list), keeps every field and tokenises nothing. Its settings are its
defaults but for what would only cost it time: no telemetry, no log.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dlt
from dlt.destinations import filesystem
from dlt.sources.helpers.rest_client import RESTClient
from dlt.sources.helpers.rest_client.paginators import JSONResponseCursorPaginator
from requests import PreparedRequest
from requests.auth import AuthBase

from bench._measure import Work
from extractors._kit.signing import xtif_headers

QUIET = {"RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "ERROR"}


class Signed(AuthBase):
    """The wire's signature, fresh for every request."""

    def __init__(self, login: str, password: str) -> None:
        self._credentials = login, password

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.headers.update(xtif_headers(*self._credentials))
        return request


def prepare(work: dict[str, Any], warm: dict[str, Any]) -> Work:
    """The timed part: extract, normalise and load one window; a smaller one has gone through before it."""
    land(records(warm), "warm")
    return lambda: land(records(work), "work")


def land(resource: Any, name: str) -> dict[str, Any]:
    """One dlt pipeline from a resource to Parquet files. Returns its rows by table."""
    os.environ.update(QUIET)
    place = Path(name).absolute()
    pipeline = dlt.pipeline(
        name,
        pipelines_dir=str(place / "state"),
        destination=filesystem(bucket_url=(place / "files").as_uri()),
        dataset_name="landed",
    )
    pipeline.run(resource, loader_file_format="parquet")
    rows = pipeline.last_trace.last_normalize_info.row_counts
    return {
        "rows": {table: count for table, count in rows.items() if not table.startswith("_dlt")},
        "bytes": sum(f.stat().st_size for f in (place / "files").rglob("*.parquet")),
        "state_bytes": (place / "state" / name / "state.json").stat().st_size,
    }


def records(work: dict[str, Any]) -> Any:
    """The wire's collections of a window as a dlt resource."""
    since, before = (f"{day} 00:00:00" for day in (work["begin"], work["end"]))
    return dlt.resource(
        lambda: answers(work["connection"], since, before), name="collection", write_disposition="append"
    )


def answers(connection: dict[str, Any], since: str, before: str) -> Iterator[Any]:
    """The records of each answer, by dlt's client and paginator."""
    client = RESTClient(connection["host"], auth=Signed(connection["login"], connection["password"]))
    paginator = JSONResponseCursorPaginator("last_id", cursor_param="last_id", has_more_path="has_more")
    query = {"limit": 1000, "updated_since": since, "updated_before": before}
    yield from client.paginate("/collect/records", params=query, paginator=paginator, data_selector="records")

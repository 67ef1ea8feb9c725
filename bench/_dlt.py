"""The peer of the REST bench: dlt reading the same pages, by its own client and paginator, into Parquet files.

It nests as dlt nests (one child table per list), keeps every field and tokenises nothing. Its settings are its
defaults but for what would only cost it time: no telemetry, no log.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from requests import PreparedRequest
from requests.auth import AuthBase

from bench._measure import Work
from extractors._kit.signing import xtif_headers

os.environ.update({
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "RUNTIME__LOG_LEVEL": "ERROR",
})  # fmt: skip

import dlt  # noqa: E402  (reads its settings as it is imported)
from dlt.destinations import filesystem  # noqa: E402
from dlt.sources.helpers.rest_client import RESTClient  # noqa: E402
from dlt.sources.helpers.rest_client.paginators import JSONResponseCursorPaginator  # noqa: E402


class Signed(AuthBase):
    """The wire's signature, fresh for every request."""

    def __init__(self, login: str, password: str) -> None:
        self._credentials = login, password

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.headers.update(xtif_headers(*self._credentials))
        return request


def prepare(work: dict[str, Any], warm: dict[str, Any]) -> Work:
    """The timed part: extract, normalise and load one window; a smaller one has gone through before it."""
    land(warm, "warm")
    return lambda: land(work, "work")


def land(work: dict[str, Any], name: str) -> dict[str, Any]:
    """One dlt pipeline from the wire to Parquet files. Returns its rows by table."""
    place = Path(name).absolute()
    pipeline = dlt.pipeline(
        name,
        pipelines_dir=str(place / "state"),
        destination=filesystem(bucket_url=(place / "files").as_uri()),
        dataset_name="landed",
    )
    pipeline.run(records(work), loader_file_format="parquet")
    rows = pipeline.last_trace.last_normalize_info.row_counts
    files = list((place / "files").rglob("*.parquet"))
    return {
        "rows": {table: count for table, count in rows.items() if not table.startswith("_dlt")},
        "bytes": sum(f.stat().st_size for f in files),
    }


def records(work: dict[str, Any]) -> Any:
    """The wire's collections as a dlt resource."""
    connection = work["connection"]
    query = {"limit": 1000, "updated_since": _moment(work["begin"]), "updated_before": _moment(work["end"])}

    @dlt.resource(name="collection", write_disposition="append")
    def pages() -> Iterator[Any]:
        client = RESTClient(connection["host"], auth=Signed(connection["login"], connection["password"]))
        paginator = JSONResponseCursorPaginator("last_id", cursor_param="last_id", has_more_path="has_more")
        yield from client.paginate("/collect/records", params=query, paginator=paginator, data_selector="records")

    return pages


def _moment(day: str) -> str:
    return f"{day} 00:00:00"

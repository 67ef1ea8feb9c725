"""The peer of the ties bench: dlt's own incremental cursor on the collection wire, read twice, and its state."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench._dlt import Signed, dlt, filesystem
from bench._measure import Work
from dlt.sources.helpers.rest_client import RESTClient
from dlt.sources.helpers.rest_client.paginators import JSONResponseCursorPaginator


def prepare(connection: dict[str, Any], begin: str) -> Work:
    """Two runs with one state; returns rows by run and the size of the state file."""

    def twice() -> dict[str, Any]:
        place = Path("dlt").absolute()
        rows = []
        for _ in range(2):
            pipeline = dlt.pipeline(
                "ties",
                pipelines_dir=str(place / "state"),
                destination=filesystem(bucket_url=(place / "files").as_uri()),
                dataset_name="landed",
            )
            pipeline.run(collections(connection, begin), loader_file_format="parquet")
            rows.append(pipeline.last_trace.last_normalize_info.row_counts.get("collection", 0))
        state = place / "state" / "ties" / "state.json"
        return {"landed": rows, "state_bytes": state.stat().st_size}

    return twice


def collections(connection: dict[str, Any], begin: str) -> Any:
    """The wire as a dlt resource with an incremental cursor on the upload time."""

    @dlt.resource(name="collection", primary_key="collect_id", write_disposition="append")
    def pages(
        changed: Any = dlt.sources.incremental("upload_time", initial_value=begin),  # noqa: B008  (how dlt declares it)
    ) -> Iterator[Any]:
        client = RESTClient(connection["host"], auth=Signed(connection["login"], connection["password"]))
        paginator = JSONResponseCursorPaginator("last_id", cursor_param="last_id", has_more_path="has_more")
        query = {"limit": 1000, "updated_since": changed.last_value, "updated_before": "2022-12-01 00:00:00"}
        yield from client.paginate("/collect/records", params=query, paginator=paginator, data_selector="records")

    return pages

"""The peer of the ties bench: dlt's own incremental cursor on the collection wire, read twice, and its state."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import dlt

from bench._dlt import answers, land
from bench._measure import Work

END = "2022-12-01 00:00:00"


def prepare(connection: dict[str, Any], begin: str) -> Work:
    """Two runs with one state; returns rows by run and the size of the state file."""

    def pages(
        changed: Any = dlt.sources.incremental("upload_time", initial_value=begin),  # noqa: B008  (so dlt wants it)
    ) -> Iterator[Any]:
        yield from answers(connection, changed.last_value, END)

    def twice() -> dict[str, Any]:
        resource = dlt.resource(pages, name="collection", primary_key="collect_id", write_disposition="append")
        runs = [land(resource, "ties") for _ in range(2)]
        return {"landed": [r["rows"].get("collection", 0) for r in runs], "state_bytes": runs[-1]["state_bytes"]}

    return twice

"""Our side of the extraction benches: the extractor as the pipeline runs it, into a landing zone of its own.

A `job` says which source, where it is and which window. The source's request rate is lifted, as it would make the
wall time a sleep; CPU seconds do not notice it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from bench._measure import Work
from extractors import Source, Window, discover
from extractors._kit.connection import Connection
from extractors._kit.run import run_source
from extractors._kit.summary import Summary

KEYS = {
    "REGISTER_TOKEN_KEY": bytes(range(32)).hex(),
    "REGISTER_VAULT_KEY": bytes(range(32, 64)).hex(),
    "REGISTER_RETRY_BASE": "0",
    "REGISTER_TODAY": "2023-01-01",  # the nights of the town are read as if on their days
}
"""Fixed demonstration keys; the decision store lies in the folder of the run."""


def job(key: str, connection: dict[str, Any], begin: str, end: str, entities: Sequence[str] = ()) -> dict[str, Any]:
    """What to extract, as a side is told it; `entities` of a source of views, if not all of them."""
    return {"key": key, "connection": connection, "begin": begin, "end": end, "entities": list(entities)}


def source_of(work: dict[str, Any]) -> Source:
    """The source of a job, without its request rate, with the entities asked for."""
    source = replace(discover()[work["key"]], rate=None)
    if not work.get("entities"):
        return source
    views = {name: view for name, view in source.options["views"].items() if name in work["entities"]}
    return replace(source, entities=tuple(views), options={**source.options, "views": views})


def prepare(work: dict[str, Any], warm: dict[str, Any]) -> Work:
    """The timed part: one window of one source, landed and tokenised. A smaller window has been read before it."""
    os.environ.update(KEYS)
    pa.array([""])  # the first such call imports pandas, and imports are timed on neither side
    extract(warm, Path("warm"))

    def run() -> dict[str, Any]:
        return told_of(extract(work, Path("landing")), Path("landing"))

    return run


def extract(work: dict[str, Any], landing: Path) -> Summary:
    """Run one job. Raises RuntimeError when it does not reconcile."""
    os.environ["REGISTER_DECISIONS_URL"] = f"sqlite:///{landing.absolute()}-decisions.db"
    source = source_of(work)
    connection = Connection.from_json(work["key"], json.dumps(work["connection"]))
    summary = run_source(source, Window.parse(work["begin"], work["end"]), landing, connection)
    if summary.exit_status:
        raise RuntimeError(json.dumps(summary.as_dict()["errors"], ensure_ascii=False))
    return summary


def told_of(summary: Summary, landing: Path) -> dict[str, Any]:
    """Rows by entity (with what a rule dropped, and the tombstones), and the bytes they take."""
    files = list(landing.rglob("part-*.parquet"))
    return {
        "rows": {name: entity.rows for name, entity in summary.entities.items()},
        "dropped": {name: sum(entity.dropped.values()) for name, entity in summary.entities.items()},
        "deletes": {name: deletes for name in summary.entities if (deletes := tombstones(files, name))},
        "bytes": sum(f.stat().st_size for f in files),
        "state_bytes": sum(f.stat().st_size for f in landing.rglob("_manifest-*.json")),
    }


def tombstones(files: list[Path], entity: str) -> int:
    """Landed rows of an entity that say that a record was deleted."""
    found = 0
    for file in (f for f in files if f.parent.parent.name == entity):
        parquet = pq.ParquetFile(file)
        if "deleted_at" in parquet.schema_arrow.names:
            column = parquet.read(["deleted_at"]).column(0)
            found += len(column) - column.null_count
    return found

"""Hand-made landing zones: a contract of a few columns, Parquet files and manifests, without any extractor."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from expectations.contract import Column, Contract, Entity, Text
from expectations.manifest import Manifest, window_folder

WORD = Text("字", "word")
SOURCE = "town_hall"
Row = Mapping[str, str | None]


def column(name: str, kind: str = "text", *formats: str, nulls: Sequence[str] = ()) -> Column:
    default = {"date": ("%Y-%m-%d",), "datetime": ("%Y-%m-%d %H:%M:%S",)}.get(kind, ())
    return Column(name, WORD, kind, formats or default, nulls=tuple(nulls))


def entity(name: str, *columns: Column, key: Sequence[str] = ("pk",), **over: Any) -> Entity:
    plain: dict[str, Any] = {
        "changed_at": None, "delivery": "changes", "empty_ok": True, "ignore": (), "drops": (), "identity": None,
        "no_urls": False, "floor": None,
    }  # fmt: skip
    return Entity(name=name, title=WORD, key=tuple(key), columns=columns, **{**plain, **over})


def contract(*entities: Entity, version: str = "v1") -> Contract:
    return Contract(SOURCE, "R", WORD, WORD, WORD, "5y", {e.name: e for e in entities}, version)


PERSON = entity("person", column("pk"), column("name"), column("age", "integer"), column("moved", "datetime"),
                column("deleted_at", "datetime"), changed_at="moved")  # fmt: skip
DEVICE = entity("device", column("pk"), column("state"), delivery="snapshot", floor=0.5)
TOWN = contract(PERSON, DEVICE)


def land(
    landing: Path,
    of: Entity,
    rows: Sequence[Row],
    day: int = 1,
    /,
    *,
    end: int | None = None,
    version: str = "v1",
    names: Sequence[str] | None = None,
    **over: Any,
) -> Manifest:
    """Write one file and its manifest, as an extractor would, for the window of a day of November 2022."""
    begin, until = f"2022-11-{day:02d}T00:00:00", f"2022-11-{(end or day) + 1:02d}T00:00:00"
    folder = landing / SOURCE / of.name / window_folder(begin, until)
    folder.mkdir(parents=True, exist_ok=True)
    columns = list(names or [c.name for c in of.landed()])
    table = pa.table({n: pa.array([r.get(n) for r in rows], pa.string()) for n in columns})
    temp = folder / "temp"
    pq.write_table(table, temp, compression="zstd")
    digest = hashlib.sha256(temp.read_bytes()).hexdigest()
    file = temp.rename(folder / f"part-{digest[:16]}.parquet")
    facts: dict[str, Any] = {
        "rows": len(rows),
        "source_total": len(rows),
        "contract_version": version,
        "token_key": "k1",
    }
    manifest = Manifest(
        source=SOURCE, entity=of.name, begin=begin, end=until, file=file.name,
        size=file.stat().st_size, sha256=digest, **{**facts, **over},
    )  # fmt: skip
    (folder / manifest.name).write_bytes(manifest.body())
    return manifest


def changed(of: Entity, **over: Any) -> Entity:
    return replace(of, **over)


def query(warehouse: Path, sql: str) -> list[dict[str, Any]]:
    """Rows of a finished warehouse file as dictionaries."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        cursor = connection.execute(sql)
        names = [d[0] for d in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def rows_of(warehouse: Path, name: str) -> list[dict[str, Any]]:
    """The staged rows of an entity in a stable order."""
    rows = query(warehouse, f"select * from staging.{SOURCE}__{name}")
    return sorted(rows, key=lambda r: (r["known_from"], r["source_record_id"], str(list(r.values())[8:])))


def ledger(warehouse: Path) -> list[dict[str, Any]]:
    """The ledger, oldest window first."""
    return query(warehouse, "select * from ledger.load order by entity, window_end, load_id")

"""Staging new versions, ledger included, beside a bare INSERT ... SELECT of the same Parquet into text columns.

The landing zone is a real one made larger: dwellings and persons of the collection extractor, repeated under fresh
keys until there are 200,000 (`small`) or a million (`street`) of them. Both sides get two threads and end with a
checkpoint. Ours also checks the digests, hashes, types, finds what is known, and balances the ledger to the row.

    python -m bench.staging [--profile small|street] [--seed N] [--json FILE]
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from bench import _extract
from bench._common import Result, command, told, within
from bench._measure import Cost, Side, Work, cpu_of, run_side, spread, take_turns, wall_of
from bench._pages import fill_spool
from bench._server import serving
from bench._towns import cellar, town
from bench.rest import KEY, YEAR, at
from expectations.contract import load_contract
from expectations.manifest import Manifest, read_manifests, window_folder
from extractors._kit.landing import EntityWriter, open_landing, write_manifest

ROWS = {"small": 200_000, "street": 1_000_000}
ENTITIES = ("house", "person")
ROUNDS = {"small": 3, "street": 3}
BAR = 3.0


def run(profile: str, seed: int) -> Result:
    """Both sides in turns, and once more over what is known already."""
    rows = ROWS[profile]
    arguments = {"landing": str(landing(profile, rows, seed))}
    sides = {"ours": Side("bench.staging:ours", arguments), "bare": Side("bench.staging:bare", arguments)}
    costs = take_turns(sides, ROUNDS[profile], told)
    for runs in costs.values():
        if any(cost.result["rows"] != rows for cost in runs):
            raise RuntimeError(f"{runs[0].result} rows instead of {rows}")
    again = run_side(Side("bench.staging:again", arguments))
    ours, theirs = cpu_of(costs["ours"]), cpu_of(costs["bare"])
    what = f"staging {rows:,} new versions, ledger included"
    lines = [within(what, ours, "bare INSERT ... SELECT", theirs, "CPU seconds", BAR)]
    return Result("staging", profile, seed, lines, details(costs, again))


def landing(profile: str, rows: int, seed: int) -> Path:
    """A landing zone with so many rows, half of them dwellings and half persons."""
    place = cellar() / f"landing-{seed}-{rows}"
    if not place.exists():
        partial = place.with_suffix(".part")
        shutil.rmtree(partial, ignore_errors=True)
        run_side(Side("bench.staging:make_landing", {"place": str(partial), "rows": rows, "seed": seed}))
        partial.replace(place)
    return place


def make_landing(place: str, rows: int, seed: int) -> Work:
    """Extract once, then repeat under fresh keys: files and manifests as the pipeline writes them."""

    def make() -> dict[str, Any]:
        folder, _ = fill_spool("work", town("small", seed), 20_000, seed)
        os.environ.update(_extract.KEYS)
        with serving(folder.parent) as url:
            _extract.extract(_extract.job(KEY, at(f"{url}/{folder.name}"), *YEAR), Path("once"))
        root = open_landing(Path(place))
        for path, manifest in list(read_manifests(Path("once"), KEY)):
            if manifest.entity in ENTITIES:
                repeat(root, path.parent / manifest.file, manifest, rows // len(ENTITIES))
        return {}

    return make


def repeat(root: Path, file: Path, manifest: Manifest, rows: int) -> None:
    """Land `rows` rows, those of the file over and over, each time with other collection ids."""
    table = pq.read_table(file)
    begin, end = manifest.begin, manifest.end
    writer = EntityWriter(root / KEY / manifest.entity / window_folder(begin, end), table.schema)
    number = 0
    while writer.rows < rows:
        part = table.slice(0, min(table.num_rows, rows - writer.rows))
        keys = pa.array([f"{number:04}{key[4:]}" for key in part["collect_id"].to_pylist()])
        part = part.set_column(part.schema.get_field_index("collect_id"), "collect_id", keys)
        for batch in part.to_batches():
            writer.append(batch)
        number += 1
    name, size, digest = writer.finish()
    facts = json.loads(manifest.body()) | {"file": name, "size": size, "sha256": digest}
    facts |= {"rows": rows, "source_total": rows, "dropped": {}, "rejected": {}}
    write_manifest(writer.folder, Manifest(**facts))


def ours(landing: str) -> Work:
    """The timed part: `stage_source` into a new warehouse."""
    from warehouse.engine import stage_source

    return lambda: _staged(stage_source(load_contract(KEY), Path(landing), Path("warehouse.duckdb")))


def again(landing: str) -> Work:
    """The timed part: `stage_source` once more, when every load is known."""
    from warehouse.engine import stage_source

    stage_source(load_contract(KEY), Path(landing), Path("warehouse.duckdb"))
    return ours(landing)


def _staged(report: Any) -> dict[str, Any]:
    if report.errors:
        raise RuntimeError(str([e.as_dict() for e in report.errors]))
    return {"rows": sum(e.new for e in report.entities.values())}


def bare(landing: str) -> Work:
    """The timed part of the peer: every file into a table of text columns, committed and checkpointed."""
    import duckdb

    settings = {"threads": 2, "preserve_insertion_order": False}
    files = {path.parent.parent.name: path.parent / m.file for path, m in read_manifests(Path(landing), KEY)}
    columns = {name: ", ".join(f'"{c}" varchar' for c in pq.read_schema(file).names) for name, file in files.items()}

    def insert() -> dict[str, Any]:
        with duckdb.connect("bare.duckdb", config=settings) as connection:
            for name, file in files.items():
                connection.execute(f"create table {name} ({columns[name]})")
                connection.execute(f"insert into {name} select * from read_parquet(?)", [str(file)])
            connection.execute("checkpoint")
            rows = [connection.execute(f"select count(*) from {name}").fetchall()[0][0] for name in files]
        return {"rows": sum(rows)}

    return insert


def details(costs: dict[str, list[Cost]], again: Cost) -> dict[str, Any]:
    """What stands behind the line; `again` is the price of a night that is delivered twice."""
    timed = {
        name: {"cpu_seconds": cpu_of(runs), "wall_seconds": wall_of(runs), "spread": spread(runs),
               "peak_mb": max(c.peak_mb for c in runs)}
        for name, runs in costs.items()
    }  # fmt: skip
    return {**timed, "again": {"cpu_seconds": again.cpu, "new": again.result["rows"]}}


if __name__ == "__main__":
    raise SystemExit(command("staging", run))

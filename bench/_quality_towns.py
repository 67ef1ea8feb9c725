"""A town read over its real wires, staged and judged: what every rule raised, and what the source's edge did.

Flow: `judged(profile, seed, home, clean=...)` -> town.db -> wires -> landing -> staging -> check -> `Night`. One
process, so that Great Expectations is imported once for both towns.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from bench._common import told
from expectations.contract import load_contract
from expectations.manifest import read_manifests
from expectations.runner import check_source
from extractors import Source, Window, discover
from extractors._kit.connection import Connection
from extractors._kit.run import run_source
from extractors._kit.summary import Summary
from simulator.store import Store, build
from simulator.wires import discover_wires
from warehouse.engine import open_warehouse, stage_source

NIGHT, AT = "2022-12-31", "2023-01-01 00:00:00"
BEGIN, END = "2018-01-01", "2023-01-01"
KEYS = {
    "REGISTER_TOKEN_KEY": bytes(range(32)).hex(),
    "REGISTER_VAULT_KEY": bytes(range(32, 64)).hex(),
    "REGISTER_RETRY_BASE": "0",
}
Place = tuple[str, str]  # source, entity


@dataclass
class Night:
    """What came of one town.

    raised: by entity and rule the records it named, whatever their status now. staged: by entity the records, each with
    its number of versions. failing: by `source.entity.rule` the rows that failed. edge: what the decoder dropped or
    rejected, and the findings of the reading, by name. skipped: rules that could not be asked.
    """

    raised: dict[Place, dict[str, set[str]]] = field(default_factory=dict)
    staged: dict[Place, dict[str, int]] = field(default_factory=dict)
    failing: Counter[str] = field(default_factory=Counter)
    edge: Counter[str] = field(default_factory=Counter)
    verdicts: dict[str, str] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)


def judged(profile: str, seed: int, home: Path, *, clean: bool) -> Night:
    """Build a town in `home`, read it, stage it, judge it."""
    home.mkdir(mode=0o700, exist_ok=True)
    os.environ.update(KEYS)
    os.environ["REGISTER_DECISIONS_URL"] = f"sqlite:///{home / 'decisions.db'}"
    name = "clean" if clean else "spoiled"
    told(f"building the {name} town")
    store = build(profile, seed, home / "town.db", clean=clean)
    night = Night()
    for source in discover().values():
        told(f"reading {source.key}, {name}")
        for summary in land(source, store, home / "landing"):
            night.edge.update(_findings(summary))
        report = stage_source(source.contract(), home / "landing", home / "w.duckdb")
        night.edge.update(f"{source.key}: {error.code}" for error in report.errors)
        night.edge.update(_dropped(source.key, home / "landing"))
    with open_warehouse(home / "w.duckdb") as connection:
        for key in discover():
            verdict = check_source(load_contract(key), connection, NIGHT)
            night.verdicts[key] = verdict.verdict
            for entity in load_contract(key).entities:
                _collect(connection, night, (key, entity))
        _results(connection, night)
    return night


def land(source: Source, store: Store, landing: Path) -> Iterator[Summary]:
    """Five years of a source at once; by the month where it refuses so much."""
    [found] = discover_wires([source.key])
    wire = found.make(store, at=AT)
    wire.start()
    connection = Connection.from_json(source.key, json.dumps(wire.connection()))
    try:
        summary = run_source(source, Window.parse(BEGIN, END), landing, connection)
        yield summary
        if summary.exit_status == 0:
            return
        for begin, end in _months():
            yield run_source(source, Window.parse(begin, end), landing, connection)
    finally:
        wire.stop()


def _months() -> Iterator[tuple[str, str]]:
    for year in range(2018, 2023):
        for month in range(1, 13):
            yield f"{year}-{month:02d}-01", f"{year + month // 12}-{month % 12 + 1:02d}-01"


def _findings(summary: Summary) -> Iterator[str]:
    """Errors of a reading, by source and code."""
    for error in summary.errors:
        yield f"{summary.source}: {error.code}"


def _dropped(source: str, landing: Path) -> Counter[str]:
    """What the decoder dropped or rejected, by entity and rule, as the manifests say it."""
    counted: Counter[str] = Counter()
    for _, manifest in read_manifests(landing, source):
        for kind in ("dropped", "rejected"):
            for rule, rows in getattr(manifest, kind).items():
                counted[f"{source}.{manifest.entity}: {kind}, {rule}"] += rows
    return counted


def _collect(connection: duckdb.DuckDBPyConnection, night: Night, place: Place) -> None:
    source, entity = place
    versions = f'select source_record_id, count(*) from staging."{source}__{entity}" group by 1'
    night.staged[place] = {plain(*place, record): count for record, count in _rows(connection, versions)}
    raised = night.raised[place] = {}
    found = "select rule, source_record_id from quality.quarantine where source = $source and entity = $entity"
    for rule, record in _rows(connection, found, source=source, entity=entity):
        raised.setdefault(rule, set()).add(plain(*place, record))


def _results(connection: duckdb.DuckDBPyConnection, night: Night) -> None:
    """Every rule that is not green, also those about a whole source, such as its freshness."""
    for source, entity, rule, failing, outcome in _rows(
        connection, "select source, entity, rule, failing, outcome from quality.result where outcome <> 'pass'"
    ):
        name = f"{source}.{entity}.{rule}"
        if outcome == "skipped":
            night.skipped.append(name)
        else:
            night.failing[name] += failing or 1
    # A version that a later one replaced within the same night may fail without being counted among the current.
    for (source, entity), rules in night.raised.items():
        for rule, records in rules.items():
            night.failing[f"{source}.{entity}.{rule}"] = max(night.failing[f"{source}.{entity}.{rule}"], len(records))


def _rows(connection: duckdb.DuckDBPyConnection, text: str, **values: Any) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = connection.execute(text, values or None).fetchall()
    return found


def plain(source: str, entity: str, record: str) -> str:
    """A staged record id in the words of the truth: what is nested in a collection is told by the collection."""
    if entity == "grid":
        return record.replace("-", "")
    return record.split("|", 1)[0] if source == "mobile_collection" else record

"""The standard suite: what every discovered source must do, over its real wire and the small town.

No code per source: a new folder in extractors/ is tested by being there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from expectations.manifest import read_manifests
from extractors import Source, Window, discover
from extractors._kit.connection import Connection
from extractors._kit.run import run_source
from extractors._kit.summary import Summary
from simulator.store import Store
from simulator.wires import Wire, discover_wires
from warehouse.engine import stage_source

# The monthly sheets arrive on the 5th; every other system has rows on any day.
WINDOW = Window.parse("2022-11-01", "2022-11-08")
SOURCES = sorted(discover().values(), key=lambda s: s.number)
TABULAR = {"sftp", "sql"}  # a changed heading there is a changed shape, not an extra field of a record

pytestmark = pytest.mark.parametrize("source", SOURCES, ids=lambda s: s.key)


@pytest.fixture
def wire(source: Source, small_town: Store) -> Iterator[Wire]:
    found = {f.key: f for f in discover_wires()}[source.key].make(small_town, at="2022-11-08 00:00:00")
    found.start()
    yield found
    found.stop()


def run(source: Source, wire: Wire, landing: Path, window: Window = WINDOW) -> Summary:
    return run_source(source, window, landing, Connection.from_json(source.key, json.dumps(wire.connection())))


def landed(landing: Path, source: Source) -> dict[str, bytes]:
    return {
        str(p.relative_to(landing)): p.read_bytes() for p in landing.rglob("*") if p.suffix in (".parquet", ".json")
    }


def test_folder_key_contract_and_entities_agree(source: Source) -> None:
    contract = source.contract()
    assert contract.source == source.key == source.folder.name
    assert set(source.entities) == set(contract.entities)
    assert source.doc().startswith(f"### {source.number} {source.title.zh}")


def test_a_complete_picture_is_declared_to_show_the_present_only(source: Source) -> None:
    pictures = {e.name for e in source.contract().entities.values() if e.delivery == "snapshot"}
    assert pictures <= set(source.of_the_present())
    assert {source.history[e.name] for e in source.contract().entities.values() if e.delivery == "files"} <= {"files"}


def test_one_window_lands_and_every_row_is_explained(source: Source, wire: Wire, register_env: Path) -> None:
    summary = run(source, wire, register_env / "landing")
    assert [e.as_dict() for e in summary.errors] == []
    assert summary.rows > 0
    assert summary.findings == []
    for name, entity in summary.entities.items():
        assert entity.reconciled(), name
    for path, manifest in read_manifests(register_env / "landing", source.key):
        file = path.parent / manifest.file
        names = [c.name for c in source.contract().entities[manifest.entity].landed()]
        assert pq.read_schema(file).names == names
        assert pq.read_metadata(file).num_rows == manifest.rows
        assert file.stat().st_mode & 0o077 == 0


def test_no_field_marked_x_and_no_canary_lands_anywhere(source: Source, wire: Wire, register_env: Path) -> None:
    summary = run(source, wire, register_env / "landing")
    told = json.dumps(summary.as_dict(), ensure_ascii=False)
    assert "CANARY" not in told
    for path in register_env.rglob("*"):
        if path.is_file() and path.suffix == ".parquet":
            for column in pq.read_table(path).itercolumns():
                assert not any("CANARY" in (v or "") for v in column.to_pylist()), path
        elif path.is_file():
            assert b"CANARY" not in path.read_bytes(), path


def test_the_same_window_again_lands_the_same_bytes_and_stages_nothing_new(
    source: Source, small_town: Store, register_env: Path
) -> None:
    make = {f.key: f for f in discover_wires()}[source.key].make
    landing, warehouse = register_env / "landing", register_env / "warehouse.duckdb"
    contents = []
    for _ in range(2):
        # A fresh wire each time: what a source was told (acknowledged, signed) is no part of what it holds.
        wire = make(small_town, at="2022-11-08 00:00:00")
        wire.start()
        try:
            assert run(source, wire, landing).exit_status == 0
        finally:
            wire.stop()
        contents.append(landed(landing, source))
        report = stage_source(source.contract(), landing, warehouse).as_dict()
    assert contents[0] == contents[1]
    assert [e["new"] for e in report["entities"].values()] == [0] * len(report["entities"])


def test_what_is_landed_is_staged_to_the_row(source: Source, wire: Wire, register_env: Path) -> None:
    summary = run(source, wire, register_env / "landing")
    report = stage_source(source.contract(), register_env / "landing", register_env / "warehouse.duckdb").as_dict()
    for name, entity in summary.entities.items():
        staged = report["entities"][name]
        assert staged["landed"] == entity.rows == staged["new"] + staged["known"], name


def test_a_field_nobody_declared_is_dropped_counted_and_reported(
    source: Source, wire: Wire, register_env: Path
) -> None:
    if source.transport in TABULAR | {"gb28181", "soap"}:
        pytest.skip("headings and attributes of this transport are covered by the source's own quirk test")
    wire.faults.add("add_field", field="brand_new_field", value="CANARY-new")
    summary = run(source, wire, register_env / "landing")
    assert summary.exit_status == 0
    assert {f["code"] for f in summary.findings} == {"EX-UNDECLARED"}
    assert "brand_new_field" in {f["field"] for f in summary.findings}
    assert "CANARY-new" not in json.dumps(summary.as_dict())


def test_a_required_field_that_is_renamed_stops_the_source(source: Source, wire: Wire, register_env: Path) -> None:
    if source.transport in TABULAR | {"gb28181", "soap"}:
        pytest.skip("headings and attributes of this transport are covered by the source's own quirk test")
    for entity in source.contract().entities.values():
        wire.faults.add("rename_field", field=entity.key[0], to="renamed")
    summary = run(source, wire, register_env / "landing")
    assert summary.exit_status == 4
    assert summary.rows == 0


def test_a_source_that_is_down_is_asked_again_later(source: Source, wire: Wire, register_env: Path) -> None:
    wire.stop()
    if source.transport == "sql":
        pytest.skip("a database file cannot be down; the quirk test stops a real PostgreSQL")
    summary = run(source, wire, register_env / "landing")
    assert summary.exit_status == 3
    assert summary.rows == 0
    assert landed(register_env / "landing", source) == {}


def test_the_folder_holds_no_secret_and_no_address_of_a_machine(source: Source) -> None:
    pattern = re.compile(r"(?i)(password|token|secret)\s*[:=]\s*['\"][^'\"]{6,}|https?://(?!127\.0\.0\.1)")
    for path in source.folder.rglob("*"):
        if path.suffix in (".py", ".yml"):
            text = (
                path.read_text("utf8").replace("http://www.molss.gov.cn/", "").replace("http://schemas.xmlsoap.org", "")
            )
            assert not pattern.search(text), path

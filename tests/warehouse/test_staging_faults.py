"""What must not happen: a row lost, doubled or half written, whatever breaks and wherever the process dies."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from expectations.errors import SourceChanged
from expectations.manifest import Manifest
from tests.warehouse.landed import (
    DEVICE,
    PERSON,
    SOURCE,
    TOWN,
    changed,
    column,
    contract,
    land,
    ledger,
    rows_of,
)
from warehouse.engine import stage_source

ANN = {"pk": "p1", "name": "安"}


def stage(folder: Path, town: Any = TOWN) -> dict[str, Any]:
    return stage_source(town, folder / "landing", folder / "w.duckdb").as_dict()


def codes(report: dict[str, Any]) -> list[str]:
    return [e["code"] for e in report["errors"]]


def two_loads(folder: Path) -> tuple[Path, Path]:
    """The files of a night and the next."""
    for day in (1, 2):
        land(folder / "landing", PERSON, [{**ANN, "age": str(day)}], day)
    first, second = sorted((folder / "landing").glob("*/*/*/*.parquet"))
    return first, second


def test_a_missing_file_is_named_and_the_others_load(tmp_path: Path) -> None:
    first, _ = two_loads(tmp_path)
    first.unlink()
    report = stage(tmp_path)
    assert (codes(report), report["exit_status"], report["entities"]["person"]["loads"]) == (["LA-MISSING"], 4, 1)


def test_bit_rot_is_found_before_the_load_and_the_others_load(tmp_path: Path) -> None:
    first, _ = two_loads(tmp_path)
    rotten = bytearray(first.read_bytes())
    rotten[40] ^= 1
    first.write_bytes(rotten)
    report = stage(tmp_path)
    assert codes(report) == ["LA-CORRUPT"]
    assert [r["age"] for r in rows_of(tmp_path / "w.duckdb", "person")] == [2]


def test_a_mended_file_is_loaded_by_the_next_run(tmp_path: Path) -> None:
    first, _ = two_loads(tmp_path)
    whole = first.read_bytes()
    first.write_bytes(b"")
    assert codes(stage(tmp_path)) == ["LA-CORRUPT"]
    first.write_bytes(whole)
    assert codes(stage(tmp_path)) == []
    assert [r["age"] for r in rows_of(tmp_path / "w.duckdb", "person")] == [1, 2]


@pytest.mark.parametrize(
    "edit",
    [
        lambda raw: raw.replace(b'"rows": 1', b'"rows": 2'),
        lambda raw: raw[:-20],
        lambda raw: b"[]",
        lambda raw: raw.replace(b'"format": 1', b'"format": 9'),
    ],
)
def test_a_manifest_that_was_touched_is_corrupt(tmp_path: Path, edit: Callable[[bytes], bytes]) -> None:
    two_loads(tmp_path)
    path = next((tmp_path / "landing").glob("*/*/20221101*/_manifest-*.json"))
    path.write_bytes(edit(path.read_bytes()))
    report = stage(tmp_path)
    assert (codes(report), report["entities"]["person"]["loads"]) == (["LA-CORRUPT"], 1)


@pytest.mark.parametrize("over", [{"file": "../x.parquet"}, {"begin": "now"}, {"end": "2022-11-02T00:00:00+08:00"}])
def test_a_manifest_that_makes_no_sense_is_corrupt(tmp_path: Path, over: dict[str, Any]) -> None:
    manifest = land(tmp_path / "landing", PERSON, [ANN])
    path = next((tmp_path / "landing").glob("*/*/*/_manifest-*.json"))
    wrong = replace(manifest, **over)
    path.with_name(wrong.name).write_bytes(wrong.body())
    path.unlink()
    assert codes(stage(tmp_path)) == ["LA-CORRUPT"]


def test_files_that_no_manifest_names_are_counted_not_read(tmp_path: Path) -> None:
    two_loads(tmp_path)
    next((tmp_path / "landing").glob("*/*/20221101*/_manifest-*.json")).unlink()
    (tmp_path / "landing" / SOURCE / "person" / "20221101T000000-20221102T000000" / ".tmp-9.parquet").touch()
    report = stage(tmp_path)
    assert (report["orphans"], report["entities"]["person"]["orphans"], codes(report)) == (1, 1, [])
    assert report["entities"]["person"]["loads"] == 1


@pytest.mark.parametrize(
    "over", [{"source_total": 2}, {"rejected": {"DE-ROW": 1}}, {"rows": 2, "source_total": 2}, {"source_total": 0}]
)
def test_an_unexplained_row_rolls_everything_back(tmp_path: Path, over: dict[str, Any]) -> None:
    land(tmp_path / "landing", PERSON, [ANN], **over)
    with pytest.raises(SourceChanged, match="LO-LEDGER"):
        stage(tmp_path)
    assert rows_of(tmp_path / "w.duckdb", "person") == ledger(tmp_path / "w.duckdb") == []


def test_a_partial_load_may_fall_short_but_not_exceed(tmp_path: Path) -> None:
    land(tmp_path / "landing", DEVICE, [{"pk": "a"}], 1, source_total=5, partial=True)
    assert codes(stage(tmp_path)) == []
    land(tmp_path / "landing", DEVICE, [{"pk": "a"}], 2, source_total=0, partial=True)
    with pytest.raises(SourceChanged, match="LO-LEDGER"):
        stage(tmp_path)


def test_columns_that_differ_from_the_contract_they_were_landed_under_are_refused(tmp_path: Path) -> None:
    land(tmp_path / "landing", PERSON, [ANN], 1, names=["pk", "name", "age", "moved"])
    land(tmp_path / "landing", PERSON, [ANN], 2, names=["pk", "name", "age", "moved", "deleted_at", "extra"])
    land(tmp_path / "landing", PERSON, [ANN], 3)
    report = stage(tmp_path)
    assert codes(report) == ["LO-CONTRACT", "LO-CONTRACT"]
    assert report["entities"]["person"]["loads"] == 1


def test_columns_of_an_older_contract_become_null_or_are_reported(tmp_path: Path) -> None:
    every = [c.name for c in PERSON.columns]
    land(tmp_path / "landing", PERSON, [ANN], 1, version="v0", names=["pk", "name"])
    land(tmp_path / "landing", PERSON, [{**ANN, "floor": "3"}], 2, version="v0", names=[*every, "floor"])
    report = stage(tmp_path)
    assert codes(report) == []
    assert report["entities"]["person"]["lost"] == {"age": 1, "deleted_at": 1, "moved": 1}
    assert report["entities"]["person"]["extra"] == {"floor": 1}
    [row] = rows_of(tmp_path / "w.duckdb", "person")
    assert (row["name"], row["age"]) == ("安", None)


def test_an_older_file_without_the_key_is_refused(tmp_path: Path) -> None:
    land(tmp_path / "landing", PERSON, [ANN], 1, version="v0", names=["name"])
    assert codes(stage(tmp_path)) == ["LO-CONTRACT"]


def test_an_entity_that_the_contract_does_not_name_is_refused(tmp_path: Path) -> None:
    land(tmp_path / "landing", changed(PERSON, name="ghost"), [ANN])
    assert codes(stage(tmp_path)) == ["LO-CONTRACT"]


def test_what_was_set_aside_at_the_edge_is_not_staged(tmp_path: Path) -> None:
    land(tmp_path / "landing", changed(PERSON, name="quarantine"), [ANN])
    assert (codes(stage(tmp_path)), stage(tmp_path)["orphans"]) == ([], 0)


def test_a_column_that_is_not_text_is_refused(tmp_path: Path) -> None:
    land(tmp_path / "landing", DEVICE, [], 1)
    table = pa.table({"pk": pa.array([1]), "state": pa.array(["ON"])})
    relanded(tmp_path, table)
    assert codes(stage(tmp_path)) == ["LO-CONTRACT"]


def test_text_that_is_not_utf8_is_a_broken_file_and_the_others_load(tmp_path: Path) -> None:
    land(tmp_path / "landing", DEVICE, [], 1)
    bad = pa.array([b"\xff\xfe"], pa.binary()).cast(pa.string(), safe=False)
    relanded(tmp_path, pa.table({"pk": pa.array(["1"]), "state": bad}))
    land(tmp_path / "landing", DEVICE, [{"pk": "2", "state": "ON"}], 2)
    report = stage(tmp_path)
    assert (codes(report), report["entities"]["device"]["loads"]) == (["LA-CORRUPT"], 1)


def relanded(folder: Path, table: pa.Table) -> None:
    """Put another table in the place of the one landed file, digest and all."""

    path = next((folder / "landing").glob("*/*/*/_manifest-*.json"))
    manifest = Manifest.from_bytes(path.read_bytes())
    pq.write_table(table, path.with_name(manifest.file))
    digest = hashlib.sha256(path.with_name(manifest.file).read_bytes()).hexdigest()
    honest = replace(manifest, sha256=digest, rows=table.num_rows, source_total=table.num_rows)
    path.unlink()
    path.with_name(honest.name).write_bytes(honest.body())


def test_a_changed_contract_stages_the_entity_anew(tmp_path: Path) -> None:
    two_loads(tmp_path)
    stage(tmp_path)
    columns = [column("age", "text") if c.name == "age" else c for c in PERSON.columns]
    wider = contract(changed(PERSON, columns=(*columns, column("note"))), DEVICE, version="v2")
    report = stage(tmp_path, wider)
    assert (report["entities"]["person"]["restaged"], report["entities"]["person"]["loads"]) == (True, 2)
    assert [(r["age"], r["note"]) for r in rows_of(tmp_path / "w.duckdb", "person")] == [("1", None), ("2", None)]
    assert stage(tmp_path, wider)["entities"]["person"]["restaged"] is False


def test_a_column_that_is_gained_leaves_the_hashes_of_old_records(tmp_path: Path) -> None:
    two_loads(tmp_path)
    stage(tmp_path)
    before = [r["content_hash"] for r in rows_of(tmp_path / "w.duckdb", "person")]
    stage(tmp_path, contract(changed(PERSON, columns=(column("note"), *PERSON.columns)), DEVICE, version="v2"))
    assert [r["content_hash"] for r in rows_of(tmp_path / "w.duckdb", "person")] == before


def test_a_changed_contract_does_not_drop_what_landing_no_longer_holds(tmp_path: Path) -> None:
    first, _ = two_loads(tmp_path)
    stage(tmp_path)
    first.unlink()
    with pytest.raises(SourceChanged, match="LO-MIGRATION"):
        stage(tmp_path, contract(changed(PERSON, columns=PERSON.columns[:3], changed_at=None), DEVICE, version="v2"))
    assert len(rows_of(tmp_path / "w.duckdb", "person")) == 2

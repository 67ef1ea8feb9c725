"""A changed contract never costs what was staged: names it had, a kill on the way, files it cannot read."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from expectations.contract import Column, Contract, Entity
from tests.warehouse.landed import DEVICE, PERSON, changed, column, contract, land, ledger, rows_of
from warehouse.engine import stage_source

ROOT = Path(__file__).resolve().parents[2]
ANN = {"pk": "p1", "name": "安", "age": "30"}
BEA = {"pk": "p2", "name": "贝", "age": "40"}


def stage(folder: Path, under: Contract) -> dict[str, Any]:
    return stage_source(under, folder / "landing", folder / "w.duckdb").as_dict()


def codes(report: dict[str, Any]) -> list[str]:
    return [e["code"] for e in report["errors"]]


def renamed(old: str, new: str, was: tuple[str, ...] | None, of: Entity = PERSON) -> Entity:
    columns = tuple(replace(c, name=new, was=was) if c.name == old else c for c in of.columns)
    return changed(of, columns=columns, key=tuple(new if k == old else k for k in of.key))


def under(*columns: Column) -> Contract:
    return contract(changed(PERSON, columns=columns), DEVICE, version="v2")


@pytest.fixture
def office(tmp_path: Path) -> Path:
    """Two nights of persons and devices, staged."""
    land(tmp_path / "landing", PERSON, [ANN], 1)
    land(tmp_path / "landing", PERSON, [BEA], 2)
    land(tmp_path / "landing", DEVICE, [{"pk": "d", "state": "ON"}], 1, snapshot=True)
    assert codes(stage(tmp_path, contract(PERSON, DEVICE))) == []
    return tmp_path


def staged(office: Path) -> list[tuple[Any, ...]]:
    return [(r["source_record_id"], r["content_hash"]) for r in rows_of(office / "w.duckdb", "person")]


def test_a_renamed_column_keeps_what_was_landed_under_its_old_name(office: Path) -> None:
    before = staged(office)
    report = stage(office, contract(renamed("age", "years", ("age",)), DEVICE, version="v2"))
    assert (codes(report), report["entities"]["person"]["restaged"]) == ([], True)
    assert [r["years"] for r in rows_of(office / "w.duckdb", "person")] == [30, 40]
    assert staged(office) == before


def test_a_row_landed_under_the_new_name_is_the_version_it_was_under_the_old_one(office: Path) -> None:
    followed = renamed("age", "years", ("age",))
    land(office / "landing", followed, [{"pk": "p1", "name": "安", "years": "30"}], 3, version="v2")
    report = stage(office, contract(followed, DEVICE, version="v2"))
    assert (codes(report), report["entities"]["person"]["known"]) == ([], 1)


def test_a_renamed_key_keeps_the_records(office: Path) -> None:
    before = staged(office)
    report = stage(office, contract(renamed("pk", "id", ("pk",)), DEVICE, version="v2"))
    assert codes(report) == [] and staged(office) == before


def test_a_column_renamed_twice_is_read_under_every_name_it_had(office: Path) -> None:
    second = renamed("age", "years", ("age",))
    land(office / "landing", second, [{"pk": "p3", "years": "50"}], 3, version="v2")
    third = renamed("age", "lived", ("age", "years"))
    land(office / "landing", third, [{"pk": "p4", "lived": "60"}], 4, version="v3")
    assert codes(stage(office, contract(third, DEVICE, version="v3"))) == []
    assert [r["lived"] for r in rows_of(office / "w.duckdb", "person")] == [30, 40, 50, 60]


@pytest.mark.parametrize("old", ["age", "pk"])
def test_a_rename_that_the_contract_does_not_tell_costs_nothing_and_is_refused(office: Path, old: str) -> None:
    before = staged(office)
    report = stage(office, contract(renamed(old, "other", None), DEVICE, version="v2"))
    assert set(codes(report)) == {"LO-CONTRACT", "LO-RESTAGE"} and report["exit_status"] == 4
    assert report["entities"]["person"]["behind"] and not report["entities"]["device"]["behind"]
    assert staged(office) == before and len(ledger(office / "w.duckdb")) == 3


def test_new_rows_wait_while_their_entity_is_behind_its_contract(office: Path) -> None:
    wrong = renamed("age", "other", None)
    land(office / "landing", wrong, [{"pk": "p3", "other": "50"}], 3, version="v2")
    stage(office, contract(wrong, DEVICE, version="v2"))
    assert len(staged(office)) == 2
    report = stage(office, contract(renamed("age", "other", ("age",)), DEVICE, version="v3"))
    assert codes(report) == [] and [r["other"] for r in rows_of(office / "w.duckdb", "person")] == [30, 40, 50]


def test_a_field_that_is_new_says_so_and_another_may_go(office: Path) -> None:
    kept = [c for c in PERSON.columns if c.name != "age"]
    report = stage(office, under(*kept, replace(column("note"), was=())))
    assert codes(report) == [] and report["entities"]["person"]["extra"] == {"age": 2}


def test_a_snapshot_staged_anew_keeps_its_closings(office: Path) -> None:
    land(office / "landing", DEVICE, [{"pk": "e", "state": "ON"}], 2, snapshot=True)
    stage(office, contract(PERSON, DEVICE))
    report = stage(office, contract(PERSON, renamed("state", "status", ("state",), DEVICE), version="v2"))
    assert codes(report) == [] and report["entities"]["device"]["closed"] == 1
    assert [(r["source_record_id"], r["op"]) for r in rows_of(office / "w.duckdb", "device")] == [
        ("d", "upsert"), ("d", "delete"), ("e", "upsert"),
    ]  # fmt: skip


CHANGED = """
import sys
from dataclasses import replace
from pathlib import Path
from tests.warehouse.test_staging_anew import renamed
from tests.warehouse.landed import DEVICE, contract
from warehouse.engine import stage_source
folder = Path(sys.argv[1])
under = contract(renamed("age", "years", ("age",)), DEVICE, version="v2")
stage_source(under, folder / "landing", folder / "w.duckdb")
"""


@pytest.mark.parametrize(
    "point", ["stage.before_insert", "stage.before_commit", "stage.after_commit", "restage.aside",
              "restage.before_commit"],
)  # fmt: skip
def test_a_kill_while_an_entity_is_staged_anew_leaves_the_old_table_whole(office: Path, point: str) -> None:
    before = staged(office)
    environment = {**os.environ, "REGISTER_FAULTPOINT": f"{point}:kill", "PYTHONPATH": str(ROOT)}
    killed = subprocess.run([sys.executable, "-c", CHANGED, str(office)], env=environment, cwd=ROOT)
    assert killed.returncode == -signal.SIGKILL
    assert staged(office) == before and [r["age"] for r in rows_of(office / "w.duckdb", "person")] == [30, 40]
    assert codes(stage(office, contract(renamed("age", "years", ("age",)), DEVICE, version="v2"))) == []
    assert staged(office) == before and not (office / "w.duckdb.anew").exists()

"""A process that dies at any durable boundary, or meets a full disk there, is mended by a plain rerun."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import warehouse.engine
from expectations.errors import PipelineError, SourceLater
from expectations.faultpoint import POINTS
from tests.warehouse.landed import DEVICE, PERSON, SOURCE, TOWN, land, ledger
from warehouse.engine import digest_table, open_warehouse, rebuild, stage_source, table_name

assert warehouse.engine  # its import registers the points
OURS = sorted(p for p in POINTS if p.split(".")[0] in ("stage", "snapshot", "warehouse", "rebuild"))
ANN = {"pk": "p1", "name": "安"}
ROOT = Path(__file__).resolve().parents[2]


def stage(folder: Path) -> dict[str, Any]:
    return stage_source(TOWN, folder / "landing", folder / "w.duckdb").as_dict()


NIGHT = """
import sys
from pathlib import Path
from tests.warehouse.landed import TOWN
from warehouse.engine import rebuild, stage_source
folder, verb = Path(sys.argv[1]), sys.argv[2]
if verb == "rebuild":
    rebuild(folder / "landing", folder / "w.duckdb", [TOWN])
else:
    stage_source(TOWN, folder / "landing", folder / "w.duckdb")
"""


def night(folder: Path, verb: str, fault: str = "") -> int:
    """One process of its own that stages or rebuilds; its exit status."""
    environment = {**os.environ, "REGISTER_FAULTPOINT": fault, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-c", NIGHT, str(folder), verb], env=environment, cwd=ROOT, capture_output=True
    ).returncode


def a_week(folder: Path) -> None:
    for day, state in enumerate([{"a": "ON", "b": "ON"}, {"a": "OFF"}, {"a": "ON", "b": "ON"}], 1):
        land(folder / "landing", DEVICE, [{"pk": k, "state": v} for k, v in state.items()], day, snapshot=True)
        land(folder / "landing", PERSON, [{"pk": "1", "age": str(day)}, {"pk": "2"}], day)


def digests(folder: Path) -> list[str]:
    with open_warehouse(folder / "w.duckdb") as connection:
        return [digest_table(connection, "staging", table_name(SOURCE, e)) for e in ("device", "person")]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("undisturbed")
    a_week(folder)
    stage(folder)
    return digests(folder)


@pytest.mark.parametrize("point", OURS)
def test_a_kill_anywhere_is_mended_by_a_plain_rerun(tmp_path: Path, point: str, undisturbed: list[str]) -> None:
    verb = "rebuild" if point.startswith("rebuild.") else "stage"
    a_week(tmp_path)
    if verb == "rebuild":
        stage(tmp_path)
    assert night(tmp_path, verb, f"{point}:kill") == -signal.SIGKILL
    assert stage(tmp_path)["errors"] == []
    assert digests(tmp_path) == undisturbed
    assert all(r["landed"] == r["new"] + r["known"] for r in ledger(tmp_path / "w.duckdb"))


@pytest.mark.parametrize("point", OURS)
def test_a_full_disk_is_said_and_mended_by_a_plain_rerun(
    tmp_path: Path, point: str, undisturbed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    a_week(tmp_path)
    if point.startswith("rebuild."):
        stage(tmp_path)
    monkeypatch.setenv("REGISTER_FAULTPOINT", f"{point}:enospc")
    with pytest.raises(SourceLater, match="LA-SPACE"):
        if point.startswith("rebuild."):
            rebuild(tmp_path / "landing", tmp_path / "w.duckdb", [TOWN])
        else:
            stage(tmp_path)
    monkeypatch.delenv("REGISTER_FAULTPOINT")
    assert stage(tmp_path)["errors"] == []
    assert digests(tmp_path) == undisturbed


def test_a_kill_after_the_commit_leaves_nothing_to_do_for_that_load(tmp_path: Path) -> None:
    land(tmp_path / "landing", PERSON, [ANN])
    assert night(tmp_path, "stage", "stage.after_commit:kill") == -signal.SIGKILL
    report = stage(tmp_path)
    assert (report["entities"]["person"]["loads"], report["entities"]["person"]["loads_known"]) == (0, 1)
    assert report["errors"] == []


def test_errors_survive_the_way_between_processes(tmp_path: Path) -> None:
    land(tmp_path / "landing", PERSON, [ANN], source_total=9)
    with pytest.raises(PipelineError) as caught:
        stage(tmp_path)
    assert pickle.loads(pickle.dumps(caught.value)).as_dict() == caught.value.as_dict()

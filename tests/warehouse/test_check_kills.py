"""A check killed at its boundaries: a plain rerun ends where an undisturbed night would have ended."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from expectations.faultpoint import POINTS
from tests.warehouse.judged import Office, person
from tests.warehouse.landed import SOURCE

ROOT = Path(__file__).resolve().parent.parent.parent
OURS = sorted(p for p in POINTS if p.startswith("check."))
JUDGE = """
import sys
from pathlib import Path
from tests.warehouse.judged import Office
Office(Path(sys.argv[1])).check(1)
"""
TABLES = ("quality.entity", "quality.result", "quality.quarantine", f"acceptance.{SOURCE}__person")


def landed(home: Path) -> Office:
    home.mkdir()
    office = Office(home)
    office.land(1, [person("1"), person("2", name=None), person("3", age="x")])
    return office


def state(office: Office) -> list[Any]:
    return [sorted(map(repr, office.ask(f"select * from {table}"))) for table in TABLES]


@pytest.mark.parametrize(
    ("point", "mode"),
    [*((p, "kill") for p in OURS), ("check.before_judging", "enospc"), ("check.after_judging", "enospc")],
)
def test_a_check_that_dies_is_mended_by_a_plain_rerun(point: str, mode: str, tmp_path: Path) -> None:
    spoiled, whole = landed(tmp_path / "spoiled"), landed(tmp_path / "whole")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "REGISTER_FAULTPOINT": f"{point}:{mode}"}
    died = subprocess.run(
        [sys.executable, "-c", JUDGE, str(spoiled.home)], cwd=ROOT, env=environment, capture_output=True
    )
    assert died.returncode != 0
    assert spoiled.check(1)["verdict"] == whole.check(1)["verdict"] == "flagged"
    assert state(spoiled) == state(whole)
    assert set(spoiled.accepted()) == {"1"}


def test_every_point_of_the_check_is_driven() -> None:
    assert OURS == ["check.after_judging", "check.before_commit", "check.before_judging"]

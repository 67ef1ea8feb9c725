"""A build of claims and register that is killed anywhere is mended by a plain rerun."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import warehouse.engine.claims
import warehouse.engine.register  # noqa: F401 - both declare their points
from expectations.faultpoint import POINTS
from tests.warehouse.registered import Hall, resident, room

ROOT = Path(__file__).resolve().parents[2]
BUILD = """
import sys
from pathlib import Path
from expectations.contract import load_contract
from warehouse.engine import open_warehouse
from warehouse.engine.claims import build_claims
from warehouse.engine.register import build_register
from warehouse.resolver import model_in_use
with open_warehouse(Path(sys.argv[1])) as connection:
    build_claims(connection, [load_contract("town_hall", Path(sys.argv[2]))])
    build_register(connection, None, model_in_use())
"""


@pytest.mark.parametrize("point", sorted(p for p in POINTS if p.split(".")[0] in ("claims", "register")))
def test_a_killed_build_is_mended_by_a_plain_rerun(tmp_path: Path, point: str) -> None:
    hall = Hall(tmp_path)
    hall.land(1, resident=[resident("1")], room=[room("a", code="C1")])
    hall.build()
    hall.land(2, resident=[resident("2", 2)], room=[room("b", 2, code="C2")])
    hall.release()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "REGISTER_FAULTPOINT": f"{point}:kill"}
    environment.pop("REGISTER_DECISIONS_URL", None)
    call = [sys.executable, "-W", "ignore", "-c", BUILD, str(hall.file), str(hall.home / "contracts" / "0")]
    assert subprocess.run(call, env=environment, cwd=ROOT, check=False).returncode == -9
    hall.build()
    mended = hall.digest()
    assert hall.ask("select count(*) from register.person") == [(2,)]
    hall.build(full=True)
    assert hall.digest() == mended

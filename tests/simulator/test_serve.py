"""`python -m simulator serve` with one toy wire: it builds, starts, tells, and stops when told to."""

import json
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from simulator.wires import discover_wires

ROOT = Path(__file__).parents[2]
DRIVER = """
import sys, types
from pathlib import Path
store = types.ModuleType("simulator.store")
class Store:
    open = staticmethod(lambda path: Path(path).read_text())
def build(profile, seed, path, *, clean=False, id_rate=None, progress=None):
    progress("building", profile)
    Path(path).write_text(f"{profile} {seed} {clean} {id_rate}")
store.Store, store.build = Store, build
sys.modules["simulator.store"] = store
import simulator.wires
simulator.wires.__path__.append(sys.argv[1])
from simulator.__main__ import main
sys.exit(main(sys.argv[2:]))
"""
WIRE = """
from simulator.wires._http import HttpWire, json_response
NUMBER, TITLE = 3, "玩具系统"
class Toy(HttpWire):
    key = "toytown"
    def __init__(self, store, **options):
        self.store = store
        super().__init__(login="u", password="it's", **options)
    def holds(self):
        return f"town {self.store}"
    def routes(self):
        return {("GET", "/"): lambda request: json_response(self.store)}
def make(store, *, port=0, at=None, options=None):
    return Toy(store, port=port, **(options or {}))
"""


@pytest.fixture
def command(tmp_path: Path) -> list[str]:
    (tmp_path / "wires").mkdir()
    (tmp_path / "wires" / "toytown.py").write_text(WIRE)
    (tmp_path / "driver.py").write_text(DRIVER)
    return [sys.executable, str(tmp_path / "driver.py"), str(tmp_path / "wires")]


@pytest.fixture
def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200", "PYTHONIOENCODING": "utf-8"}


def wait_for(path: Path, process: subprocess.Popen[str]) -> None:
    limit = time.monotonic() + 30
    while not path.exists():
        assert process.poll() is None and time.monotonic() < limit, "serve did not get ready"
        time.sleep(0.02)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_tells_its_connections_and_stops_cleanly(
    command: list[str], environment: dict[str, str], tmp_path: Path, number: signal.Signals
) -> None:
    told = tmp_path / "connections.json"
    options = ["serve", "--home", str(tmp_path / "home"), "--only", "toytown", "--base-port", "0", "--json", str(told)]
    with subprocess.Popen([*command, *options, "--control"], env=environment, stdout=-1, text=True) as process:
        wait_for(told, process)
        assert stat.S_IMODE(told.stat().st_mode) == 0o600
        connection = json.loads(told.read_text())["toytown"]
        assert requests.get(connection["host"] + "/", timeout=5).json() == "small 7 False None"
        assert requests.get(connection["host"] + "/__control__/faults", timeout=5).json() == []
        process.send_signal(number)
        said, _ = process.communicate(timeout=10)
    assert (process.returncode, told.exists()) == (0, False)
    assert (tmp_path / "home" / "small-7.db").exists()
    assert "玩具系统" in said and "town small 7" in said
    line = next(line for line in said.splitlines() if line.startswith("export AIRFLOW_CONN_TOYTOWN="))
    script = f'{line}\nprintf %s "$AIRFLOW_CONN_TOYTOWN"'
    assert json.loads(subprocess.run(["sh", "-c", script], capture_output=True, check=True).stdout) == connection


def test_build_makes_a_town(command: list[str], environment: dict[str, str], tmp_path: Path) -> None:
    out = tmp_path / "new" / "town.db"
    options = ["build", "--profile", "street", "--seed", "3", "--out", str(out), "--clean", "--id-rate", "0.5"]
    subprocess.run([*command, *options], env=environment, check=True, capture_output=True)
    assert out.read_text() == "street 3 True 0.5"


def test_an_unknown_system_is_an_error_with_the_names_there_are(
    command: list[str], environment: dict[str, str], tmp_path: Path
) -> None:
    options = ["serve", "--home", str(tmp_path), "--only", "nowhere"]
    done = subprocess.run([*command, *options], env=environment, capture_output=True, text=True)
    assert done.returncode == 2
    assert "no wire for nowhere" in done.stderr and "toytown" in done.stderr


def test_wires_are_found_in_the_order_of_the_systems() -> None:
    found = discover_wires()
    assert [one.number for one in found] == sorted(one.number for one in found)
    assert all(not one.key.startswith("_") for one in found)

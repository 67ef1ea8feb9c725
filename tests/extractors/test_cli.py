"""`python -m extractors` as a stranger calls it: exit status, one JSON line, no personal value, no traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.store import Store
from simulator.wires import Wire, discover_wires

ROOT = Path(__file__).resolve().parents[2]
KEY = "mediation"
WINDOW = ("--begin", "2022-11-01", "--end", "2022-11-08")


@pytest.fixture
def wire(small_town: Store) -> Iterator[Wire]:
    found = {f.key: f for f in discover_wires()}[KEY].make(small_town)
    found.start()
    yield found
    found.stop()


def call(register_env: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "extractors", *arguments, "--landing", str(register_env / "landing")]
    return subprocess.run(command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True)


def connection(wire: Wire, **changes: object) -> dict[str, str]:
    return {f"AIRFLOW_CONN_{KEY.upper()}": json.dumps(wire.connection() | changes)}


def test_a_reconciled_run_ends_with_one_json_line(wire: Wire, register_env: Path) -> None:
    done = call(register_env, KEY, *WINDOW, "--json", **connection(wire))
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout.splitlines()[-1])
    assert summary["status"] == "reconciled"
    assert summary["entities"]["dispute"]["rows"] == summary["entities"]["dispute"]["source_total"] > 0
    assert list((register_env / "landing" / KEY / "dispute").rglob("*.parquet"))


@pytest.mark.parametrize(
    ("arguments", "unset"),
    [
        (("no_such_source", *WINDOW), None),
        ((KEY, "--begin", "yesterday", "--end", "2022-11-08"), None),
        ((KEY, "--begin", "2022-11-08", "--end", "2022-11-01"), None),
        ((KEY, *WINDOW), "connection"),
        ((KEY, *WINDOW), "REGISTER_TOKEN_KEY"),
    ],
    ids=["source", "date", "order", "connection", "key"],
)
def test_a_bad_call_is_2_and_says_what_to_do(
    arguments: tuple[str, ...], unset: str | None, wire: Wire, register_env: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if unset and unset != "connection":
        monkeypatch.delenv(unset)
    done = call(register_env, *arguments, **({} if unset == "connection" else connection(wire)))
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert not (register_env / "landing" / KEY / "dispute").exists()


def test_a_source_that_is_down_is_3_and_a_refused_login_is_4(wire: Wire, register_env: Path) -> None:
    refused = call(register_env, KEY, *WINDOW, "--json", **connection(wire, password="wrong-password"))
    wire.stop()
    down = call(register_env, KEY, *WINDOW, "--json", **connection(wire))
    assert (refused.returncode, down.returncode) == (4, 3)
    for done in (refused, down):
        error = json.loads(done.stdout.splitlines()[-1])["errors"][0]
        assert error["zh"] and error["next_en"] and error["cursor"] == "unchanged"
        assert "wrong-password" not in done.stdout + done.stderr

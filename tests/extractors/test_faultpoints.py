"""Kill, ENOSPC and EIO at every durable boundary of a run; then one plain re-run must leave nothing to mend."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from expectations.faultpoint import POINTS, faultpoint
from expectations.manifest import read_manifests
from extractors import Window, discover
from extractors._kit.connection import Connection
from extractors._kit.run import run_source
from extractors._kit.summary import Summary
from simulator.store import Store
from simulator.wires import Wire, discover_wires

# A source with receipts: what is not durable must never be acknowledged.
KEY = "petitions"
WINDOW = Window.parse("2022-10-01", "2022-11-08")
EXTRACT_POINTS = sorted(p for p in POINTS if p.startswith(("landing.", "run.")))


@pytest.fixture
def wires(small_town: Store) -> Iterator[tuple[Wire, Wire]]:
    """Two servers over one town: what one was told (acknowledged) the other does not know."""
    make = {f.key: f for f in discover_wires()}[KEY].make
    pair = make(small_town), make(small_town)
    for wire in pair:
        wire.start()
    yield pair
    for wire in pair:
        wire.stop()


def run(wire: Wire, landing: Path) -> Summary:
    return run_source(discover()[KEY], WINDOW, landing, Connection.from_json(KEY, json.dumps(wire.connection())))


def killed_run(wire: Wire, landing: Path) -> int:
    """Run in a child that is to be killed; returns the signal that ended it."""
    child = os.fork()
    if child == 0:
        try:
            run(wire, landing)
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def landed_keys(landing: Path) -> dict[str, list[str]]:
    """Record keys of every manifested file per entity; fails on a file that cannot be read whole."""
    found: dict[str, list[str]] = {}
    for path, manifest in read_manifests(landing, KEY):
        table = pq.read_table(path.parent / manifest.file)
        assert table.num_rows == manifest.rows
        found.setdefault(manifest.entity, []).extend(table.column("xfjid").to_pylist())
    return found


def test_every_point_of_a_run_is_known_here() -> None:
    assert len(EXTRACT_POINTS) == 9


@pytest.mark.parametrize("point", EXTRACT_POINTS)
def test_a_kill_leaves_nothing_lost_torn_or_twice(
    point: str, wires: tuple[Wire, Wire], register_env: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = run(wires[0], register_env / "whole")
    landing = register_env / "landing"
    monkeypatch.setenv("REGISTER_FAULTPOINT", f"{point}:kill")
    assert killed_run(wires[1], landing) == -signal.SIGKILL
    monkeypatch.delenv("REGISTER_FAULTPOINT")
    assert run(wires[1], landing).exit_status == 0
    keys = landed_keys(landing)
    assert {e: len(set(k)) for e, k in keys.items()} == {e: s.rows for e, s in whole.entities.items()}
    assert not list(landing.rglob(".tmp-*"))


@pytest.mark.parametrize("mode", ["enospc", "eio"])
@pytest.mark.parametrize("point", [p for p in EXTRACT_POINTS if p.startswith("landing.")])
def test_a_full_or_failing_disk_is_said_and_leaves_no_partial_file(
    point: str, mode: str, wires: tuple[Wire, Wire], register_env: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire, landing = wires[0], register_env / "landing"
    monkeypatch.setenv("REGISTER_FAULTPOINT", f"{point}:{mode}")
    summary = run(wire, landing)
    assert [e.code for e in summary.errors] == ["LA-SPACE" if mode == "enospc" else "LA-IO"]
    assert summary.exit_status == 3
    assert not list(landing.rglob(".tmp-*"))
    monkeypatch.delenv("REGISTER_FAULTPOINT")
    assert run(wire, landing).exit_status == 0


def test_an_undeclared_point_is_an_error_even_unarmed() -> None:
    with pytest.raises(RuntimeError, match="not registered"):
        faultpoint("nobody.declared.this")

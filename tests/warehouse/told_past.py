"""A hamlet whose past is told by all twelve wires, in whatever order: landed, staged, judged, registered, marts built.

Import `hamlet` and tell it deeds; two tellings of the same deeds must end in the same digests.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from extractors import Window, discover
from extractors._kit.connection import Connection
from extractors._kit.history import read_window
from extractors._kit.run import run_source
from simulator.store import Store, build
from simulator.town.profiles import PROFILES, SMALL
from simulator.wires import Wire, discover_wires
from tests.warehouse.resident import killed_at
from warehouse.engine import digest_schemas, open_warehouse, stage_source
from warehouse.engine.check import check_source
from warehouse.engine.marts import marts_nightly
from warehouse.engine.nightly import register_nightly

HAMLET = replace(
    SMALL, name="hamlet", residents=150, grids=2, buildings=10, rooms=90, organisations=30, cameras=6, recorders=1,
    door_devices=6, facilities=6, collections_a_year=200, events_a_year=80, petitions_a_year=20, disputes_a_year=20,
    clues_a_year=12, window_services_a_year=30,
)  # fmt: skip
TOLD = ("claims", "register", "prepared", "marts")
BUILD = ("register.build",)
LAST = "2022-12-30"


@dataclass(frozen=True)
class Deed:
    """One reading: a window of the past, or a night; killed once it had landed; staged at once or later."""

    source: str
    begin: str
    end: str
    night: bool = False
    killed: bool = False
    staged: bool = False


@pytest.fixture(scope="session")
def hamlet(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """The smallest town that still has something of everything."""
    PROFILES[HAMLET.name] = HAMLET
    try:
        return build(HAMLET.name, 7, tmp_path_factory.mktemp("hamlet") / "town.db")
    finally:
        del PROFILES[HAMLET.name]


class Telling:
    """The stores of one telling, and its own wires: what was acknowledged to them is theirs."""

    def __init__(self, home: Path, town: Store) -> None:
        self.home, self.landing, self.file = home, home / "landing", home / "w.duckdb"
        home.mkdir(mode=0o700)
        self.wires: dict[str, Wire] = {f.key: f.make(town) for f in discover_wires()}

    def tell(self, deeds: Sequence[Deed]) -> dict[str, str]:
        """Do them all, judge and build once; the digest of every table told."""
        with ExitStack() as stack:
            for wire in self.wires.values():
                wire.start()
                stack.callback(wire.stop)
            for deed in deeds:
                self._do(deed)
        for source in discover().values():
            assert stage_source(source.contract(), self.landing, self.file).errors == []
        for source in discover().values():
            check_source(source.contract(), self.landing, self.file, LAST)
        register_nightly(self.file, LAST, full=True)
        marts_nightly(self.file, LAST)
        with open_warehouse(self.file) as connection:
            return digest_schemas(connection, TOLD, without=BUILD)

    def _do(self, deed: Deed) -> None:
        if deed.killed:
            killed_at("landing.manifest.folder", lambda: self._read(deed))
        self._read(deed)
        if deed.staged:
            stage_source(discover()[deed.source].contract(), self.landing, self.file)

    def _read(self, deed: Deed) -> None:
        source, window = discover()[deed.source], Window.parse(deed.begin, deed.end)
        connection = Connection.from_json(source.connection, json.dumps(self.wires[deed.source].connection()))
        if deed.night:
            summaries = [run_source(source, window, self.landing, connection)]
        else:
            summaries = read_window(source, window, self.landing, connection)
        assert [e.as_dict() for s in summaries for e in s.errors] == []

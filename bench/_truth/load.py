"""A town loaded through the real wires, night by night or as history, with the functions the DAGs call.

Flow: wires over a town's file -> `read_night` / `read_years` -> landing -> staging, checks -> `publish` -> a home that
holds what an office's home holds. A kill ends the reading in the middle of a window; the next call goes on.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import duckdb

from expectations.errors import PipelineError
from extractors import Source, Window, discover
from extractors._kit.connection import Connection
from extractors._kit.cursor import nightly_window
from extractors._kit.history import missing_windows, month_windows, read_window
from extractors._kit.run import run_source
from simulator.store import Store
from simulator.wires import discover_wires
from warehouse.engine import stage_source
from warehouse.engine.check import check_source
from warehouse.engine.marts import marts_nightly
from warehouse.engine.nightly import register_nightly
from warehouse.publish.night import publish_night

FIRST, NIGHT = "2022-01-01", "2022-11-05"
ORDERS = ("forward", "backward", "shuffled")
ENVIRONMENT = {
    "REGISTER_TOKEN_KEY": bytes(range(32)).hex(),
    "REGISTER_VAULT_KEY": bytes(range(32, 64)).hex(),
    "REGISTER_RETRY_BASE": "0",
    "REGISTER_TODAY": "2023-01-01",
    "GX_ANALYTICS_ENABLED": "false",
}

Connections = Mapping[str, Any]
Told = Callable[[str], None]


@dataclass
class Published:
    """What one night's publication said: held and failed marts, and how the cells of the protected ones came out."""

    night: str
    held: list[str]
    failed: list[str]
    cells: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Home:
    """The stores of an office, and the connections to the town's twelve systems."""

    folder: Path
    connections: Connections

    @property
    def landing(self) -> Path:
        """Where extractors write."""
        return self.folder / "landing"

    @property
    def warehouse(self) -> Path:
        """The warehouse file."""
        return self.folder / "warehouse.duckdb"

    @property
    def published(self) -> Path:
        """The file readers open."""
        return self.folder / "published" / "current"

    def connection(self, source: Source) -> Connection:
        """How to reach a source's wire."""
        return Connection.from_json(source.connection, json.dumps(self.connections[source.connection]))


@contextmanager
def settled(folder: Path) -> Iterator[None]:
    """An office in `folder`: keys and places in the environment, as they were afterwards."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    places = {"REGISTER_HOME": str(folder), "REGISTER_DECISIONS_URL": f"sqlite:///{folder / 'decisions.db'}"}
    wanted = ENVIRONMENT | places
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


@contextmanager
def served(town: Path, folder: Path, after: str | None = None) -> Iterator[Home]:
    """A home in `folder`, and every wire of the town serving what there was before the day `after`."""
    store = Store.open(town)
    at = None if after is None else f"{after} 00:00:00"
    wires = {found.key: found.make(store, at=at) for found in discover_wires()}
    try:
        for wire in wires.values():
            wire.start()
        yield Home(folder, {key: wire.connection() for key, wire in wires.items()})
    finally:
        for wire in wires.values():
            wire.stop()


def read_night(home: Home, night: str, first: str | None = None) -> None:
    """Every source for one night, or from `first` to its end, staged and judged. Raises the first error of a source."""
    after = following(night)
    for source in discover().values():
        window = Window.parse(first, after) if first else nightly_window(source, home.landing, night)
        summary = run_source(source, window, home.landing, home.connection(source))
        for error in summary.errors:
            raise PipelineError(error.code, detail=f"{source.key}: {error.detail}")
        _stage(home, source, night)


def read_years(home: Home, first: int, last: int, order: str, killed: bool, seed: int, told: Told) -> None:
    """The months of these years of every source, in one order; `killed`: stopped after two fifths, then gone on."""
    windows = planned(home, first, last, order, seed)
    stop = int(0.4 * len(windows)) if killed else len(windows)
    for number, (key, window) in enumerate(windows[:stop]):
        if number % 60 == 0:
            told(f"history, {number} of {len(windows)} windows")
        _read(home, discover()[key], window)
    if killed:
        told("stopped in the middle: staged as far as it is read, and planned again")
        _stage_all(home, f"{last}-12-30")
        for key, window in planned(home, first, last, order, seed):
            _read(home, discover()[key], window)
    _stage_all(home, f"{last}-12-30")


def planned(home: Home, first: int, last: int, order: str, seed: int) -> list[tuple[str, Window]]:
    """The windows still to be read, month by month, all systems together; the last day is left to a night."""
    months = month_windows(date(first, 1, 1), date(last, 12, 31))
    if order == "backward":
        months = months[::-1]
    if order == "shuffled":
        Random(seed).shuffle(months)
    past = {key: source for key, source in discover().items() if source.of_the_past().entities}
    left = {key: missing_windows(source, home.landing, months) for key, source in past.items()}
    return [(key, month) for month in months for key in left if month in left[key]]


def following(night: str) -> str:
    """The day after."""
    return (date.fromisoformat(night) + timedelta(days=1)).isoformat()


def publish(home: Home, night: str) -> Published:
    """Register, marts and publication of a night. Raises what the register holds back."""
    built, _ = register_nightly(home.warehouse, night)
    if built["error"]:
        raise PipelineError(built["error"]["code"], detail=str(built["failed"]))
    marts, _ = marts_nightly(home.warehouse, night)
    told = publish_night(home.warehouse, home.folder, night, held=marts["held"])
    codes = sorted({error["code"] for error in [*told["errors"], *([marts["error"]] if marts["error"] else [])]})
    return Published(night, sorted(told["held"]), codes, cells_of(home.published))


def cells_of(published: Path) -> dict[str, int]:
    """How the cells of a generation came out, where it says so: shown exactly, more coarsely, or left empty."""
    with duckdb.connect(str(published), read_only=True) as connection:
        columns = {str(row[0]) for row in connection.execute("describe marts.generation").fetchall()}
        names = sorted(column for column in columns if column.startswith("cells_"))
        if not names:
            return {}
        sums = ", ".join(f"sum({name})" for name in names)
        row = connection.execute(f"select {sums} from marts.generation").fetchone() or ()
    return {name.removeprefix("cells_"): int(value or 0) for name, value in zip(names, row, strict=True)}


def _read(home: Home, source: Source, window: Window) -> None:
    for summary in read_window(source, window, home.landing, home.connection(source)):
        for error in summary.errors:
            raise PipelineError(error.code, detail=f"{source.key}: {error.detail}")


def _stage_all(home: Home, night: str) -> None:
    for source in discover().values():
        _stage(home, source, night)


def _stage(home: Home, source: Source, night: str) -> None:
    report = stage_source(source.contract(), home.landing, home.warehouse).as_dict()
    for error in report["errors"]:
        raise PipelineError(error["code"], detail=f"{source.key}: {error['detail']}")
    check_source(source.contract(), home.landing, home.warehouse, night)

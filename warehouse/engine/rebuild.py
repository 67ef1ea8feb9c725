"""Make the warehouse anew from the landing zone, beside the present file, and swap by rename.

The old file stays as `<name>.kept-<time>`, its .wal with it. A kill at any point leaves either warehouse whole; what
the next run finds of an unfinished one it clears away and starts again.
"""

from __future__ import annotations

import glob
import os
import shutil
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TypeAlias

from expectations.contract import Contract
from expectations.faultpoint import faultpoint, register
from warehouse.engine.confirmed import confirmed_loads
from warehouse.engine.connection import Connection, opened, wait_and_lock
from warehouse.engine.digest import digest_table
from warehouse.engine.erased import tombstones_of
from warehouse.engine.report import StageReport
from warehouse.engine.staged import SCHEMA, table_name
from warehouse.engine.staging import stage_into

After: TypeAlias = Callable[[Connection, Path, list[Contract]], dict[str, Any]]

register("rebuild.before_swap", "rebuild.linked", "rebuild.wal_kept", "rebuild.after_swap")


@dataclass
class RebuildReport:
    """What the new file holds: per source the stage report, per table its digest."""

    sources: dict[str, StageReport] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    register: dict[str, Any] = field(default_factory=dict)
    swapped: bool = False
    kept: str | None = None
    seconds: float = 0.0

    @property
    def exit_status(self) -> int:
        staged = max((r.exit_status for r in self.sources.values()), default=0)
        return max(staged, int(self.register.get("exit_status", 0)))

    @property
    def losses(self) -> bool:
        """Whether a landed load could not be staged. A floor that holds closings back loses nothing."""
        return any(e.code != "EX-FLOOR" for report in self.sources.values() for e in report.errors)

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "exit_status": self.exit_status,
            "sources": {name: report.as_dict() for name, report in sorted(self.sources.items())},
            "digests": dict(sorted(self.digests.items())),
            "register": self.register,
            "swapped": self.swapped,
            "kept": self.kept,
            "seconds": round(self.seconds, 3),
        }


def rebuild(
    landing: Path,
    warehouse: Path,
    contracts: Iterable[Contract],
    *,
    accept_errors: bool = False,
    wait: float | None = None,
    then: After | None = None,
) -> RebuildReport:
    """Stage all contracts into a new file and put it in the place of the old one, which is kept.

    Holds the writer lock throughout. Errors of loads stand in the report, and then the present file stays, because
    the new one would lack their rows; `accept_errors` swaps all the same. then: what is made from staging in the new
    file (claims, register, marts), given its connection, the old file and the contracts. Raises: SourceLater LO-LOCKED.
    """
    started = time.monotonic()
    report = RebuildReport()
    listed = list(contracts)
    with wait_and_lock(warehouse, wait):
        workshop = _clear_workshop(warehouse)
        fresh = workshop / warehouse.name
        tombstones = tombstones_of(warehouse)
        with opened(fresh) as connection:
            for contract in listed:
                confirmed = confirmed_loads(warehouse, contract.source)
                report.sources[contract.source] = stage_into(connection, contract, landing, confirmed, tombstones)
                for entity in contract.entities:
                    table = table_name(contract.source, entity)
                    report.digests[table] = digest_table(connection, SCHEMA, table)
            if then is not None:
                report.register = then(connection, warehouse, listed)
        if accept_errors or not report.losses:
            report.kept = _swap(fresh, warehouse)
            report.swapped = True
        shutil.rmtree(workshop)
    report.seconds = time.monotonic() - started
    return report


def _clear_workshop(warehouse: Path) -> Path:
    """An empty folder for the new file. What lies there is an unfinished rebuild: nothing but a copy of landing."""
    workshop = warehouse.with_name(f"{warehouse.name}.rebuild")
    shutil.rmtree(workshop, ignore_errors=True)
    workshop.mkdir(mode=0o700)
    return workshop


def _swap(fresh: Path, warehouse: Path) -> str | None:
    """Put the new file in place. The old one keeps a second name first, so that no moment is without a warehouse."""
    _sync(fresh)
    faultpoint("rebuild.before_swap")
    kept = None
    if warehouse.exists():
        kept = warehouse.with_name(f"{warehouse.name}.kept-{datetime.now():%Y%m%dT%H%M%S%f}")
        os.link(warehouse, kept)
        faultpoint("rebuild.linked")
        # The .wal goes before the swap: beside the new file it would be replayed into the wrong warehouse. A kill
        # here costs the old file its last commits, which the next stage loads again: its ledger went with them.
        for wal in sorted(warehouse.parent.glob(f"{glob.escape(warehouse.name)}.wal*")):
            wal.rename(kept.with_name(kept.name + wal.name.removeprefix(warehouse.name)))
    faultpoint("rebuild.wal_kept")
    fresh.replace(warehouse)
    _sync(warehouse.parent)
    faultpoint("rebuild.after_swap")
    return kept.name if kept else None


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

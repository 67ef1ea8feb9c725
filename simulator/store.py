"""The store of a simulated town: one SQLite file with every version of every source record, and the truth.

Flow: simulator.town streams rows -> `build` -> table `record` and the truth tables -> `Store` serves the servers.
The file is written beside its place and moved there when it is whole; afterwards it is only read.
"""

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from simulator.town.profiles import PROFILES, Town
from simulator.town.tables import fill
from simulator.town.truth import Truth

_COLUMNS = "key, seq, changed_at, payload"
_Window = tuple[str | None, str | None]


@dataclass(frozen=True)
class Record:
    """One version of one source record; `fields` are what the wire shows."""

    key: str
    seq: int
    changed_at: str
    fields: dict[str, Any]


class Store:
    """Reads a town's file; may be shared by threads, each of which gets its own connection."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._local = threading.local()
        about = dict(self._rows("select name, value from town"))
        self.profile: str = about["profile"]
        self.seed = int(about["seed"])
        self.clean = about["clean"] == "1"
        self.id_rate = float(about["id_rate"])

    @classmethod
    def open(cls, path: Path) -> "Store":
        """Open a town that was built before. Raises FileNotFoundError if it was not."""
        if not path.is_file():
            raise FileNotFoundError(f"no town at {path}: build one with simulator.store.build")
        return cls(path)

    def entities(self) -> list[tuple[str, str, int]]:
        """List (system, entity, rows) of everything the town holds."""
        return self._rows("select system, entity, sum(rows) from truth_count group by 1, 2 order by 1, 2")

    def count(self, system: str, entity: str, begin: str | None = None, end: str | None = None) -> int:
        """Count the versions with begin <= changed_at < end."""
        where, values = _window(system, entity, (begin, end))
        return int(self._rows(f"select count(*) from record where {where}", values)[0][0])

    def page(
        self,
        system: str,
        entity: str,
        begin: str | None = None,
        end: str | None = None,
        *,
        after: tuple[str, str, int] | None = None,
        limit: int = 1000,
    ) -> list[Record]:
        """Read versions of [begin, end) in the order (changed_at, key, seq), after the given position."""
        where, values = _window(system, entity, (begin, end))
        if after is not None:
            where += " and (changed_at, key, seq) > (?, ?, ?)"
            values += list(after)
        return self._records(f"{where} order by changed_at, key, seq limit ?", [*values, limit])

    def offset_page(
        self, system: str, entity: str, begin: str | None, end: str | None, *, offset: int, limit: int
    ) -> list[Record]:
        """Read versions of [begin, end) by offset, as sources with page numbers do."""
        where, values = _window(system, entity, (begin, end))
        return self._records(f"{where} order by changed_at, key, seq limit ? offset ?", [*values, limit, offset])

    def latest(self, system: str, entity: str, at: str | None = None) -> list[Record]:
        """Read the state at a moment: the newest version of each key up to `at`, without what was removed by then."""
        where, values = "system = ? and entity = ?", [system, entity]
        if at is not None:
            where, values = where + " and changed_at <= ?", [*values, at]
        rows = self._rows(
            f"select key, max(seq), changed_at, payload from record where {where} group by key order by key", values
        )
        return [_record(row) for row in rows if row[3] != b"{}"]

    def find(self, system: str, entity: str, key: str) -> Record | None:
        """Read the newest version of one record; None if there is none, or if it was removed."""
        rows = self._records("system = ? and entity = ? and key = ? order by seq desc limit 1", [system, entity, key])
        return rows[0] if rows and rows[0].fields else None

    def iterate(self, system: str, entity: str, begin: str | None = None, end: str | None = None) -> Iterator[Record]:
        """Stream the versions of [begin, end) in order."""
        after = None
        while rows := self.page(system, entity, begin, end, after=after, limit=2_000):
            yield from rows
            after = rows[-1].changed_at, rows[-1].key, rows[-1].seq

    def truth(self) -> Truth:
        """Open what is known about the records: who is who, which room is which, what was spoiled."""
        return Truth(self._rows)

    def _records(self, where: str, values: list[Any]) -> list[Record]:
        return [_record(row) for row in self._rows(f"select {_COLUMNS} from record where {where}", values)]

    def _rows(self, sql: str, values: list[Any] | tuple[Any, ...] = ()) -> list[Any]:
        connection = getattr(self._local, "connection", None)
        if connection is None:
            uri = f"{self.path.resolve().as_uri()}?mode=ro&immutable=1"
            connection = self._local.connection = sqlite3.connect(uri, uri=True)
        return list(connection.execute(sql, values))


def _record(row: Any) -> Record:
    return Record(row[0], row[1], row[2], orjson.loads(row[3]))


def _window(system: str, entity: str, window: _Window) -> tuple[str, list[Any]]:
    where, values = "system = ? and entity = ?", [system, entity]
    for test, bound in zip(("changed_at >= ?", "changed_at < ?"), window, strict=True):
        if bound is not None:
            where, values = f"{where} and {test}", [*values, bound]
    return where, values


def build(
    profile: str,
    seed: int,
    path: Path,
    *,
    clean: bool = False,
    id_rate: float | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Store:
    """Build a town and store it. `progress` is told (grids done, grids in all).

    `clean` leaves out every defect; `id_rate` sets the share of missing and wrong ID numbers (0.05 if not given).
    """
    town = Town(PROFILES[profile], seed, clean, 0.05 if id_rate is None else id_rate)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    partial.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(partial)) as connection:
            fill(connection, town, progress)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return Store.open(path)

"""The town's file as the audit reads it: what was sent, what should have been, and what the wires told by a night."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import orjson

Fields = dict[str, Any]
Window = tuple[str, str]


LOOK_BACK = {"social_governance": 3}
"""Days before a window that are read again."""

PRESENT = ("device", "door_device", "rental_room")
"""Records of which a night reads all that there is, whatever its window; a backfill leaves them out."""


@dataclass(frozen=True)
class Version:
    """One version of a record: its fields as sent and as they should have been, and what was spoiled in it."""

    key: str
    seq: int
    moment: str
    sent: Fields
    right: Fields
    defects: frozenset[str]


Versions = dict[str, list[Version]]


@dataclass(frozen=True)
class Loads:
    """Which windows were read, in whole days; `night` is the last day of the last of them."""

    night: date
    windows: tuple[Window, ...]
    pictures: bool = True

    @classmethod
    def of(cls, night: str, *windows: Window, pictures: bool = True) -> Loads:
        """Windows as [begin, end) in `yyyy-MM-dd`; `pictures`: what shows the present only was read, too."""
        return cls(date.fromisoformat(night), windows, pictures)

    @property
    def after(self) -> str:
        """The first day after the night."""
        return (self.night + timedelta(days=1)).isoformat()

    @property
    def since(self) -> str:
        """The first day of the earliest window."""
        return min(begin for begin, _ in self.windows)

    def told(self, versions: Sequence[Version], whole: bool = False) -> list[Version]:
        """The versions of one record that were shown: the newest of each window, or (`whole`) every one in it."""
        if whole:
            return [v for v in versions if self.says(v.moment)]
        found: dict[int, Version] = {}
        for begin, end in self.windows:
            inside = [v for v in versions if begin <= v.moment < end]
            if inside:
                found[inside[-1].seq] = inside[-1]
        return [found[seq] for seq in sorted(found)]

    def says(self, moment: str, system: str = "") -> bool:
        """Whether a window holds the moment; some systems are read again some days back."""
        back = LOOK_BACK.get(system, 0)
        return any(_back(begin, back) <= moment < end for begin, end in self.windows)

    def shows(self, moment: str, system: str, entity: str) -> bool:
        """The same, but of some entities a whole picture is taken, which shows whatever stands."""
        return self.pictures if entity in PRESENT else self.says(moment, system)

    def read_at(self, moment: str) -> str | None:
        """When something announced at a moment was read: at the end of the first window that ends after it."""
        ends = sorted(end for _, end in self.windows if end > moment)
        return ends[0] if ends and self.pictures else None


class TownFile:
    """Reads a town's file; nothing is written."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def rows(self, question: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """One question as rows."""
        with closing(self._open()) as connection:
            return connection.execute(question, tuple(values)).fetchall()

    def versions(self, system: str, entity: str, before: str) -> Versions:
        """Every version of an entity changed before a day, by key and in order."""
        defects = self._noted("truth_defect", "defect", system, entity)
        values = self._noted("truth_value", "field, value", system, entity)
        found: Versions = {}
        for key, seq, moment, payload in self._records(system, entity, before):
            sent: Fields = orjson.loads(payload)
            right = sent | {name: orjson.loads(value) for name, value in values.get((key, seq), ())}
            spoiled = frozenset(name for (name,) in defects.get((key, seq), ()))
            found.setdefault(key, []).append(Version(key, seq, moment, sent, right, spoiled))
        return found

    def _records(self, system: str, entity: str, before: str) -> Iterator[tuple[str, int, str, bytes]]:
        question = (
            "select key, seq, changed_at, payload from record"
            " where system = ? and entity = ? and changed_at < ? order by key, seq"
        )
        with closing(self._open()) as connection:
            yield from connection.execute(question, (system, entity, before))

    def _noted(
        self, table: str, columns: str, system: str, entity: str
    ) -> dict[tuple[str, int], list[tuple[Any, ...]]]:
        question = f"select key, seq, {columns} from {table} where system = ? and entity = ?"
        found: dict[tuple[str, int], list[tuple[Any, ...]]] = {}
        for key, seq, *rest in self.rows(question, (system, entity)):
            found.setdefault((key, seq), []).append(tuple(rest))
        return found

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(f"{self.path.resolve().as_uri()}?mode=ro", uri=True)


def _back(begin: str, days: int) -> str:
    return begin if not days else (date.fromisoformat(begin) - timedelta(days=days)).isoformat()


def spoiled(versions: Iterable[Version]) -> frozenset[str]:
    """Everything that was spoiled in some of these versions."""
    return frozenset(name for version in versions for name in version.defects)

"""What readers of the marts see this morning: which generation, how old each table is, and what was not published.

Read from the published file and the note of the last attempt; a house that never published has none.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import duckdb

from expectations.errors import catalogue
from expectations.marts import load_marts
from expectations.model import Text

FOLDER: Final = "published"
ATTEMPT: Final = "attempt.json"
CURRENT: Final = "current"
HELD: Final = "PU-HELD"  # the one reason a table stays: a mart of its group failed its checks


@dataclass(frozen=True)
class Table:
    """One published table: the night its figures are of, and how many are to the unit, coarser, or left empty."""

    mart: str
    title: Text
    night: date
    behind: int
    held: bool
    exact: int
    coarser: int
    empty: int


@dataclass(frozen=True)
class Publication:
    """The generation that readers have. code: why the attempt of the night failed, "" when it did not."""

    number: int
    night: date | None
    tables: tuple[Table, ...]
    code: str = ""
    tried: bool = False  # whether the night of the report was tried

    @property
    def behind(self) -> int:
        """Days the oldest table lies behind the night of the report."""
        return max((t.behind for t in self.tables), default=0)

    @property
    def old(self) -> tuple[Table, ...]:
        """The tables that are not of the night, oldest first."""
        return tuple(sorted((t for t in self.tables if t.behind), key=lambda t: (-t.behind, t.mart)))

    @property
    def reason(self) -> Text:
        """Why a table is not of the night, in the words of the catalogue."""
        text = catalogue().get(self.code or (HELD if any(t.held for t in self.old) else ""))
        return Text(text.zh, text.en) if text else Text("本夜没有运行发布", "no publication ran for this night")


def read_publication(folder: Path, night: date) -> Publication:
    """What lies in a folder of publications, seen from a night."""
    note = _note(folder / ATTEMPT)
    tried = note.get("night") == night.isoformat()
    code = str(note.get("code", "")) if tried else ""
    file = folder / CURRENT
    rows = _manifest(file) if file.exists() else []
    titles = {m.name: m.title for m in load_marts().marts.values()}
    tables = tuple(_table(row, titles[row["mart"]], night) for row in rows if row["mart"] in titles)
    number = max((row["generation"] for row in rows), default=0)
    return Publication(number, max((t.night for t in tables), default=None), tables, code, tried)


def _table(row: dict[str, Any], title: Text, night: date) -> Table:
    of = date.fromisoformat(row["night"])
    exact, coarser, empty = (int(row.get(f"cells_{share}") or 0) for share in ("exact", "coarser", "empty"))
    return Table(row["mart"], title, of, max(0, (night - of).days), bool(row["held"]), exact, coarser, empty)


def _manifest(file: Path) -> list[dict[str, Any]]:
    with duckdb.connect(str(file.resolve()), read_only=True) as connection:
        told: list[dict[str, Any]] = (
            connection.sql("select * from marts.generation order by mart").to_arrow_table().to_pylist()
        )
    return told


def _note(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    found: dict[str, Any] = json.loads(path.read_text("utf8"))
    return found

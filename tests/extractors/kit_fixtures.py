"""What the quirk tests of the sources share: fixed keys, one call that runs a source against a wire, and readers.

Flow: `run(key, wire, begin, end, tmp_path, monkeypatch)` -> Summary -> `landed(tmp_path, key, entity)`. A `TinyStore`
stands in for the town where a test writes its records by hand.
"""

from __future__ import annotations

import bisect
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from expectations.manifest import Manifest, read_manifests
from extractors import Window, discover
from extractors._kit.connection import from_json
from extractors._kit.run import run_source
from extractors._kit.summary import Summary
from simulator.wires import Wire

TOKEN_KEY = bytes(range(32)).hex()
VAULT_KEY = bytes(range(32, 64)).hex()
CANARY = "CANARY"
Row = dict[str, Any]


def set_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The keys of the tests, a decision store in the test's folder, and no waiting between attempts."""
    monkeypatch.setenv("REGISTER_TOKEN_KEY", TOKEN_KEY)
    monkeypatch.setenv("REGISTER_VAULT_KEY", VAULT_KEY)
    monkeypatch.setenv("REGISTER_DECISIONS_URL", f"sqlite:///{tmp_path / 'decisions.db'}")
    monkeypatch.setenv("REGISTER_RETRY_BASE", "0")


def run(
    key: str,
    wire: Wire,
    begin: str,
    end: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    **overrides: Any,
) -> Summary:
    """Run a source against a started wire; `overrides` replace fields of its connection, such as a password."""
    set_keys(tmp_path, monkeypatch)
    connection = from_json(key, json.dumps(wire.connection() | overrides))
    return run_source(discover()[key], Window.parse(begin, end), tmp_path / "landing", connection)


def manifests(tmp_path: Path, key: str, entity: str | None = None) -> list[tuple[Path, Manifest]]:
    """The manifests a source has landed in the test's folder, those of one entity if asked."""
    found = read_manifests(tmp_path / "landing", key)
    return [(path, manifest) for path, manifest in found if entity in (None, manifest.entity)]


def landed(tmp_path: Path, key: str, entity: str) -> list[Row]:
    """The landed rows of an entity, load after load, without their null columns."""
    rows: list[Row] = []
    for path, manifest in manifests(tmp_path, key, entity):
        rows += pq.read_table(path.parent / manifest.file).to_pylist()
    return [{name: value for name, value in row.items() if value is not None} for row in rows]


def expected_rows(key: str) -> dict[str, list[Row]]:
    """The rows a source's sample must become: its `sample/rows.json`."""
    rows: dict[str, list[Row]] = json.loads((discover()[key].folder / "sample" / "rows.json").read_text("utf8"))
    return rows


def errors(summary: Summary) -> list[str]:
    """The codes a run ended with."""
    return [error.code for error in summary.errors]


def leaks(tmp_path: Path, key: str, summary: Summary, values: Sequence[str] = (CANARY,)) -> list[str]:
    """Where one of the values can be found again: cells, file names, other files of the run, the summary."""
    found = [f"summary: {v}" for v in values if v in json.dumps(summary.as_dict(), ensure_ascii=False)]
    for path in sorted((tmp_path / "landing").rglob("*")):
        if path.is_file():
            text = str(pq.read_table(path).to_pylist()) if path.suffix == ".parquet" else path.read_text("utf8")
            found += [f"{path.name}: {v}" for v in values if v in text or v in str(path)]
    return found


class TinyStore:
    """Hand-made records with the reading side of `simulator.store.Store`: system and entity -> (moment, key, fields)."""

    def __init__(self, records: Mapping[tuple[str, str], Sequence[tuple[str, str, Row]]]) -> None:
        self._records = {name: sorted(rows, key=lambda r: (r[0], r[1])) for name, rows in records.items()}

    def _span(self, system: str, entity: str, begin: str | None, end: str | None) -> list[tuple[str, str, Row]]:
        rows = self._records.get((system, entity), [])
        low = bisect.bisect_left(rows, begin, key=lambda r: r[0]) if begin else 0
        high = bisect.bisect_left(rows, end, key=lambda r: r[0]) if end else len(rows)
        return rows[low:high]

    def iterate(self, system: str, entity: str, begin: str | None = None, end: str | None = None) -> Iterator[Row]:
        return iter([fields for _, _, fields in self._span(system, entity, begin, end)])

"""What the quirk tests of the sources share: fixed keys, one call that runs a source against a wire, and readers.

Flow: `store_of` (hand-made records) -> wire -> `run(key, wire, begin, end, tmp_path, monkeypatch)` -> Summary ->
`landed(tmp_path, key, entity)`.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from expectations.manifest import Manifest, read_manifests
from extractors import Window, discover
from extractors._kit.connection import Connection
from extractors._kit.run import run_source
from extractors._kit.summary import Summary
from simulator.store import Store
from simulator.wires import Wire
from simulator.wires._http import HttpWire, Request, Response, Routes

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
    monkeypatch.setenv("REGISTER_TODAY", "2023-01-01")


def run(
    key: str,
    wire: Wire,
    begin: str,
    end: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    history: bool = False,
    **overrides: Any,
) -> Summary:
    """Run a source against a started wire; `overrides` replace fields of its connection, such as a password.

    history: as a backfill would.
    """
    set_keys(tmp_path, monkeypatch)
    connection = Connection.from_json(key, json.dumps(wire.connection() | overrides))
    window = Window.parse(begin, end)
    return run_source(discover()[key], window, tmp_path / "landing", connection, history=history)


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


def store_of(tmp_path: Path, records: Mapping[tuple[str, str], Sequence[tuple[str, str, Row]]]) -> Store:
    """A real store of hand-made records: system and entity -> (moment, key, fields); an empty one left the snapshot."""
    path, seqs = tmp_path / "hand-made.db", Counter[tuple[str, str, str]]()
    with closing(sqlite3.connect(path)) as db:
        db.executescript("""
            create table town(name text, value text);
            insert into town values ('profile', 'hand-made'), ('seed', '0'), ('clean', '1'), ('id_rate', '0');
            create table record(system text, entity text, key text, seq integer, changed_at text, payload blob);
            create index record_changed on record(system, entity, changed_at, key, seq);
            create index record_key on record(system, entity, key, seq);
        """)
        for (system, entity), rows in records.items():
            for moment, key, fields in rows:
                seqs[system, entity, key] += 1
                place = (system, entity, key, seqs[system, entity, key], moment)
                db.execute("insert into record values (?, ?, ?, ?, ?, ?)", (*place, json.dumps(fields).encode()))
        db.commit()
    return Store.open(path)


class Replay(HttpWire):
    """Answers every request with a file of a source's sample; `name` reads the file's name off the request."""

    def __init__(self, key: str, name: Callable[[Request], str], **options: Any) -> None:
        super().__init__(**options)
        self.key, self.name = key, name

    def routes(self) -> Routes:
        return {("GET", "*"): self.reply, ("POST", "*"): self.reply}

    def holds(self) -> str:
        return "sample"

    def reply(self, request: Request) -> Response:
        path = discover()[self.key].folder / "sample" / self.name(request)
        kind = {".json": "application/json", ".xml": "application/xml"}.get(path.suffix, "application/octet-stream")
        return Response(200, path.read_bytes(), {"Content-Type": kind}) if path.exists() else Response(404)

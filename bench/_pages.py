"""Answers of the collection wire, made before anything is timed: gzip pages on disk, as many as a bench wants.

Flow: bench._fresh -> `fill_spool` -> <spool>/<page>.gz and spool.json -> bench._server.
"""

from __future__ import annotations

import gzip
import json
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from random import Random

import orjson

from bench._fresh import COLLECTION, endless
from bench._towns import cellar
from simulator.store import Record, Store

PAGE = 1_000
NESTED = ("persons", "vehicles", "facilities")


@dataclass(frozen=True)
class Spool:
    """What a folder of pages holds; `rows` counts the collections, and each kind of nested object."""

    pages: int
    rows: dict[str, int]
    bytes_plain: int
    bytes_gzip: int

    @property
    def wire_rows(self) -> int:
        """Collections and all that is nested in them."""
        return sum(self.rows.values())

    @property
    def landed_rows(self) -> int:
        """The same as we land them: a person's stay is a row of its own."""
        return self.wire_rows + self.rows["persons"]


def fill_spool(name: str, town: Store, records: int, seed: int) -> tuple[Path, Spool]:
    """So many collections in pages, made if an earlier run has not left them: (folder, what it holds)."""
    folder = cellar() / "spools" / f"{name}-{town.profile}-{town.seed}-{seed}-{records}"
    said = folder / "spool.json"
    if not said.exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700, parents=True)
        spool = _write(folder, islice(endless(town, COLLECTION, Random(seed)), records))
        said.write_text(json.dumps(asdict(spool)), "utf8")
    return folder, Spool(**json.loads(said.read_text("utf8")))


def _write(folder: Path, records: Iterator[Record]) -> Spool:
    rows: Counter[str] = Counter(dict.fromkeys(("collections", *NESTED), 0))
    plain = packed = number = 0
    page = list(islice(records, PAGE))
    while page:
        following = list(islice(records, PAGE))
        rows["collections"] += len(page)
        for record in page:
            rows.update({nested: len(record.fields.get(nested) or ()) for nested in NESTED})
        told = {"records": [r.fields for r in page], "last_id": str(number + 1), "has_more": bool(following)}
        body = orjson.dumps(told)
        sent = gzip.compress(body, 5, mtime=0)
        (folder / f"{number}.gz").write_bytes(sent)
        plain, packed, number, page = plain + len(body), packed + len(sent), number + 1, following
    return Spool(number, dict(rows), plain, packed)

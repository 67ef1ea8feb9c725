"""Answers of the collection wire, made before anything is timed: gzip pages on disk, as many as a bench wants.

The records are those of a simulated town. Once it has no more of them they come again as other collections of other
people (fresh ids, fresh ID numbers, names put together anew), so that no cache of ours sees a repeat that a street
would not have.

Flow: town -> `fill_spool` -> <spool>/<page>.gz and spool.json -> bench._server.
"""

from __future__ import annotations

import gzip
import json
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import count, islice
from pathlib import Path
from random import Random
from typing import Any

import orjson

from bench._towns import cellar
from simulator.store import Store
from simulator.town.numbers import PREFIXES, id_check, id_is_valid

SYSTEM, ENTITY = "mobile_collection", "collection"
PAGE = 1_000
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True)
class Spool:
    """A folder of pages: how many records they hold, and how many rows those are when each nested object is one."""

    pages: int
    records: int
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


def fill_spool(name: str, town: Store, records: int, seed: int, **fixed: str) -> tuple[Path, Spool]:
    """The pages, made if an earlier run has not left them. `fixed` fields have one value on every record."""
    folder = cellar() / "spools" / f"{name}-{town.profile}-{town.seed}-{seed}-{records}"
    said = folder / "spool.json"
    if not said.exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700, parents=True)
        spool = _write(folder, islice(endless(town, Random(seed)), records), fixed)
        said.write_text(json.dumps(asdict(spool)), "utf8")
    return folder, Spool(**json.loads(said.read_text("utf8")))


def endless(town: Store, random: Random) -> Iterator[dict[str, Any]]:
    """The collections of the town as they are, then over and over as those of other people."""
    bodies = [orjson.dumps(record.fields) for record in town.iterate(SYSTEM, ENTITY) if record.fields]
    names = [p["name"] for body in bodies for p in orjson.loads(body).get("persons", ()) if _is_han(p.get("name"))]
    for round_number in count():
        for body in bodies:
            record = orjson.loads(body)
            yield record if round_number == 0 else _as_others(record, random, names)


def _as_others(record: dict[str, Any], random: Random, names: list[str]) -> dict[str, Any]:
    key = record["collect_id"]
    record["collect_id"] = key[:10] + "".join(random.choices(_ALPHABET, k=16))
    for person in record.get("persons", ()):
        number = person.get("id_no") or ""
        if id_is_valid(number):
            serial = random.randrange(500) * 2 + int(number[16]) % 2
            first17 = f"{random.choice(PREFIXES)}{number[6:14]}{serial:03}"
            person["id_no"] = first17 + id_check(first17)
        if names and _is_han(person.get("name")):
            person["name"] = person["name"][0] + random.choice(names)[1:]
    return record


def _is_han(name: Any) -> bool:
    return isinstance(name, str) and 2 <= len(name) <= 3 and all("\u4e00" <= c <= "\u9fff" for c in name)


def _write(folder: Path, records: Iterator[dict[str, Any]], fixed: dict[str, str]) -> Spool:
    rows: Counter[str] = Counter()
    plain = packed = number = 0
    page = list(islice(records, PAGE))
    while page:
        following = list(islice(records, PAGE))
        for record in page:
            record.update(fixed)
            rows["collections"] += 1
            for nested in ("persons", "vehicles", "facilities"):
                rows[nested] += len(record.get(nested) or ())
        body = orjson.dumps({"records": page, "last_id": str(number + 1), "has_more": bool(following)})
        sent = gzip.compress(body, 6, mtime=0)
        (folder / f"{number}.gz").write_bytes(sent)
        plain, packed, number, page = plain + len(body), packed + len(sent), number + 1, following
    return Spool(number, rows["collections"], dict(rows), plain, packed)

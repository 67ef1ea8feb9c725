"""The demo as a newcomer runs it: twelve systems, a real Airflow, every row explained, and no canary anywhere."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import orjson
import pyarrow.parquet as pq
import pytest

from expectations.marts import load_marts
from extractors import discover
from simulator.audit.matching import matched
from simulator.audit.things import spoken
from simulator.audit.town import Loads, TownFile
from simulator.demo.__main__ import FIRST, NIGHT
from tests.warehouse.answering import outside
from tests.warehouse.attacking import Attacker
from tests.warehouse.releases import nights
from warehouse.publish.snapshot import publish_duckdb

ROOT = Path(__file__).resolve().parent.parent
CANARY = b"CANARY"


@pytest.fixture(scope="module")
def demo() -> Iterator[tuple[Path, str]]:
    """Home and printed output of one run.

    Not under pytest's own folder: another session shuts that to the user PostgreSQL runs as when we are root.
    """
    with tempfile.TemporaryDirectory(prefix="demo-") as folder:
        home = Path(folder) / "home"
        done = subprocess.run(
            [sys.executable, "-m", "simulator.demo", "--home", str(home)],
            cwd=ROOT, env=os.environ | {"COLUMNS": "100"}, capture_output=True, text=True, timeout=900,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        yield home, done.stdout


def files_of(home: Path) -> Iterator[Path]:
    """Everything the pipeline and Airflow wrote; the town's own store is where the canaries come from."""
    for path in home.rglob("*"):
        if path.is_file() and "town" not in path.relative_to(home).parts[0]:
            yield path


def columns_of(path: Path) -> Iterator[list[object]]:
    for column in pq.read_table(path).itercolumns():
        yield column.to_pylist()


def test_the_table_speaks_of_every_source_and_every_row_is_accounted_for(demo: tuple[Path, str]) -> None:
    assert "每一行都有交代 / every row is accounted for" in demo[1]
    for source in discover().values():
        assert f"{source.number} {source.title.zh[:6]}" in demo[1]


def test_the_register_agrees_with_the_town_and_the_marts_are_out(demo: tuple[Path, str]) -> None:
    of = spoken(TownFile(*(demo[0] / "town").glob("*.db")), Loads.of(NIGHT, (FIRST, "2022-11-06")))
    with duckdb.connect(str(demo[0] / "warehouse.duckdb"), read_only=True) as db:
        persons, houses = (matched(db, thing, of[thing]) for thing in ("person", "house"))
    assert min(persons.precision, persons.recall) > 0.999
    assert min(houses.precision, houses.recall) > 0.98
    assert "现住 current residence" in demo[1] and "case_timeliness" in demo[1]
    with duckdb.connect(str(demo[0] / "published" / "current"), read_only=True) as db:
        published = db.execute("select count(*), count(*) filter (where held) from marts.generation").fetchall()
    assert published[0][0] > 20 and published[0][1] == 0


def test_the_ledger_of_the_demo_balances(demo: tuple[Path, str]) -> None:
    with duckdb.connect(str(demo[0] / "warehouse.duckdb"), read_only=True) as db:
        loads = db.execute(
            "select source, entity, source_total, landed, new, known,"
            " list_sum(map_values(dropped)) as gone, list_sum(map_values(rejected)) as bad from ledger.load"
        ).fetchall()
    assert {row[0] for row in loads} == set(discover())
    for source, entity, total, landed, new, known, gone, bad in loads:
        assert total == landed + (gone or 0) + (bad or 0), (source, entity)
        assert landed == new + known, (source, entity)


def test_no_canary_is_anywhere(demo: tuple[Path, str]) -> None:
    assert "CANARY" not in demo[1]
    for path in files_of(demo[0]):
        assert CANARY not in path.read_bytes(), path
        if path.suffix == ".parquet":
            for values in columns_of(path):
                assert not any("CANARY" in v for v in values if isinstance(v, str)), path


def test_no_clear_number_or_name_of_a_resident_is_anywhere(demo: tuple[Path, str]) -> None:
    """Numbers of the town in any byte the run wrote; names in every cell (bytes would match by chance)."""
    numbers, names = residents(demo[0])
    assert len(numbers) > 1000 and len(names) > 500
    pattern = re.compile(rb"(?<!\d)\d{17}[\dXx](?![\dXx])")
    for path in files_of(demo[0]):
        assert not {m.decode().upper() for m in pattern.findall(path.read_bytes())} & numbers, path
        if path.suffix == ".parquet":
            for values in columns_of(path):
                found = {v for v in values if isinstance(v, str)}
                assert not found & numbers, path
                assert not found & names, path
    for file in ("warehouse.duckdb", "published/current"):
        with duckdb.connect(str(demo[0] / file), read_only=True) as db:
            for schema, table in db.execute("select schema_name, table_name from duckdb_tables()").fetchall():
                rows = db.execute(f'select * from "{schema}"."{table}"').fetchall()
                cells = {c for row in rows for c in row if isinstance(c, str)}
                assert not cells & numbers and not cells & names, table


def test_no_small_count_can_be_worked_out_from_what_is_published(demo: tuple[Path, str]) -> None:
    attacker = Attacker(load_marts())
    attacker.read(demo[0] / "published" / "current", demo[0] / "warehouse.duckdb")
    found = widths(attacker)
    assert len(found) > 500 and min(found) >= -1e-6


def test_every_example_is_answered_within_its_margin(demo: tuple[Path, str]) -> None:
    found = outside(demo[0] / "published" / "current", demo[0] / "warehouse.duckdb", load_marts())
    assert list(found) == []


@pytest.mark.parametrize("count", [3, pytest.param(12, marks=pytest.mark.slow)])
def test_nor_from_all_releases_of_the_last_nights_together(demo: tuple[Path, str], tmp_path: Path, count: int) -> None:
    shutil.copy(demo[0] / "warehouse.duckdb", town := tmp_path / "warehouse.duckdb")
    attacker = Attacker(load_marts())
    for published, told in nights(town, tmp_path / "published", date.fromisoformat(NIGHT), count):
        assert told.errors == [], "every night is published whole"
        attacker.read(published, town)
    assert len(attacker.earlier) == count and min(widths(attacker)) >= -1e-6


def test_the_same_attack_finds_what_plain_rounding_gives_away(
    demo: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(demo[0] / "warehouse.duckdb", town := tmp_path / "warehouse.duckdb")
    monkeypatch.setattr("warehouse.publish.protect._mend", lambda release: None)
    publish_duckdb(town, tmp_path / "published", NIGHT)
    attacker = Attacker(load_marts())
    attacker.read(tmp_path / "published" / "current", town)
    assert any(high - low < 1 for _, low, high, _ in attacker.intervals()), "a count is known exactly"


def widths(attacker: Attacker) -> list[float]:
    return [high - low - need for _, low, high, need in attacker.intervals()]


def residents(home: Path) -> tuple[set[str], set[str]]:
    (store,) = (home / "town").glob("*.db")
    numbers, names = set(), set()
    with sqlite3.connect(store) as db:
        for (payload,) in db.execute("select payload from record where system = 'mobile_collection'"):
            for person in orjson.loads(payload).get("persons") or []:
                if len(person.get("id_no") or "") == 18:
                    numbers.add(person["id_no"].upper())
                if len(person.get("name") or "") == 3 and "*" not in person["name"]:
                    names.add(person["name"])
    return numbers, names

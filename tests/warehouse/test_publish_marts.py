"""Publishing to a file: whole or not at all, held groups, kills, and readers who never see two generations at once."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import duckdb
import pytest

from expectations.errors import CallRejected, SourceChanged, SourceLater
from expectations.faultpoint import POINTS
from expectations.marts import Marts
from tests.warehouse.published import BY_GRID, DECLARED, NIGHT, OBJECTS, ask, copied, fill_marts
from warehouse.engine.connection import open_warehouse
from warehouse.publish import control as controlling
from warehouse.publish.snapshot import CURRENT, current, publish_duckdb

ROOT = Path(__file__).resolve().parent.parent.parent
OURS = sorted(p for p in POINTS if p.startswith("publish.") and not p.startswith("publish.pg_"))
MANIFEST = "select mart, generation, held, rows from marts.generation order by mart"
PUBLISH = """
import sys
from pathlib import Path
from typing import Any
from tests.warehouse.published import DECLARED, NIGHT
from warehouse.publish.snapshot import publish_duckdb
home = Path(sys.argv[1])
publish_duckdb(home / "w.duckdb", home / "published", NIGHT, declared=DECLARED)
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A warehouse with marts, published once."""
    office = tmp_path / "office"
    office.mkdir()
    fill_marts(office / "w.duckdb")
    publish(office)
    return office


def publish(home: Path, **options: Any) -> int:
    options = {"declared": DECLARED, **options}
    return publish_duckdb(home / "w.duckdb", home / "published", NIGHT, **options).generation


def read(home: Path, query: str) -> list[Any]:
    return ask(home / "published" / CURRENT, query)


def test_a_generation_holds_only_released_marts_and_says_what_it_is(home: Path) -> None:
    assert read(home, "select distinct schema_name from duckdb_tables()") == [("marts",)]
    assert [row[:3] for row in read(home, MANIFEST)] == [
        (mart, 1, False) for mart in ("coarser_figures", "mart_version", "objects_by_kind", "people_totals",
                                      "residents_by_community", "residents_by_grid", "services")
    ]  # fmt: skip
    assert read(home, "select objects from marts.objects_by_kind") == [(12,)]
    assert (home / "published" / "marts-1.duckdb").stat().st_mode & 0o777 == 0o440


def test_figures_are_rounded_and_totals_are_rounded_from_the_truth(home: Path) -> None:
    figures = read(home, "select residents from marts.residents_by_grid")
    told = [n for (n,) in figures if n is not None]
    assert len(told) > len(figures) / 2 and all(n % 5 == 0 and n >= 5 for n in told)
    street = (
        "select people from marts.people_totals where measure = 'residents' and level = 'street' and dimension is null"
    )
    assert read(home, street) == [(769,)], "people of the whole street are told to the unit"


def test_a_sensitive_count_is_shown_for_the_street_alone(home: Path) -> None:
    assert read(home, "select given, tasks from marts.services order by tasks") == [(None, 1), (None, 2), (None, 3)]
    totals = (
        "select period, level, people from marts.people_totals where mart = 'services' and dimension is null order by 1"
    )
    assert read(home, totals) == [("2022-Q1", "street", 10), ("2022-Q2", "street", 60)]


def test_a_held_group_keeps_its_tables_and_the_manifest_says_so(home: Path) -> None:
    fill_marts(home / "w.duckdb", [("g1", "c1", 400, 400)], objects=99)
    before = read(home, "select * from marts.residents_by_grid order by all")
    publish(home, held=["residents"])
    assert read(home, "select * from marts.residents_by_grid order by all") == before
    assert read(home, "select objects from marts.objects_by_kind") == [(99,)]
    held = {mart: (generation, kept) for mart, generation, kept, _ in read(home, MANIFEST)}
    assert held["residents_by_grid"] == (1, True) and held["objects_by_kind"] == (2, False)
    assert read(home, "select count(*) from marts.people_totals where mart = 'residents_by_grid'") != [(0,)]


def test_a_missing_mart_holds_its_group_back(home: Path) -> None:
    with duckdb.connect(str(home / "w.duckdb")) as connection:
        connection.execute("drop table marts.residents_by_community")
    done = publish_duckdb(home / "w.duckdb", home / "published", NIGHT, declared=DECLARED)
    assert [(e.code, e.detail) for e in done.errors] == [("PU-HELD", "residents")]
    assert {m["mart"] for m in done.marts if m["held"]} == {"residents_by_grid", "residents_by_community"}


def test_a_count_that_no_coarser_figure_protects_costs_its_slice_and_holds_nothing(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("warehouse.publish.protect._next", lambda *_: None)
    fill_marts(home / "w.duckdb", [("g1", "c1", 101, 1), ("g2", "c2", 50, 9)])
    done = publish_duckdb(home / "w.duckdb", home / "published", NIGHT, declared=DECLARED)
    assert done.errors == [] and read(home, "select count(*) from marts.generation where held") == [(0,)]
    assert read(home, "select count(*) from marts.residents_by_community where community_code = 'c1'") == [(0,)]
    left_out = read(home, "select figure from marts.coarser_figures where base is null")
    assert ("residents_by_community[community_code=c1]",) in left_out
    empty = read(home, "select cells_empty from marts.generation where mart = 'residents_by_community'")
    assert empty != [(0,)], "what is left out is counted"


def test_whatever_breaks_off_has_a_code_and_leaves_what_was_published(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (home / "published" / CURRENT).readlink()

    def breaks(*_: object, **__: object) -> None:
        raise ArithmeticError("17 of 23")

    monkeypatch.setattr("warehouse.publish.snapshot.control", breaks)
    with pytest.raises(SourceChanged, match="PU-FAILED") as told:
        publish_duckdb(home / "w.duckdb", home / "published", NIGHT, declared=DECLARED)
    assert told.value.detail == "ArithmeticError", "the kind of error and no figure"
    assert (home / "published" / CURRENT).readlink() == before


def test_nothing_to_publish_changes_nothing(home: Path) -> None:
    with duckdb.connect(str(home / "w.duckdb")) as connection:
        connection.execute("drop schema marts cascade")
    before = (home / "published" / CURRENT).readlink()
    other = home / "nothing"
    with pytest.raises(CallRejected, match="PU-NONE"):
        publish_duckdb(home / "w.duckdb", other, NIGHT, declared=DECLARED)
    assert not list(other.glob("marts-*.duckdb"))
    assert current(other) is None and (home / "published" / CURRENT).readlink() == before


def test_two_older_generations_stay_and_a_reader_keeps_the_one_it_opened(home: Path) -> None:
    with duckdb.connect(str(home / "published" / "marts-1.duckdb"), read_only=True) as reader:
        for _ in range(4):
            publish(home)
        assert reader.execute("select max(generation) from marts.generation").fetchall() == [(1,)]
    files = sorted(p.name for p in (home / "published").glob("marts-*"))
    assert files == ["marts-3.duckdb", "marts-4.duckdb", "marts-5.duckdb"]
    assert len(list((home / "published" / "releases").iterdir())) == 5


def test_a_torn_file_is_never_switched_to(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("warehouse.publish.snapshot._write_manifest", _lies)
    with pytest.raises(SourceChanged, match="PU-TORN"):
        publish(home)
    assert read(home, "select max(generation) from marts.generation") == [(1,)]


def _lies(connection: duckdb.DuckDBPyConnection, *_: object) -> None:
    connection.execute(
        "create table marts.generation as select 'residents_by_grid' as mart, 'x' as digest, 2 as generation"
    )
    _[0].marts.append({"mart": "residents_by_grid", "held": False})  # type: ignore[attr-defined]


def test_a_folder_called_current_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "published" / CURRENT).mkdir(parents=True)
    with pytest.raises(CallRejected, match="SC-CALL"):
        publish(tmp_path)


@pytest.mark.parametrize(("point", "mode"), [*((p, "kill") for p in OURS), ("publish.made", "enospc")])
def test_a_publish_that_dies_is_mended_by_a_plain_rerun(point: str, mode: str, home: Path, tmp_path: Path) -> None:
    whole = copied(home, tmp_path / "whole")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "REGISTER_FAULTPOINT": f"{point}:{mode}"}
    died = subprocess.run([sys.executable, "-c", PUBLISH, str(home)], cwd=ROOT, env=environment, capture_output=True)
    assert died.returncode != 0
    [(seen,)] = read(home, "select max(generation) from marts.generation")
    assert seen == (2 if point == "publish.switched" else 1), "readers have a whole generation at every moment"
    publish(home)
    publish(whole)
    tables = "select mart, rows, digest from marts.generation order by mart"
    assert read(home, tables) == read(whole, tables)
    assert not list((home / "published").glob("*.making"))


FULL = OSError(errno.ENOSPC, "No space left on device")
FATAL = duckdb.FatalException('FATAL Error: Could not write file "x": No space left on device')


@pytest.mark.parametrize(
    ("place", "refusal"),
    [("control", FULL), ("control", FATAL), ("_write_manifest", FATAL), ("note", FULL), ("_sync", FULL),
     ("_switch", FULL), ("_clear_old", FULL)],
)  # fmt: skip
def test_a_full_disk_has_its_code_wherever_it_is_met(
    place: str, refusal: Exception, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(home)
    before = read(home, "select count(*) from marts.generation")
    with monkeypatch.context() as full, pytest.raises(SourceLater) as caught:
        full.setattr(f"warehouse.publish.snapshot.{place}", Mock(side_effect=refusal))
        publish(home)
    assert caught.value.code == "LA-SPACE"
    assert read(home, "select count(*) from marts.generation") == before
    publish(home)


def test_every_point_of_a_publish_is_driven() -> None:
    assert len(OURS) == 5


def test_readers_during_publishes_see_one_generation_each(home: Path) -> None:
    wrong: list[object] = []
    done = threading.Event()

    def read_on() -> None:
        while not done.is_set():
            target = (home / "published" / CURRENT).resolve()
            with duckdb.connect(str(target), read_only=True) as connection:
                rows = connection.execute("select distinct generation from marts.generation").fetchall()
            wrong.extend(rows if len(rows) != 1 else [])

    readers = [threading.Thread(target=read_on) for _ in range(2)]
    for reader in readers:
        reader.start()
    for _ in range(4):
        publish(home)
    done.set()
    for reader in readers:
        reader.join()
    assert wrong == []


def test_the_cost_in_information_is_told(home: Path) -> None:
    done = publish_duckdb(home / "w.duckdb", home / "published", NIGHT, declared=DECLARED)
    cost = done.costs[BY_GRID.name]
    assert cost["cells"] == 15 and 0 < cost["small"] < 15 and 0 < cost["mean_difference"] < 10
    assert controlling.TOTALS in {m["mart"] for m in done.marts}


def test_money_of_fewer_than_three_cases_is_not_shown_nor_what_would_give_it_away(tmp_path: Path) -> None:
    wages = replace(
        OBJECTS, name="wages", group="wages", zone="W", grain=("quarter",), measures=("clues", "owed"),
        work=("clues",), amounts={"owed": "clues"},
    )  # fmt: skip
    report = replace(
        OBJECTS, name="report", group="wages", zone="W", grain=("kind", "year"), measures=("value",),
        attributes=("mart", "measure"),
    )  # fmt: skip
    with open_warehouse(tmp_path / "w.duckdb") as connection:
        connection.execute("create schema marts")
        connection.execute(
            "create table marts.wages (quarter varchar, clues bigint, owed decimal(18, 2)); "
            "insert into marts.wages values ('2022-Q1', 1, 18000), ('2022-Q2', 40, 123456.78), ('2022-Q3', 42, 900)"
        )
        connection.execute(
            "create table marts.report as select 'wages' as kind, 2022 as year, 'wages' as mart, 'owed' as measure, "
            "142356.78::decimal(18, 2) as value"
        )
    made = publish_duckdb(tmp_path / "w.duckdb", tmp_path / "out", NIGHT, declared=Marts(
        {m.name: m for m in (wages, report)}, {}, {}))  # fmt: skip
    with duckdb.connect(str(made.path), read_only=True) as file:
        shown = file.execute("select quarter, clues, owed::int from marts.wages order by quarter").fetchall()
        yearly = file.execute("select value::int from marts.report").fetchall()
    assert shown == [("2022-Q1", 1, None), ("2022-Q2", 40, None), ("2022-Q3", 42, 900)]
    assert yearly == [(142_357,)]

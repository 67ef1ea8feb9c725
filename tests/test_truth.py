"""The truth bench says what is wrong: the small town through its wires, and figures that somebody falsified."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest

from bench._truth.load import FIRST, NIGHT, Published, following, publish, read_night, served, settled
from simulator.audit.audit import Audit, audit
from simulator.audit.calendar import after_working_days, is_working
from simulator.audit.compare import Line, Shown
from simulator.audit.marts import lines_of_counts
from simulator.audit.matching import matched
from simulator.audit.spread import spreads, still
from simulator.audit.things import spoken
from simulator.audit.town import Loads, TownFile
from simulator.store import Store

LOADS = Loads.of(NIGHT, (FIRST, "2022-11-06"))


@pytest.fixture(scope="module")
def office(small_town: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Published]]:
    """A home with the year up to the night, published."""
    folder = tmp_path_factory.mktemp("office")
    with settled(folder), served(small_town.path, folder, following(NIGHT)) as home:
        read_night(home, NIGHT, FIRST)
        yield folder, publish(home, NIGHT)


@pytest.fixture(scope="module")
def found(office: tuple[Path, Published], small_town: Store) -> Audit:
    folder, _ = office
    return audit(folder / "warehouse.duckdb", folder / "published" / "current", small_town.path, LOADS)


def test_every_difference_from_the_truth_is_explained(found: Audit) -> None:
    wrong = [(line.what, line.measure, line.examples) for line in found.lines if line.unexplained]
    assert wrong == []
    assert len(found.marts) > 100


def test_a_night_holds_and_fails_nothing(office: tuple[Path, Published]) -> None:
    assert (office[1].held, office[1].failed) == ([], [])


def test_nobody_is_put_together_with_another(found: Audit) -> None:
    assert min(min(one.precision, one.recall) for one in found.register.matched.values()) > 0.98


def counted(town: Path, warehouse: Path, published: Path) -> list[Line]:
    with duckdb.connect(str(warehouse), read_only=True) as held, duckdb.connect(str(published), read_only=True) as out:
        return list(lines_of_counts(TownFile(town), LOADS, Shown(held, out)))


def test_a_published_cell_that_somebody_changed_is_found(
    office: tuple[Path, Published], small_town: Store, tmp_path: Path
) -> None:
    folder, forged = office[0], tmp_path / "forged.duckdb"
    shutil.copy(folder / "published" / "current", forged)
    with duckdb.connect(str(forged)) as connection:
        connection.execute(
            "update marts.enrolment_progress set tasks_finished = tasks_finished + 20"
            " where rowid = (select min(rowid) from marts.enrolment_progress)"
        )
    lines = counted(small_town.path, folder / "warehouse.duckdb", forged)
    assert {line.measure for line in lines if line.unexplained} >= {"tasks_finished"}


def test_a_figure_of_the_warehouse_that_is_wrong_is_found(
    office: tuple[Path, Published], small_town: Store, tmp_path: Path
) -> None:
    folder, forged = office[0], tmp_path / "forged.duckdb"
    shutil.copy(folder / "warehouse.duckdb", forged)
    with duckdb.connect(str(forged)) as connection:
        connection.execute("update marts.service_delivery set given = given + 1 where quarter = '2022-Q2'")
    lines = counted(small_town.path, forged, folder / "published" / "current")
    assert {line.measure for line in lines if line.unexplained} >= {"given"}


def test_a_house_that_is_gone_from_the_register_is_found(
    office: tuple[Path, Published], small_town: Store, tmp_path: Path
) -> None:
    forged, of = tmp_path / "forged.duckdb", spoken(TownFile(small_town.path), LOADS)
    shutil.copy(office[0] / "warehouse.duckdb", forged)
    with duckdb.connect(str(forged)) as connection:
        before = matched(connection, "house", of["house"])
        for table in ("house_member", "house"):
            connection.execute(
                f"delete from register.{table} where house_id = (select min(house_id) from register.house)"
            )
        after = matched(connection, "house", of["house"])
    assert (after.ids, len(after.missing)) == (before.ids - 1, len(before.missing) + 1)


def test_working_days_are_those_of_the_notices() -> None:
    assert not is_working(date(2022, 10, 3)) and is_working(date(2022, 10, 8)) and not is_working(date(2022, 10, 15))
    assert after_working_days(date(2022, 9, 30), 5) == date(2022, 10, 12)


def test_every_measure_varies_over_five_years_or_says_why_not(small_town: Store) -> None:
    assert {name: why for name, why in still(spreads(TownFile(small_town.path))).items() if not why} == {}

"""What the declared checks find, whom a failing mart holds back, and how versions of a case become one case."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import yaml

from docs.marts import FILE as DICTIONARY
from docs.marts import dictionary
from expectations.errors import CallRejected
from expectations.marts import FILE, load_marts
from expectations.sql import name
from tests.warehouse.registered import Hall, resident
from tests.warehouse.test_marts import NIGHT, ONE, claim
from warehouse.engine import open_warehouse
from warehouse.engine.connection import Connection
from warehouse.engine.marts import FOLDER, build_marts, reads
from warehouse.engine.marts_check import check_marts, held_groups
from warehouse.engine.relation import make_table, relation

RATED = {"kind": "petition", "entity": "evaluation", "rated": "2022-10-20 10:00"}


@pytest.fixture(scope="module")
def town_hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    hall = Hall(tmp_path_factory.mktemp("hall"))
    hall.night(1, resident=[resident("1")])
    with open_warehouse(hall.file) as connection:
        build_marts(connection, NIGHT)
        yield connection


@pytest.fixture
def connection(town_hall: Connection) -> Iterator[Connection]:
    town_hall.execute("begin transaction")
    yield town_hall
    town_hall.execute("rollback")


def present(connection: Connection, columns: str) -> list[tuple[object, ...]]:
    make_table(connection, name("prepared", "case_present"), relation(FOLDER, "_case_present"))
    for made in ("case_limit", "case_judged"):
        make_table(connection, name("prepared", made), relation(FOLDER, f"_{made}"))
    rows = connection.execute(f"select {columns} from prepared.case_present order by all").fetchall()
    return list(rows)


def broken(connection: Connection) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for failure in check_marts(connection, load_marts()):
        found.setdefault(failure.mart, []).append(failure.check)
    return found


def test_the_newest_version_is_the_case_and_closed_once_open_later_is_reopened(connection: Connection) -> None:
    event = {"ref": "e", "kind": "event", "received": "2022-10-01 09:00", "area": ONE}
    claim(connection, event, 1, is_closed="0")
    claim(connection, event, 2, is_closed="1", closed="2022-10-02 09:00")
    claim(connection, event, 3, is_closed="0")
    assert present(connection, "is_closed, is_reopened, community_code") == [(False, True, ONE)]


def test_a_deleted_case_is_gone(connection: Connection) -> None:
    event = {"ref": "e", "kind": "event", "received": "2022-10-01 09:00"}
    claim(connection, event, 1)
    claim(connection, event, 2, op="delete")
    assert present(connection, "*") == []


def test_a_rating_is_joined_to_its_case_and_stands_alone_without_it(connection: Connection) -> None:
    claim(connection, {"ref": "p", "kind": "petition", "received": "2022-10-01 09:00", "area": ONE, "office": "甲办"})
    claim(connection, RATED | {"ref": "p", "unit_rating": "3", "intake_rating": "1"})
    claim(connection, RATED | {"ref": "lost", "unit_rating": "9"})
    columns = "handling_office, is_received, satisfaction, satisfaction_intake"
    assert present(connection, columns) == [("unknown", False, "9", None), ("甲办", True, "3", "1")]
    make_table(connection, name("told"), relation(FOLDER, "case_satisfaction_by_office"))
    columns = "handling_office, rated_intake, satisfied_intake, rated_responsible, dissatisfied_responsible"
    told = connection.execute(f"select {columns} from told order by all").fetchall()
    assert told == [("unknown", 0, 0, 0, 0), ("甲办", 1, 1, 1, 1)]


@pytest.mark.parametrize(
    ("change", "mart", "check"),
    [
        ("insert into marts.dim_grid select * from marts.dim_grid limit 1", "dim_grid", "grain_is_unique"),
        ("update marts.dim_community set community_name = null", "dim_community", "community_name_is_never_null"),
        ("delete from marts.dim_grid", "residents_by_grid", "grid_code_is_in_dim_grid"),
        ("update marts.residents_by_grid set residents = residents + 1", "residents_by_grid",
         "residents_agrees_with_register_person"),
        ("update marts.residents_by_grid set residents = -1", "residents_by_grid", "residents_is_not_negative"),
        ("update marts.house_occupancy set houses_occupied = 9", "house_occupancy",
         "houses_occupied_is_at_most_houses"),
        ("insert into marts.dim_grid select grid_code, 'x', '0', true, true from marts.dim_grid limit 1", "dim_grid",
         "grid_code_lies_in_one_community_code"),
        ("alter table marts.register_matching rename records to person_id", "register_matching",
         "columns_are_the_declared_ones"),
        ("drop table marts.dim_code", "dim_code", "columns_are_the_declared_ones"),
    ],
)  # fmt: skip
def test_each_kind_of_check_fires(connection: Connection, change: str, mart: str, check: str) -> None:
    assert broken(connection) == {}
    connection.execute(change)
    assert check in broken(connection)[mart]


def test_a_sum_of_parts_that_does_not_add_up_is_found(connection: Connection) -> None:
    claim(connection, {"ref": "p", "kind": "petition", "received": "2022-10-01 09:00", "area": ONE})
    present(connection, "1")
    make_table(connection, name("marts", "case_timeliness"), relation(FOLDER, "case_timeliness"))
    connection.execute("update marts.case_timeliness set received = 2")
    assert "received_is_the_sum_of_its_parts" in broken(connection)["case_timeliness"]


def test_a_failing_mart_holds_its_group_and_whoever_reads_from_it(connection: Connection) -> None:
    claim(connection, {"ref": "p", "kind": "petition", "received": "2022-10-01 09:00", "area": ONE})
    declared = load_marts()
    assert held_groups(declared, [], reads()) == ()
    failures = check_marts(connection, declared)  # the case came after the marts were made
    assert {f.group for f in failures} == set()
    present(connection, "1")
    failures = check_marts(connection, declared)
    assert {f.mart for f in failures} == {"case_timeliness"}
    assert held_groups(declared, failures, reads()) == ("cases", "yearly")


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        (("marts", "dim_grid", "grian"), ["x"], "did you mean 'grain'"),
        (("marts", "dim_grid", "people"), ["objects"], "people: objects"),
        (("marts", "dim_grid", "owner"), "nobody", "'nobody' is not one of"),
        (("marts", "dim_grid", "refers"), {"community_code": "dim_lost"}, "refers: dim_lost"),
        (("marts", "dim_grid", "grain"), ["grid_code", "colour"], "title: colour"),
        (("titles", "colour"), {"zh": "色", "en": "colour"}, "titles of no column: colour"),
    ],
)
def test_the_declaration_is_read_strictly(tmp_path: Path, path: tuple[str, ...], value: object, told: str) -> None:
    raw = yaml.safe_load(FILE.read_text("utf8"))
    place = raw
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    (tmp_path / "marts.yml").write_text(yaml.safe_dump(raw, allow_unicode=True), "utf8")
    with pytest.raises(CallRejected, match=told):
        load_marts(tmp_path / "marts.yml")


def test_the_calendar_knows_the_working_days_of_its_years(connection: Connection) -> None:
    # 365 days less weekends less the 11 days of the law (13 from 2025, 13 in 2020 with the two days of its extension).
    found = connection.execute(
        "select year, count(*) filter (where is_working_day) from marts.dim_calendar where is_certain group by year "
        "order by year"
    ).fetchall()
    assert found == [(2018, 250), (2019, 250), (2020, 249), (2021, 250), (2022, 249), (2023, 249),
                     (2024, 251), (2025, 248), (2026, 248)]  # fmt: skip
    first = connection.execute("select min(day), max(day) >= date '2026-12-31' from marts.dim_calendar").fetchall()
    assert first == [(date(2017, 1, 1), True)]


def test_the_dictionary_is_up_to_date_and_says_zh_first() -> None:
    assert dictionary() in DICTIONARY.read_text("utf8")
    for mart in load_marts().marts.values():
        assert f"`{mart.name}` {mart.title.zh}" in dictionary()

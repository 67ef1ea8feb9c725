"""The simulated town: sizes, determinism, valid numbers, canaries, defects with their truth, and the store's pages."""

import hashlib
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pytest

from simulator.store import Record, Store, build
from simulator.town.canary import X_FIELDS
from simulator.town.defects import DEFECTS
from simulator.town.generate import grid_rows, town_rows
from simulator.town.numbers import PREFIXES, credit_code, id_check, id_is_valid, lift_id, lower_id
from simulator.town.profiles import PROFILES, Profile, Town
from simulator.town.rows import Row
from simulator.town.systems.context import make_grid

SMALL = PROFILES["small"]
NIGHT = ("2022-11-05 00:00:00", "2022-11-06 00:00:00")
PEOPLE = (("social_governance", "registered_person"), ("social_governance", "floating_person"))
COLLECTION = ("mobile_collection", "collection")


@pytest.fixture(scope="module")
def clean_rows() -> dict[tuple[Any, ...], Row]:
    return {(row.system, row.entity, row.key, row.seq): row for row in town_rows(Town(SMALL, 7, clean=True))}


def digest(path: Path) -> str:
    """One hash over every row of every table, in a fixed order."""
    found = hashlib.sha256()
    with sqlite3.connect(path) as connection:
        tables = [
            name for (name,) in connection.execute("select name from sqlite_master where type = 'table' order by 1")
        ]
        for table in tables:
            lines = sorted(repr(row) for row in connection.execute(f"select * from {table}"))
            found.update("\n".join([table, *lines]).encode())
    return found.hexdigest()


def read(store: Store, question: str) -> list[Any]:
    """Ask the town's file itself."""
    with closing(sqlite3.connect(store.path)) as connection:
        return connection.execute(question).fetchall()


def values(element: Any, path: str) -> list[Any]:
    """What stands at a path of X_FIELDS, in each element if it runs through a list."""
    if "[]." not in path:
        return [element[path]]
    outer, inner = path.split("[].")
    return [item[inner] for item in element[outer]]


def test_the_same_seed_gives_the_same_town_and_another_seed_another(tmp_path: Path, small_town: Store) -> None:
    again = build("small", small_town.seed, tmp_path / "again.db")
    other = build("small", small_town.seed + 1, tmp_path / "other.db")
    assert digest(again.path) == digest(small_town.path) != digest(other.path)


def test_the_town_is_as_large_as_its_profile_says(small_town: Store) -> None:
    truth = small_town.truth()
    present = {stay.person for stay in truth.stays() if stay.until is None}
    assert abs(len(present) - SMALL.residents) < 0.05 * SMALL.residents
    assert len(list(truth.dwellings())) == SMALL.rooms
    for year in range(2018, 2023):
        visits = small_town.count(*COLLECTION, f"{year}-01-01", f"{year + 1}-01-01")
        assert abs(visits - SMALL.collections_a_year) < 0.05 * SMALL.collections_a_year
    assert len(small_town.latest("cloud_shield", "door_device")) == SMALL.door_devices
    assert len({row.key for row in small_town.iterate("grid_dispatch", "event")}) == 5 * SMALL.events_a_year
    assert len(small_town.latest("social_governance", "building")) == SMALL.buildings


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.name)
def test_the_shares_of_the_grids_add_up(profile: Profile) -> None:
    town = Town(profile, 7)
    grid = make_grid(town, profile.grids - 1)
    assert grid.before(profile.rooms) + grid.share(profile.rooms) == profile.rooms
    assert len(grid.layout.rooms) == grid.share(profile.rooms)
    assert len(grid.layout.buildings) == grid.share(profile.buildings)


def test_a_grid_generated_alone_equals_the_same_grid_in_the_stream() -> None:
    town = Town(SMALL, 11)
    stream = [list(grid_rows(make_grid(town, index))) for index in range(4)]
    assert list(grid_rows(make_grid(Town(SMALL, 11), 3))) == stream[3]


def test_all_that_happens_lies_in_the_years_and_versions_rise(small_town: Store) -> None:
    for system, entity, rows in small_town.entities():
        last: dict[str, int] = {}
        for row in small_town.iterate(system, entity):
            assert "2018-01-01 00:00:00" <= row.changed_at < "2023-01-01 00:00:00"
            assert row.seq == last.get(row.key, 0) + 1, (system, entity, row.key)
            last[row.key] = row.seq
        assert sum(last.values()) == rows == small_town.count(system, entity)


def test_every_entity_has_news_in_the_night_of_the_demonstration(small_town: Store) -> None:
    silent = [
        (system, entity) for system, entity, _ in small_town.entities() if not small_town.count(system, entity, *NIGHT)
    ]
    assert silent == []
    files = {row.key for row in small_town.iterate("mental_health_service", "service_count", *NIGHT)}
    assert "服务量汇总_202210.xlsx" in files
    assert {row.key[:26] for row in small_town.iterate("insurance_enrolment", "enrolment_task", *NIGHT)} == {
        "QMCB_440111017_20221105_00"
    }


def test_numbers_match_the_vectors_of_the_standards() -> None:
    assert id_check("11010519491231002") == "X"
    assert lift_id("440111790101123") == "440111197901011232"
    assert lower_id("440111197901011232") == "440111790101123"
    code = credit_code(4_711)
    assert code[:8] == "91440197" and len(code) == 18 and set(code) <= set("0123456789ABCDEFGHJKLMNPQRTUWXY")


def test_residents_hold_valid_numbers_that_nobody_owns(small_town: Store) -> None:
    residents = [person for person in small_town.truth().residents() if person.id_type == "111"]
    assert all(id_is_valid(person.id_no) and person.id_no.startswith(PREFIXES) for person in residents)
    assert all(person.id_no[6:14] == person.birth.replace("-", "") for person in residents)
    assert all(int(person.id_no[16]) % 2 == int(person.sex) % 2 for person in residents)
    assert len({person.id_no for person in residents}) == len(residents)


def numbers_of(rows: Iterator[Row]) -> Iterator[str]:
    for row in rows:
        if (row.system, row.entity) in PEOPLE:
            yield row.fields["identity_num"]
        elif (row.system, row.entity) == COLLECTION:
            yield from (person["id_no"] for person in row.fields["persons"] if person["id_type"] == "111")


def test_a_clean_town_has_no_defect_and_only_valid_numbers(clean_rows: dict[tuple[Any, ...], Row]) -> None:
    assert not any(row.defects for row in clean_rows.values())
    numbers = [number for number in numbers_of(iter(clean_rows.values())) if number]
    assert all(id_is_valid(number) and number.startswith(PREFIXES) for number in numbers)


def test_a_spoiled_number_never_gets_an_allocated_prefix(small_town: Store) -> None:
    rows = [*small_town.iterate(*PEOPLE[0]), *small_town.iterate(*PEOPLE[1])]
    numbers = {row.fields["identity_num"] for row in rows}
    junk = {number for number in numbers if not number.startswith(PREFIXES)}
    assert junk <= {"", "无", "不详", "0" * 18, "1" * 18, "123456789012345678"}


def test_a_spoiled_town_differs_from_the_clean_one_in_nothing_but_its_defects(
    clean_rows: dict[tuple[Any, ...], Row],
) -> None:
    spoiled = {(row.system, row.entity, row.key, row.seq): row for row in town_rows(Town(SMALL, 7))}
    for place, row in clean_rows.items():
        # What is touched once more in the night is the latest sound record, so it depends on the defects.
        if not NIGHT[0] <= row.changed_at < NIGHT[1] and not spoiled[place].defects:
            assert spoiled[place].fields == row.fields


@pytest.mark.parametrize("rate", [0.0, 0.05, 0.14])
def test_the_share_of_wrong_numbers_is_the_one_asked_for(rate: float) -> None:
    seen = wrong = 0
    for row in town_rows(Town(SMALL, 7, id_rate=rate)):
        if (row.system, row.entity) == COLLECTION:
            seen += len(row.persons)
            wrong += sum(name.startswith("id_") for name in row.defects)
    assert abs(wrong / seen - rate) < 0.01


@pytest.mark.parametrize(("system", "entity"), X_FIELDS)
def test_every_field_that_must_be_dropped_is_sent_and_holds_a_canary(
    small_town: Store, system: str, entity: str
) -> None:
    rows = [row for row in small_town.page(system, entity, limit=400) if row.fields]
    for path in X_FIELDS[system, entity]:
        found = [value for row in rows for value in values(row.fields, path)]
        assert found and all("CANARY" in str(value) for value in found), path


def test_cameras_send_secrets_and_a_url_in_a_field_of_the_contract(small_town: Store) -> None:
    devices = [row.fields for row in small_town.latest("video_platform", "device")]
    assert {device["Secrecy"] for device in devices} == {"0", "1"}
    assert any(device["Model"].startswith("http://CANARY") for device in devices)


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: f"{defect.system}-{defect.entity}-{defect.name}")
def test_every_defect_happens_and_its_truth_is_noted(small_town: Store, defect: Any) -> None:
    noted = list(small_town.truth().defects(defect.system, defect.entity, defect.name))
    assert noted
    assert small_town.find(defect.system, defect.entity, noted[0].key) is not None


def test_the_truth_names_the_person_behind_each_record(small_town: Store) -> None:
    truth = small_town.truth()
    people = {person.person: person for person in truth.residents()}
    spoiled = {(found.key, found.seq) for found in truth.defects("social_governance", "registered_person")}
    behind = {(found.key, found.seq): found for found in truth.persons("social_governance", "registered_person")}
    for row in small_town.page("social_governance", "registered_person", limit=500):
        person = people[behind[row.key, row.seq].person]
        assert (row.key, row.seq) in spoiled or row.fields["person_name"] == person.name
    assert {found.room for found in truth.rooms(*COLLECTION)} <= {room.room for room in truth.dwellings()}
    assert sum(count.rows for count in truth.counts(*COLLECTION)) == small_town.count(*COLLECTION)


def test_the_right_value_of_a_spoiled_field_is_kept_where_the_spoiled_one_does_not_tell_it(small_town: Store) -> None:
    rows = read(
        small_town, "select entity, field, value, payload from truth_value join record using(system, entity, key, seq)"
    )
    kept = {(entity, field) for entity, field, _, _ in rows}
    assert kept >= {("case", "bjsj"), ("clue", "owe_amt"), ("device", "Longitude"), ("employer", "ycbzrs")}
    assert kept >= {("dispute", "solve_deadline"), ("event", "archive_time"), ("service_count", "service_cnt")}
    # The year to date of January is January.
    told = [orjson.loads(p)[f] != orjson.loads(v) for entity, f, v, p in rows if entity != "service_count"]
    assert all(told)


def test_a_petition_is_decided_upon_before_it_says_so_and_some_are_decided_late(small_town: Store) -> None:
    accepted: dict[str, int] = {}
    begun: dict[str, str] = {}
    for row in small_town.iterate("petitions", "case"):
        case, first = row.fields, begun.setdefault(row.key, row.changed_at[:10])
        assert (case["zcslyjrq"] is None) == (case["xfjzt"] == "01")
        assert (case["zcclyjrq"] or "") <= row.changed_at and (case["zcslyjrq"] or first) <= row.changed_at
        if case["zcslyjrq"]:
            accepted[row.key] = (date.fromisoformat(case["zcslyjrq"]) - date.fromisoformat(first)).days
    assert 0 < sum(days > 15 for days in accepted.values()) < 0.15 * len(accepted)


def test_things_stand_between_their_days(small_town: Store) -> None:
    for table in ("truth_device", "truth_vehicle"):
        spans = read(small_town, f"select begin, until from {table}")
        assert spans and all(until is None or begin < until for begin, until in spans)
        assert any(until is not None for _, until in spans)
    for table in ("truth_building", "truth_cell", "truth_facility", "truth_employer", "truth_place"):
        assert read(small_town, f"select count(*) from {table}")[0][0]


def test_real_life_shows(small_town: Store) -> None:
    truth = small_town.truth()
    stays: dict[str, list[Any]] = {}
    for stay in truth.stays():
        stays.setdefault(stay.person, []).append(stay)
    assert sum(len(found) > 1 for found in stays.values()) > 100  # moved, or left and came back
    seen = {found.person for found in truth.persons(*COLLECTION)}
    assert len(seen & {found.person for place in PEOPLE for found in truth.persons(*place)}) > 1_000
    assert {person.id_type for person in truth.residents()} >= {"111", "516"}
    assert any("·" in person.name for person in truth.residents())
    assert any(person.birth > "2018-01-01" for person in truth.residents())


def test_pages_are_half_open_and_follow_each_other_without_gap(small_town: Store) -> None:
    begin, end = "2020-03-01 00:00:00", "2020-04-01 00:00:00"
    pages: list[Record] = []
    after = None
    while page := small_town.page(*COLLECTION, begin, end, after=after, limit=17):
        pages += page
        after = page[-1].changed_at, page[-1].key, page[-1].seq
    places = [(row.changed_at, row.key, row.seq) for row in pages]
    assert places == sorted(set(places)) and len(places) == small_town.count(*COLLECTION, begin, end) > 100
    assert pages == small_town.offset_page(*COLLECTION, begin, end, offset=0, limit=10_000)
    assert pages[40:50] == small_town.offset_page(*COLLECTION, begin, end, offset=40, limit=10)
    first, last = pages[0].changed_at, pages[-1].changed_at
    assert small_town.page(*COLLECTION, first, end, limit=1)[0] == pages[0]
    assert all(row.changed_at < last for row in small_town.iterate(*COLLECTION, first, last))


def test_the_latest_state_is_of_its_moment_and_knows_what_was_removed(small_town: Store) -> None:
    place = ("video_platform", "device")
    gone = next(row for row in small_town.iterate(*place) if not row.fields)
    before = {row.key for row in small_town.latest(*place, at="2018-02-01 00:00:00")}
    assert 0 < len(before) < len(small_town.latest(*place))
    assert gone.key not in {row.key for row in small_town.latest(*place)}
    assert small_town.find(*place, gone.key) is None


def test_dates_are_written_as_each_profile_says(small_town: Store) -> None:
    case = small_town.page("petitions", "case", limit=1)[0].fields
    assert re.fullmatch(r"\d{4}/\d\d/\d\d", case["xfrq"])
    assert re.fullmatch(r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d", case["djsj"])
    person = small_town.page(*PEOPLE[1], limit=1)[0].fields
    assert re.fullmatch(r"\d{8}", person["date_birth"]) and re.fullmatch(r"\d{4}-\d\d-\d\d", person["regis_date"])
    cell = small_town.page("grid_dispatch", "grid_cell", limit=1)[0].fields
    assert re.fullmatch(r"POLYGON \(\((113\.\d+ 23\.\d+(, )?){5}\)\)", cell["polygon"])


def test_opening_a_town_that_was_never_built_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="build one"):
        Store.open(tmp_path / "none.db")

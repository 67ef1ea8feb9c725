"""What share of its period a row rests on, what stood at a year's end, and what is null because nobody told it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from expectations.code_lists import FOLDER, calendar
from expectations.errors import CallRejected
from tests.warehouse.registered import Hall, resident
from tests.warehouse.test_marts import NIGHT, ONE, claim, loaded
from warehouse.engine import open_warehouse, reference
from warehouse.engine.connection import Connection
from warehouse.engine.marts import build_marts

CASE = {"kind": "petition", "area": ONE, "office": "甲办"}


@pytest.fixture(scope="module")
def town_hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    hall = Hall(tmp_path_factory.mktemp("hall"))
    hall.night(1, resident=[resident("1")])
    with open_warehouse(hall.file) as connection:
        # October is read whole in two windows that overlap, of September ten days; a part counts for nothing.
        loaded(connection, "case", date(2022, 9, 1), date(2022, 9, 10))
        loaded(connection, "case", date(2022, 10, 1), date(2022, 10, 20))
        loaded(connection, "case", date(2022, 10, 18), NIGHT)
        loaded(connection, "case", date(2022, 9, 11), date(2022, 9, 30), partial=True)
        claim(
            connection,
            {**CASE, "ref": "a", "received": "2021-12-20 09:00", "due": "2021-12-30", "closed": "2022-01-05"},
        )
        claim(
            connection,
            {**CASE, "ref": "b", "received": "2021-12-20 09:00", "due": "2022-02-01", "closed": "2022-01-05"},
        )
        claim(connection, {**CASE, "ref": "c", "received": "2021-12-20 09:00", "closed": "2021-12-31 23:00"})
        claim(connection, {**CASE, "ref": "d", "received": "2022-09-05 09:00", "due": "2022-10-01"})
        claim(connection, {**CASE, "ref": "e", "received": "2022-10-05 09:00", "channel": "7X"})
        claim(connection, {**CASE, "ref": "f", "kind": "event", "received": "2022-10-05 09:00", "due": "2022-10-09",
                           "closed": "2022-10-08", "is_closed": "0"})  # fmt: skip
        for building, (came, left) in enumerate([(None, 0), (None, 12), (0, 0)]):
            let_rooms(connection, building, came, left)
        yield connection


def let_rooms(connection: Connection, building: int, came: int | None, left: int | None) -> None:
    connection.execute(
        "insert into claims.service_count (claim_id, obs_key, source, entity, source_record_id, content_hash, trust, "
        "known_from, op, ended, kind, month, moved_in, moved_out, renewed) values ($id, $id, 'hall', 'rooms', $id, "
        "'h', 80, timestamp '2022-11-01', 'upsert', false, 'let_rooms', date '2022-10-01', $came, $left, 0)",
        {"id": f"b{building}", "came": came, "left": left},
    )


@pytest.fixture(scope="module")
def built(town_hall: Connection) -> Connection:
    report = build_marts(town_hall, NIGHT)
    assert report.failures == [] and report.unlisted["channel_petition"] == ["7X"]
    assert [event for event, _ in report.notes] == ["codes_are_not_listed"]
    return town_hall


def rows(connection: Connection, query: str) -> list[tuple[Any, ...]]:
    return list(connection.execute(query).fetchall())


def test_a_month_is_covered_by_the_days_its_windows_hold_whole(built: Connection) -> None:
    query = "select month, coverage from marts.case_timeliness where kind = 'petition' order by month"
    assert rows(built, query) == [
        (date(2021, 12, 1), Decimal("0")),
        (date(2022, 9, 1), Decimal("0.3333")),
        (date(2022, 10, 1), Decimal("1")),
    ]


def test_an_indicator_of_a_year_that_is_not_wholly_loaded_is_empty_and_says_so(built: Connection) -> None:
    query = "select distinct value, completeness from marts.yearly_report where indicator = 'petitions_received'"
    assert rows(built, query) == [(None, "未载全 / incomplete")]


def test_what_was_open_when_the_year_ended_is_told_as_of_its_last_day(built: Connection) -> None:
    query = (
        "select year, open_at_year_end, overdue_at_year_end from marts.case_year_end where kind = 'petition' order by 1"
    )
    assert rows(built, query) == [(2021, 2, 1), (2022, 2, 1)]


def test_an_open_case_with_a_closing_time_was_opened_again(built: Connection) -> None:
    assert rows(built, "select open, reopened from marts.case_timeliness where kind = 'event'") == [(1, 1)]


def test_a_sum_of_which_only_noughts_were_sent_is_not_nought(built: Connection) -> None:
    query = "select buildings, buildings_withheld, moved_in, moved_out, renewed, coverage from marts.rental_movement"
    assert rows(built, query) == [(3, 2, None, 12, 0, Decimal("1"))]


def test_a_code_that_no_list_names_has_a_name_all_the_same(built: Connection) -> None:
    query = "select list, name_zh, name_en from marts.dim_code where status = 'not_listed' and list <> 'source'"
    assert rows(built, query) == [("channel_petition", "代码 7X（未收录）", "code 7X (not listed)")]
    office = "select name_zh, status from marts.dim_code where list = 'handling_office' and code = '甲办'"
    assert rows(built, office) == [("甲办", "local")]


def test_a_night_beyond_the_notices_says_so_and_counts_the_limits(town_hall: Connection) -> None:
    town_hall.execute("begin transaction")
    town_hall.execute("""delete from claims."case" """)
    claim(town_hall, {**CASE, "ref": "w", "kind": "wage", "received": "2027-01-04 09:00"})
    claim(town_hall, {**CASE, "ref": "v", "kind": "wage", "received": "2026-12-30 09:00", "due": "2027-02-01"})
    town_hall.execute("commit")
    report = build_marts(town_hall, date(2027, 3, 1))
    assert ("calendar_is_out_of_range", {"night": "2027-03-01", "ends": "2026-12-31"}) in report.notes
    query = "select month, acceptance_judged, limit_uncertain from marts.case_timeliness order by month"
    assert rows(town_hall, query) == [(date(2026, 12, 1), 1, 1), (date(2027, 1, 1), 1, 1)]


def test_a_limit_moves_to_the_next_working_day_only_where_the_law_says_so(
    town_hall: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Fifteen days after 16 September 2022 is 1 October, the first of seven days off; Saturday the 8th is worked.
    town_hall.execute("""delete from claims."case" """)
    claim(town_hall, {**CASE, "ref": "m", "received": "2022-09-16 09:00", "accepted": "2022-10-08"})
    judged = "select acceptance_judged, accepted_in_time from marts.case_timeliness"
    build_marts(town_hall, NIGHT)
    assert rows(town_hall, judged) == [(1, 0)]
    data = copytree(reference.DATA, tmp_path / "data")
    text = (data / "sla.csv").read_text("utf8")
    (data / "sla.csv").write_text(text.replace("received,0,no,", "received,0,yes,"), "utf8")
    monkeypatch.setattr(reference, "DATA", data)
    build_marts(town_hall, NIGHT)
    assert rows(town_hall, judged) == [(1, 1)]


@pytest.mark.parametrize(
    ("year", "old", "new", "told"),
    [
        (2024, "days: 8", "days: 7", "2024.yml: 春节"),
        (2024, "work: [04-07]", "work: [04-08]", "2024.yml: 清明节"),
        (2021, None, None, "without a gap"),
    ],
)
def test_a_holiday_of_another_length_than_its_notice_says_is_refused(
    tmp_path: Path, year: int, old: str | None, new: str | None, told: str
) -> None:
    folder = copytree(FOLDER / "holidays", tmp_path / "holidays")
    file = folder / f"{year}.yml"
    if old is None or new is None:
        file.unlink()
    else:
        file.write_text(file.read_text("utf8").replace(old, new), "utf8")
    with pytest.raises(CallRejected, match=told):
        calendar(folder)

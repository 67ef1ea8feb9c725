"""The register through the real parser, resolver and decision store: who, where, since when, and who says so."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tests.warehouse.registered import Hall, guest, number, resident, room

HOME = "广州市白云区鹤龙街道鹤龙一路{}号{}房"


@pytest.fixture
def hall(tmp_path: Path) -> Hall:
    return Hall(tmp_path)


def test_a_person_in_two_houses_stays_in_both_and_the_one_that_began_last_is_current(hall: Hall) -> None:
    hall.night(
        1,
        resident=[resident("1", home=HOME.format(1, 101))],
        guest=[guest("v", 1, 1, ref="R2"), guest("w", 1, 1, 3, ref="R3", since="2020-06-01", until="2022-11-02")],
    )
    assert hall.ask("select count(*), min(records) from register.person") == [(1, 3)]
    links = "select known.house_ref, link.valid_from, link.valid_to, link.is_current from register.person_house_link "
    assert hall.ask(links + "as link join register.house as known using (house_id) order by all") == [
        ("R2", date(2021, 1, 1), None, True),
        ("R3", date(2020, 6, 1), date(2022, 11, 2), False),
        (None, date(2020, 1, 1), None, False),
    ]


def test_known_keys_match_first_and_text_decides_the_rest(hall: Hall) -> None:
    far, near = HOME.format(1, 101), HOME.format(2, 202)
    hall.night(
        1,
        room=[room("a", code="C1", ref="R1", home=far), room("b", ref="R1", home=near), room("c", home=far)],
        resident=[resident("1", code="C1"), resident("2", code=None, home="白云区鹤龙街鹤龙一路1号101")],
    )
    assert hall.ask("select house_code, house_ref, room, records from register.house order by all") == [
        ("C1", "R1", "101", 5),
    ]


def test_a_text_that_stands_for_two_known_houses_is_reviewed_and_not_guessed(hall: Hall) -> None:
    home = HOME.format(1, 101)
    hall.night(1, room=[room("a", code="C1", home=home), room("b", code="C2", home=home), room("c", home=home)])
    assert hall.ask("select house_code, records from register.house order by all") == [("C1", 1), ("C2", 1), (None, 1)]
    cases = "select kind, count(distinct case_id), count(house_id) from register.house_review group by 1 order by 1"
    assert hall.ask(cases) == [("contested", 1, 2), ("refused", 1, 1)]


def test_the_trusted_then_the_latest_wins_and_the_losers_stay(hall: Hall) -> None:
    hall.night(
        1,
        resident=[resident("1", 9, sex="1", code="C1"), resident("2", no=number(1), sex="2", code="C1")],
        room=[room("a", 1, code="C1", area="10"), room("b", 2, code="C1", area="20")],
        guest=[guest("v", 1, 1, 2, sex="2")],
    )
    assert hall.ask("select sex from register.person") == [("2",)]  # the guest list has a trust of its own for it
    assert hall.ask("select area_m2::integer from register.house where house_code = 'C1'") == [(20,)]
    said = "select value, source_record_id, is_winner from register.provenance where attribute = 'area_m2' order by all"
    assert hall.ask(said) == [("10.000000", "a", False), ("20.000000", "b", True)]


def test_only_the_parts_of_the_newest_visit_count_and_a_cancelled_one_is_over(hall: Hall) -> None:
    hall.night(1, room=[room("v", ref="R1")], guest=[guest("v", 1, 1), guest("v", 2, 2), guest("x", 1, 3)])
    assert hall.ask("select count(*) from register.person") == [(3,)]
    hall.night(2, room=[room("v", 2, ref="R1")], guest=[guest("v", 1, 1, 2), guest("x", 1, 3, 2, op="C")])
    assert hall.ask("select in_force from register.person order by all") == [(False,), (True,)]
    stays = hall.ask("select valid_to is null, is_current from register.person_house_link order by all")
    assert stays == [(False, False), (True, True)]


def test_a_visit_that_finds_the_dwelling_empty_ends_the_stays_there_and_the_person_is_gone(hall: Hall) -> None:
    hall.night(1, guest=[guest("v", 1, 1), guest("w", 1, 2, name="李四光", ref="R2")])
    hall.night(3, room=[room("x", 3, ref="R1", visit="3"), room("y", 3, ref="R2", visit="4")])
    assert hall.ask("select presence from register.person order by 1") == [("gone",), ("resident",)]
    ends = "select valid_to, ended_by, state, is_current from register.person_house_link order by state"
    assert hall.ask(ends) == [(date(2022, 11, 3), "missed", "ended", False), (None, None, "open", True)]


def test_a_deleted_record_ends_the_stay_it_told_of_wherever_others_saw_it(hall: Hall) -> None:
    hall.night(1, resident=[resident("1", since="2021-02-01")], guest=[guest("v", 1, 1, since="2021-02-01")])
    hall.night(3, resident=[resident("1", 3, since="2021-02-01", deleted_at="2022-11-03 09:00:00")])
    ends = "select valid_from, valid_to, ended_by from register.person_house_link"
    assert hall.ask(ends) == [(date(2021, 2, 1), date(2022, 11, 3), "told")]
    assert hall.ask("select presence from register.person") == [("gone",)]


def test_whoever_comes_back_has_two_stays(hall: Hall) -> None:
    hall.night(
        1,
        guest=[
            guest("a", 1, 1, 1, since="2019-01-01"),
            guest("b", 1, 1, 2, since="2019-01-01", until="2020-01-01"),
            guest("c", 1, 1, 3, since="2022-01-01"),
        ],
    )
    stays = hall.ask("select valid_from, valid_to, is_current from register.person_house_link order by stay")
    assert stays == [(date(2019, 1, 1), date(2020, 1, 1), False), (date(2022, 1, 1), None, True)]


def test_a_withdrawn_person_leaves_the_register_and_the_id_says_so(hall: Hall) -> None:
    hall.night(1, resident=[resident("1"), resident("2", name="李四光")])
    hall.night(2, resident=[resident("2", 2, deleted_at="2022-11-02 09:00:00")])
    assert hall.ask("select count(*) from register.person") == [(1,)]
    assert hall.ask("select thing, new_id, reason from register.change order by 1") == [
        ("house", None, "ended"), ("person", None, "ended"),
    ]  # fmt: skip


def test_ids_do_not_move_when_records_are_touched_or_added(hall: Hall) -> None:
    hall.night(1, resident=[resident(str(i)) for i in range(1, 6)])
    ids = hall.ask("select person_id from register.person order by 1")
    report = hall.night(3, resident=[resident(str(i), 3, sex="2") for i in range(1, 6)], guest=[guest("v", 1, 1, 3)])
    assert hall.ask("select person_id from register.person order by 1") == ids and report.changes == {}

"""What is not as it was: a field that empties, fields nobody declared, keys issued anew, records that vanish."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from expectations.likeness import DECLARED, KEYS, STANDING, Fill, is_emptied
from tests.warehouse.judged import Office, person
from tests.warehouse.landed import SOURCE
from warehouse.decisions.sign_offs import CONFIRM, sign_off
from warehouse.decisions.store import open_decisions

WHOLE = [Fill(40, 40)] * 3


def fills(*shares: tuple[int, int]) -> list[Fill]:
    return [Fill(rows, filled) for rows, filled in shares]


def test_a_field_every_row_had_is_missed_in_a_handful_of_rows() -> None:
    assert is_emptied(Fill(5, 0), WHOLE, WHOLE)
    assert is_emptied(Fill(40, 0), [], [Fill(300, 300)])  # one great load before, none of a night's length


def test_a_few_rows_and_a_past_of_a_few_rows_say_nothing() -> None:
    assert not is_emptied(Fill(4, 0), WHOLE, WHOLE)
    assert not is_emptied(Fill(40, 0), fills((9, 9), (9, 9)), fills((9, 9), (9, 9)))
    assert not is_emptied(Fill(40, 0), [], [])


def test_a_field_that_one_night_left_open_another_may_leave_open_too() -> None:
    before = fills((40, 30), (40, 0), (40, 35))
    assert not is_emptied(Fill(40, 0), before, before)


def test_a_load_of_another_length_is_no_measure_of_a_night() -> None:
    assert not is_emptied(Fill(30, 0), fills((12, 3), (12, 0)), [Fill(5000, 4500), *fills((12, 3), (12, 0))])


def test_a_field_that_falls_far_below_its_share_is_emptied() -> None:
    before = fills(*[(60, 42)] * 6)
    assert is_emptied(Fill(60, 3), before, before) and not is_emptied(Fill(60, 36), before, before)


@pytest.mark.parametrize("share", [0.02, 0.1, 0.3, 0.5, 0.9, 0.99])
def test_chance_alone_alarms_nobody_in_a_thousand_nights(share: float) -> None:
    dice = random.Random(7)
    nights = [Fill(n, sum(dice.random() < share for _ in range(n))) for n in (dice.randint(1, 60) for _ in range(1000))]
    alarms = [i for i in range(10, 1000) if is_emptied(nights[i], nights[i - 10 : i], nights[i - 10 : i])]
    assert alarms == []


@pytest.fixture
def office(tmp_path: Path) -> Office:
    office = Office(tmp_path)
    office.rules(person={})
    return office


def night(office: Office, day: int, rows: list[Any], **over: Any) -> dict[str, str]:
    office.land(day, rows, **over)
    return {f["rule"]: f["outcome"] for f in office.check(day)["failed"]}


def test_keys_issued_anew_hold_the_night_until_a_steward_confirms_them(office: Office) -> None:
    for day, rows in ((1, 16), (2, 1), (3, 1)):
        assert KEYS not in night(office, day, [person(f"{day}-{i}", day) for i in range(rows)])
    anew = [person(f"new-{i}", 4) for i in range(18)]
    assert night(office, 4, anew)[KEYS] == "held"
    assert len(office.accepted()) == 18
    engine = open_decisions(office.decisions)
    for (load,) in office.ask("select load_id from ledger.load where window_end = timestamp '2022-11-05'"):
        sign_off(engine, CONFIRM, SOURCE, load, reason="属实", by="何")
    engine.dispose()
    assert KEYS not in {f["rule"] for f in office.check(4)["failed"]} and len(office.accepted()) == 36


def test_as_many_new_records_as_every_night_are_no_new_keys(office: Office) -> None:
    for day in range(1, 6):
        assert KEYS not in night(office, day, [person(f"{day}-{i}", day) for i in range(12)])


def test_records_that_vanish_at_once_hold_the_night_and_a_few_do_not(office: Office) -> None:
    for day in (1, 2, 3):
        night(office, day, [person(f"{day}-{i}", day) for i in range(12)])
    few = [person(f"1-{i}", 4, gone="2022-11-04 10:00:00") for i in range(4)]
    assert STANDING not in night(office, 4, few)
    many = [person(f"2-{i}", 5, gone="2022-11-05 10:00:00") for i in range(12)]
    assert night(office, 5, many)[STANDING] == "held"


def test_a_new_field_is_told_with_the_line_that_settles_it(office: Office) -> None:
    assert night(office, 1, [person("1", 1)], undeclared={"shoe_size": 1})[DECLARED] == "flagged"
    [(hint,)] = office.ask("select hint_en from quality.result where rule = 'fields_are_declared'")
    assert "ignore: [shoe_size]" in hint
    assert DECLARED not in night(office, 2, [person("2", 2)])

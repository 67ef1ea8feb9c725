"""The register is one pure function: of any order of loads, in steps or at once, and of less for a past."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest

from tests.warehouse.registered import Hall, guest, resident, room
from warehouse.engine import open_warehouse
from warehouse.engine.as_of import as_of
from warehouse.resolver import model_in_use

HOME = "广州市白云区鹤龙街道鹤龙一路{}号{}房"


@pytest.fixture
def hall(tmp_path: Path) -> Hall:
    return Hall(tmp_path)


def test_the_register_is_the_same_in_any_order_of_loads_and_built_in_steps_or_at_once(tmp_path: Path) -> None:
    nights = {
        1: {"resident": [resident(str(i), home=HOME.format(i, 101), code=None) for i in range(1, 5)]},
        2: {"room": [room("a", 2, ref="R1", home=HOME.format(1, 101))], "guest": [guest("v", 1, 1, 2)]},
        3: {"resident": [resident("2", 3, home=HOME.format(9, 901), code=None),
                         resident("3", 3, deleted_at="2022-11-03 10:00:00")]},
    }  # fmt: skip
    stepwise, late = Hall(tmp_path / "stepwise"), Hall(tmp_path / "late")
    for day, rows in nights.items():
        stepwise.night(day, **rows)
    for day in reversed(nights):
        late.land(day, **nights[day])
        late.release()
        late.claim()
    late.build()
    assert late.digest() == stepwise.digest()
    before = stepwise.digest()
    assert stepwise.build(full=True).full and stepwise.digest() == before


def test_what_was_known_then_is_the_same_function_over_less(tmp_path: Path) -> None:
    hall, past = Hall(tmp_path / "now"), Hall(tmp_path / "then")
    first = {"resident": [resident("1", home=HOME.format(1, 101))], "guest": [guest("v", 1, 1)]}
    past.night(1, **first)
    hall.night(1, **first)
    hall.night(5, resident=[resident("1", 5, sex="2")], guest=[guest("w", 1, 7, 5, until="2022-11-04")])
    target = tmp_path / "past.duckdb"
    with open_warehouse(hall.file) as connection:
        as_of(connection, target, None, model_in_use(), known=datetime(2022, 11, 3), valid=date(2020, 6, 1))
    then = past.digest()
    past.file = target
    assert past.digest() == then != hall.digest()
    assert past.ask("select valid_from from valid.person_house_link") == [(date(2020, 1, 1),)]
    with open_warehouse(hall.file) as connection, pytest.raises(FileExistsError):
        as_of(connection, target, None, model_in_use(), known=datetime(2022, 11, 3))


def test_rows_that_an_erasure_took_out_make_the_next_build_a_full_one(hall: Hall) -> None:
    hall.night(1, resident=[resident("1"), resident("2", name="李四光")])
    assert not hall.build().full
    hall.ask("delete from register.person_observation where source_record_id = '2'")
    assert hall.build().full
    assert hall.ask("select count(*) from register.person") == [(2,)]

"""What people decide: judgements and corrections count at once, and taking them back restores what was."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.warehouse.landed import SOURCE
from tests.warehouse.registered import TOKENS, Hall, resident, room
from warehouse.decisions.corrections import correct, revoke_correction
from warehouse.decisions.judgements import Record, judge, revoke_judgement
from warehouse.decisions.store import open_decisions

HOME = "广州市白云区鹤龙街道鹤龙一路{}号{}房"


@pytest.fixture
def hall(tmp_path: Path) -> Hall:
    return Hall(tmp_path)


def test_a_correction_wins_until_its_record_agrees_and_taking_it_back_restores(hall: Hall) -> None:
    hall.night(1, resident=[resident("1", sex="1")])
    before = hall.digest()
    engine = open_decisions(hall.decisions)
    made = correct(engine, "person", Record(SOURCE, "resident", "1"), "sex", "2", old_value="1", reason="r", by="b")
    assert hall.build().corrections == 1
    assert hall.ask("select sex from register.person") == [("2",)]
    assert hall.ask("select value, trust from register.provenance where source = 'correction'") == [("2", 100)]
    revoke_correction(engine, made, reason="r", by="b")
    hall.build()
    assert hall.digest() == before
    correct(engine, "person", Record(SOURCE, "resident", "1"), "sex", "2", old_value="1", reason="r", by="b")
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "update correction set made_at = '2022-11-02 12:00:00.000000' where revoked_at is null"
        )
    engine.dispose()
    assert hall.night(5, resident=[resident("1", 5, sex="2")]).corrections == 0
    hall.night(6, resident=[resident("1", 6, sex="1")])
    assert hall.ask("select sex from register.person") == [("1",)]


def test_a_corrected_name_reaches_the_mask_and_the_resolver_and_no_clear_text_is_anywhere(hall: Hall) -> None:
    hall.night(1, resident=[resident("1")])
    cleared = {c: v[0] for c, v in TOKENS.columns([None], [None], ["李四光"], ["1990-01-01"], ["1"]).items() if v[0]}
    engine = open_decisions(hall.decisions)
    correct(engine, "person", Record(SOURCE, "resident", "1"), "name", cleared, old_value=None, reason="r", by="b")
    engine.dispose()
    assert hall.build().corrections == 1
    assert hall.ask("select name_mask from register.person") == [("李**",)]
    assert hall.ask("select name_token from register.person_observation") == [(cleared["name_token"],)]
    before = hall.digest()
    hall.build(full=True)
    assert hall.digest() == before


def test_a_judgement_parts_two_records_of_one_house_and_revoking_it_restores(hall: Hall) -> None:
    hall.night(1, room=[room("a", code="C1"), room("b", code="C1", ref="R1")])
    before = hall.digest()
    assert hall.ask("select count(*) from register.house") == [(1,)]
    engine = open_decisions(hall.decisions)
    one, other = Record(SOURCE, "room", "a"), Record(SOURCE, "room", "b")
    made = judge(engine, "house", one, other, "different", reason="two doors", by="steward").judgement_id
    assert hall.build().changes == {"house split": 1}
    assert hall.ask("select count(*) from register.house") == [(2,)]
    revoke_judgement(engine, made, reason="was wrong", by="steward")
    engine.dispose()
    assert hall.build().changes == {"house merged": 1}
    assert hall.digest() == before
    assert {r for (r,) in hall.ask("select reason from register.change")} == {"split", "merged"}


def test_a_judgement_joins_two_houses_that_no_key_joins(hall: Hall) -> None:
    hall.night(1, room=[room("a", code="C1"), room("b", code="C2"), room("c", code="C2")])
    engine = open_decisions(hall.decisions)
    judge(engine, "house", Record(SOURCE, "room", "a"), Record(SOURCE, "room", "b"), "same", reason="one", by="s")
    engine.dispose()
    hall.build()
    assert hall.ask("select records from register.house") == [(3,)]
    gone = hall.ask("select current_house_id, reason from register.house_alias order by 2")
    assert len({h for h, _ in gone}) == 1 and [r for _, r in gone].count("same") == 1

"""A guard means what it says: what is held stays held until the data change or a person lets it through."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from expectations.errors import SourceChanged, catalogue
from tests.warehouse.registered import Hall
from tests.warehouse.test_marts import hall
from warehouse.decisions.__main__ import COMMANDS
from warehouse.decisions.judgements import Record, judge
from warehouse.decisions.sign_offs import MARTS, RELEASE, sign_off
from warehouse.decisions.store import open_decisions
from warehouse.engine.connection import open_warehouse
from warehouse.engine.marts import marts_nightly
from warehouse.engine.register import held_by, mark_verdict
from warehouse.engine.remembered import refuse_fewer, remember_decisions

__all__ = ["hall"]
ASKS = re.compile(r"豁免|确需放行|确认无误|属实")
NAMES = re.compile(r"python -m warehouse\.decisions (\w[\w-]*)")


def test_what_an_error_asks_a_person_to_do_is_a_command() -> None:
    for code, text in catalogue().items():
        for words in (text.next_zh, text.next_en):
            assert set(NAMES.findall(words)) <= set(COMMANDS), code
        if ASKS.search(text.next_zh):
            assert NAMES.findall(text.next_zh), f"{code} asks for a decision and names no command"
            assert NAMES.findall(text.next_zh) == NAMES.findall(text.next_en), code


def test_the_marts_of_a_held_register_are_refused_by_every_build_until_it_is_released(hall: Hall) -> None:
    with open_warehouse(hall.file) as connection:
        mark_verdict(connection, "person_ids_stay 5/20")
    for _ in range(2):
        with pytest.raises(SourceChanged, match="person_ids_stay") as refused:
            marts_nightly(hall.file, "2022-11-08")
        assert refused.value.code == "RE-HELD"
    with open_warehouse(hall.file) as connection:
        mark_verdict(connection, None)
        assert held_by(connection) is None
    assert marts_nightly(hall.file, "2022-11-08")[0]["as_of_day"] == "2022-11-08"


def test_a_build_that_would_forget_a_judgement_refuses(hall: Hall, tmp_path: Path) -> None:
    engine = open_decisions(hall.decisions)
    one, other = Record("s", "e", "1"), Record("s", "e", "2")
    judge(engine, "person", one, other, "same", reason="r", by="何")
    with open_warehouse(hall.file) as connection:
        refuse_fewer(connection, hall.decisions)
        remember_decisions(connection, hall.decisions)
        refuse_fewer(connection, hall.decisions)
        for elsewhere in (f"sqlite:///{tmp_path / 'none.db'}", f"sqlite:///{tmp_path / 'empty' / 'd.db'}"):
            with pytest.raises(SourceChanged) as refused:
                refuse_fewer(connection, elsewhere)
            assert refused.value.code == "RE-FEWER"


def test_a_group_that_a_steward_released_for_the_night_is_not_held(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("warehouse.engine.marts.held_groups", lambda *_: ("cases", "residents"))
    monkeypatch.setenv("REGISTER_DECISIONS_URL", hall.decisions)
    assert marts_nightly(hall.file, "2022-11-08")[0]["held"] == ["cases", "residents"]
    sign_off(open_decisions(hall.decisions), RELEASE, MARTS, "cases@2022-11-08", reason="已核", by="何")
    assert marts_nightly(hall.file, "2022-11-08")[0]["held"] == ["residents"]
    assert marts_nightly(hall.file, "2022-11-09")[0]["held"] == ["cases", "residents"]

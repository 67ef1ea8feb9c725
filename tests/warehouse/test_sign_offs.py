"""What a steward lets through: a row with author and reason, honoured until it is taken back; nonsense is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from extractors import discover
from tests.extractors.test_cursor import land
from tests.warehouse.resident import Office, a_week, office
from tests.warehouse.test_decisions_commands import Desk, desk, small_contracts
from warehouse.decisions.models import SignOff
from warehouse.decisions.sign_offs import CLOSE, CONFIRM, RELEASE, sign_off, sign_offs_in_force, signed_off
from warehouse.decisions.waivers import waivers_in_force
from warehouse.engine.connection import open_warehouse

__all__ = ["a_week", "desk", "office", "small_contracts"]
MEDIATION = discover()["mediation"]
RULE = ["--source", "mediation", "--entity", "dispute", "--rule", "success_is_yes_or_no", "--until", "2030-01-01"]


def _load(office: Office) -> str:
    with open_warehouse(office.warehouse) as connection:
        return str(connection.execute("select min(load_id) from ledger.load").fetchall()[0][0])


def test_a_rule_is_waived_until_a_day_and_taken_back_by_its_id(desk: Desk) -> None:
    from datetime import date

    status, answer = desk.ask("waive", *RULE, "--reason", "来源已知", role="steward")
    engine = desk.office.stores().engine
    assert status == 0
    [waiver] = waivers_in_force(engine, "mediation", date(2029, 12, 31))
    assert (waiver.waiver_id, waiver.rule, waiver.reason) == (answer["waiver_id"], "success_is_yes_or_no", "来源已知")
    assert desk.ask("revoke", "waiver", waiver.waiver_id, "--reason", "已改", role="steward")[0] == 0
    assert waivers_in_force(engine, "mediation", date(2029, 12, 31)) == []


def test_a_load_is_confirmed_by_its_id_and_the_row_names_who_and_why(desk: Desk) -> None:
    load = _load(desk.office)
    status, answer = desk.ask("confirm", load, "--reason", "确已拆除", role="steward")
    [row] = sign_offs_in_force(desk.office.stores().engine, CONFIRM, answer["source"])
    assert status == 0
    assert (row.sign_off_id, row.subject, row.reason, row.made_by) == (
        answer["sign_off_id"],
        load,
        "确已拆除",
        "何登记",
    )
    assert signed_off(CONFIRM, answer["source"], desk.office.url) == {load}
    assert desk.ask("revoke", "sign-off", row.sign_off_id, "--reason", "弄错了", role="steward")[0] == 0
    assert signed_off(CONFIRM, answer["source"], desk.office.url) == frozenset()


def test_a_hole_that_is_open_is_closed_with_a_reason(desk: Desk) -> None:
    land(desk.office.landing, "2022-08-31", "2022-09-01", MEDIATION)
    land(desk.office.landing, "2022-09-02", "2022-09-04", MEDIATION)
    ends = ["--begin", "2022-09-01", "--end", "2022-09-03"]
    assert desk.ask("close", "mediation", *ends, "--reason", "系统停机", role="steward")[0] == 0
    assert signed_off(CLOSE, "mediation", desk.office.url) == {"2022-09-01T00:00:00/2022-09-03T00:00:00"}


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["waive", *RULE[:5], "no_such_rule", *RULE[6:], "--reason", "x"], "SC-CALL"),
        (["waive", *RULE[:-1], "soon", "--reason", "x"], "SC-CALL"),
        (["waive", "--source", "nobody", *RULE[2:], "--reason", "x"], "SC-CALL"),
        (["confirm", "ffff", "--reason", "x"], "DS-NONE"),
        (["release", "register", "--night", "2022-11-05", "--reason", "x"], "DS-NONE"),
        (["release", "no_such_group", "--night", "2022-11-05", "--reason", "x"], "SC-CALL"),
        (["close", "mediation", "--begin", "2022-09-03", "--end", "2022-09-01", "--reason", "x"], "SC-CALL"),
        (["close", "mediation", "--begin", "2022-09-01", "--end", "2022-09-03", "--reason", "x"], "DS-NONE"),
        (["close", "mediation", "--file", "3771422ba835", "--reason", "x"], "DS-NONE"),
        (["close", "mediation", "--begin", "2022-09-01", "--reason", "x"], "SC-CALL"),
    ],
)
def test_what_is_not_there_cannot_be_let_through(desk: Desk, arguments: list[str], code: str) -> None:
    status, answer = desk.ask(*arguments, role="steward")
    assert (status, answer["code"]) == (2, code)


def test_a_group_is_released_for_one_night(desk: Desk) -> None:
    assert desk.ask("release", "residents", "--night", "2022-11-05", "--reason", "已核", role="steward")[0] == 0
    assert signed_off(RELEASE, "marts", desk.office.url) == {"residents@2022-11-05"}


def test_where_no_store_is_nothing_was_let_through_and_none_is_made(tmp_path: Path) -> None:
    assert signed_off(RELEASE, "register", f"sqlite:///{tmp_path / 'none.db'}") == frozenset()
    assert list(tmp_path.iterdir()) == []


def test_a_restored_store_gets_its_sign_offs_back_from_the_journal(desk: Desk) -> None:
    from warehouse.decisions import journal

    engine = desk.office.stores().engine
    sign_off(engine, CLOSE, "mediation", "a/b", reason="r", by="s")
    journal.sync(engine)
    with engine.begin() as connection:
        connection.execute(SignOff.__table__.delete())  # type: ignore[attr-defined]
    assert journal.restore(engine) >= 1
    assert [row.subject for row in sign_offs_in_force(engine, CLOSE)] == ["a/b"]

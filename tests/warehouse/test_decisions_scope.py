"""A row is the work of its community, and a resident of another one is as if not there: the commands on SQLite."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from expectations.errors import CallRejected
from tests.warehouse.resident import Office, a_week, office
from tests.warehouse.scoped import ANNS, BEAS, CHOS, NOBODY, A, B, desk, small_contracts
from warehouse.decisions import journal
from warehouse.decisions.access_log import AccessLog
from warehouse.decisions.scope import grant_scope, scope_of, withdraw_scope

__all__ = ["a_week", "desk", "office", "small_contracts"]


def shape(answer: Any) -> list[Any]:
    return [answer[k] for k in ("code", "detail", "zh", "next_zh") if k in answer]


def test_somebody_of_another_community_is_as_if_not_there_and_that_is_logged(desk: Any, office: Office) -> None:
    assert desk("何", "subject-access", "--record", CHOS, "--dry-run")[0] == 0  # nothing was granted to anybody yet
    assert desk("管理", "scope", "grant", "何", A, role="administrator")[0] == 0
    assert desk("何", "subject-access", "--record", ANNS)[0] == 0
    nobody = desk("何", "subject-access", "--record", NOBODY)
    for hidden in (CHOS, BEAS):  # of another community, and of none that is known
        status, answer = desk("何", "subject-access", "--record", hidden)
        assert (status, shape(answer)) == (nobody[0], shape(nobody[1]))
    assert shape(desk("何", "subject-access", "--person", "PC")[1]) == shape(
        desk("何", "subject-access", "--person", "PX")[1]
    )
    for deed in (
        ("correct", "--record", CHOS, "--attribute", "sex", "--value", "1", "--reason", "x"),
        ("erase", "--record", CHOS, "--reason", "x"), ("judge", ANNS, CHOS, "same", "--reason", "x"),
    ):  # fmt: skip
        assert desk("何", *deed)[1]["code"] == "DS-NONE"
    outcomes = [e.outcome for e in AccessLog(office.stores().engine).entries()]
    assert outcomes.count("not in scope") == 6 and ("people", "3") in office.records()
    assert desk("无", "subject-access", "--record", ANNS)[1]["code"] == "DS-NONE"


def test_a_decision_bears_the_community_of_its_person(desk: Any, office: Office) -> None:
    desk("管理", "scope", "grant", "何", A, role="administrator")
    said = ("--attribute", "sex", "--value", "1", "--reason", "x")
    made = desk("何", "correct", "--record", ANNS, *said)[1]["correction_id"]
    other = desk("街", "scope", "grant", "街", "*", role="administrator")
    assert [row["community_code"] for row in other[1]["scope"]] == [A, "*"]
    theirs = desk("街", "correct", "--record", CHOS, *said)[1]["correction_id"]
    desk("街", "correct", "--record", BEAS, *said)
    desk("街", "judge", ANNS, CHOS, "different", "--reason", "x", role="steward")
    with office.stores().engine.connect() as connection:
        rows = connection.execute(sa.text("select community_code from correction order by number")).scalars().all()
        judged = connection.execute(sa.text("select community_code from judgement")).scalars().all()
    assert (rows, judged) == ([A, B, None], [None])
    assert desk("何", "revoke", "correction", theirs, "--reason", "x")[1]["code"] == "DS-NONE"
    assert desk("何", "revoke", "correction", made, "--reason", "x")[0] == 0


def test_a_scope_that_was_withdrawn_does_not_come_back_from_the_journal(desk: Any, office: Office) -> None:
    for deed in ("grant", "withdraw"):
        assert desk("管理", "scope", deed, "何", A, B, role="administrator")[0] == 0
    assert journal.missing(office.stores().engine) == {}
    assert desk("管理", "scope", "list", role="administrator")[1]["scope"] == []


def test_a_scope_is_granted_listed_and_withdrawn(office: Office) -> None:
    engine = office.stores().engine
    assert scope_of(engine, "何").whole
    grant_scope(engine, "何", [A, B], by="管理")
    grant_scope(engine, "何", [A], by="管理")
    assert scope_of(engine, "何").communities == {A, B} and not scope_of(engine, "无").communities
    withdraw_scope(engine, "何", [A])
    assert scope_of(engine, "何").communities == {B}
    with pytest.raises(CallRejected, match="DS-NONE"):
        withdraw_scope(engine, "何", [A])
    for login, communities in (("", [A]), ("x", [])):
        with pytest.raises(CallRejected, match="SC-CALL"):
            grant_scope(engine, login, communities, by="x")


def test_a_day_has_so_many_residents(desk: Any, office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGISTER_LOOKS_PER_DAY", "2")
    assert [desk("何", "subject-access", "--record", r)[0] for r in (ANNS, ANNS, CHOS)] == [0, 0, 0]
    assert desk("何", "subject-access", "--record", BEAS)[1]["code"] == "DS-MANY"
    assert desk("别", "subject-access", "--record", BEAS)[0] == 0
    assert [e.outcome for e in AccessLog(office.stores().engine).entries()][-2] == "refused, too many"

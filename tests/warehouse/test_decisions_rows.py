"""Judgements and corrections: append-only, the later one holds, and taking one back restores what was before."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from expectations.errors import CallRejected
from tests.warehouse.decision_stores import engine, office_db, postgres, store_url
from warehouse.decisions.corrections import correct, correction_history, corrections_in_force, revoke_correction
from warehouse.decisions.judgements import (
    Record,
    judge,
    judgement_history,
    judgements_in_force,
    revoke_judgement,
)
from warehouse.decisions.models import Judgement

__all__ = ["engine", "office_db", "postgres", "store_url"]
ONE, TWO, SIX = (Record("town_hall", "people", n) for n in "126")
SAID = {"reason": "同一人", "by": "何管家"}


def test_a_judgement_names_its_records_in_order_and_says_what_it_supersedes(engine: sa.Engine) -> None:
    first = judge(engine, "person", TWO, ONE, "same", **SAID)
    second = judge(engine, "person", ONE, TWO, "different", **SAID)
    other = judge(engine, "house", ONE, TWO, "same", **SAID)
    assert (first.superseded, second.superseded, other.superseded) == (None, first.judgement_id, None)
    rows = judgements_in_force(engine)
    assert [(r.judgement_id, r.kind, r.left_record_id, r.right_record_id, r.verdict) for r in rows] == [
        (second.judgement_id, "person", "1", "2", "different"),
        (other.judgement_id, "house", "1", "2", "same"),
    ]
    assert len(judgement_history(engine)) == 3


def test_revoking_brings_back_exactly_what_was_before(engine: sa.Engine) -> None:
    states = [judgements_in_force(engine)]
    made = []
    for verdict in ("same", "different", "same"):
        made.append(judge(engine, "person", ONE, SIX, verdict, **SAID).judgement_id)
        states.append(judgements_in_force(engine))
    for judgement_id in reversed(made):
        assert judgements_in_force(engine) == states.pop()
        revoke_judgement(engine, judgement_id, reason="弄错了", by="何管家")
    assert judgements_in_force(engine) == states.pop() == []
    with pytest.raises(CallRejected) as caught:
        revoke_judgement(engine, made[0], reason="再来", by="何管家")
    assert caught.value.code == "DS-NONE"


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from([ONE, TWO]), st.sampled_from(["same", "different"]), st.booleans())))
def test_in_force_is_the_latest_standing_verdict_of_each_pair(
    engine: sa.Engine, deeds: list[tuple[Record, str, bool]]
) -> None:
    with engine.begin() as connection:
        connection.execute(sa.delete(Judgement))
    standing: dict[Record, list[tuple[str, str]]] = {ONE: [], TWO: []}
    for record, verdict, taken_back in deeds:
        made = judge(engine, "person", record, SIX, verdict, **SAID).judgement_id
        if taken_back:
            revoke_judgement(engine, made, reason="弄错了", by="何管家")
        else:
            standing[record].append((made, verdict))
    expected = {stack[-1] for stack in standing.values() if stack}
    assert {(r.judgement_id, r.verdict) for r in judgements_in_force(engine)} == expected


@pytest.mark.parametrize(
    "wrong",
    [("robot", ONE, TWO, "same", "理由"), ("person", ONE, TWO, "maybe", "理由"), ("person", ONE, ONE, "same", "理由"),
     ("person", ONE, TWO, "same", " ")],
)  # fmt: skip
@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_a_judgement_without_sense_is_refused(engine: sa.Engine, wrong: tuple[str, Record, Record, str, str]) -> None:
    *what, reason = wrong
    with pytest.raises(CallRejected) as caught:
        judge(engine, *what, reason=reason, by="何管家")  # type: ignore[arg-type]
    assert caught.value.code == "SC-CALL" and judgement_history(engine) == []


def test_a_correction_holds_until_a_later_one_or_until_it_is_taken_back(engine: sa.Engine) -> None:
    first = correct(engine, "person", ONE, "sex", "2", old_value="1", reason="证件为准", by="何登记")
    second = correct(engine, "person", ONE, "sex", "1", old_value="2", reason="看错了", by="何登记")
    other = correct(engine, "person", ONE, "birth_date", None, old_value="1990-01-01", reason="不详", by="何登记")
    rows = [(r.correction_id, r.attribute, r.value, r.old_value) for r in corrections_in_force(engine)]
    assert rows == [(second, "sex", "1", "2"), (other, "birth_date", None, "1990-01-01")]
    revoke_correction(engine, second, reason="弄错了", by="何登记")
    assert [r.correction_id for r in corrections_in_force(engine)] == [first, other]
    assert len(correction_history(engine)) == 3
    with pytest.raises(CallRejected, match="DS-NONE"):
        revoke_correction(engine, second, reason="再来", by="何登记")


def test_a_name_is_corrected_by_its_tokens_and_never_in_clear_text(engine: sa.Engine) -> None:
    with pytest.raises(CallRejected) as caught:
        correct(engine, "person", ONE, "name", "张三", old_value=None, reason="改名", by="何登记")
    assert caught.value.code == "SC-CALL" and "张三" not in str(caught.value)
    cleared = {"name_token": "P1.h1.aa", "name_mask": "张**", "name_flag": ""}
    correct(engine, "person", ONE, "name", cleared, old_value=None, reason="改名", by="何登记")
    assert [json.loads(r.value or "") for r in corrections_in_force(engine)] == [cleared]


def test_an_observation_is_read_with_bars_in_its_id() -> None:
    assert Record.parse("town_round|visit|s1|2") == Record("town_round", "visit", "s1|2")
    for wrong in ("", "a|b", "a||c", "|b|c"):
        with pytest.raises(CallRejected, match="SC-CALL"):
            Record.parse(wrong)

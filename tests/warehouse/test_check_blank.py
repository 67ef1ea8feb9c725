"""A rule on one value empties that value: the row stays, is counted, and gets the value back when it may."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.warehouse.judged import CHECKS, WHOLLY, Office, person
from tests.warehouse.landed import SOURCE
from warehouse.decisions.store import open_decisions
from warehouse.decisions.waivers import add_waiver, revoke_waiver

BLANK: dict[str, Any] = {"effect": "blank"}
RULES: dict[str, Any] = {"age_is_a_number": BLANK, "age_is_plausible": BLANK, "name_is_short": BLANK}
FIGURES = ("rows_new", "accepted", "emptied", "quarantined", "withdrawn", "emptied_current")


@pytest.fixture
def office(register_env: Path) -> Office:
    made = Office(register_env)
    made.rules(**RULES)
    return made


def read(office: Office) -> list[tuple[Any, ...]]:
    return office.ask(f"select source_record_id, name, age from accepted.{SOURCE}__person order by all")


def figures(verdict: dict[str, Any]) -> tuple[int, ...]:
    return tuple(verdict[f] for f in FIGURES)


def test_the_row_stays_and_the_value_is_unknown(office: Office) -> None:
    verdict = office.night(
        1, person("1", age="200"), person("2", age="约三十"), person("3", name="甲乙丙丁"), person("4")
    )
    assert figures(verdict) == (4, 4, 3, 0, 0, 3)
    assert read(office) == [("1", "甲", None), ("2", "甲", None), ("3", None, 30), ("4", "甲", 30)]
    assert office.ask(f"select source_record_id, blanked from acceptance.{SOURCE}__person order by all") == [
        ("1", ["age"]), ("2", ["age"]), ("3", ["name"]), ("4", None),
    ]  # fmt: skip
    assert office.incidents("source_record_id", "rule", "effect", "status") == [
        ("1", "age_is_plausible", "blank", "open"),
        ("2", "age_is_a_number", "blank", "open"),
        ("3", "name_is_short", "blank", "open"),
    ]
    assert office.ask(f"select age from staging.{SOURCE}__person where source_record_id = '1'") == [(200,)]


def test_what_a_rule_found_and_could_not_empty_is_not_counted_as_emptied(office: Office) -> None:
    office.rules(**(RULES | {"age_is_plausible": {**BLANK, "nulls": "fail"}}))
    verdict = office.night(1, person("1", age=None))
    assert figures(verdict) == (1, 1, 0, 0, 0, 0)
    assert office.ask("select noted_current from quality.run") == [(1,)]


def test_two_rules_empty_two_values_of_one_row_and_one_that_quarantines_wins(office: Office) -> None:
    office.rules(**(RULES | {"name_is_short": {**BLANK, "blanks": ["name", "age"]}}))
    office.night(1, person("1", name="甲乙丙丁", age="200"), person("2", name=None, age="200"))
    assert read(office) == [("1", None, None)]
    assert office.ask(f"select source_record_id, label, blanked from acceptance.{SOURCE}__person order by all") == [
        ("1", "accepted", ["age", "name"]), ("2", "quarantined", None),
    ]  # fmt: skip


def test_a_critical_rule_that_empties_holds_its_source_as_ever(office: Office) -> None:
    office.rules(**(RULES | {"age_is_plausible": {**BLANK, "tolerance": 0.1}}))
    assert office.night(1, *(person(str(n), age="200") for n in range(20)))["verdict"] == "held"
    assert read(office) == []


def test_the_source_that_mends_the_value_brings_it_back(office: Office) -> None:
    office.night(1, person("1", age="200"))
    verdict = office.night(2, person("1", 2, age="20"))
    assert read(office) == [("1", "甲", 20)] and figures(verdict)[-1] == 0
    assert office.incidents("status", "resolution") == [("resolved", "corrected")]


def test_another_suite_empties_and_gives_back_what_was_accepted_before(office: Office) -> None:
    office.night(1, person("1", age="200"))
    office.rules(**(RULES | {"age_is_plausible": {"effect": "note"}}))
    office.check(2)
    assert read(office) == [("1", "甲", 200)]
    assert office.incidents("effect", "status") == [("note", "open")]
    office.rules(**(RULES | {"age_is_plausible": WHOLLY}))
    office.check(3)
    assert read(office) == [] and office.incidents("effect") == [("quarantine",)]
    office.rules(**RULES)
    office.check(4)
    assert read(office) == [("1", "甲", None)]


def test_a_waived_finding_empties_nothing_until_the_waiver_ends(office: Office) -> None:
    office.night(1, person("1", age="200"))
    engine = open_decisions(office.decisions)
    waiver = add_waiver(
        engine, SOURCE, "person", "age_is_plausible", reason="已核实", until=date(2022, 12, 1), by="steward"
    )
    assert figures(office.check(2))[-1] == 0 and read(office) == [("1", "甲", 200)]
    revoke_waiver(engine, waiver, by="steward")
    assert figures(office.check(3))[-1] == 1 and read(office) == [("1", "甲", None)]


def test_a_suite_that_holds_leaves_what_was_emptied_before(office: Office) -> None:
    office.night(1, person("1", age="200"))
    office.rules(**(RULES | {"age_is_plausible": {"effect": "note", "tolerance": 0.0}}))
    assert office.check(2)["verdict"] == "held"
    assert read(office) == [("1", "甲", None)]


ages = st.sampled_from((None, "30", "200", "-1", "约三十"))
names = st.sampled_from((None, "甲", "甲乙丙丁"))
people = st.lists(st.tuples(ages, names), min_size=1, max_size=8)


@settings(
    max_examples=3, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(people, st.sets(st.sampled_from(sorted(CHECKS.keys() - {"name_is_given"}))))
def test_no_rule_that_empties_changes_how_many_rows_are_accepted(
    register_env: Path, rows: list[tuple[str | None, str | None]], emptying: set[str]
) -> None:
    counted = []
    for effect in (BLANK, {"effect": "note"}):
        office = Office(register_env / f"{len(list(register_env.iterdir()))}")
        tolerant = {"age_is_plausible": {"severity": "warning", "tolerance": None}}
        changed: dict[str, Any] = {rule: {**tolerant.get(rule, {}), **effect} for rule in emptying}
        office.rules(**changed)
        verdict = office.night(1, *(person(str(i), age=age, name=name) for i, (age, name) in enumerate(rows)))
        counted.append((verdict["accepted"], verdict["quarantined"], len(read(office))))
        assert verdict["rows_new"] == verdict["accepted"] + verdict["quarantined"] + verdict["withdrawn"]
    assert counted[0] == counted[1]

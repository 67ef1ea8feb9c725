"""The fault plan by itself: what the row faults do to rows, and how rules count outside a request."""

import json
from typing import Any

import pytest

from simulator.faults import KINDS, NEEDED, Fault, FaultPlan

ROWS: list[dict[str, Any]] = [
    {"id": n, "name": f"甲{n}", "house": {"room": str(n)}, "persons": [{"name": "a"}]} for n in range(3)
]


@pytest.mark.parametrize(
    ("kind", "options", "expected"),
    [
        ("reorder", {}, ROWS[::-1]),
        ("empty_page", {}, []),
        ("lose_rows", {"count": 2}, ROWS[:1]),
        ("duplicate_rows", {"count": 1}, [*ROWS, ROWS[0]]),
        ("add_field", {"field": "民族"}, [{**row, "民族": "x"} for row in ROWS]),
        (
            "set_field",
            {"field": "house.room", "value": "?"},
            [{**row, "house": {"room": "?"}} for row in ROWS],
        ),
        (
            "rename_field",
            {"field": "persons.name", "to": "xm"},
            [{**row, "persons": [{"xm": "a"}]} for row in ROWS],
        ),
        ("remove_field", {"field": "name"}, [{k: v for k, v in row.items() if k != "name"} for row in ROWS]),
    ],
)
def test_row_faults(kind: str, options: dict[str, Any], expected: list[dict[str, Any]]) -> None:
    before = json.dumps(ROWS)
    plan = FaultPlan()
    plan.add(Fault(kind, "a.csv", options=options))
    assert (plan.rows(ROWS, "a.csv"), json.dumps(ROWS)) == (expected, before)


def test_faults_add_up_in_the_order_in_which_they_were_added() -> None:
    plan = FaultPlan()
    plan.add("lose_rows")
    plan.add("reorder")
    assert [row["id"] for row in plan.rows(ROWS, "v_grid")] == [1, 0]
    plan.clear()
    assert (plan.rows(ROWS, "v_grid"), plan.rules) == (ROWS, [])


def test_a_renamed_field_keeps_its_column() -> None:
    plan = FaultPlan()
    plan.add("rename_field", "a.csv", field="id", to="no")
    assert list(plan.rows(ROWS, "a.csv")[0]) == ["no", "name", "house", "persons"]


def test_outside_a_request_each_call_with_a_path_counts() -> None:
    plan = FaultPlan()
    plan.add("empty_page", "*.csv", nth=2)
    plan.add("total", "*.csv", by=1)
    assert [plan.rows(ROWS, name) for name in ("a.csv", "a.txt", "b.csv")] == [ROWS, ROWS, []]
    assert (plan.rows(ROWS), plan.total(3, "a.csv"), plan.expired("login")) == (ROWS, 4, False)


def test_inside_a_request_a_rule_counts_once_however_often_the_wire_asks() -> None:
    plan = FaultPlan()
    rule = plan.add("total", "/list", times=1)
    with plan.request("/list", "LIST"):
        assert [plan.total(3), plan.total(3, "anything")] == [4, 4]
    with plan.request("/list"):
        assert plan.total(3) == 3
    assert (rule.matched, rule.fired) == (2, 1)


def test_every_kind_of_fault_can_be_made() -> None:
    for kind in KINDS:
        options = {NEEDED[kind]: "a"} if kind in NEEDED else {}
        assert Fault(kind, options=options).kind == kind


@pytest.mark.parametrize("bad", [{"kind": "tsunami"}, {"kind": "set_field"}, {"kind": "drop", "times": 0}, {}])
def test_a_rule_that_makes_no_sense_is_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"not one of|needs|count from 1"):
        Fault.from_json(bad)

"""Snapshots: a complete one closes what it no longer holds, a partial one closes nothing, the floor holds back."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.warehouse.landed import DEVICE, TOWN, changed, contract, land, ledger, rows_of
from warehouse.decisions.sign_offs import CONFIRM, revoke_sign_off, sign_offs_in_force
from warehouse.decisions.store import decisions_url, open_decisions
from warehouse.engine import stage_source
from warehouse.engine.snapshots import End, held_back

Told = tuple[int, str, str | None]  # day known, key, state; None: closed
FLOOR = 0.5  # of DEVICE


def snapshot(landing: Path, day: int, state: dict[str, str], **over: Any) -> str:
    rows = [{"pk": k, "state": v} for k, v in state.items()]
    return land(landing, DEVICE, rows, day, **{"snapshot": True, **over}).load_id


def story(warehouse: Path) -> list[Told]:
    """The staged rows as (day, key, state), None for a closing."""
    return [
        (r["known_from"].day - 1, r["source_record_id"], None if r["op"] == "delete" else r["state"])
        for r in rows_of(warehouse, "device")
    ]


def stage(folder: Path, **over: Any) -> dict[str, Any]:
    return stage_source(TOWN, folder / "landing", folder / "w.duckdb", **over).as_dict()


def take_back(folder: Path, load: str) -> None:
    engine = open_decisions(decisions_url(folder))
    try:
        [word] = sign_offs_in_force(engine, CONFIRM)
        assert word.subject == load
        revoke_sign_off(engine, word.sign_off_id, by="wang")
    finally:
        engine.dispose()


def test_a_record_that_a_complete_snapshot_lacks_is_closed(tmp_path: Path) -> None:
    snapshot(tmp_path / "landing", 1, {"a": "ON", "b": "ON"})
    closing = snapshot(tmp_path / "landing", 2, {"a": "ON"})
    report = stage(tmp_path)
    assert story(tmp_path / "w.duckdb") == [(1, "a", "ON"), (1, "b", "ON"), (2, "b", None)]
    closed = rows_of(tmp_path / "w.duckdb", "device")[-1]
    assert (closed["load_id"], closed["pk"], closed["state"]) == (closing, "b", None)
    assert (closed["known_from"], closed["changed_at"]) == (datetime(2022, 11, 3), datetime(2022, 11, 3))
    assert report["entities"]["device"]["closed"] == 1
    assert [r["closed"] for r in ledger(tmp_path / "w.duckdb")] == [0, 1]


def test_a_partial_snapshot_closes_nothing(tmp_path: Path) -> None:
    snapshot(tmp_path / "landing", 1, {"a": "ON", "b": "ON"})
    snapshot(tmp_path / "landing", 2, {"a": "ON"}, partial=True, source_total=2)
    stage(tmp_path)
    assert story(tmp_path / "w.duckdb") == [(1, "a", "ON"), (1, "b", "ON")]


def test_a_record_that_only_a_partial_load_saw_is_closed_too(tmp_path: Path) -> None:
    snapshot(tmp_path / "landing", 1, {"a": "ON"}, partial=True)
    snapshot(tmp_path / "landing", 2, {"b": "ON"})
    stage(tmp_path)
    assert story(tmp_path / "w.duckdb") == [(1, "a", "ON"), (2, "a", None), (2, "b", "ON")]


def test_a_changes_entity_is_never_closed_whatever_its_manifest_says(tmp_path: Path) -> None:
    loose = contract(changed(DEVICE, delivery="changes"))
    snapshot(tmp_path / "landing", 1, {"a": "ON", "b": "ON"})
    snapshot(tmp_path / "landing", 2, {"a": "ON"})
    stage_source(loose, tmp_path / "landing", tmp_path / "w.duckdb")
    assert story(tmp_path / "w.duckdb") == [(1, "a", "ON"), (1, "b", "ON")]


def test_a_state_that_comes_back_is_known_again(tmp_path: Path) -> None:
    for day, state in enumerate(["ON", "OFF", "ON", "ON", "OFF"], 1):
        snapshot(tmp_path / "landing", day, {"a": state})
    report = stage(tmp_path)
    assert story(tmp_path / "w.duckdb") == [(1, "a", "ON"), (2, "a", "OFF"), (3, "a", "ON"), (5, "a", "OFF")]
    assert [r["seen_at"].day - 1 for r in rows_of(tmp_path / "w.duckdb", "device")] == [4, 5, 4, 5]
    assert report["entities"]["device"]["returned"] == 2


def test_a_closed_record_may_return_and_be_closed_again(tmp_path: Path) -> None:
    for day, state in enumerate([{"a": "ON", "b": "ON"}, {"a": "ON"}, {"a": "ON", "b": "ON"}, {"a": "ON"}], 1):
        snapshot(tmp_path / "landing", day, state)
    stage(tmp_path)
    assert [s for s in story(tmp_path / "w.duckdb") if s[1] == "b"] == [
        (1, "b", "ON"), (2, "b", None), (3, "b", "ON"), (4, "b", None)
    ]  # fmt: skip


def test_a_snapshot_that_arrives_late_moves_the_closing_to_where_it_belongs(tmp_path: Path) -> None:
    snapshot(tmp_path / "landing", 1, {"a": "ON", "b": "ON"})
    snapshot(tmp_path / "landing", 5, {"a": "ON"})
    stage(tmp_path)
    assert (5, "b", None) in story(tmp_path / "w.duckdb")
    snapshot(tmp_path / "landing", 3, {"a": "ON"})
    stage(tmp_path)
    assert [s for s in story(tmp_path / "w.duckdb") if s[2] is None] == [(3, "b", None)]
    assert [(r["window_end"].day - 1, r["closed"]) for r in ledger(tmp_path / "w.duckdb")] == [(1, 0), (3, 1), (5, 0)]


def test_the_same_window_read_again_with_less_closes_nothing(tmp_path: Path) -> None:
    snapshot(tmp_path / "landing", 1, {"a": "ON", "b": "ON"})
    snapshot(tmp_path / "landing", 1, {"a": "ON"})
    stage(tmp_path)
    assert story(tmp_path / "w.duckdb") == [(1, "a", "ON"), (1, "b", "ON")]


def test_an_old_night_run_again_neither_closes_nor_dates_anything(tmp_path: Path) -> None:
    snapshot(tmp_path / "landing", 1, {"a": "ON", "b": "ON"}, read_at="2022-11-02T01:00:00")
    snapshot(tmp_path / "landing", 3, {"a": "ON", "b": "ON"}, read_at="2022-11-04T01:00:00")
    later = {"read_at": "2022-11-09T14:00:00", "taken": "2022-11-09T14:00:00"}
    snapshot(tmp_path / "landing", 1, {"a": "OFF", "c": "ON"}, **later)
    stage(tmp_path)
    assert story(tmp_path / "w.duckdb") == [(1, "a", "ON"), (1, "b", "ON"), (8, "a", "OFF"), (8, "c", "ON")]
    assert [r["changed_at"] for r in rows_of(tmp_path / "w.duckdb", "device")][2:] == [datetime(2022, 11, 9, 14)] * 2


def test_a_simulated_night_run_again_shows_no_moment_before_those_that_were_read_by_then(tmp_path: Path) -> None:
    """Its nights are read as if on their days: that a picture came late shows in the order of reading alone."""
    nights = [(1, {"a": "ON"}, 1), (2, {"a": "OFF"}, 2), (1, {"b": "ON"}, 3), (3, {"b": "ON"}, 4)]
    for day, state, minute in nights:
        snapshot(tmp_path / "landing", day, state, read_at=f"2026-05-01T00:0{minute}:00")
    stage(tmp_path)
    assert story(tmp_path / "w.duckdb") == [(1, "a", "ON"), (2, "a", "OFF"), (2, "b", "ON"), (3, "a", None)]


FIVE = dict.fromkeys("abcde", "ON")


def test_a_sharp_fall_closes_nothing_and_is_reported(tmp_path: Path) -> None:
    snapshot(tmp_path / "landing", 1, FIVE)
    held = snapshot(tmp_path / "landing", 2, {"a": "ON"})
    report = stage(tmp_path)
    assert [s for s in story(tmp_path / "w.duckdb") if s[2] is None] == []
    assert [e["code"] for e in report["errors"]] == ["EX-FLOOR"]
    assert held in report["errors"][0]["detail"]
    assert (report["exit_status"], report["entities"]["device"]["floor_held"]) == (4, 1)
    assert [r["floor_held"] for r in ledger(tmp_path / "w.duckdb")] == [False, True]


def test_a_second_sharp_fall_does_not_pass_because_of_the_first(tmp_path: Path) -> None:
    snapshot(tmp_path / "landing", 1, FIVE)
    snapshot(tmp_path / "landing", 2, {"a": "ON"})
    snapshot(tmp_path / "landing", 3, {"a": "ON"})
    assert stage(tmp_path)["entities"]["device"]["floor_held"] == 2
    assert [e["code"] for e in stage(tmp_path)["errors"]] == ["EX-FLOOR"]  # open until a person or a recovery ends it


def test_a_recovery_ends_the_alarm(tmp_path: Path) -> None:
    snapshot(tmp_path / "landing", 1, FIVE)
    snapshot(tmp_path / "landing", 2, {"a": "ON"})
    stage(tmp_path)
    snapshot(tmp_path / "landing", 3, FIVE)
    assert stage(tmp_path)["errors"] == []
    assert story(tmp_path / "w.duckdb") == [(1, k, "ON") for k in "abcde"]


def test_a_steward_may_confirm_a_sharp_fall_and_take_it_back(tmp_path: Path) -> None:
    snapshot(tmp_path / "landing", 1, FIVE)
    held = snapshot(tmp_path / "landing", 2, {"a": "ON"})
    stage(tmp_path)
    report = stage(tmp_path, confirmed=[held])
    assert (report["errors"], report["entities"]["device"]["closed"]) == ([], 4)
    assert stage(tmp_path)["errors"] == []  # the word stands on the nights after
    take_back(tmp_path, held)
    report = stage(tmp_path)
    assert report["entities"]["device"]["closed"] == -4
    assert [s for s in story(tmp_path / "w.duckdb") if s[2] is None] == []


def test_an_empty_snapshot_of_an_entity_without_floor_is_held_unless_the_contract_allows_it(tmp_path: Path) -> None:
    for empty_ok, closed in ((False, 0), (True, 5)):
        folder = tmp_path / str(empty_ok)
        snapshot(folder / "landing", 1, FIVE)
        snapshot(folder / "landing", 2, {})
        town = contract(changed(DEVICE, floor=None, empty_ok=empty_ok))
        report = stage_source(town, folder / "landing", folder / "w.duckdb").as_dict()
        assert report["entities"]["device"]["closed"] == closed


def test_the_floor_rule_compares_with_the_last_accepted_snapshot() -> None:
    def ends(*keys: int) -> list[End]:
        return [End(datetime(2022, 11, i), (f"l{i}",), k) for i, k in enumerate(keys, 1)]

    def held(*keys: int, floor: float | None = 0.5, confirmed: Sequence[str] = ()) -> list[int]:
        return [e.keys for e in held_back(ends(*keys), floor, False, confirmed)]

    assert held(10, 5, 2, 2) == [2, 2]
    assert held(10, 4, 6, 2, 1) == [4, 2, 1]
    assert held(10, 1, 1, confirmed=["l2"]) == []
    assert held(0, 0, 5) == []
    assert held(10, 0, 3, floor=None) == [0]


def told(days: dict[int, tuple[list[dict[str, str]], bool]]) -> list[Told]:
    """The same rule told naively: walk the days and remember what each record looked like last."""
    versions: list[Told] = []
    last: dict[str, set[str]] = {}
    before = 0
    for day, (states, complete) in sorted(days.items()):
        seen: dict[str, set[str]] = {}
        for state in states:
            for key, value in state.items():
                seen.setdefault(key, set()).add(value)
        for key, values in seen.items():
            versions += [(day, key, v) for v in values if v not in last.get(key, set())]
            last[key] = values
        if complete and len(seen) >= FLOOR * before:
            before = len(seen)
            for key in [k for k, values in last.items() if values and k not in seen]:
                versions.append((day, key, None))
                last[key] = set()
    return sorted(versions, key=str)


STATES = st.dictionaries(st.sampled_from("abcd"), st.sampled_from(["ON", "OFF"]), max_size=4)


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(loads=st.lists(st.tuples(st.integers(1, 7), STATES, st.booleans()), min_size=1, max_size=9))
def test_the_derivation_agrees_with_the_rule_told_naively(loads: list[tuple[int, dict[str, str], bool]]) -> None:
    days: dict[int, tuple[list[dict[str, str]], bool]] = {}
    for day, state, partial in loads:
        states, complete = days.get(day, ([], False))
        days[day] = ([*states, state], complete or not partial)
    with tempfile.TemporaryDirectory() as name:
        for day, state, partial in loads:
            snapshot(Path(name) / "landing", day, state, partial=partial)
        stage(Path(name))
        assert sorted(story(Path(name) / "w.duckdb"), key=str) == told(days)

"""Order does not matter: any order, split or repetition of the same deliveries ends in the same rows."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.warehouse.landed import DEVICE, PERSON, SOURCE, TOWN, Row, land
from warehouse.engine import digest_table, open_warehouse, rebuild, stage_source, table_name

KEYS = st.sampled_from(["a", "ａ", "b", "c|d", "\\"])
ROWS = st.fixed_dictionaries(
    {
        "pk": KEYS,
        "name": st.sampled_from([None, "", "安", "x"]),
        "age": st.sampled_from([None, "7", "约7"]),
        "deleted_at": st.sampled_from([None, None, None, "2022-11-03 00:00:00"]),
    }
)
LOADS = st.lists(st.tuples(st.integers(1, 6), st.lists(ROWS, max_size=6)), min_size=1, max_size=6)
STATES = st.dictionaries(st.sampled_from("abcd"), st.sampled_from(["ON", "OFF"]), max_size=4)
SNAPSHOTS = st.lists(st.tuples(st.integers(1, 6), STATES, st.booleans()), min_size=1, max_size=7)
QUICK = settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
Step = tuple[int, Sequence[Row], bool | None]  # day, rows, partial snapshot or None for changes


def stage_in_turn(steps: Sequence[Step], batches: Sequence[int]) -> tuple[str, ...]:
    """Land the steps, staging after each batch of them; the digests of both tables."""
    with tempfile.TemporaryDirectory() as folder:
        landing, warehouse = Path(folder) / "landing", Path(folder) / "w.duckdb"
        for number, (day, rows, partial) in enumerate(steps):
            if partial is None:
                land(landing, PERSON, rows, day)
            else:
                land(landing, DEVICE, rows, day, snapshot=True, partial=partial)
            if number in batches:
                stage_source(TOWN, landing, warehouse)
        stage_source(TOWN, landing, warehouse)
        return digests(warehouse)


def digests(warehouse: Path) -> tuple[str, ...]:
    with open_warehouse(warehouse) as connection:
        return tuple(digest_table(connection, "staging", table_name(SOURCE, e)) for e in ("person", "device"))


@QUICK
@given(loads=LOADS, seed=st.integers(0, 2**16))
def test_any_order_of_changes_ends_alike(loads: list[tuple[int, list[Row]]], seed: int) -> None:
    steps: list[Step] = [(day, rows, None) for day, rows in loads]
    shuffled = random.Random(seed).sample(steps, len(steps))
    assert stage_in_turn(steps, []) == stage_in_turn(shuffled, range(len(steps)))


@QUICK
@given(snapshots=SNAPSHOTS, seed=st.integers(0, 2**16))
def test_any_order_of_snapshots_ends_alike(snapshots: list[tuple[int, dict[str, str], bool]], seed: int) -> None:
    steps: list[Step] = [
        (day, [{"pk": k, "state": v} for k, v in state.items()], partial) for day, state, partial in snapshots
    ]
    shuffled = random.Random(seed).sample(steps, len(steps))
    assert stage_in_turn(steps, []) == stage_in_turn(shuffled, range(len(steps)))


@QUICK
@given(rows=st.lists(ROWS, min_size=1, max_size=8), cut=st.integers(0, 8), seed=st.integers(0, 2**16))
def test_one_delivery_or_two_halves_that_overlap_hold_the_same_versions(rows: list[Row], cut: int, seed: int) -> None:
    whole = contents([(1, rows, None)])
    shuffled = random.Random(seed).sample(rows, len(rows))
    assert contents([(1, shuffled[: cut + 1], None), (1, shuffled[cut:], None), (1, rows[:1], None)]) == whole


def contents(steps: Sequence[Step]) -> str:
    """The digest of the person table without the load ids, which name the cut."""
    with tempfile.TemporaryDirectory() as folder:
        landing, warehouse = Path(folder) / "landing", Path(folder) / "w.duckdb"
        for day, rows, _ in steps:
            land(landing, PERSON, rows, day)
        stage_source(TOWN, landing, warehouse)
        with open_warehouse(warehouse) as connection:
            return digest_table(connection, "staging", table_name(SOURCE, "person"), without=["load_id"])


@pytest.mark.parametrize("threads", ["1", "2", "8"])
def test_threads_do_not_show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, threads: str) -> None:
    monkeypatch.setenv("REGISTER_DUCKDB_THREADS", threads)
    rows = [{"pk": f"k{i % 700}", "name": "n" * (i % 5), "age": str(i % 90)} for i in range(200_000)]
    assert contents([(1, rows, None), (2, rows[::-1], None)]) == GOLDEN


# A change of key form, content hash or typing shows here first: it re-keys every record there is.
GOLDEN = "6300:c3dbfa12b5fd059364c:c5c99fc2fc55fe50122"


def test_a_rebuild_holds_what_the_nights_have_made(tmp_path: Path) -> None:
    landing, warehouse = tmp_path / "landing", tmp_path / "w.duckdb"
    for day, state in enumerate([{"a": "ON", "b": "ON"}, {"a": "OFF"}, {"a": "ON", "b": "ON"}], 1):
        land(landing, DEVICE, [{"pk": k, "state": v} for k, v in state.items()], day, snapshot=True)
        land(landing, PERSON, [{"pk": "1", "age": str(day)}], day)
        stage_source(TOWN, landing, warehouse)
    nightly = digests(warehouse)
    assert rebuild(landing, warehouse, [TOWN]).swapped
    assert digests(warehouse) == nightly

"""What dates a version: the source's own clock where it tells anything, never the window that was asked for."""

from __future__ import annotations

import itertools
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.warehouse.landed import SOURCE, changed, column, contract, entity, land, query, rows_of
from warehouse.engine import open_warehouse, stage_source
from warehouse.engine.digest import digest_table
from warehouse.engine.staged import table_name

SHOP = entity("shop", column("pk"), column("heads"), column("moved", "datetime"), column("month", "code"),
              changed_at="moved", clock_else=("month",))  # fmt: skip


def staged(folder: Path, *loads: tuple[int, dict[str, str | None]], **told: Any) -> list[dict[str, object]]:
    for day, row in loads:
        land(folder / "landing", SHOP, [{"pk": "1", **row}], day, **told)
    stage_source(contract(SHOP), folder / "landing", folder / "w.duckdb")
    return rows_of(folder / "w.duckdb", "shop")


@pytest.mark.parametrize("clock", ["1899-12-31 00:00:00", "9999-09-09 00:00:00", "2099-12-31 00:00:00", "约三点", None])
def test_a_stand_in_for_a_change_time_is_replaced_by_what_else_dates_the_version(
    tmp_path: Path, clock: str | None
) -> None:
    [dated, undated] = staged(tmp_path, (1, {"moved": clock, "month": "202203"}), (2, {"moved": clock, "month": None}))
    assert (dated["changed_at"], dated["known_from"]) == (datetime(2022, 3, 1), datetime(2022, 11, 2))
    assert (undated["changed_at"], undated["known_from"]) == (None, datetime(2022, 11, 3))


def test_a_present_state_told_to_a_window_of_the_past_was_not_known_before_it_was_made(tmp_path: Path) -> None:
    [row] = staged(tmp_path, (1, {"moved": "2022-11-20 09:00:00"}), read_at="2022-12-01T01:00:00")
    assert row["known_from"] == row["seen_at"] == datetime(2022, 11, 20, 9)


def test_a_backfill_knows_a_version_since_the_night_of_its_change_however_the_past_was_cut(tmp_path: Path) -> None:
    told = {"read_at": "2022-12-01T01:00:00", "history": True}
    [row] = staged(tmp_path, (9, {"moved": "2022-11-06 09:00:00"}), (8, {"moved": "2022-11-06 09:00:00"}), **told)
    assert (row["known_from"], row["seen_at"]) == (datetime(2022, 11, 7), datetime(2022, 11, 10))


def test_a_clock_ahead_of_the_reading_does_not_date_what_we_know(tmp_path: Path) -> None:
    [row] = staged(tmp_path, (1, {"moved": "2031-01-01 00:00:00"}), read_at="2022-11-02T01:00:00")
    assert (row["changed_at"], row["known_from"]) == (datetime(2031, 1, 1), datetime(2022, 11, 2, 1))


def test_any_order_of_windows_and_readings_gives_the_same_versions(tmp_path: Path) -> None:
    loads = [(1, "2022-12-05T01:00:00"), (9, "2022-11-10T01:00:00"), (9, "2022-12-06T01:00:00"), (20, "")]
    rows = [{"pk": "1", "moved": m} for m in ("2022-11-08 10:00:00", "2022-11-30 10:00:00", "9999-09-09 00:00:00")]
    digests = set()
    for number, order in enumerate(list(itertools.permutations(loads))[::5]):
        home = tmp_path / str(number)
        for day, read_at in order:
            land(home / "landing", SHOP, rows, day, read_at=read_at, version=f"read {read_at}")
            stage_source(contract(SHOP), home / "landing", home / "w.duckdb")
        with open_warehouse(home / "w.duckdb") as connection:
            digests.add(digest_table(connection, "staging", table_name(SOURCE, "shop")))
    assert len(digests) == 1


def test_without_a_clock_of_the_source_a_version_changed_when_it_was_first_seen(tmp_path: Path) -> None:
    plain = changed(SHOP, changed_at=None, clock_else=())
    for day in (4, 2, 7):
        land(tmp_path / "landing", plain, [{"pk": "1", "heads": "9"}], day)
        stage_source(contract(plain), tmp_path / "landing", tmp_path / "w.duckdb")
    told = query(tmp_path / "w.duckdb", f"select changed_at, known_from, seen_at from staging.{SOURCE}__shop")
    assert [tuple(row.values()) for row in told] == [
        (datetime(2022, 11, 3), datetime(2022, 11, 3), datetime(2022, 11, 8))
    ]

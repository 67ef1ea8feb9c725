"""A source without a delete log: all that it has is read again, and what does not come is closed, and may return."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from expectations.model import COMPARED, LOG, NOT_TOLD, SNAPSHOT, TOMBSTONE
from extractors import Window, discover
from extractors._kit.connection import Connection
from extractors._kit.cursor import compared, comparison_window, nightly_window
from extractors._kit.run import run_source
from simulator.wires.mediation import make
from tests.extractors.kit_fixtures import Row, store_of
from tests.extractors.test_mediation import dispute
from warehouse.engine import stage_source
from warehouse.engine.snapshots import FEW, End, held_back

SOURCE = discover()["mediation"]
MANY = [dispute(n, "2022-11-01 10:00:00") for n in range(1, 5)]


class Town:
    """Nights of a mediation platform that holds what each night says."""

    def __init__(self, home: Path) -> None:
        self.home, self.landing, self.warehouse = home, home / "landing", home / "warehouse.duckdb"
        self.made = 0

    def night(self, day: str, rows: list[tuple[str, str, Row]]) -> Any:
        """Read the night, compare where that is due, stage; the report of the entity."""
        self.made += 1
        place = self.home / f"town{self.made}"
        place.mkdir()
        with make(store_of(place, {("mediation", "dispute"): rows})) as wire:
            connection = Connection.from_json(SOURCE.key, json.dumps(wire.connection()))
            run_source(SOURCE, nightly_window(SOURCE, self.landing, day), self.landing, connection)
            if window := comparison_window(SOURCE, self.landing, day):
                run_source(compared(SOURCE), window, self.landing, connection, compare=True)
        return stage_source(SOURCE.contract(), self.landing, self.warehouse).as_dict()["entities"]["dispute"]

    def states(self) -> list[tuple[Any, ...]]:
        """The last word on each record, without the records' ids."""
        with duckdb.connect(str(self.warehouse), read_only=True) as db:
            rows: list[tuple[Any, ...]] = db.execute(
                "select arg_max(op, (changed_at, known_from)), max(known_from)::date::varchar "
                "from staging.mediation__dispute group by source_record_id order by all"
            ).fetchall()
        return rows


@pytest.fixture
def town(register_env: Path) -> Town:
    return Town(register_env)


def test_a_record_that_the_source_no_longer_has_is_closed_and_one_that_returns_is_there_again(town: Town) -> None:
    town.night("2022-11-01", MANY)
    assert town.night("2022-11-02", MANY[:3])["closed"] == 1
    assert [op for op, _ in town.states()] == ["delete", "upsert", "upsert", "upsert"]
    assert town.night("2022-11-03", MANY)["returned"] == 1
    assert [op for op, _ in town.states()] == ["upsert"] * 4


def test_any_order_of_loads_closes_alike(town: Town) -> None:
    for day, rows in (("2022-11-01", MANY), ("2022-11-02", MANY[:3]), ("2022-11-03", MANY[:2])):
        town.night(day, rows)
    states = town.states()
    town.warehouse.unlink()
    stage_source(SOURCE.contract(), town.landing, town.warehouse)
    assert town.states() == states == [("delete", "2022-11-03"), ("delete", "2022-11-04"), *states[2:]]


def test_a_comparison_is_due_once_a_night_was_read_and_again_after_its_days(town: Town) -> None:
    assert comparison_window(SOURCE, town.landing, "2022-11-01") is None, "there is nothing to compare yet"
    town.night("2022-11-01", MANY)
    asked = comparison_window(SOURCE, town.landing, "2022-11-02")
    assert asked == Window.parse("2022-11-01", "2022-11-03")
    town.night("2022-11-02", MANY)
    assert comparison_window(SOURCE, town.landing, "2022-11-02") == asked, "the same night again asks the same"
    assert comparison_window(SOURCE, town.landing, "2022-11-01") is None


def test_a_handful_may_go_but_not_most_of_a_list() -> None:
    many, fewer = (End(Window.of_day(f"2022-11-0{n}").begin, (str(n),), keys) for n, keys in ((1, 100), (2, 40)))
    assert held_back([many, fewer], 0.7, True, (), FEW) == [fewer]
    assert held_back([many, fewer], 0.7, True, ("2",), FEW) == []
    small = [End(e.shown_at, e.complete, e.keys // 20) for e in (many, fewer)]
    assert held_back(small, 0.7, True, (), FEW) == []


def test_every_entity_says_how_deletions_are_told() -> None:
    told = {f"{k}.{e.name}": e.deletions for k, s in discover().items() for e in s.contract().entities.values()}
    by_word = {word: sorted({name.split(".")[0] for name, said in told.items() if said == word}) for word in
               (LOG, TOMBSTONE, SNAPSHOT, COMPARED, NOT_TOLD)}  # fmt: skip
    assert by_word == {
        LOG: ["social_governance"],
        TOMBSTONE: ["mobile_collection"],
        SNAPSHOT: ["grid_dispatch", "video_platform"],
        COMPARED: ["mediation", "wage_arrears"],
        NOT_TOLD: ["cloud_shield", "drug_rehab_service", "grid_dispatch", "hr_social_security", "insurance_enrolment",
                   "mental_health_service", "petitions"],
    }  # fmt: skip

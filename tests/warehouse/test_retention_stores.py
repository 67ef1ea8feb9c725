"""What a purge takes of hand-made landing zones: other zones, snapshots, broken files, and what it must leave alone."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest

from expectations.contract import Contract, Entity
from expectations.errors import CallRejected
from expectations.manifest import read_manifests
from tests.warehouse.landed import DEVICE, PERSON, SOURCE, WORD, changed, land
from tests.warehouse.registered import release
from warehouse.decisions.erase import Stores
from warehouse.decisions.store import open_decisions
from warehouse.engine import open_warehouse, stage_source
from warehouse.retention import purge
from warehouse.retention.past import FLOOR, NOT_JUDGED, kept_from

NIGHT = date(2027, 11, 6)  # under five years: what ended before 6 November 2022 is past


def a_town(home: Path, *entities: Entity, zone: str = "R") -> Stores:
    """A landing zone of a hand-made contract."""
    of = Contract(SOURCE, zone, WORD, WORD, WORD, "5y", {e.name: e for e in entities}, "v1")
    url = f"sqlite:///{home / 'decisions.db'}"
    return Stores(open_decisions(url), home / "landing", home / "w.duckdb", home / "receipts", (of,))


def judged(town: Stores) -> None:
    [of] = town.contracts
    assert [e.code for e in stage_source(of, town.landing, town.warehouse).errors if e.code != "EX-FLOOR"] == []
    with open_warehouse(town.warehouse) as connection:
        release(connection, of)


def shares(town: Stores) -> dict[str, tuple[int, str | None]]:
    return {s["entity"]: (s["versions"], s["problem"]) for s in purge(town, NIGHT, by="test")["shares"]}


def test_a_record_without_a_person_goes_only_as_a_whole(register_env: Path) -> None:
    town = a_town(register_env, PERSON, zone="W")
    late: dict[str, str | None] = {"pk": "2", "moved": "2022-11-02 08:00:00", "deleted_at": "2022-11-02 08:00:00"}
    land(town.landing, PERSON, [{"pk": "1", "age": "1"}, {"pk": "2"}], 1)
    land(town.landing, PERSON, [{"pk": "1", "age": "2"}, late], 2)
    judged(town)
    assert shares(town) == {"person": (2, None)}, "the case that was changed keeps how it came to be"
    with open_warehouse(town.warehouse) as connection:
        left = connection.execute(f"select source_record_id, age from staging.{SOURCE}__person order by 2").fetchall()
    assert left == [("1", 1), ("1", 2)]


def test_a_snapshot_loses_records_it_closed_long_ago_and_closes_no_other(register_env: Path) -> None:
    town = a_town(register_env, DEVICE)
    for day, keys in ((1, "abc"), (2, "abx"), (3, "ab"), (8, "ab")):
        land(town.landing, DEVICE, [{"pk": k, "state": "on"} for k in keys], day, snapshot=True)
    judged(town)
    assert shares(town) == {"device": (4, None)}
    with open_warehouse(town.warehouse) as connection:
        left = connection.execute(f"select source_record_id, op from staging.{SOURCE}__device order by 1").fetchall()
    assert left == [("a", "upsert"), ("b", "upsert")]


def test_a_snapshot_whose_floor_would_move_is_named_and_left_alone(register_env: Path) -> None:
    town = a_town(register_env, DEVICE)
    # The second night lost more than half and closed nothing; without e to h it would have been whole, and closed d.
    for day, keys in ((1, "abcdefgh"), (2, "abc"), (3, "abcd"), (8, "abcd")):
        land(town.landing, DEVICE, [{"pk": k, "state": "on"} for k in keys], day, snapshot=True)
    judged(town)
    before = [path for path, _ in read_manifests(town.landing, SOURCE)]
    assert shares(town) == {"device": (0, FLOOR)}
    assert [path for path, _ in read_manifests(town.landing, SOURCE)] == before


def test_what_nobody_has_judged_yet_is_not_purged_and_said(register_env: Path) -> None:
    town = a_town(register_env, PERSON)
    land(town.landing, PERSON, [{"pk": "1", "age": "1"}], 1)
    stage_source(town.contracts[0], town.landing, town.warehouse)
    assert shares(town) == {"person": (0, NOT_JUDGED)}


def test_a_landed_file_that_is_broken_keeps_its_entity_whole_and_the_others_go(register_env: Path) -> None:
    lamp = changed(PERSON, name="lamp")
    town = a_town(register_env, PERSON, lamp)
    for of in (PERSON, lamp):
        for day in (1, 2):
            land(town.landing, of, [{"pk": "1", "age": str(day)}], day)
    judged(town)
    next((town.landing / SOURCE / "lamp").glob("*/*.parquet")).write_bytes(b"broken")
    told = shares(town)
    assert told["person"] == (1, None)
    assert told["lamp"][0] == 0 and str(told["lamp"][1]).startswith("LO-MIGRATION")


def test_an_orphan_of_a_killed_landing_is_destroyed_with_the_period(register_env: Path) -> None:
    town = a_town(register_env, PERSON)
    for day in (1, 9):
        manifest = land(town.landing, PERSON, [{"pk": "1", "age": str(day)}], day)
        next((town.landing / SOURCE / "person").glob(f"*/{manifest.name}")).unlink()
    with open_warehouse(town.warehouse):
        pass
    assert len(list(town.landing.rglob("*.parquet"))) == 2
    shares(town)
    assert [p.parent.name[:8] for p in town.landing.rglob("*.parquet")] == ["20221109"]


@pytest.mark.parametrize("bad", ["5", "0y", "y", "18m"])
def test_a_period_that_is_no_number_of_years_is_refused(bad: str) -> None:
    with pytest.raises(CallRejected, match="CT-SPEC"):
        kept_from(Contract(SOURCE, "R", WORD, WORD, WORD, bad, {}, "v1"), NIGHT)


def test_a_period_that_begins_on_a_leap_day_ends_on_the_28th() -> None:
    of = Contract(SOURCE, "R", WORD, WORD, WORD, "5y", {}, "v1")
    assert kept_from(of, date(2028, 2, 29)) == datetime(2023, 2, 28)

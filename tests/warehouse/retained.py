"""A town with a past of November 2022, five years and a day later: import the fixtures you use, and purge it.

`built`: registered, with versions on both sides of the moment that is kept from. `swept`: the same after its purge.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from expectations.manifest import read_manifests
from tests.warehouse.landed import SOURCE
from tests.warehouse.registered import Hall, guest, resident, room
from warehouse.decisions.erase import Stores
from warehouse.decisions.store import open_decisions
from warehouse.engine import open_warehouse
from warehouse.engine.digest import digest_table
from warehouse.engine.marts import build_marts
from warehouse.engine.nightly import register_into
from warehouse.retention import plan, purge

# Landed in November 2022 under a period of five years: on this night all that ended before 6 November is past.
NIGHT = date(2027, 11, 6)
HISTORIES = {"house_state", "building_state", "device_state", "vehicle_state", "facility_state", "organisation_state"}
Rows = Mapping[str, Sequence[Mapping[str, str | None]]]


@pytest.fixture
def hall(register_env: Path) -> Hall:
    return Hall(register_env)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A town with a past, registered once."""
    hall = Hall(tmp_path_factory.mktemp("past"))
    a_town_with_a_past(hall)
    return hall.home


@pytest.fixture
def town(register_env: Path, built: Path) -> Hall:
    shutil.copytree(built, register_env, dirs_exist_ok=True)
    return Hall(register_env)


@pytest.fixture(scope="module")
def swept(built: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any], dict[str, Any]]:
    """The same after its purge: where it lies, what was planned, what was told."""
    home = tmp_path_factory.mktemp("swept")
    shutil.copytree(built, home, dirs_exist_ok=True)
    opened = stores(Hall(home))
    planned, told = plan(opened, NIGHT), purge(opened, NIGHT, by="保管员")
    opened.engine.dispose()
    return home, planned, told


@pytest.fixture
def after(register_env: Path, swept: tuple[Path, Any, Any]) -> Hall:
    shutil.copytree(swept[0], register_env, dirs_exist_ok=True)
    return Hall(register_env)


def stores(hall: Hall) -> Stores:
    return Stores(open_decisions(hall.decisions), hall.landing, hall.file, hall.home / "receipts", (hall.contract,))


def purged(hall: Hall, night: date = NIGHT) -> dict[str, int]:
    """Versions taken, by entity, from what has been landed."""
    if hall.landed:
        hall.release()
        hall.landed = False
    opened = stores(hall)
    try:
        told = purge(opened, night, by="test")
    finally:
        opened.engine.dispose()
    assert not [s for s in told["shares"] if s["problem"]]
    return {s["entity"]: s["versions"] for s in told["shares"]}


def present(hall: Hall) -> dict[str, str]:
    """The register without its histories."""
    return {table: digest for table, digest in hall.digest().items() if table not in HISTORIES}


def marts(hall: Hall) -> dict[str, str]:
    """Every mart, built anew."""
    with open_warehouse(hall.file) as connection:
        built = build_marts(connection, date(2022, 11, 20))
        return {mart: digest_table(connection, "marts", mart) for mart in built.rows}


def staged(hall: Hall, entity: str) -> list[tuple[str, str]]:
    rows = hall.ask(f"select source_record_id, op from staging.{SOURCE}__{entity} order by all")
    return [(record, op) for record, op in rows]


def landed(hall: Hall) -> dict[str, list[tuple[int, int, dict[str, int]]]]:
    found: dict[str, list[tuple[int, int, dict[str, int]]]] = {}
    for _, m in read_manifests(hall.landing, SOURCE):
        found.setdefault(m.entity, []).append((m.source_total, m.rows, m.dropped))
    return found


def a_town_with_a_past(hall: Hall) -> None:
    """Residents, dwellings, visits and cases with versions before and after the night that is kept from."""
    nights: list[tuple[int, Rows]] = [
        (1, {"resident": [resident("1", 1, name="李四光"), resident("2"), resident("3")],
             "room": [room("a", 1, code="C1", visit="on"), room("b", 1, code="C2")],
             "guest": [guest("v", 1, 1, 1), guest("v", 2, 4, 1)],
             "matter": [{"pk": "m1", "opened": "2022-11-01 09:00:00", "rating": "1", "moved": "2022-11-01 10:00:00"}]}),
        (2, {"resident": [resident("1", 2), resident("3", 2, deleted_at="2022-11-02 09:00:00")],
             "room": [room("a", 2, code="C1", visit="off")],
             "matter": [{"pk": "m1", "opened": "2022-11-01 09:00:00", "rating": "2", "moved": "2022-11-02 10:00:00"}]}),
        (3, {"guest": [guest("v", 1, 1, 3)], "resident": [resident("2", 3, status="22")]}),
        (8, {"resident": [resident("1", 8, code="C2")], "room": [room("a", 8, code="C1", visit="off", area="80")]}),
    ]  # fmt: skip
    for day, rows in nights:
        hall.land(day, **rows)
    hall.build()
    with open_warehouse(hall.file) as connection:
        register_into(connection, None, hall.decisions, contracts=[hall.contract])


def everything(hall: Hall) -> dict[str, str]:
    """Digests of staging, origins and the whole register."""
    with open_warehouse(hall.file) as connection:
        entities = sorted(hall.contract.entities)
        made = {e: digest_table(connection, "staging", f"{SOURCE}__{e}") for e in entities}
        made["origin"] = digest_table(connection, "ledger", "origin")
        made["purged"] = digest_table(connection, "ledger", "purged")
    return made | hall.digest()

"""A process killed at any durable step of a purge is mended by the next one, and the vault keeps no orphan."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest

from expectations.faultpoint import POINTS
from tests.conftest import TOKEN_KEY, VAULT_KEY
from tests.warehouse.registered import release
from tests.warehouse.resident import ANN, BEA, CHO, HALL, KILLED, ROUNDS, Office, Row, killed_at, token_of
from warehouse.decisions.vault import Vault, VaultEntryMissing
from warehouse.engine import digest_table, open_warehouse
from warehouse.engine.nightly import register_into
from warehouse.retention import purge
from warehouse.retention.journal import read

PURGE = sorted(p for p in POINTS if p.startswith("purge."))
NIGHT = date(2027, 11, 20)
TABLES = ("town_hall__people", "town_round__visit", "town_round__stay")


@pytest.fixture(scope="module")
def years(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An office whose Ann was mended from Bea's number in November 2022: an old number, and Bea's own name."""
    home = tmp_path_factory.mktemp("years")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REGISTER_TOKEN_KEY", TOKEN_KEY)
        patch.setenv("REGISTER_VAULT_KEY", VAULT_KEY)
        patch.setenv("REGISTER_DECISIONS_URL", f"sqlite:///{home / 'decisions.db'}")
        office = Office(home)
        people: Sequence[Sequence[Row]] = (
            [{"pk": "1", **BEA}, {"pk": "2", **CHO}], [{"pk": "1", **ANN}, {"pk": "2", **CHO}],
        )  # fmt: skip
        for day, rows in enumerate(people, 1):
            office.collect(HALL, "people", rows, day)
        office.collect(ROUNDS, "visit", [{"sheet": "s1", "ordinal": "1", **ANN}])
        office.collect(ROUNDS, "stay", [{"sheet": "s1", "ordinal": "1", "house": "h1"}])
        office.stage()
        with open_warehouse(office.warehouse) as connection:
            for contract in (HALL, ROUNDS):
                release(connection, contract)
    return home


@pytest.fixture
def office(register_env: Path, years: Path) -> Office:
    shutil.copytree(years, register_env, dirs_exist_ok=True)
    return Office(register_env)


def run(office: Office) -> dict[str, int]:
    stores = office.stores()
    try:
        return {s["entity"]: s["versions"] for s in purge(stores, NIGHT, by="test")["shares"]}
    finally:
        stores.engine.dispose()


def state(office: Office) -> list[str]:
    with open_warehouse(office.warehouse) as connection:
        return [digest_table(connection, "staging", table) for table in TABLES]


@pytest.fixture(scope="module")
def undisturbed(years: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What a purge that nobody kills leaves."""
    home = tmp_path_factory.mktemp("undisturbed")
    shutil.copytree(years, home, dirs_exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REGISTER_TOKEN_KEY", TOKEN_KEY)
        patch.setenv("REGISTER_VAULT_KEY", VAULT_KEY)
        patch.setenv("REGISTER_DECISIONS_URL", f"sqlite:///{home / 'decisions.db'}")
        office = Office(home)
        assert run(office)["people"] > 0
        return state(office)


def test_a_vault_entry_goes_with_the_last_row_that_names_it(office: Office) -> None:
    vault = Vault.open(office.url)
    assert vault.reveal(token_of(BEA["number"])) == BEA["number"]
    assert run(office) == {"people": 2}
    with pytest.raises(VaultEntryMissing):
        vault.reveal(token_of(BEA["number"]))
    assert token_of(BEA["number"]).encode() not in office.bytes_on_disk()
    assert vault.reveal(token_of(ANN["number"])) == ANN["number"]
    assert vault.reveal(token_of(BEA["name"], "name")) == BEA["name"], "Ann bears the same name"
    vault.close()


@pytest.mark.parametrize("point", PURGE)
def test_a_kill_in_a_purge_is_mended_by_the_next_one(office: Office, point: str, undisturbed: list[str]) -> None:
    assert killed_at(point, lambda: run(office)) == KILLED
    run(office)
    assert state(office) == undisturbed, "whatever was killed where, the same is left"
    assert token_of(BEA["number"]).encode() not in office.bytes_on_disk()
    assert read(office.warehouse) is None
    told = office.ask("select sum(versions), count(distinct purge_id) from ledger.purge")
    assert told == [(2, 1)], "told once, with what the first look had found"
    assert not [p for p in office.home.rglob("*") if p.name.endswith((".fresh", ".erased-old")) or ".tmp-" in p.name]


def test_a_kill_before_the_register_leaves_no_claim_behind(office: Office) -> None:
    with open_warehouse(office.warehouse) as connection:
        register_into(connection, None, office.url, contracts=[HALL, ROUNDS])
    assert office.ask("select count(*) from claims.person") == [(5,)]
    assert killed_at("purge.restaged", lambda: run(office)) == KILLED
    run(office)
    assert office.ask("select count(*) from claims.person") == [(3,)]
    assert token_of(BEA["number"]).encode() not in office.bytes_on_disk()


def test_there_are_kills_to_survive() -> None:
    assert len(PURGE) == 13

"""A process killed at any durable step of an erasure or a key rotation is mended by the same command again."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa

import warehouse.decisions.erase
import warehouse.decisions.rotate
from expectations.errors import CallRejected
from expectations.faultpoint import POINTS
from tests.conftest import TOKEN_KEY, VAULT_KEY
from tests.warehouse.resident import ANN, HALL, KILLED, ROUNDS, Office, a_week, killed_at, office, token_of
from warehouse.decisions import rotate as rotating
from warehouse.decisions.__main__ import main
from warehouse.decisions.erase import erase
from warehouse.decisions.erasures import erasures
from warehouse.decisions.judgements import Record
from warehouse.decisions.store import open_decisions
from warehouse.decisions.subjects import find_subject
from warehouse.decisions.vault import Vault
from warehouse.engine import digest_table, open_warehouse, rebuild

assert warehouse.decisions.erase and warehouse.decisions.rotate  # their import registers the points
__all__ = ["a_week", "office"]
ERASE = sorted(p for p in POINTS if p.startswith("erase."))
ROTATE = sorted(p for p in POINTS if p.startswith("rotate."))
TABLES = ("town_hall__people", "town_round__visit", "town_round__stay")
NEW = "cd" * 32


def run_erase(office: Office) -> str:
    """The command's own way: by the record, or by its tombstone when the record is gone already."""
    options = ["--by", "何登记", "--role", "registrar", "--purpose", "居民申请", "--reason", "居民要求"]
    status = main(["erase", "--record", "town_hall|people|1", *options, "--warehouse", str(office.warehouse)])
    assert status == 0
    return erasures(open_decisions(office.url))[0].state


def digests(office: Office) -> list[str]:
    with open_warehouse(office.warehouse) as connection:
        return [digest_table(connection, "staging", table) for table in TABLES]


@pytest.fixture(autouse=True)
def small_contracts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("warehouse.decisions.call.personal_contracts", lambda: (HALL, ROUNDS))


@pytest.fixture(scope="module")
def undisturbed(a_week: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What an erasure that nobody kills leaves."""
    home = tmp_path_factory.mktemp("undisturbed")
    shutil.copytree(a_week, home, dirs_exist_ok=True)
    made = Office(home, f"sqlite:///{home / 'decisions.db'}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REGISTER_TOKEN_KEY", TOKEN_KEY)
        patch.setenv("REGISTER_VAULT_KEY", VAULT_KEY)
        patch.setenv("REGISTER_DECISIONS_URL", made.url)
        with open_warehouse(made.warehouse) as connection:
            subject = find_subject(connection, (HALL, ROUNDS), Record("town_hall", "people", "1"))
        erase(made.stores(), subject, reason="居民要求", by="何登记")
    return digests(made)


@pytest.mark.parametrize("point", ERASE)
def test_a_kill_in_an_erasure_is_mended_by_the_same_command(
    office: Office, point: str, undisturbed: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert killed_at(point, lambda: run_erase(office)) == KILLED
    assert run_erase(office) == "done"
    assert digests(office) == undisturbed, "whatever was killed where, the same is left"
    assert office.records() == [("people", "2"), ("people", "3"), ("stay", "s1|2"), ("visit", "s1|2")]
    assert token_of(ANN["number"]).encode() not in office.bytes_on_disk()
    assert {p.suffix for p in (office.home / "receipts").iterdir()} == {".json", ".txt"}
    assert '"vault.id": 1' in (next((office.home / "receipts").glob("*.json"))).read_text("utf8")
    assert not [p for p in office.home.rglob("*") if p.name.endswith((".fresh", ".erased-old")) or ".tmp-" in p.name]
    assert len(erasures(open_decisions(office.url))) == 1


def test_there_are_kills_to_survive() -> None:
    assert len(ERASE) >= 13 and len(ROTATE) == 2


def filled(url: str, entries: int) -> None:
    vault = Vault.open(url)
    vault.put_many((f"t{n:04d}", "name", f"名{n}") for n in range(entries))
    vault.close()


def keys(url: str) -> dict[str, int]:
    with open_decisions(url).connect() as connection:
        rows = connection.execute(sa.text("select key_id, count(*) from vault_entry group by key_id"))
        return {row[0]: row[1] for row in rows}


@pytest.fixture
def vault_url(register_env: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    url = os.environ["REGISTER_DECISIONS_URL"]
    filled(url, 50)
    monkeypatch.setattr(rotating, "BATCH", 7)
    monkeypatch.setenv("REGISTER_VAULT_KEY_OLD", os.environ["REGISTER_VAULT_KEY"])
    monkeypatch.setenv("REGISTER_VAULT_KEY", NEW)
    return url


def rotated(url: str, *, dry_run: bool = False) -> tuple[int, int]:
    vault = Vault.open(url)
    return tuple(rotating.rotate(vault.engine, vault, rotating.old_key(), dry_run=dry_run))  # type: ignore[return-value]


def test_a_rotation_seals_everything_anew_and_a_dry_run_nothing(vault_url: str) -> None:
    before = keys(vault_url)
    assert rotated(vault_url, dry_run=True) == (50, 0) and keys(vault_url) == before
    assert rotated(vault_url) == (50, 0)
    vault = Vault.open(vault_url)
    assert keys(vault_url) == {vault.key_id: 50} and vault.reveal("t0042") == "名42"
    assert rotated(vault_url) == (0, 50)


@pytest.mark.parametrize("point", ROTATE)
def test_a_kill_in_a_rotation_loses_nothing_and_the_next_one_goes_on(vault_url: str, point: str) -> None:
    assert killed_at(point, lambda: rotated(vault_url)) == KILLED
    done = 7 if point == "rotate.after_commit" else 0
    assert rotated(vault_url) == (50 - done, done)
    vault = Vault.open(vault_url)
    assert [vault.reveal(f"t{n:04d}") for n in range(50)] == [f"名{n}" for n in range(50)]


def test_a_wrong_old_key_and_a_third_key_stop_a_rotation(vault_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = keys(vault_url)
    monkeypatch.setenv("REGISTER_VAULT_KEY_OLD", "ef" * 32)
    with pytest.raises(CallRejected) as caught:
        rotated(vault_url)
    assert caught.value.code == "DS-KEY" and next(iter(before)) in caught.value.detail
    monkeypatch.setenv("REGISTER_VAULT_KEY_OLD", NEW)
    with pytest.raises(CallRejected, match="SC-CALL"):
        rotated(vault_url)
    monkeypatch.setenv("REGISTER_VAULT_KEY_OLD", "xyz")
    with pytest.raises(CallRejected, match="SC-KEY"):
        rotated(vault_url)
    assert keys(vault_url) == before


def test_an_erasure_begun_and_abandoned_keeps_the_resident_out_all_the_same(office: Office) -> None:
    with open_warehouse(office.warehouse) as connection:
        subject = find_subject(connection, office.stores().contracts, Record("town_hall", "people", "1"))
    assert killed_at("erase.tombstoned", lambda: erase(office.stores(), subject, reason="要求", by="何登记")) == KILLED
    assert rebuild(office.landing, office.warehouse, [HALL, ROUNDS]).exit_status == 0
    assert ("people", "1") not in office.records()

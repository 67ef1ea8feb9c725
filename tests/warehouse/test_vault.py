"""The identity vault: round trips, nothing clear in the file, tampering seen, writers that repeat and race."""

import os
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, text
from sqlalchemy.pool import StaticPool

from expectations.errors import CallRejected
from warehouse.decisions import vault as module
from warehouse.decisions.models import VaultEntry
from warehouse.decisions.store import settle
from warehouse.decisions.vault import Vault, VaultEntryMissing, VaultUnreadable

# Two busy cores are no finding.
steady = settings(deadline=None)
KEY = bytes(range(32))
NAME = ("P1.h1dd4fc.9d590341caebe9a8f93467c6d4e598ca", "name", "张三")
NUMBER = ("P1.h1dd4fc.5bacf1884b458e23c1d5cd3e47fee4b1", "id", "440197199001013215")


@pytest.fixture(autouse=True)
def key_in_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGISTER_VAULT_KEY", KEY.hex())
    monkeypatch.delenv("REGISTER_VAULT_ALG", raising=False)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'decisions' / 'vault.db'}"


@pytest.fixture
def vault(url: str) -> Iterator[Vault]:
    opened = Vault.open(url)
    yield opened
    opened.close()


def stored(vault: Vault) -> list[tuple[str, bytes]]:
    with vault.engine.connect() as connection:
        rows = connection.execute(text("select token, ciphertext from vault_entry order by token"))
        return [(row.token, row.ciphertext) for row in rows]


@pytest.mark.parametrize(
    ("chosen", "algorithm"), [("", "aes-256-gcm"), ("aes", "aes-256-gcm"), ("SM4", "sm4-gcm"), ("sm4-gcm", "sm4-gcm")]
)
def test_what_goes_in_comes_out(chosen: str, algorithm: str, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGISTER_VAULT_ALG", chosen)
    vault = Vault.open(url)
    vault.put_many([NAME, NUMBER])
    assert (vault.algorithm, vault.reveal(NAME[0]), vault.reveal(NUMBER[0])) == (algorithm, NAME[2], NUMBER[2])
    vault.close()


@steady
@given(st.text(), st.sampled_from(["aes-256-gcm", "sm4-gcm"]))
def test_any_text_survives(clear: str, algorithm: str) -> None:
    engine = create_engine("sqlite://", poolclass=StaticPool)
    VaultEntry.metadata.create_all(engine)
    vault = Vault(engine, KEY, algorithm)
    vault.put_many([("t", "name", clear)])
    assert vault.reveal("t") == clear
    vault.close()


def test_sm4_gcm_follows_rfc_8998() -> None:
    box = module._sm4_gcm(bytes.fromhex("0123456789ABCDEFFEDCBA9876543210"))
    nonce = bytes.fromhex("00001234567800000000ABCD")
    clear = bytes.fromhex("".join(c * 16 for c in "ABCDEFEA"))
    sealed = box.seal(nonce, clear, bytes.fromhex("FEEDFACEDEADBEEFFEEDFACEDEADBEEFABADDAD2"))
    assert sealed.hex().upper() == (
        "00001234567800000000ABCD"
        "17F399F08C67D5EE19D0DC9969C4BB7D5FD46FD3756489069157B282BB200735"
        "D82710CA5C22F0CCFA7CBF93D496AC15A56834CBCF98C397B4024A2691233B8D"
        "83DE3541E4C2B58177E065A9BF7B62EC"
    )


def test_the_files_hold_nothing_clear(vault: Vault, tmp_path: Path) -> None:
    people = [(f"P1.h1dd4fc.{i:032x}", "name", f"张三{chr(0x4E00 + i)}") for i in range(500)]
    vault.put_many([*people, NUMBER])
    files = list((tmp_path / "decisions").iterdir())
    assert {f.name for f in files} >= {"vault.db", "vault.db-wal"}
    written = b"".join(f.read_bytes() for f in files)
    assert people[0][0].encode() in written
    for clear in ("张三", NUMBER[2], KEY.hex()):
        for encoding in ("utf-8", "utf-16-le", "gb18030"):
            assert clear.encode(encoding) not in written
    assert KEY not in written


def test_files_and_a_new_folder_are_closed_to_others(vault: Vault, tmp_path: Path) -> None:
    vault.put_many([NAME])
    assert (tmp_path / "decisions").stat().st_mode & 0o777 == 0o700
    assert {f.stat().st_mode & 0o777 for f in (tmp_path / "decisions").iterdir()} == {0o600}


def test_a_folder_of_others_keeps_its_mode_but_the_file_is_closed(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    file = tmp_path / "vault.db"
    file.touch(0o644)
    Vault.open(f"sqlite:///{file}").close()
    assert (tmp_path.stat().st_mode & 0o777, file.stat().st_mode & 0o777) == (0o755, 0o600)


def test_sqlite_settings(vault: Vault) -> None:
    with vault.engine.connect() as connection:
        found = {
            p: connection.execute(text(f"pragma {p}")).scalar() for p in ("journal_mode", "busy_timeout", "synchronous")
        }
    assert found == {"journal_mode": "wal", "busy_timeout": 30000, "synchronous": 2}


def test_putting_again_changes_nothing(vault: Vault) -> None:
    vault.put_many([NAME, NUMBER])
    before = stored(vault)
    vault.put_many([NUMBER, NAME, NAME])
    vault.put_many([])
    assert stored(vault) == before


def test_batches_take_any_number_of_entries(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BATCH", 7)
    vault.put_many((f"token-{i}", "name", f"名{i}") for i in range(50))
    assert len(stored(vault)) == 50
    assert vault.reveal("token-49") == "名49"


def test_one_clear_text_is_never_sealed_alike(vault: Vault) -> None:
    vault.put_many([(f"token-{i}", "name", "张三") for i in range(100)])
    sealed = [ciphertext for _, ciphertext in stored(vault)]
    assert len({c[:12] for c in sealed}) == len(set(sealed)) == 100


@pytest.mark.parametrize(
    "change",
    ["kind = 'id'", "ciphertext = zeroblob(40)", "ciphertext = x'00'", "algorithm = 'sm4-gcm'", "algorithm = 'rot13'"],
)
def test_a_changed_entry_is_refused(change: str, vault: Vault) -> None:
    vault.put_many([NAME])
    with vault.engine.begin() as connection:
        connection.execute(text(f"update vault_entry set {change}"))
    with pytest.raises(VaultUnreadable) as caught:
        vault.reveal(NAME[0])
    assert NAME[2] not in str(caught.value)


def test_entries_cannot_change_places(vault: Vault) -> None:
    vault.put_many([NAME])
    with vault.engine.begin() as connection:
        connection.execute(text("update vault_entry set token = 'another'"))
    with pytest.raises(VaultUnreadable):
        vault.reveal("another")
    with pytest.raises(VaultEntryMissing):
        vault.reveal(NAME[0])


def test_entries_outlive_a_change_of_algorithm_and_name_the_key_they_need(vault: Vault, url: str) -> None:
    vault.put_many([NAME])
    other = Vault(vault.engine, KEY, "sm4-gcm")
    assert (other.key_id, other.reveal(NAME[0])) == (vault.key_id, NAME[2])
    with pytest.raises(VaultUnreadable, match=f"needs key {vault.key_id}"):
        Vault(vault.engine, bytes(32)).reveal(NAME[0])


@pytest.mark.parametrize(
    ("variable", "value"),
    [("REGISTER_VAULT_KEY", ""), ("REGISTER_VAULT_KEY", "ab" * 31), ("REGISTER_VAULT_KEY", "zz" * 32),
     ("REGISTER_VAULT_ALG", "des")],
)  # fmt: skip
def test_a_bad_key_is_named_but_not_shown(variable: str, value: str, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(CallRejected, match=variable) as caught:
        Vault.open(url)
    assert caught.value.code == "SC-KEY" and variable in caught.value.detail
    assert not value or value not in str(caught.value)


def test_writers_race_without_losing_entries(url: str) -> None:
    entries = [(f"token-{i}", "name", f"名{i}") for i in range(400)]

    def write(part: list[tuple[str, str, str]]) -> None:
        own = Vault.open(url)
        own.put_many(part)
        own.close()

    parts = (entries[:300], entries[100:][::-1], entries)
    writers = [threading.Thread(target=write, args=(part,)) for part in parts]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    vault = Vault.open(url)
    assert sorted(token for token, _ in stored(vault)) == sorted(token for token, _, _ in entries)
    vault.close()


@pytest.mark.skipif("REGISTER_TEST_POSTGRES_URL" not in os.environ, reason="no PostgreSQL given")
def test_postgresql_ignores_what_is_there() -> None:
    vault = Vault.open(os.environ["REGISTER_TEST_POSTGRES_URL"])
    vault.put_many([NAME])
    before = stored(vault)
    vault.put_many([NAME, NUMBER])
    assert set(before) <= set(stored(vault))
    assert vault.reveal(NUMBER[0]) == NUMBER[2]
    vault.close()


def test_settling_keeps_what_is_there(vault: Vault, url: str) -> None:
    vault.put_many([NAME])
    settle(vault.engine)
    file = sqlite3.connect(url.removeprefix("sqlite:///"))
    assert file.execute("select count(*) from vault_entry").fetchone() == (1,)
    file.close()

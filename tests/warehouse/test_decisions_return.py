"""Nothing brings an erased resident back: no backfill, no restored store, no other key; only a reasoned readmission."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from expectations.errors import CallRejected, PipelineError
from tests.conftest import VAULT_KEY
from tests.warehouse.decision_stores import office_db, postgres, text_of
from tests.warehouse.resident import ANN, BEA, CHO, HALL, ROUNDS, Office, Row, a_week, office, token_of
from warehouse.decisions.erase import erase, run_erasure
from warehouse.decisions.erasures import erasures, readmit
from warehouse.decisions.judgements import Record
from warehouse.decisions.rotate import old_key, rotate
from warehouse.decisions.subjects import Subject, find_subject
from warehouse.decisions.tombstones import canonical_record_id
from warehouse.decisions.vault import Vault, VaultEntryMissing
from warehouse.engine import digest_table, open_warehouse, stage_source
from warehouse.engine.check import check_source
from warehouse.engine.sql import statement

__all__ = ["a_week", "office", "office_db", "postgres"]
ANNS = Record("town_hall", "people", "1")
LEFT = [("people", "2"), ("people", "3"), ("stay", "s1|2"), ("visit", "s1|2")]
FOUND = {
    "landing.town_hall__people": 2, "landing.town_round__stay": 1, "landing.town_round__visit": 1,
    "staging.town_hall__people": 2, "staging.town_round__stay": 1, "staging.town_round__visit": 1,
}  # fmt: skip
TABLES = ("town_hall__people", "town_round__visit", "town_round__stay")
SAID: dict[str, Any] = {"reason": "居民要求", "by": "何登记"}


def subject_of(office: Office, record: Record = ANNS) -> Subject:
    with open_warehouse(office.warehouse) as connection:
        return find_subject(connection, office.stores().contracts, record)


def landed(office: Office) -> list[Row]:
    files = sorted(office.landing.rglob("*.parquet"))
    return [row for file in files for row in pq.ParquetFile(file).read().to_pylist()]


def digests(office: Office) -> list[str]:
    with open_warehouse(office.warehouse) as connection:
        return [digest_table(connection, "staging", table) for table in TABLES]


def ledger(office: Office) -> list[tuple[object, ...]]:
    return office.ask('select entity, landed, dropped, "new", known from ledger.load order by entity, window_end')


def test_the_landing_zone_is_what_it_would_have_been_without_them(office: Office) -> None:
    erase(office.stores(), subject_of(office), **SAID)
    before = {p: p.read_bytes() for p in office.landing.rglob("*") if p.is_file()}
    for day in (1, 2):
        people = [{"pk": "1", **ANN, "sex": str(day)}, {"pk": "2", **BEA}, {"pk": "3", **CHO}]
        office.collect(HALL, "people", people, day)
    office.collect(ROUNDS, "visit", [{"sheet": "s1", "ordinal": "1", **ANN}, {"sheet": "s1", "ordinal": "2", **CHO}])
    assert {p: p.read_bytes() for p in office.landing.rglob("*") if p.is_file()} == before


def test_a_backfill_drops_them_at_the_edge_by_name_and_count(office: Office) -> None:
    erase(office.stores(), subject_of(office), **SAID)
    again = office.collect(HALL, "people", [{"pk": "1", **ANN}, {"pk": "77", **ANN}, {"pk": "2", **BEA, "sex": "2"}], 5)
    assert (again.rows, again.source_total, again.dropped) == (1, 3, {"erased": 2})
    visit = office.collect(ROUNDS, "visit", [{"sheet": "s9", "ordinal": "1", **ANN}], 5)
    stay = office.collect(ROUNDS, "stay", [{"sheet": "s9", "ordinal": "1", "house": "h9"}], 5)
    assert (visit.rows, stay.rows, stay.dropped) == (0, 0, {"erased": 1}), "the stay has no number of its own"
    office.stage()
    assert office.records() == LEFT
    with pytest.raises(VaultEntryMissing):
        Vault.open(office.url).reveal(token_of(ANN["number"]))


def test_an_erased_name_does_not_reach_the_vault_again(office: Office) -> None:
    for record in ("1", "2"):
        erase(office.stores(), subject_of(office, Record("town_hall", "people", record)), **SAID)
    office.collect(HALL, "people", [{"pk": "1", **ANN}, {"pk": "8", **BEA}], 6)
    with pytest.raises(VaultEntryMissing):
        Vault.open(office.url).reveal(token_of(ANN["name"], "name"))


def test_restored_stores_lose_them_again(office: Office, register_env: Path) -> None:
    vault = Vault.open(office.url)
    vault.close()
    kept = register_env.parent / f"{register_env.name}-backup"
    shutil.copytree(office.home, kept)
    stones = erase(office.stores(), subject_of(office), **SAID)["tombstones"]
    shutil.rmtree(office.landing)
    shutil.copytree(kept / "landing", office.landing)
    office.warehouse.unlink()
    office.stage()
    assert office.records() == LEFT, "a tombstone keeps landed rows out of staging"
    assert ledger(office)[0] == ("people", 2, {"erased": 1}, 2, 0)
    assert any(row.get("id_token") == token_of(ANN["number"]) for row in landed(office))
    shutil.copy(kept / "warehouse.duckdb", office.warehouse)
    made = erasures(office.stores().engine)[0].erasure_id
    receipt = run_erasure(office.stores(), made, again=True)
    assert office.records() == LEFT
    assert all(row.get("id_token") != token_of(ANN["number"]) for row in landed(office))
    assert receipt["tombstones"] == stones and receipt["again"][0]["deleted"] == FOUND
    assert run_erasure(office.stores(), made, again=True) == receipt, "nothing is left to do"
    shutil.rmtree(kept)


def test_a_restored_warehouse_over_a_swept_landing_is_mended_by_reapply(office: Office) -> None:
    copy = office.warehouse.with_name("copy")
    shutil.copy(office.warehouse, copy)
    erase(office.stores(), subject_of(office), **SAID)
    after = digests(office)
    copy.replace(office.warehouse)
    run_erasure(office.stores(), erasures(office.stores().engine)[0].erasure_id, again=True)
    assert digests(office) == after


def test_labels_findings_claims_and_register_rows_go_too(office: Office) -> None:
    check_source(HALL, office.landing, office.warehouse, "2022-11-02")
    with duckdb.connect(str(office.warehouse)) as connection:
        for step in (
            "create schema claims", "create schema register",
            "create table claims.person as select source, 'people' as entity, source_record_id, content_hash, "
            "md5(source || '|people|' || source_record_id) as obs_key from staging.town_hall__people",
            "create table register.person_member as select distinct obs_key, 'P' || source_record_id as person_id "
            "from claims.person",
            "create table register.person as select distinct person_id from register.person_member",
            "insert into quality.quarantine select 'town_hall', 'people', source_record_id, content_hash, 'r', 'c', "
            "'*', 'x', 'x', 'warning', 'note', date '2022-11-01', date '2022-11-01', 1, 'open', null, null, null, "
            "null, 1, 1, null from staging.town_hall__people",
        ):  # fmt: skip
            connection.execute(step)
    receipt = erase(office.stores(), subject_of(office), **SAID)
    gone = {place: n for place, n in receipt["deleted"].items() if place not in FOUND and "vault" not in place}
    assert gone == {
        "acceptance.town_hall__people": 2, "quality.quarantine": 2, "claims.person": 2, "register.person_member": 1,
        "register.person": 1,
    }  # fmt: skip
    for table in ("claims.person", "quality.quarantine", "acceptance.town_hall__people"):
        assert office.ask(f"select distinct source_record_id from {table} order by 1") == [("2",), ("3",)]
    assert office.ask("select person_id from register.person order by 1") == [("P2",), ("P3",)]
    verdict = check_source(HALL, office.landing, office.warehouse, "2022-11-03")
    assert verdict["verdict"] == "pass", "what is left is still explained to the row"


def test_a_readmission_needs_a_reason_and_lets_them_be_collected_anew(office: Office) -> None:
    stores = office.stores()
    made = erase(stores, subject_of(office), **SAID)["erasure_id"]
    with pytest.raises(CallRejected, match="SC-CALL"):
        readmit(stores.engine, made, reason=" ", by="何登记")
    readmit(stores.engine, made, reason="重新迁入并同意登记", by="何登记")
    with pytest.raises(CallRejected, match="DS-NONE"):
        readmit(stores.engine, made, reason="再来", by="何登记")
    assert office.collect(HALL, "people", [{"pk": "1", **ANN}], 7).dropped == {}
    office.stage()
    assert ("people", "1") in office.records()


def test_it_is_the_same_with_postgresql(register_env: Path, office_db: sa.URL, monkeypatch: pytest.MonkeyPatch) -> None:
    url = text_of(office_db)
    monkeypatch.setenv("REGISTER_DECISIONS_URL", url)
    office = Office(register_env, url)
    office.a_week()
    erase(office.stores(), subject_of(office), **SAID)
    receipt = erase(office.stores(), subject_of(office, Record("town_hall", "people", "2")), **SAID)
    assert receipt["deleted"]["vault.id"] == receipt["deleted"]["vault.name"] == 1
    again = office.collect(HALL, "people", [{"pk": "1", **ANN}, {"pk": "77", **ANN}, {"pk": "3", **CHO}], 5)
    office.stage()
    assert (again.dropped, office.records()) == ({"erased": 2}, [e for e in LEFT if e[1] != "2"])
    monkeypatch.setenv("REGISTER_VAULT_KEY_OLD", VAULT_KEY)
    monkeypatch.setenv("REGISTER_VAULT_KEY", "cd" * 32)
    vault = Vault.open(url)
    assert rotate(vault.engine, vault, old_key()) == (2, 0)
    assert vault.reveal(token_of(CHO["number"])) == CHO["number"]
    vault.close()


def test_another_token_key_stops_staging_and_the_edge(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    erase(office.stores(), subject_of(office), **SAID)
    monkeypatch.setenv("REGISTER_TOKEN_KEY", "ab" * 32)
    for attempt in (
        lambda: stage_source(HALL, office.landing, office.warehouse),
        lambda: office.collect(HALL, "people", [{"pk": "5", **CHO}], 8),
    ):
        with pytest.raises(CallRejected) as caught:
            attempt()
        assert caught.value.code == "DS-KEY"


def test_nothing_is_staged_while_the_tombstones_cannot_be_asked(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGISTER_DECISIONS_URL", "postgresql+psycopg://nobody@127.0.0.1:1/none")
    with pytest.raises(PipelineError) as caught:
        stage_source(HALL, office.landing, office.warehouse)
    assert (caught.value.code, caught.value.exit_status) == ("DS-STORE", 3)


KEYS = st.text(st.sampled_from(list("aＡ１ 　|\\\u200b\xa0\t1中")), min_size=0, max_size=6)


@settings(deadline=None, max_examples=20)
@given(st.lists(st.lists(KEYS, min_size=1, max_size=3), min_size=1, max_size=8))
def test_the_edge_and_staging_agree_on_the_id_of_a_record(rows: list[list[str]]) -> None:
    with duckdb.connect() as connection:
        connection.execute(statement("_types"))
        for parts in rows:
            if len(parts) == 1:
                said = connection.execute("select stage_key($1)", parts).fetchall()
            else:
                asked = "select array_to_string([stage_key_part(p) for p in $1], '|')"
                said = connection.execute(asked, [parts]).fetchall()
            assert said == [(canonical_record_id(parts),)]

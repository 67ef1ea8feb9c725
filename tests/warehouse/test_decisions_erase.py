"""An erased resident is gone from every store, everybody else is as before, and nothing brings them back."""

from __future__ import annotations

import fcntl
import json
import shutil
from typing import Any

import pyarrow.parquet as pq
import pytest
from sqlalchemy import text

from expectations.errors import PipelineError, SourceChanged
from tests.warehouse.resident import ANN, BEA, CHO, HALL, ROUNDS, TODAY, Office, Row, a_week, office, token_of
from warehouse.decisions.corrections import correct, correction_history
from warehouse.decisions.erase import erase, plan
from warehouse.decisions.erasures import erasures
from warehouse.decisions.judgements import Record, judge, judgement_history
from warehouse.decisions.subjects import Subject, find_subject
from warehouse.decisions.vault import Vault, VaultEntryMissing
from warehouse.decisions.waivers import add_waiver
from warehouse.engine import digest_table, open_warehouse, rebuild

__all__ = ["a_week", "office"]
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


def test_the_subject_is_all_records_of_the_number_and_what_speaks_of_them(office: Office) -> None:
    found = subject_of(office)
    stays, visits = Record("town_round", "stay", "s1|1"), Record("town_round", "visit", "s1|1")
    assert found == Subject((ANNS, stays, visits), (token_of(ANN["number"]),))
    assert subject_of(office, stays) == found


def test_the_erased_are_gone_from_every_store_and_the_others_are_as_before(office: Office) -> None:
    assert plan(office.stores(), subject_of(office)) == FOUND
    receipt = erase(office.stores(), subject_of(office), **SAID)
    assert receipt["deleted"] == FOUND | {"vault.id": 1}
    token = token_of(ANN["number"])
    assert office.records() == LEFT
    assert [row["id_token"] for row in landed(office) if "id_token" in row].count(token) == 0
    assert token.encode() not in office.bytes_on_disk(), "not even in free blocks"
    vault = Vault.open(office.url)
    with pytest.raises(VaultEntryMissing):
        vault.reveal(token)
    assert vault.reveal(token_of(ANN["name"], "name")) == BEA["name"], "Bea bears the same name"
    assert vault.reveal(token_of(CHO["number"])) == CHO["number"]


def test_a_name_goes_with_the_last_who_bears_it(office: Office) -> None:
    erase(office.stores(), subject_of(office), **SAID)
    receipt = erase(office.stores(), subject_of(office, Record("town_hall", "people", "2")), **SAID)
    assert receipt["deleted"]["vault.id"] == receipt["deleted"]["vault.name"] == 1
    with pytest.raises(VaultEntryMissing):
        Vault.open(office.url).reveal(token_of(BEA["name"], "name"))


def test_every_row_stays_explained_and_a_rebuild_makes_the_same_warehouse(office: Office) -> None:
    erase(office.stores(), subject_of(office), **SAID)
    assert ledger(office) == [
        ("people", 2, {"erased": 1}, 2, 0), ("people", 2, {"erased": 1}, 2, 0),
        ("stay", 1, {"erased": 1}, 1, 0), ("visit", 1, {"erased": 1}, 1, 0),
    ]  # fmt: skip
    after = digests(office)
    report = rebuild(office.landing, office.warehouse, [HALL, ROUNDS])
    assert report.exit_status == 0 and digests(office) == after


def test_what_people_decided_about_the_record_goes_too(office: Office) -> None:
    engine, other = office.stores().engine, Record("town_hall", "people", "3")
    judge(engine, "person", ANNS, other, "different", reason="不是同一人", by="何管家")
    kept = judge(engine, "person", other, Record("town_hall", "people", "2"), "different", reason="不是", by="何管家")
    correct(engine, "person", ANNS, "sex", "2", old_value="1", reason="证件为准", by="何登记")
    add_waiver(engine, "town_hall", "people", "r", reason="已核实", until=TODAY, by="何管家", source_record_id="1")
    deleted = erase(office.stores(), subject_of(office), **SAID)["deleted"]
    assert (deleted["judgement"], deleted["correction"], deleted["quality_waiver"]) == (1, 1, 1)
    assert [row.judgement_id for row in judgement_history(engine)] == [kept.judgement_id]
    assert correction_history(engine) == []


def test_older_copies_of_the_warehouse_are_destroyed(office: Office) -> None:
    rebuild(office.landing, office.warehouse, [HALL, ROUNDS])
    assert len(list(office.home.glob("*.kept-*"))) == 1
    assert erase(office.stores(), subject_of(office), **SAID)["deleted"]["copies"] == 1
    assert list(office.home.glob("*.kept-*")) == []


def test_the_receipt_and_the_log_of_it_hold_nothing_personal(office: Office) -> None:
    erase(office.stores(), subject_of(office), **SAID)
    files = sorted((office.home / "receipts").iterdir())
    assert [f.suffix for f in files] == [".json", ".txt"] and {f.stat().st_mode & 0o777 for f in files} == {0o600}
    written = b"".join(f.read_bytes() for f in files).decode()
    for clear in (ANN["number"], ANN["name"], token_of(ANN["number"]), token_of(ANN["name"], "name"), "s1|1"):
        assert str(clear) not in written
    assert "已删除 入库版本 town_hall__people：2" in written and "deleted: vault entries id: 1" in written


def test_only_the_named_records_go_where_the_number_is_shared_by_mistake(office: Office) -> None:
    stores = office.stores()
    with open_warehouse(office.warehouse) as connection:
        subject = find_subject(connection, stores.contracts, ANNS, records_only=True)
    assert subject == Subject((ANNS,), ())
    erase(stores, subject, **SAID)
    assert ("people", "1") not in office.records() and ("visit", "s1|1") in office.records()
    assert Vault.open(office.url).reveal(token_of(ANN["number"])) == ANN["number"], "the visit still needs it"


def test_lost_evidence_stops_an_erasure_before_anything_is_lost(office: Office) -> None:
    lost = sorted((office.landing / "town_hall" / "people").glob("*/*.parquet"))[0]
    away = lost.rename(office.home / "away")
    before = digests(office), sorted(p.name for p in office.landing.rglob("*[a-z].[jp]*"))
    with pytest.raises(SourceChanged) as caught:
        erase(office.stores(), subject_of(office), **SAID)
    assert caught.value.code == "LO-MIGRATION"
    assert (digests(office), sorted(p.name for p in office.landing.rglob("*[a-z].[jp]*"))) == before
    away.rename(lost)
    erase(office.stores(), subject_of(office), **SAID)
    assert office.records() == LEFT and len(erasures(office.stores().engine)) == 1


def test_no_erasure_while_a_source_is_being_collected(office: Office) -> None:
    with (office.landing / "town_hall" / ".lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        with pytest.raises(PipelineError) as caught:
            erase(office.stores(), subject_of(office), **SAID)
    assert (caught.value.code, caught.value.exit_status) == ("LA-BUSY", 3)


def test_an_orphan_that_holds_them_is_destroyed(office: Office) -> None:
    file = next((office.landing / "town_hall" / "people").glob("*/*.parquet"))
    shutil.copy(file, file.with_name("part-0123456789abcdef.parquet"))
    erase(office.stores(), subject_of(office), **SAID)
    assert not file.with_name("part-0123456789abcdef.parquet").exists()


def test_the_erasure_row_forgets_what_it_worked_with(office: Office) -> None:
    erase(office.stores(), subject_of(office), **SAID)
    with office.stores().engine.connect() as connection:
        [(state, work, receipt)] = connection.execute(text("select state, work, receipt from erasure")).all()
    assert (state, work) == ("done", None) and json.loads(receipt)["deleted"]["vault.id"] == 1

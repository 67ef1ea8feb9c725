"""What is past its period goes, from everywhere; what is present stays, and so does everything that is made of it."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from expectations.errors import CallRejected
from expectations.manifest import landed_windows
from tests.warehouse.landed import SOURCE
from tests.warehouse.registered import ENTITIES, Hall, guest, resident, room
from tests.warehouse.retained import (
    NIGHT,
    after,
    built,
    everything,
    hall,
    landed,
    marts,
    present,
    purged,
    staged,
    stores,
    swept,
    town,
)  # fmt: skip
from warehouse.decisions.corrections import correct
from warehouse.decisions.erase import erase
from warehouse.decisions.judgements import Record
from warehouse.decisions.store import open_decisions
from warehouse.decisions.subjects import find_subject
from warehouse.engine import open_warehouse, rebuild
from warehouse.engine.as_of import as_of
from warehouse.engine.carry import register_again
from warehouse.engine.origins import origins_file, read_origins
from warehouse.resolver import model_in_use
from warehouse.retention.__main__ import main

__all__ = ["after", "built", "hall", "swept", "town"]


def test_a_version_is_past_once_it_was_replaced_longer_ago_than_the_period(hall: Hall) -> None:
    hall.land(1, resident=[resident("1", 1, name="李四光"), resident("2")])
    hall.land(2, resident=[resident("1", 2)])
    hall.land(8, resident=[resident("1", 8, status="22")])
    assert purged(hall, date(2027, 11, 3)) == {}, "replaced on the 3rd: five years are not over yet"
    assert purged(hall) == {"resident": 1}
    assert staged(hall, "resident") == [("1", "upsert"), ("1", "upsert"), ("2", "upsert")]
    assert purged(hall) == {}, "a second purge finds nothing"
    assert landed(hall)["resident"] == [(2, 1, {"purged": 1}), (1, 1, {}), (1, 1, {})]


def test_a_record_that_is_still_there_stays_however_old(hall: Hall) -> None:
    hall.land(1, resident=[resident("1")], room=[room("a", code="C1")])
    assert purged(hall, date(2060, 1, 1)) == {}


def test_a_record_that_was_deleted_goes_wholly_and_a_deletion_within_the_period_keeps_its_last_version(
    hall: Hall,
) -> None:
    hall.land(1, resident=[resident("1"), resident("2")])
    hall.land(2, resident=[resident("1", 2, deleted_at="2022-11-02 09:00:00")])
    hall.land(7, resident=[resident("2", 7, deleted_at="2022-11-07 09:00:00")])
    assert purged(hall) == {"resident": 2}
    assert staged(hall, "resident") == [("2", "delete"), ("2", "upsert")]


def test_the_register_and_the_marts_are_the_same_after_a_purge_and_after_a_rebuild(town: Hall) -> None:
    before, figures = present(town), marts(town)
    assert purged(town)["resident"] > 0
    assert (present(town), marts(town)) == (before, figures)
    town.build(full=True)
    assert present(town) == before, "a full build of what is left says the same"
    left = everything(town)
    report = rebuild(town.landing, town.file, [town.contract], then=register_again)
    assert report.swapped and everything(town) == left


def test_an_id_keeps_its_anchor_though_the_first_version_of_the_record_is_gone(hall: Hall) -> None:
    hall.land(1, guest=[guest("v", 1, 1, 1)])
    hall.land(2, resident=[resident("1", 2)])
    hall.land(3, guest=[guest("v", 1, 1, 3)])
    hall.build()
    [(who, since)] = hall.ask("select person_id, first_seen from register.person")
    assert purged(hall) == {"guest": 1}
    assert hall.ask("select person_id, first_seen from register.person") == [(who, since)]
    hall.build(full=True)
    assert hall.ask("select person_id, first_seen from register.person") == [(who, since)]


def test_windows_stay_landed_and_every_row_of_the_source_stays_explained(
    town: Hall, swept: tuple[Path, Any, Any]
) -> None:
    kept = Hall(swept[0])
    for entity in ("resident", "room", "guest"):
        before, after = (landed_windows(h.landing / SOURCE / entity) for h in (town, kept))
        assert after == before != []
        files = landed(kept)[entity]
        assert [total for total, _, _ in files] == [total for total, _, _ in landed(town)[entity]]
        assert all(rows + sum(dropped.values()) == total for total, rows, dropped in files)
        assert sum(dropped.get("purged", 0) for _, _, dropped in files) > 0


def test_a_guest_whom_the_next_visit_did_not_find_goes_with_the_period(hall: Hall) -> None:
    hall.land(1, guest=[guest("v", 1, 1, 1), guest("v", 2, 2, 1)])
    hall.land(3, guest=[guest("v", 1, 1, 3)])
    hall.build()
    before = present(hall)
    assert purged(hall) == {"guest": 2}
    assert staged(hall, "guest") == [("v|1", "upsert")]
    assert present(hall) == before


def test_a_correction_keeps_the_versions_it_let_go_by(hall: Hall) -> None:
    hall.land(1, resident=[resident("1", 1)])
    hall.land(2, resident=[resident("1", 2, sex="2")])
    engine = open_decisions(hall.decisions)
    correct(engine, "person", Record(SOURCE, "resident", "1"), "sex", "1", old_value=None, reason="r", by="b")
    engine.dispose()
    assert purged(hall) == {}


def test_what_was_known_before_a_purge_is_refused_and_not_answered_wrongly(after: Hall, tmp_path: Path) -> None:
    with open_warehouse(after.file) as connection:
        for known, valid in ((datetime(2022, 11, 3), None), (datetime(2022, 11, 9), date(2020, 1, 1))):
            with pytest.raises(CallRejected) as refused:
                as_of(connection, tmp_path / "past.duckdb", None, model_in_use(), known=known, valid=valid)
            assert refused.value.code == "RE-PURGED"
        as_of(connection, tmp_path / "past.duckdb", None, model_in_use(), known=datetime(2022, 11, 9))


def test_a_purge_is_told_in_the_ledger_and_in_a_receipt_and_a_rebuild_keeps_the_word(
    after: Hall, swept: tuple[Path, dict[str, Any], dict[str, Any]]
) -> None:
    _, planned, told = swept
    assert told["shares"] == planned["shares"] != [], "what was planned is what went"
    receipt = json.loads((after.home / "receipts" / f"purge-{told['purge_id']}.json").read_text("utf8"))
    assert receipt["shares"] == told["shares"] and receipt["by"] == "保管员"
    rows = "select entity, versions, landed_rows, oldest::varchar from ledger.purge order by entity"
    before = after.ask(rows)
    assert before == [(s["entity"], s["versions"], s["landed_rows"], s["oldest"]) for s in told["shares"]]
    rebuild(after.landing, after.file, [after.contract], then=register_again)
    assert after.ask(rows) == before


def test_nothing_of_a_purged_version_is_left_on_the_disk(hall: Hall) -> None:
    hall.land(1, resident=[resident("1", 1, home="鹤龙一路旧居九号")])
    hall.land(2, resident=[resident("1", 2)])
    hall.release()
    [(old,)] = hall.ask(f"select min_by(content_hash, known_from) from staging.{SOURCE}__resident")
    rebuild(hall.landing, hall.file, [hall.contract])
    hall.release()
    assert list(hall.home.glob("*.kept-*"))
    purged(hall)
    disk = b"".join(p.read_bytes() for p in hall.home.rglob("*") if p.is_file())
    assert "旧居九号".encode() not in disk and old.encode() not in disk
    assert not list(hall.home.glob("*.kept-*")) and not list(hall.home.glob("*.purge"))


def test_findings_stay_as_counts_and_old_loads_are_no_news_for_the_volume(town: Hall) -> None:
    with open_warehouse(town.file) as connection:
        [(old,)] = connection.execute(
            f"select min_by(content_hash, known_from) from staging.{SOURCE}__resident where source_record_id = '1'"
        ).fetchall()
        connection.execute(
            "insert into quality.quarantine by name "
            "select $s as source, 'resident' as entity, '1' as source_record_id, $old as content_hash, "
            "'r' as rule, '张**' as masked_value, '甲' as owner_zh, 'a' as owner_en, 'warning' as severity, "
            "'note' as effect, date '2022-11-01' as first_seen, date '2022-11-01' as last_seen, 1 as times, "
            "'open' as status, 1 as opened_run, 1 as last_run",
            {"s": SOURCE, "old": old},
        )
        connection.execute(
            "insert into quality.run by name "
            "select 'x' as run_id, 1 as run_no, $s as source, date '2022-11-08' as night, "
            "date '2022-11-08' as judged_as_of, 'v' as contract_version, '' as suite_hash, 1 as attempts, "
            "timestamp '2022-11-09' as started_at, 'pass' as verdict",
            {"s": SOURCE},
        )
    purged(town)
    found = "select source_record_id, content_hash, masked_value, rule, first_seen::varchar from quality.quarantine"
    assert town.ask(found) == [("", "", None, "r", "2022-11-01")]
    unseen = "select count(*) from ledger.load where dropped['purged'] is not null and load_id not in "
    assert town.ask("select count(*) > 3 from quality.volume where run_id = 'x'") == [(True,)]
    assert town.ask(unseen + "(select load_id from quality.volume)") == [(0,)]


def test_an_erasure_takes_the_record_out_of_what_a_purge_has_left(after: Hall) -> None:
    assert ("1",) in after.ask("select source_record_id from ledger.origin")
    with open_warehouse(after.file) as connection:
        subject = find_subject(connection, (after.contract,), Record(SOURCE, "resident", "1"))
    erase(stores(after), subject, reason="r", by="b")
    assert ("1",) not in after.ask("select source_record_id from ledger.origin where entity = 'resident'")
    assert read_origins(origins_file(after.landing, SOURCE, "resident"))[1] is not None


def test_the_command_says_what_would_go_what_went_and_what_could_not(
    town: Hall, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGISTER_DECISIONS_URL", town.decisions)
    monkeypatch.setattr("warehouse.retention.__main__.all_contracts", lambda: (town.contract,))
    call = ["--night", NIGHT.isoformat(), "--warehouse", str(town.file), "--landing", str(town.landing)]
    assert main(["plan", *call, "--json"]) == 0
    planned = json.loads(capsys.readouterr().out)
    assert main(["purge", *call, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["shares"] == planned["shares"] != []
    assert main(["plan", *call]) == 0 and "没有超过保存期限的记录" in capsys.readouterr().out
    assert main(["log", *call]) == 0 and "resident" in capsys.readouterr().out
    assert main(["plan", "--night", "soon"]) == 2 and "SC-CALL" in capsys.readouterr().out
    town.rules(room=ENTITIES["room"]["claims"])
    with open_warehouse(town.file) as connection:
        connection.execute(f"drop table acceptance.{SOURCE}__room cascade")
    assert main(["plan", *call]) == 4 and f"{SOURCE}.room  未清除" in capsys.readouterr().out

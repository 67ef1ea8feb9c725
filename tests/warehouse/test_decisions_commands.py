"""The commands: each is logged before it answers, shows nothing it should not, and says what to do when it fails."""

from __future__ import annotations

import io
import json
import os
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pytest

from expectations.errors import catalogue
from tests.warehouse.resident import ANN, BEA, HALL, ROUNDS, Office, a_week, office, token_of
from warehouse.decisions import commands_resident
from warehouse.decisions.__main__ import COMMANDS, main
from warehouse.decisions.access_log import AccessLog, Entry
from warehouse.decisions.call import MAY
from warehouse.decisions.corrections import corrections_in_force
from warehouse.decisions.judgements import judgements_in_force
from warehouse.decisions.vault import Vault

__all__ = ["a_week", "office"]
ANNS, NOBODY = "town_hall|people|1", "town_hall|people|99"


@pytest.fixture(autouse=True)
def small_contracts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("warehouse.decisions.call.personal_contracts", lambda: (HALL, ROUNDS))


class Desk:
    """Runs a command as a role and reads its answer."""

    def __init__(self, office: Office, capsys: pytest.CaptureFixture[str]) -> None:
        self.office, self.capsys = office, capsys

    def text(self, command: str, *arguments: str, role: str = "registrar") -> tuple[int, str]:
        named = ["--by", "何登记", "--role", role, "--purpose", "居民申请"]
        status = main([command, *arguments, *named, "--warehouse", str(self.office.warehouse)])
        return status, self.capsys.readouterr().out

    def ask(self, command: str, *arguments: str, role: str = "registrar") -> tuple[int, dict[str, Any]]:
        status, out = self.text(command, *arguments, "--json", role=role)
        return status, json.loads(out)

    def log(self) -> list[Entry]:
        return AccessLog(self.office.stores().engine).entries()

    def outcomes(self) -> list[tuple[str, str]]:
        return [(e.action, e.outcome) for e in self.log()]


@pytest.fixture
def desk(office: Office, capsys: pytest.CaptureFixture[str]) -> Desk:
    return Desk(office, capsys)


def test_subject_access_prints_everything_held_with_source_and_time_and_every_look(desk: Desk) -> None:
    assert desk.text("subject-access", "--record", ANNS)[0] == 0
    status, answer = desk.ask("subject-access", "--record", "town_round|visit|s1|1")
    held = [(r["source"], r["entity"], r["record_id"], len(r["versions"])) for r in answer["records"]]
    assert (status, held) == (
        0,
        [("town_hall", "people", "1", 2), ("town_round", "stay", "s1|1", 1), ("town_round", "visit", "s1|1", 1)],
    )
    first = answer["records"][0]["versions"][0]
    fields = {f["column"]: f["value"] for f in first["fields"]}
    assert (fields["number"], fields["name"], fields["sex"]) == (ANN["number"], ANN["name"], "1")
    assert first["known_from"] == "2022-11-02 00:00:00"
    assert [(e["action"], e["outcome"], e["who"]) for e in answer["looks"]] == [
        ("subject-access", "answered", "何登记")
    ] * 2
    status, out = desk.text("subject-access", "--record", ANNS, "--lang", "en")
    assert f"word：{ANN['number']}" in out and "looks:" in out


def test_the_log_names_whom_it_was_about_by_digests_alone(desk: Desk) -> None:
    desk.text("subject-access", "--record", ANNS)
    [entry] = desk.log()
    assert len(entry.subject.split()) == 4  # three records and a number
    for clear in (ANN["number"], ANN["name"], token_of(ANN["number"]), "people", "s1"):
        assert str(clear) not in entry.subject


def test_nothing_leaves_when_the_log_cannot_be_written(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGISTER_FAULTPOINT", "log.before_commit:eio")
    for command in (["subject-access"], ["erase", "--reason", "要求"]):
        status, out = desk.text(command[0], "--record", ANNS, *command[1:])
        assert status == 4 and "DS-LOG" in out and str(ANN["number"]) not in out
    monkeypatch.delenv("REGISTER_FAULTPOINT")
    assert ("people", "1") in desk.office.records() and desk.log() == []


@pytest.mark.parametrize("command", [c for c in COMMANDS if c != "migrate"])
def test_a_role_that_may_not_is_refused_and_that_is_logged(desk: Desk, command: str) -> None:
    needed = {
        "subject-access": ["--record", ANNS], "erase": ["--record", ANNS, "--reason", "x"],
        "correct": ["--record", ANNS, "--attribute", "sex", "--reason", "x"], "readmit": ["e", "--reason", "x"],
        "judge": ["a|b|c", "d|e|f", "same", "--reason", "x"], "revoke": ["judgement", "j", "--reason", "x"],
        "scope": ["list"], "confirm": ["load", "--reason", "x"],
        "close": ["s", "--begin", "a", "--end", "b", "--reason", "x"],
        "waive": ["--source", "s", "--entity", "e", "--rule", "r", "--until", "2030-01-01", "--reason", "x"],
        "release": ["register", "--night", "2022-11-05", "--reason", "x"],
    }  # fmt: skip
    status, answer = desk.ask(command, *needed.get(command, []), role="analyst")
    assert (status, answer["code"], desk.outcomes()) == (2, "DS-ROLE", [(command, "refused")])


def test_every_command_has_its_roles() -> None:
    assert set(MAY) == set(COMMANDS)


def test_a_dry_run_of_an_erasure_says_what_and_changes_nothing(desk: Desk) -> None:
    status, answer = desk.ask("erase", "--record", ANNS, "--reason", "居民要求", "--dry-run")
    assert (status, answer["would_delete"]["staging.town_hall__people"]) == (0, 2)
    assert ("people", "1") in desk.office.records() and desk.outcomes() == [("erase", "planned")]


def test_an_erasure_answers_with_its_receipt_and_again_when_asked_again(desk: Desk) -> None:
    status, out = desk.text("erase", "--record", ANNS, "--reason", "居民要求")
    assert status == 0 and out.startswith("删除回执")
    again = desk.text("erase", "--record", ANNS, "--reason", "居民要求", "--lang", "en")
    assert again[0] == 0 and again[1].startswith("Receipt of erasure")
    status, answer = desk.ask("subject-access", "--record", ANNS)
    assert (status, answer["code"]) == (2, "DS-ERASED")
    other = desk.ask("judge", ANNS, "town_hall|people|2", "same", "--reason", "x")
    assert other[1]["code"] == "DS-ERASED"
    assert desk.outcomes()[0] == ("erase", "begun")


def test_a_store_restored_from_before_an_erasure_learns_it_from_the_receipt(desk: Desk) -> None:
    file = desk.office.home / "decisions.db"
    with closing(sqlite3.connect(file)) as store:  # else the last entries may still be in the write-ahead log
        store.execute("pragma wal_checkpoint(truncate)")
    copy = file.read_bytes()
    before = {p: p.read_bytes() for p in desk.office.landing.rglob("*") if p.is_file()}
    assert desk.text("erase", "--record", ANNS, "--reason", "居民要求")[0] == 0
    for path in desk.office.home.glob("decisions.db*"):
        path.unlink()
    file.write_bytes(copy)
    for path, content in before.items():
        path.write_bytes(content)
    assert Vault.open(desk.office.url).reveal(token_of(ANN["number"])) == ANN["number"]
    assert desk.ask("reapply", "--dry-run")[1]["restored"] == 1
    status, answer = desk.ask("reapply")
    assert (status, answer["restored"], answer["erasures"]) == (0, 1, 1)
    assert desk.office.records() == [("people", "2"), ("people", "3"), ("stay", "s1|2"), ("visit", "s1|2")]
    status, answer = desk.ask("subject-access", "--record", ANNS)
    assert answer["code"] == "DS-ERASED"


def test_a_readmission_is_a_command_with_a_reason(desk: Desk) -> None:
    made = desk.ask("erase", "--record", ANNS, "--reason", "居民要求")[1]["erasure_id"]
    assert desk.ask("readmit", made, "--reason", "依法重新登记", "--dry-run")[0] == 0
    assert desk.ask("readmit", made, "--reason", "依法重新登记") == (0, {"erasure_id": made})
    assert desk.ask("readmit", made, "--reason", "依法重新登记")[1]["code"] == "DS-NONE"
    assert desk.outcomes()[-2:] == [("readmit", "begun"), ("readmit", "failed DS-NONE")]


def test_a_correction_keeps_the_old_value_and_is_taken_back_by_its_id(desk: Desk) -> None:
    said = ("--record", ANNS, "--attribute", "sex", "--value", "1", "--reason", "证件为准")
    assert desk.ask("correct", *said, "--dry-run")[1]["old_value"] == "2"
    status, answer = desk.ask("correct", *said)
    engine = desk.office.stores().engine
    [row] = corrections_in_force(engine)
    assert (status, row.correction_id, row.value, row.old_value) == (0, answer["correction_id"], "1", "2")
    assert desk.ask("revoke", "correction", row.correction_id, "--reason", "弄错了")[0] == 0
    assert corrections_in_force(engine) == []


def test_a_corrected_name_passes_the_edge_and_its_clear_text_the_vault(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("欧阳晓安\n"))
    status, answer = desk.ask("correct", "--record", ANNS, "--attribute", "name", "--reason", "改名")
    [row] = corrections_in_force(desk.office.stores().engine)
    value = json.loads(row.value or "")
    assert (status, value["name_mask"], answer["old_value"]["name_mask"]) == (0, "欧阳**", "欧阳**")
    assert Vault.open(desk.office.url).reveal(value["name_token"]) == "欧阳晓安"
    with desk.office.stores().engine.connect() as connection:
        stored = connection.exec_driver_sql("select * from correction").all()
    assert "欧阳晓安" not in repr(stored)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["correct", "--record", ANNS, "--attribute", "name", "--value", "张三", "--reason", "x"], "SC-CALL"),
        (["correct", "--record", ANNS, "--attribute", "religion", "--value", "x", "--reason", "x"], "SC-CALL"),
        (["correct", "--record", NOBODY, "--attribute", "sex", "--value", "1", "--reason", "x"], "DS-NONE"),
        (["subject-access", "--record", NOBODY], "DS-NONE"),
        (["subject-access", "--record", "nowhere|people|1"], "DS-NONE"),
        (["subject-access", "--record", "town_hall"], "SC-CALL"),
        (["subject-access", "--person", "Pffff"], "DS-NONE"),
        (["revoke", "judgement", "ffff", "--reason", "x"], "DS-NONE"),
        (["judge", ANNS, ANNS, "same", "--reason", "x"], "SC-CALL"),
        (["judge", ANNS, NOBODY, "same", "--reason", "x"], "DS-NONE"),
        (["judge", ANNS, "nowhere|people|1", "same", "--reason", "x"], "DS-NONE"),
        (["correct", "--record", ANNS, "--attribute", "birth_date", "--value", "foo", "--reason", "x"], "SC-CALL"),
    ],
)
def test_what_cannot_be_done_is_said_with_its_code(desk: Desk, arguments: list[str], code: str) -> None:
    status, answer = desk.ask(*arguments)
    assert (status, answer["code"]) == (2, code) and "张三" not in json.dumps(answer, ensure_ascii=False)
    assert catalogue()[code].next_zh == answer["next_zh"]


def test_a_judgement_says_what_it_supersedes(desk: Desk) -> None:
    pair = ("town_hall|people|2", "town_hall|people|3")
    first = desk.ask("judge", *pair, "same", "--reason", "同一人", role="steward")[1]
    status, second = desk.ask("judge", *pair[::-1], "different", "--reason", "不是", role="steward")
    assert (status, second["superseded"]) == (0, first["judgement_id"])
    assert desk.ask("revoke", "judgement", second["judgement_id"], "--reason", "弄错了", role="steward")[0] == 0
    engine = desk.office.stores().engine
    assert [row.judgement_id for row in judgements_in_force(engine)] == [first["judgement_id"]]


def test_the_vault_gets_a_new_key_and_the_tokens_do_not(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGISTER_VAULT_KEY_OLD", os.environ["REGISTER_VAULT_KEY"])
    monkeypatch.setenv("REGISTER_VAULT_KEY", "cd" * 32)
    status, planned = desk.ask("rotate-key", "--dry-run", role="pipeline")
    assert (status, planned["already"]) == (0, 0) and planned["rotated"] > 0
    assert desk.ask("rotate-key", role="pipeline") == (0, planned)
    assert Vault.open(desk.office.url).reveal(token_of(BEA["number"])) == BEA["number"]
    assert desk.ask("rotate-key", "--token", role="pipeline")[1]["code"] == "DS-ROTATE"


def test_the_log_is_read_and_verified_by_the_auditor(desk: Desk) -> None:
    desk.text("subject-access", "--record", ANNS)
    status, answer = desk.ask("log", "--record", ANNS, role="auditor")
    assert [r["action"] for r in answer["rows"]] == ["subject-access", "log"]
    assert desk.ask("verify", role="auditor")[1]["rows"] == 2
    anchor = Path(f"{desk.office.home / 'decisions.db'}.anchor")
    anchor.write_text(anchor.read_text().replace("1 ", "1 0", 1))
    anchor.write_text("\n".join(["1 " + "0" * 64 + " x", *anchor.read_text().splitlines()[1:], ""]))
    status, answer = desk.ask("verify", role="auditor")
    assert (status, answer["code"]) == (4, "DS-CHAIN")


def test_migrate_says_from_where_to_where(register_env: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["migrate", "--json", "--dry-run"]) == 0
    assert json.loads(capsys.readouterr().out) == {"revision": None, "head": "0004"}
    assert main(["migrate", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"before": None, "revision": "0004"}
    assert main(["migrate", "--lang", "en"]) == 0
    assert "revision 0004" in capsys.readouterr().out


def test_the_registers_person_leads_to_all_records_also_those_without_a_number(desk: Desk) -> None:
    office = desk.office
    office.collect(ROUNDS, "visit", [{"sheet": "s7", "ordinal": "1", **ANN, "number": None}], 4)
    office.stage()
    assert len(desk.ask("subject-access", "--record", ANNS, "--dry-run")[1]["records"]) == 3
    with duckdb.connect(str(office.warehouse)) as connection:
        connection.execute("create schema register")
        connection.execute(
            "create table register.person_member as select md5('town_round|visit|' || r) as obs_key, "
            "'P01' as person_id from (values ('s1|1'), ('s7|1')) as seen(r)"
        )
    wanted = ["1", "s1|1", "s7|1", "s1|1", "s7|1"]  # with the stay of either visit
    for whom in (("--person", "P01"), ("--record", "town_round|visit|s1|1")):
        status, answer = desk.ask("subject-access", *whom, "--dry-run")
        assert (status, [r["record_id"] for r in answer["records"]]) == (0, wanted)
    assert commands_resident.EDGE[1] == "extractors.correction"

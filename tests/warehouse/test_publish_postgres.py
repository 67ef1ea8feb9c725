"""Publishing to a real PostgreSQL, and what each role may and may not do there."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from expectations.errors import CallRejected, SourceChanged, SourceLater
from expectations.faultpoint import POINTS
from tests.warehouse.decision_stores import postgres, run_sql, text_of
from tests.warehouse.published import DECLARED, NIGHT, ask, fill_marts
from warehouse.decisions.store import open_decisions
from warehouse.publish.server import publish_postgres
from warehouse.publish.setup import setup
from warehouse.publish.snapshot import publish_duckdb

__all__ = ["postgres"]
ROOT = Path(__file__).resolve().parent.parent.parent
OURS = sorted(p for p in POINTS if p.startswith("publish.pg_"))
ROLES = ["analyst", "audit_writer", "auditor", "pipeline", "publisher", "registrar", "steward"]
PUBLISH = "import sys; from pathlib import Path; from warehouse.publish.server import publish_postgres as p; " \
    "p(Path(sys.argv[1]), sys.argv[2])"  # fmt: skip


@pytest.fixture(scope="module")
def office(postgres: sa.URL) -> Iterator[sa.URL]:
    """A database with the decision store's tables, set up."""
    run_sql(postgres, "create database office")
    url = postgres.set(database="office")
    open_decisions(text_of(url)).dispose()
    assert setup(_plain(url))["roles"] == ROLES
    yield url
    run_sql(postgres, "drop database office with (force)")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    fill_marts(tmp_path / "w.duckdb")
    return publish_file(tmp_path)


def publish_file(home: Path, objects: int = 12) -> Path:
    fill_marts(home / "w.duckdb", objects=objects)
    return publish_duckdb(home / "w.duckdb", home / "published", NIGHT, declared=DECLARED).path


def _plain(url: sa.URL) -> str:
    return text_of(url.set(drivername="postgresql"))


def as_role(url: sa.URL, role: str) -> str:
    return _plain(url.set(username=role))


def told(url: sa.URL, role: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(as_role(url, role), autocommit=True) as connection:
        connection.execute("set default_transaction_read_only = off")  # anybody may: the grants must hold without it
        found = connection.execute(query)
        return list(found.fetchall()) if found.description else []


@pytest.fixture
def published(office: sa.URL, file: Path) -> Iterator[sa.URL]:
    publish_postgres(file, as_role(office, "publisher"))
    yield office
    schemas = told(office, "postgres", "select nspname from pg_namespace where nspname like 'marts%'")
    run_sql(office, *(f'drop schema "{s}" cascade' for (s,) in schemas))


def test_an_analyst_reads_what_the_file_holds(published: sa.URL, file: Path) -> None:
    query = "select grid_code, sex, residents from marts.residents_by_grid order by grid_code, sex"
    assert told(published, "analyst", query) == ask(file, query)
    again = publish_postgres(file, as_role(published, "publisher"))
    assert again["already"] is True and again["rows"] == 0


@pytest.mark.parametrize(
    "deed",
    [
        "create table marts.mine (a int)", "create schema mine", "create temp table t (a int)",
        "create table public.t (a int)",
        "delete from marts.residents_by_grid", "update marts.residents_by_grid set residents = 1",
        "drop view marts.residents_by_grid", "set role marts_owner", "set role publisher",
        "select * from public.access_log", "select * from public.vault_entry", "select * from public.judgement",
        "alter schema marts rename to x", "copy marts.residents_by_grid to program 'cat'",
    ],
)  # fmt: skip
def test_an_analyst_may_do_nothing_else(published: sa.URL, deed: str) -> None:
    with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.ReadOnlySqlTransaction)):
        told(published, "analyst", deed)


def test_older_generations_are_closed_to_readers_and_two_are_kept(published: sa.URL, tmp_path: Path) -> None:
    for objects in range(20, 24):
        publish_postgres(publish_file(tmp_path, objects), as_role(published, "publisher"))
    old = told(published, "postgres", "select nspname from pg_namespace where nspname like 'marts%' order by 1")
    assert old == [("marts",), ("marts_gen_3",), ("marts_gen_4",), ("marts_gen_5",)]
    assert told(published, "analyst", "select objects from marts.objects_by_kind") == [(23,)]
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        told(published, "analyst", "select * from marts_gen_5.objects_by_kind")


def test_no_role_of_the_office_owns_a_table(published: sa.URL) -> None:
    owners = told(published, "postgres", "select distinct tableowner from pg_tables where schemaname like 'marts%' "
                  "or schemaname = 'public'")  # fmt: skip
    assert sorted(str(o) for (o,) in owners) == ["decisions_owner", "marts_owner"]
    login = told(published, "postgres", "select rolname from pg_roles where rolcanlogin and rolname like '%owner'")
    assert login == []


LOOK = "('1', '何 (audit_writer)', 'registrar', 'look', 's', 'p', 'ok', repeat('0', 64), repeat('1', 64))"


def test_the_access_log_is_written_by_one_role_and_read_by_another(published: sa.URL) -> None:
    columns = "(seq, at, who, role, action, subject, purpose, outcome, previous, hash)"
    entry = f"insert into public.access_log {columns} values (1, {LOOK[1:]}"
    told(published, "audit_writer", entry)
    assert told(published, "auditor", "select who from public.access_log") == [("何 (audit_writer)",)]
    assert told(published, "audit_writer", "select seq from public.access_log") == [(1,)]
    for role, deed in (
        ("audit_writer", "select who from public.access_log"),
        ("audit_writer", "update public.access_log set who = 'x'"),
        ("audit_writer", "delete from public.access_log"), ("audit_writer", "truncate public.access_log"),
        ("auditor", "delete from public.access_log"), ("auditor", "select * from public.vault_entry"),
        ("auditor", "select * from marts.residents_by_grid"), ("pipeline", "select * from public.access_log"),
    ):  # fmt: skip
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            told(published, role, deed)


@pytest.mark.parametrize(
    ("role", "deed"),
    [
        ("steward", "select * from public.vault_entry"), ("steward", "delete from public.judgement"),
        ("steward", "update public.judgement set verdict = 'same'"), ("steward", "select * from public.correction"),
        ("registrar", "delete from public.correction"), ("registrar", "select * from public.vault_entry"),
        ("pipeline", "insert into public.judgement (number) values (1)"), ("pipeline", "create table public.t (a int)"),
        ("publisher", "select * from public.vault_entry"), ("publisher", "select * from public.access_log"),
    ],
)  # fmt: skip
def test_each_role_is_refused_what_is_not_its_work(published: sa.URL, role: str, deed: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        told(published, role, deed)


@pytest.mark.parametrize("point", OURS)
def test_a_publish_killed_on_its_way_is_mended_by_the_same_again(published: sa.URL, point: str, tmp_path: Path) -> None:
    fresh = publish_file(tmp_path, 77)
    url = as_role(published, "publisher")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "REGISTER_FAULTPOINT": f"{point}:kill"}
    died = subprocess.run([sys.executable, "-c", PUBLISH, str(fresh), url], cwd=ROOT, env=environment)
    assert died.returncode == -9
    seen = told(published, "analyst", "select objects from marts.objects_by_kind")
    assert seen == [(77 if point == "publish.pg_switched" else 12,)]
    publish_postgres(fresh, url)
    assert told(published, "analyst", "select objects from marts.objects_by_kind") == [(77,)]
    left = told(published, "postgres", "select nspname from pg_namespace where nspname like 'marts%next%'")
    assert left == [] and len(OURS) == 3


def test_readers_see_one_generation_in_a_transaction_and_no_error(published: sa.URL, tmp_path: Path) -> None:
    files = [publish_file(tmp_path, 30 + n) for n in range(3)]
    wrong: list[object] = []
    reads = [0]
    done = threading.Event()

    def read_on(backwards: bool) -> None:
        tables = ["objects_by_kind", "residents_by_grid", "generation"]
        with psycopg.connect(as_role(published, "analyst"), autocommit=True) as connection:
            while not done.is_set():
                with connection.transaction():
                    seen = set()
                    for table in reversed(tables) if backwards else tables:
                        newest = "(select max(generation) from marts.generation)"
                        connection.execute(f"select count(*) from marts.{table}")
                        seen |= set(connection.execute(f"select {newest} from marts.{table} limit 1"))
                wrong.extend([seen] if len(seen) != 1 else [])
                reads[0] += 1

    readers = [threading.Thread(target=read_on, args=(n % 2 == 0,)) for n in range(3)]
    for reader in readers:
        reader.start()
    for n in range(6):
        publish_postgres(files[n % 3], as_role(published, "publisher"))
    done.set()
    for reader in readers:
        reader.join()
    assert wrong == [] and reads[0] > 20


def test_a_reader_who_does_not_let_go_delays_the_switch_and_loses_nothing(published: sa.URL, tmp_path: Path) -> None:
    fresh = publish_file(tmp_path, 55)
    with psycopg.connect(as_role(published, "analyst")) as reader:
        reader.execute("select * from marts.objects_by_kind")
        with pytest.raises(SourceLater, match="PU-BUSY"):
            publish_postgres(fresh, as_role(published, "publisher"), wait=0.3)
        assert reader.execute("select objects from marts.objects_by_kind").fetchall() == [(12,)]
    publish_postgres(fresh, as_role(published, "publisher"))
    assert told(published, "analyst", "select objects from marts.objects_by_kind") == [(55,)]


def _office_reader(url: sa.URL) -> None:
    """A login of the office's own that reads all marts, and a view of the office's own on one of them."""
    if told(url, "postgres", "select 1 from pg_roles where rolname = 'bi_reader'"):
        run_sql(url, "drop schema if exists reports cascade", "drop owned by bi_reader", "drop role bi_reader")
    run_sql(
        url, "create role bi_reader login", "grant connect on database office to bi_reader",
        "grant usage on schema marts to bi_reader", "grant select on all tables in schema marts to bi_reader",
        "create schema reports", "create view reports.objects as select * from marts.objects_by_kind",
        "grant usage on schema reports to analyst", "grant select on reports.objects to analyst",
    )  # fmt: skip


def test_grants_of_other_roles_and_views_of_others_live_through_publishes(published: sa.URL, tmp_path: Path) -> None:
    _office_reader(published)
    for objects in (20, 30, 40, 50):
        publish_postgres(publish_file(tmp_path, objects), as_role(published, "publisher"))
        seen = [
            told(published, "analyst", "select objects from marts.objects_by_kind"),
            told(published, "bi_reader", "select objects from marts.objects_by_kind"),
            told(published, "analyst", "select objects from reports.objects"),
        ]
        assert seen == [[(objects,)]] * 3


def test_a_column_that_goes_stops_the_switch_while_others_build_on_it(
    published: sa.URL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _office_reader(published)
    run_sql(
        published,
        "create or replace view marts.objects_by_kind as select *, 1 as gone from marts_gen_1.objects_by_kind",
        "create or replace view reports.objects as select *, gone + 1 as more from marts.objects_by_kind",
    )
    fresh = publish_file(tmp_path, 88)
    with pytest.raises(SourceChanged, match=r"reports\.objects") as refused:
        publish_postgres(fresh, as_role(published, "publisher"))
    assert refused.value.code == "PU-VIEWS"
    assert told(published, "analyst", "select objects from marts.objects_by_kind") == [(12,)]
    monkeypatch.setenv("REGISTER_MARTS_FOREIGN_VIEWS", "drop")
    publish_postgres(fresh, as_role(published, "publisher"))
    assert told(published, "bi_reader", "select objects from marts.objects_by_kind") == [(88,)]


def test_tables_of_an_earlier_release_go_aside_with_their_grants(published: sa.URL, tmp_path: Path) -> None:
    _office_reader(published)
    run_sql(
        published, "drop schema reports cascade", "drop schema marts cascade",
        "alter schema marts_gen_1 rename to marts",
        "grant usage on schema marts to bi_reader", "grant select on all tables in schema marts to bi_reader",
    )  # fmt: skip
    publish_postgres(publish_file(tmp_path, 66), as_role(published, "publisher"))
    assert told(published, "bi_reader", "select objects from marts.objects_by_kind") == [(66,)]


def test_a_night_before_the_published_one_is_refused(published: sa.URL, tmp_path: Path) -> None:
    fill_marts(tmp_path / "w.duckdb", objects=5)
    old = publish_duckdb(tmp_path / "w.duckdb", tmp_path / "elsewhere", "2022-11-01", declared=DECLARED).path
    with pytest.raises(CallRejected) as refused:
        publish_postgres(old, as_role(published, "publisher"))
    assert refused.value.code == "PU-OLD"
    assert told(published, "analyst", "select objects from marts.objects_by_kind") == [(12,)]

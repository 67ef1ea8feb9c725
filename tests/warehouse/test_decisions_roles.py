"""Who sees which rows of the decision store: every role, and logins of two communities, on a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest
import sqlalchemy as sa

from expectations.errors import CallRejected
from tests.conftest import VAULT_KEY
from tests.warehouse.decision_stores import postgres, run_sql, text_of
from tests.warehouse.resident import ANN, CHO, HALL, ROUNDS, Office, a_week, office, token_of
from tests.warehouse.scoped import ANNS, BEAS, CHOS, A, B, desk, small_contracts
from warehouse.decisions.__main__ import main
from warehouse.decisions.access_log import AccessLog
from warehouse.decisions.corrections import correct, corrections_in_force, revoke_correction
from warehouse.decisions.erase import order, run_erasure
from warehouse.decisions.erasures import erasures
from warehouse.decisions.judgements import Record, judge, judgements_in_force, revoke_judgement
from warehouse.decisions.store import open_decisions
from warehouse.decisions.subjects import find_subject
from warehouse.decisions.tombstones import tombstones_in_force
from warehouse.decisions.vault import Vault
from warehouse.engine.decided import read_decisions
from warehouse.publish.logins import add_login, set_passwords
from warehouse.publish.setup import setup

__all__ = ["a_week", "desk", "office", "postgres", "small_contracts"]
LOGINS = {
    "sun": ("steward", [A]), "bai": ("steward", [B]), "he": ("registrar", [A]), "rong": ("registrar", [B]),
    "quan": ("registrar", ["*"]), "shen": ("auditor", []), "fen": ("analyst", []),
}  # fmt: skip
ONE, TWO, THREE = (Record("town_hall", "people", n) for n in "123")
SECRET = "correct horse battery"


@pytest.fixture(scope="module")
def server(postgres: sa.URL) -> Iterator[sa.URL]:
    """A decision store with the office's roles and a login for everybody."""
    run_sql(postgres, "create database scoped")
    url = postgres.set(database="scoped")
    plain = text_of(url.set(drivername="postgresql"))
    open_decisions(text_of(url.set(drivername="postgresql+psycopg"))).dispose()
    setup(plain)
    for login, (role, communities) in LOGINS.items():
        add_login(plain, login, role, SECRET, communities)
    yield url
    run_sql(postgres, "drop database scoped with (force)", *(f"drop role {login}" for login in LOGINS))


@pytest.fixture
def store(server: sa.URL) -> Iterator[sa.URL]:
    """The same with two judgements and two corrections, one of each community."""
    rows = ("judgement", "correction", "erasure", "tombstone", "quality_waiver")
    run_sql(server, f"truncate {', '.join(rows)}")
    for login, community, record in (("sun", A, ONE), ("bai", B, TWO)):
        judge(as_login(server, login), "person", record, THREE, "same", reason="r", by=login, community=community)
    for login, community, record in (("he", A, ONE), ("rong", B, TWO)):
        correct(as_login(server, login), "person", record, "sex", "1", old_value="2", reason="r", by=login,
                community=community)  # fmt: skip
    yield server


ENGINES: dict[str, sa.Engine] = {}


def as_login(url: sa.URL, login: str) -> sa.Engine:
    where = url.set(username=login, drivername="postgresql+psycopg")
    if f"{where}" not in ENGINES:
        ENGINES[f"{where}"] = sa.create_engine(where, poolclass=sa.NullPool)
    return ENGINES[f"{where}"]


def told(url: sa.URL, login: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(text_of(url.set(username=login, drivername="postgresql")), autocommit=True) as connection:
        found = connection.execute(query)
        return list(found.fetchall()) if found.description else []


@pytest.mark.parametrize(
    ("login", "table", "seen"),
    [
        ("sun", "judgement", [A]), ("bai", "judgement", [B]), ("he", "judgement", [A]), ("quan", "judgement", [A, B]),
        ("pipeline", "judgement", [A, B]), ("he", "correction", [A]), ("rong", "correction", [B]),
        ("pipeline", "correction", [A, B]), ("postgres", "correction", [A, B]), ("steward", "judgement", []),
    ],
)  # fmt: skip
def test_a_login_sees_the_rows_of_its_communities(store: sa.URL, login: str, table: str, seen: list[str]) -> None:
    assert told(store, login, f"select community_code from {table} order by 1") == [(c,) for c in seen]


def test_a_row_without_a_community_is_for_the_whole_street_only(store: sa.URL) -> None:
    judge(as_login(store, "postgres"), "person", ONE, TWO, "different", reason="r", by="x")
    assert [len(told(store, login, "select 1 from judgement")) for login in ("sun", "he", "quan", "pipeline")] == [
        1, 1, 3, 3,
    ]  # fmt: skip


@pytest.mark.parametrize("community", [B, None])
def test_nobody_writes_into_another_community(store: sa.URL, community: str | None) -> None:
    with pytest.raises(sa.exc.ProgrammingError, match="row-level security"):
        judge(as_login(store, "sun"), "person", ONE, TWO, "same", reason="r", by="sun", community=community)
    with pytest.raises(sa.exc.ProgrammingError, match="row-level security"):
        correct(as_login(store, "he"), "person", ONE, "sex", "1", old_value=None, reason="r", by="he",
                community=community)  # fmt: skip


def test_nobody_takes_back_what_another_community_decided(store: sa.URL) -> None:
    owner = as_login(store, "postgres")
    theirs = next(j.judgement_id for j in judgements_in_force(owner) if j.made_by == "bai")
    with pytest.raises(CallRejected, match="DS-NONE"):
        revoke_judgement(as_login(store, "sun"), theirs, reason="r", by="sun")
    other = next(c.correction_id for c in corrections_in_force(owner) if c.by == "rong")
    with pytest.raises(CallRejected, match="DS-NONE"):
        revoke_correction(as_login(store, "he"), other, reason="r", by="he")
    revoke_judgement(as_login(store, "bai"), theirs, reason="r", by="bai")
    assert [j.made_by for j in judgements_in_force(owner)] == ["sun"]


@pytest.mark.parametrize(
    ("login", "deed"),
    [
        ("sun", f"insert into scope values ('sun', '{B}', 'sun', now())"), ("sun", "select * from scope"),
        ("he", f"update judgement set community_code = '{B}'"), ("he", "update correction set community_code = null"),
        ("he", "select * from vault_entry"), ("he", "select token from vault_entry"), ("he", "delete from vault_entry"),
        ("sun", "select open_entry('x')"), ("sun", "select * from looks_at(array['s'])"),
        ("pipeline", "insert into judgement (number) values (1)"),
        ("pipeline", "insert into correction (number) values (1)"),
        ("pipeline", "insert into scope values ('x', '*', 'x', now())"),
        ("pipeline", "select * from looks_at(array['s'])"),
        ("shen", "select * from judgement"), ("shen", "select * from correction"),
        ("shen", "select * from vault_entry"),
        ("shen", "update access_log set who = 'x'"), ("he", "select who from access_log"),
        ("fen", "select * from public.judgement"), ("fen", "select * from public.access_log"),
        ("fen", "select public.my_scope()"),
        ("sun", "set role decisions_owner"), ("he", "alter table correction disable row level security"),
        ("he", "drop policy correction_of_community on correction"), ("he", "create table t (a int)"),
        ("sun", "select reason from erasure"), ("audit_writer", "select * from judgement"),
    ],
)  # fmt: skip
def test_what_is_not_a_logins_work_is_refused(store: sa.URL, login: str, deed: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        told(store, login, deed)


def test_no_role_passes_by_the_policies_and_none_owns_a_table(store: sa.URL) -> None:
    above = told(store, "postgres", "select rolname from pg_roles where rolbypassrls or rolsuper")
    assert above == [("postgres",)]
    open_tables = told(store, "postgres", "select relname from pg_class where relrowsecurity and relforcerowsecurity "
                       "and relkind = 'r' order by 1")  # fmt: skip
    assert [t for (t,) in open_tables] == ["access_log", "correction", "erasure", "judgement", "quality_waiver"]
    owners = told(store, "postgres", "select distinct tableowner from pg_tables where schemaname = 'public'")
    assert owners == [("decisions_owner",)]


LINE = "insert into access_log values (1, '1', '{who}', 'registrar', 'look', 's', 'p', 'ok', 'x', 'y')"


def test_the_log_has_the_name_the_database_knows(store: sa.URL, register_env: Path) -> None:
    for who in ("rong", "何登记 (rong)", "he (rong)"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            told(store, "he", LINE.format(who=who))
    said = {"role": "registrar", "action": "look", "subject": "s1 s2", "purpose": "p", "outcome": "answered"}
    for login in ("he", "sun", "shen", "pipeline", "audit_writer"):
        AccessLog(as_login(store, login), []).write(who="何登记", **said)
    assert told(store, "shen", "select who from access_log order by seq") == [
        (f"何登记 ({login})",) for login in ("he", "sun", "shen", "pipeline", "audit_writer")
    ]
    mine = AccessLog(as_login(store, "he"), [])
    assert (len(mine.entries(["s2"])), mine.entries(["none"]), mine.subjects_today("何登记")) == (5, [], 1)
    with pytest.raises(sa.exc.ProgrammingError, match="permission denied"):
        mine.entries()
    run_sql(store, "alter table access_log disable trigger user", "delete from access_log",
            "alter table access_log enable trigger user")  # fmt: skip


def test_the_vault_is_opened_one_known_token_at_a_time(store: sa.URL, register_env: Path) -> None:
    vault = Vault(as_login(store, "pipeline"), bytes(range(32, 64)))
    vault.put_many([("P1.t", "name", "张三")])
    assert Vault(as_login(store, "he"), bytes(range(32, 64))).reveal("P1.t") == "张三"
    with pytest.raises(sa.exc.ProgrammingError, match="permission denied"):
        vault.reveal("P1.t")
    Vault(as_login(store, "he"), bytes(range(32, 64))).put_many([("P1.t", "name", "张三"), ("P1.u", "name", "李四")])


def test_the_pipelines_login_collects_stages_and_keeps_out_who_was_erased(
    store: sa.URL, register_env: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline, owner = (text_of(as_login(store, login).url) for login in ("pipeline", "postgres"))
    monkeypatch.setenv("REGISTER_DECISIONS_URL", pipeline)
    night = Office(register_env, pipeline)
    night.a_week()
    stores = Office(register_env, owner).stores()
    with duckdb.connect(str(night.warehouse)) as connection:
        subject = find_subject(connection, (HALL, ROUNDS), ONE)
    order(stores, subject, reason="r", by="何", community=A)
    run_erasure(night.stores(), erasures(stores.engine)[0].erasure_id)
    night.collect(ROUNDS, "visit", [{"sheet": "s9", "ordinal": "1", **ANN}], 5)  # leads to a tombstone of its stay
    night.collect(ROUNDS, "stay", [{"sheet": "s9", "ordinal": "1", "house": "h1"}], 5)
    night.stage()
    assert night.records() == [("people", "2"), ("people", "3"), ("stay", "s1|2"), ("visit", "s1|2")]
    monkeypatch.setenv("REGISTER_VAULT_KEY_OLD", VAULT_KEY)
    monkeypatch.setenv("REGISTER_VAULT_KEY", "cd" * 32)
    assert main(["rotate-key", "--by", "x", "--role", "pipeline", "--purpose", "p"]) == 0


def test_a_part_of_the_decisions_is_never_taken_for_all(store: sa.URL, register_env: Path) -> None:
    for login in ("he", "sun"):
        for attempt in (
            partial(read_decisions, text_of(as_login(store, login).url)),
            partial(tombstones_in_force, as_login(store, login)),
        ):
            with pytest.raises(CallRejected, match="DS-SCOPE"):
                attempt()
    assert len(read_decisions(text_of(as_login(store, "pipeline").url)).judgements) == 2
    assert not tombstones_in_force(as_login(store, "pipeline"))


def test_a_password_reaches_the_server_as_a_verifier(server: sa.URL) -> None:
    plain = text_of(server.set(drivername="postgresql"))
    assert set_passwords(plain, {"pipeline": SECRET}) == ["pipeline"]
    held = told(server, "postgres", "select rolpassword from pg_authid where rolname in ('he', 'pipeline')")
    assert [h.startswith("SCRAM-SHA-256$") for (h,) in held] == [True, True]
    for login, role, password, communities in (
        ("neu", "pipeline", SECRET, []), ("neu", "steward", "short", [A]), ("neu", "steward", SECRET, []),
        ("neu", "analyst", SECRET, [A]), ("steward", "steward", SECRET, [A]),
    ):  # fmt: skip
        with pytest.raises(CallRejected, match="SC-CALL"):
            add_login(plain, login, role, password, communities)
    with pytest.raises(CallRejected, match="SC-CALL"):
        set_passwords(plain, {"postgres": SECRET})


def test_a_registrars_login_does_its_work_through_the_commands(store: sa.URL, desk: Any, office: Office) -> None:
    he, pipeline = (text_of(as_login(store, login).url) for login in ("he", "pipeline"))
    copied = Vault.open(office.url)
    Vault.open(pipeline).put_many((token_of(who["number"]), "id", str(who["number"])) for who in (ANN, CHO))
    copied.close()
    status, answer = desk("何", "subject-access", "--record", ANNS, url=he)
    fields = {f["column"]: f["value"] for f in answer["records"][0]["versions"][0]["fields"]}
    assert (status, fields["number"]) == (0, ANN["number"]) and answer["looks"][0]["who"] == "何 (he)"
    assert [c["by"] for c in answer["corrections"]] == ["he"] and len(answer["judgements"]) == 1
    assert desk("何", "subject-access", "--record", CHOS, url=he)[1]["code"] == "DS-NONE"
    ordered = desk("何", "erase", "--record", ANNS, "--reason", "居民要求", url=he)
    assert (ordered[0], ordered[1]["state"]) == (0, "begun") and ("people", "1") in office.records()
    assert desk("流水线", "reapply", role="pipeline", url=pipeline)[1]["erasures"] == 1
    assert ("people", "1") not in office.records()
    assert desk("何", "subject-access", "--record", ANNS, url=he)[1]["code"] == "DS-ERASED"
    rong = text_of(as_login(store, "rong").url)
    assert desk("容", "subject-access", "--record", ANNS, url=rong)[1]["code"] == "DS-NONE"
    assert desk("孙", "judge", BEAS, CHOS, "same", "--reason", "x", role="steward", url=he)[1]["code"] == "DS-NONE"
    assert desk("审", "log", role="auditor", url=text_of(as_login(store, "shen").url))[0] == 0

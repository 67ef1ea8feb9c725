"""The access log: written before the answer, chained, anchored; whatever is done to a row or to the tail shows."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from expectations.errors import PipelineError, SourceChanged
from tests.warehouse.decision_stores import engine, office_db, postgres, run_sql, store_url, together
from warehouse.decisions.access_log import AccessLog, refuse_faults
from warehouse.decisions.store import open_decisions

__all__ = ["engine", "office_db", "postgres", "store_url"]
LOOK = {"who": "何登记", "role": "registrar", "action": "subject-access", "purpose": "居民申请", "outcome": "answered"}


@pytest.fixture
def log(engine: sa.Engine, register_env: Path) -> AccessLog:
    made = AccessLog(engine, [register_env / "anchor", register_env / "elsewhere" / "anchor"])
    for number in range(5):
        made.write(**LOOK, subject=f"{number:032x}")
    return made


def tamper(engine: sa.Engine, *statements: str) -> None:
    """Change the table as its owner could who switches the triggers off."""
    if engine.dialect.name == "postgresql":
        run_sql(engine.url, "alter table access_log disable trigger user", *statements)
        run_sql(engine.url, "alter table access_log enable trigger user")
        return
    with engine.begin() as connection:
        names = connection.exec_driver_sql("select name from sqlite_master where type = 'trigger'").scalars().all()
        for name in names:
            connection.exec_driver_sql(f"drop trigger {name}")
        for statement in statements:
            connection.exec_driver_sql(statement)


def test_an_untouched_log_is_whole_and_anchored_in_both_places(log: AccessLog) -> None:
    found = log.verify()
    assert (found.rows, found.anchored, found.faults) == (5, 5, [])
    assert len({line.split()[1] for a in log.anchors for line in a.read_text().splitlines()}) == 5
    refuse_faults(found)


COLUMNS = ("at", "who", "role", "action", "subject", "purpose", "outcome", "previous", "hash")


@pytest.mark.parametrize("column", COLUMNS)
def test_an_edit_of_any_value_of_any_row_shows(log: AccessLog, column: str) -> None:
    tamper(log.engine, f"update access_log set {column} = {column} || 'x' where seq = 3")
    with pytest.raises(SourceChanged) as caught:
        refuse_faults(log.verify())
    assert caught.value.code == "DS-CHAIN"


SWAP = (
    "update access_log set seq = 99 where seq = 2", "update access_log set seq = 2 where seq = 3",
    "update access_log set seq = 3 where seq = 99",
)  # fmt: skip
INSERT = "insert into access_log select {to}, at, who, role, action, subject, purpose, outcome, previous, hash "


@pytest.mark.parametrize(
    "statements",
    [
        ("delete from access_log where seq = 1",),
        ("delete from access_log where seq = 3",),
        ("delete from access_log where seq = 3", "update access_log set seq = seq - 1 where seq > 3"),
        ("delete from access_log where seq = 5",),
        ("delete from access_log where seq > 2",),
        ("delete from access_log",),
        SWAP,
        (INSERT.format(to=6) + "from access_log where seq = 5",),
    ],
    ids=["first", "middle", "closed up", "last", "tail", "all", "order", "inserted"],
)
def test_a_lost_moved_or_added_row_shows(log: AccessLog, statements: tuple[str, ...]) -> None:
    tamper(log.engine, *statements)
    assert log.verify().faults != []


def test_a_chain_that_was_made_anew_after_an_edit_does_not_agree_with_its_anchor(log: AccessLog) -> None:
    kept = [e for e in log.entries() if e.seq != 2]
    tamper(log.engine, "delete from access_log")
    forged = AccessLog(log.engine, [])
    for entry in kept:
        forged.write(**{**LOOK, "subject": entry.subject})
    assert forged.verify().faults == []
    assert len(log.verify().faults) == 10  # five rows, two anchors


def test_an_anchor_that_is_gone_shows_and_half_a_line_of_a_kill_does_not(log: AccessLog) -> None:
    first, second = log.anchors
    with first.open("a") as handle:
        handle.write("6 abc")
    log.write(**LOOK, subject="x")
    assert (log.verify().faults, log.verify().anchored) == ([], 6)
    second.unlink()
    assert log.verify().faults == ["anchor anchor: missing or empty"]


def test_the_database_refuses_to_change_delete_or_replace_a_row(log: AccessLog) -> None:
    statements = ["update access_log set who = 'x' where seq = 1", "delete from access_log where seq = 5"]
    if log.engine.dialect.name == "postgresql":
        statements.append("truncate access_log")
    else:
        statements.append(INSERT.format(to=2).replace("insert", "insert or replace") + "from access_log where seq = 5")
    for statement in statements:
        with pytest.raises(sa.exc.DBAPIError, match="append-only"), log.engine.begin() as connection:
            connection.exec_driver_sql(statement)
    assert log.verify().faults == []


def test_writers_at_the_same_time_keep_one_chain(engine: sa.Engine, store_url: str, register_env: Path) -> None:
    engine.dispose()

    def write(place: int) -> None:
        own = AccessLog(open_decisions(store_url), [register_env / "anchor"])
        for number in range(10):
            own.write(**LOOK, subject=f"{place}-{number}")

    assert together(write, 4) == [0, 0, 0, 0]
    found = AccessLog(engine, [register_env / "anchor"]).verify()
    assert (found.rows, found.anchored, found.faults) == (40, 40, [])


@pytest.mark.parametrize("point", ["log.before_commit", "log.before_anchor"])
def test_nothing_is_answered_while_the_log_cannot_be_written(
    log: AccessLog, point: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGISTER_FAULTPOINT", f"{point}:enospc")
    with pytest.raises(PipelineError) as caught:
        log.write(**LOOK, subject="x")
    assert (caught.value.code, caught.value.exit_status) == ("DS-LOG", 4)
    monkeypatch.delenv("REGISTER_FAULTPOINT")
    found = log.verify()
    assert found.faults == [] and found.rows == (5 if point == "log.before_commit" else 6)


def test_looks_at_one_resident_are_found_by_any_of_their_digests(log: AccessLog) -> None:
    log.write(**LOOK, subject="aa bb")
    assert [e.seq for e in log.entries(["bb", "cc"])] == [6]

"""The one warehouse file: who holds it, whether it is ours, what is kept when it breaks, and how it is made anew."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from expectations.errors import SourceChanged, SourceLater
from expectations.sql import fill
from expectations.sql import name as quoted
from expectations.sql import value as constant
from tests.warehouse.landed import DEVICE, PERSON, TOWN, land, rows_of
from warehouse.engine import digest_table, open_warehouse, rebuild, sql, stage_source
from warehouse.engine.__main__ import main
from warehouse.engine.lock import lock_path

ROOT = Path(__file__).resolve().parents[2]
HOLD = """
import sys
from pathlib import Path
from warehouse.engine import open_warehouse
with open_warehouse(Path(sys.argv[1])) as connection:
    connection.execute("create table staging.kept as select 1 as one")
    print("open", flush=True)
    sys.stdin.read()
"""


@contextmanager
def another_process(code: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A child that says a word when it is ready and goes on until its input ends."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "REGISTER_TASK": "ingest__x.stage"}
    with subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment, cwd=ROOT,
    ) as child:  # fmt: skip
        assert child.stdout is not None
        assert child.stdout.readline() == "open\n"
        yield child
        if child.poll() is None:
            child.communicate("")


def landed_week(folder: Path) -> tuple[Path, Path]:
    for day in (1, 2, 3):
        land(folder / "landing", PERSON, [{"pk": "1", "age": str(day)}], day)
        land(folder / "landing", DEVICE, [{"pk": str(day), "state": "ON"}], day, snapshot=True)
    return folder / "landing", folder / "w.duckdb"


def test_a_second_process_waits_and_then_names_the_holder(tmp_path: Path) -> None:
    with (
        another_process(HOLD, str(tmp_path / "w.duckdb")) as holder,
        pytest.raises(SourceLater, match=f"LO-LOCKED.*pid {holder.pid} on .*ingest__x.stage"),
    ):
        stage_source(TOWN, tmp_path / "landing", tmp_path / "w.duckdb", wait=0.3)
    assert stage_source(TOWN, tmp_path / "landing", tmp_path / "w.duckdb", wait=0.3).errors == []


def test_a_killed_holder_leaves_no_lock_behind(tmp_path: Path) -> None:
    with another_process(HOLD, str(tmp_path / "w.duckdb")) as holder:
        holder.kill()
        holder.wait()
        with open_warehouse(tmp_path / "w.duckdb", wait=0.3) as connection:
            assert connection.execute("select one from staging.kept").fetchall() == [(1,)]  # its commit, from the .wal


def test_two_threads_of_one_process_do_not_share_the_warehouse(tmp_path: Path) -> None:
    with open_warehouse(tmp_path / "w.duckdb"), pytest.raises(SourceLater, match=f"LO-LOCKED.*pid {os.getpid()}"):
        stage_source(TOWN, tmp_path / "landing", tmp_path / "w.duckdb", wait=0)


def test_a_foreign_program_that_has_the_file_open_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGISTER_WAREHOUSE_WAIT", "2")
    with open_warehouse(tmp_path / "w.duckdb"):
        pass
    code = "import duckdb,sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    with (
        another_process(code, str(tmp_path / "w.duckdb")) as holder,
        pytest.raises(SourceLater, match=f"LO-LOCKED.*pid {holder.pid}, outside"),
    ):
        stage_source(TOWN, tmp_path / "landing", tmp_path / "w.duckdb")


def test_the_files_are_for_this_user_alone(tmp_path: Path) -> None:
    landing, warehouse = landed_week(tmp_path)
    warehouse = tmp_path / "office" / "w.duckdb"
    stage_source(TOWN, landing, warehouse)
    modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in [warehouse.parent, *warehouse.parent.iterdir()]}
    assert modes == {"office": 0o700, "w.duckdb": 0o600, "w.duckdb.lock": 0o600, "w.duckdb.tmp": 0o700}


def test_a_warehouse_of_another_schema_version_is_refused(tmp_path: Path) -> None:
    with open_warehouse(tmp_path / "w.duckdb") as connection:
        connection.execute("update ledger.meta set value = '0'")
    with pytest.raises(SourceChanged, match=r"LO-MIGRATION.*schema 0, expected 1"):
        stage_source(TOWN, tmp_path / "landing", tmp_path / "w.duckdb")


def test_a_database_of_someone_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "w.duckdb")) as connection:
        connection.execute("create table precious as select 1 as one")
    with pytest.raises(SourceChanged, match="LO-MIGRATION"):
        stage_source(TOWN, tmp_path / "landing", tmp_path / "w.duckdb")
    with duckdb.connect(str(tmp_path / "w.duckdb")) as connection:
        assert connection.execute("select one from precious").fetchall() == [(1,)]


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "w.duckdb").write_bytes(b"not a database" * 1000)
    with pytest.raises(SourceChanged, match="LO-WAREHOUSE"):
        stage_source(TOWN, tmp_path / "landing", tmp_path / "w.duckdb")
    assert (tmp_path / "w.duckdb").read_bytes() == b"not a database" * 1000


def killed_before_its_checkpoint(folder: Path) -> tuple[Path, Path, Path]:
    """A warehouse whose last commits are in its .wal alone."""
    landing, warehouse = landed_week(folder)
    with another_process(HOLD, str(warehouse)) as holder:
        holder.kill()
    wal = warehouse.with_name("w.duckdb.wal")
    assert wal.stat().st_size
    return landing, warehouse, wal


def broken(wal: Path) -> bytes:
    """Damage the log in the middle, past what a torn last write could be."""
    raw = bytearray(wal.read_bytes())
    for i in range(len(raw) // 2, len(raw) // 2 + 8):
        raw[i] ^= 0xFF
    wal.write_bytes(raw)
    return bytes(raw)


def test_a_wal_that_does_not_replay_is_refused_and_kept(tmp_path: Path) -> None:
    landing, warehouse, wal = killed_before_its_checkpoint(tmp_path)
    raw = broken(wal)
    with pytest.raises(SourceChanged, match=r"LO-WAREHOUSE.*\.wal is kept"):
        stage_source(TOWN, landing, warehouse)
    assert wal.read_bytes() == raw


def test_a_rebuild_mends_a_broken_wal_and_keeps_it(tmp_path: Path) -> None:
    landing, warehouse, wal = killed_before_its_checkpoint(tmp_path)
    raw = broken(wal)
    report = rebuild(landing, warehouse, [TOWN])
    assert report.kept is not None
    assert (tmp_path / f"{report.kept}.wal").read_bytes() == raw
    assert not wal.exists()
    assert [r["age"] for r in rows_of(warehouse, "person")] == [1, 2, 3]
    assert stage_source(TOWN, landing, warehouse).as_dict()["entities"]["person"]["loads_known"] == 3


def test_a_rebuild_that_would_lose_rows_does_not_swap(tmp_path: Path) -> None:
    landing, warehouse = landed_week(tmp_path)
    stage_source(TOWN, landing, warehouse)
    next(landing.glob("*/person/*/*.parquet")).unlink()
    report = rebuild(landing, warehouse, [TOWN])
    assert (report.swapped, report.exit_status) == (False, 4)
    assert len(rows_of(warehouse, "person")) == 3
    assert rebuild(landing, warehouse, [TOWN], accept_errors=True).swapped
    assert len(rows_of(warehouse, "person")) == 2


def test_a_rebuild_waits_for_the_writer(tmp_path: Path) -> None:
    landing, warehouse = landed_week(tmp_path)
    with open_warehouse(warehouse), pytest.raises(SourceLater, match="LO-LOCKED"):
        rebuild(landing, warehouse, [TOWN], wait=0)


def test_a_memory_limit_that_is_too_small_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"pk": str(i), "name": f"n{i}" * 20} for i in range(150_000)]
    land(tmp_path / "landing", PERSON, rows)
    monkeypatch.setenv("REGISTER_DUCKDB_MEMORY", "8MB")
    with pytest.raises(SourceLater, match=r"LA-SPACE.*REGISTER_DUCKDB_MEMORY"):
        stage_source(TOWN, tmp_path / "landing", tmp_path / "w.duckdb")
    monkeypatch.delenv("REGISTER_DUCKDB_MEMORY")
    assert stage_source(TOWN, tmp_path / "landing", tmp_path / "w.duckdb").errors == []


def test_the_command_line_stages_and_rebuilds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = ["--landing", str(tmp_path / "landing"), "--warehouse", str(tmp_path / "w.duckdb")]
    (tmp_path / "landing").mkdir()
    assert main(["stage", "--source", "no_such_source", *paths]) == 2
    assert json.loads(capsys.readouterr().out)["code"] == "SC-CALL"
    assert main(["rebuild", *paths]) == 0
    assert json.loads(capsys.readouterr().out)["swapped"] is True


def test_a_digest_knows_rows_and_not_their_order(tmp_path: Path) -> None:
    rows = ["(1, 'a', null)", "(2, null, 'b')", "(2, null, 'b')"]
    seen = {}
    for name, values in {
        "one": rows,
        "turned": rows[::-1],
        "fewer": rows[:2],
        "moved": [rows[0], "(2, 'b', null)"],
    }.items():
        with open_warehouse(tmp_path / "w.duckdb") as connection:
            connection.execute(f"create table staging.{name} (n int, x varchar, y varchar)")
            connection.execute(f"insert into staging.{name} values {', '.join(values)}")
            seen[name] = digest_table(connection, "staging", name)
    assert seen["one"] == seen["turned"]
    assert len(set(seen.values())) == 3


@pytest.mark.parametrize("name", ['a"b', "a'b", "名", "a b", "a;--", "{{x}}", "$y"])
def test_quoting_makes_a_name_of_anything(name: str) -> None:
    with duckdb.connect() as connection:
        cursor = connection.execute(fill("select 1 as {{n}}, {{v}} as v", n=quoted(name), v=constant(name)))
        assert (cursor.description[0][0], cursor.fetchall()) == (name, [(1, name)])


@pytest.mark.parametrize("name", ["", "a\0b"])
def test_what_no_engine_can_hold_is_no_identifier(name: str) -> None:
    with pytest.raises(ValueError, match="not an identifier"):
        quoted(name)


def test_a_plain_string_never_enters_a_template() -> None:
    with pytest.raises(ValueError, match="a plain string is not SQL"):
        sql.statement("staged_drop", table="x; drop table y")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="wants"):
        sql.statement("staged_drop")


@pytest.mark.parametrize(("function", "kind"), [("f(", "INTEGER"), ("f", "int; --")])
def test_functions_and_types_are_words(function: str, kind: str) -> None:
    with pytest.raises(ValueError, match="not a"):
        sql.cast(sql.call(function, sql.NULL), kind)


def test_the_holder_signs_the_lock_and_wipes_it(tmp_path: Path) -> None:
    with open_warehouse(tmp_path / "w.duckdb"):
        assert json.loads(lock_path(tmp_path / "w.duckdb").read_text())["pid"] == os.getpid()
    assert lock_path(tmp_path / "w.duckdb").read_text() == ""

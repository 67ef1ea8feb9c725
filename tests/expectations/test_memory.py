"""Judging is bounded in memory, and what does not fit is judged all the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest

from expectations import runner
from expectations.judge import EngineFailed, EngineFull, _read
from expectations.memory import bounded
from tests.warehouse.judged import Office, person


def limit(connection: duckdb.DuckDBPyConnection) -> str:
    return str(connection.execute("select current_setting('memory_limit')").fetchall()[0][0])


def test_the_bound_holds_while_the_block_lasts() -> None:
    with duckdb.connect(config={"memory_limit": "1GiB"}) as connection:
        with bounded(connection, "64MiB"):
            assert limit(connection) == "64.0 MiB"
        assert limit(connection) == "1.0 GiB"


def test_a_tighter_limit_stays() -> None:
    with (
        duckdb.connect(config={"memory_limit": "32MiB"}) as connection,
        bounded(connection, "64MiB"),
    ):
        assert limit(connection) == "32.0 MiB"


def test_what_does_not_fit_is_judged_with_all_there_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []

    @contextmanager
    def tight(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
        with bounded(connection, "2MiB"):
            tried.append(limit(connection))
            connection.execute("create or replace temp table ballast as select range as n from range(1000000)")
            yield

    monkeypatch.setattr(runner, "bounded", tight)
    verdict = Office(tmp_path).night(1, person("1"), person("2", name=None))
    assert (tried, verdict["verdict"], verdict["accepted"]) == (["2.0 MiB"], "flagged", 1)


def test_a_rule_that_ran_out_of_memory_is_told_from_one_that_is_broken() -> None:
    asked = SimpleNamespace(kwargs={"rule": "name_is_given"})
    for name, kind in (("OutOfMemoryException", EngineFull), ("BinderException", EngineFailed)):
        told = {"raised_exception": True, "exception_traceback": f"_duckdb.{name}: no"}
        with pytest.raises(EngineFailed) as raised:
            _read(SimpleNamespace(expectation_config=asked, exception_info=told, result={}))
        assert raised.type is kind

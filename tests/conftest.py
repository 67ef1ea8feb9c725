"""Fixtures every test may use: fixed keys, private stores, and one small town per session."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.store import Store, build

TOKEN_KEY = bytes(range(32)).hex()
VAULT_KEY = bytes(range(32, 64)).hex()
SEED = 7


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The demo takes longest: begun first, it leaves no worker alone at the end."""
    items.sort(key=lambda item: "test_demo" not in item.nodeid)


@pytest.fixture
def register_env(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Keys, a decision store and a home of the test's own; no waiting between attempts."""
    monkeypatch.setenv("REGISTER_TOKEN_KEY", TOKEN_KEY)
    monkeypatch.setenv("REGISTER_VAULT_KEY", VAULT_KEY)
    monkeypatch.setenv("REGISTER_HOME", str(tmp_path))
    monkeypatch.setenv("REGISTER_DECISIONS_URL", f"sqlite:///{tmp_path / 'decisions.db'}")
    monkeypatch.setenv("REGISTER_RETRY_BASE", "0")
    monkeypatch.setenv("REGISTER_TODAY", "2023-01-01")  # the town's last day is over
    return tmp_path


@pytest.fixture(scope="session")
def small_town(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[Store]:
    """The town `small`, built once for all workers of the session."""
    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent
    path = shared / f"small-{SEED}.db"
    with (shared / "town.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            build("small", SEED, path)
    yield Store.open(path)

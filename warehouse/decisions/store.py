"""Opening the decision store: where it lies, how SQLite is set, and whether its tables are those of this version.

`open_decisions` asks one row (the revision) and is done when it is the present one; Alembic is imported only when
something must be migrated, since extractors come through here on every start.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine, create_engine, event, inspect, make_url, text

from expectations.errors import CallRejected

URL_VARIABLE: Final = "REGISTER_DECISIONS_URL"
HOME_VARIABLE: Final = "REGISTER_HOME"
REVISIONS: Final = ("0001", "0002", "0003", "0004")
HEAD: Final = REVISIONS[-1]
_BUSY_SECONDS: Final = 30
_VAR: Final = Path(__file__).resolve().parents[2] / "var"


def home() -> Path:
    """The folder of the office's stores: REGISTER_HOME, default `var/` in the checkout."""
    return Path(os.environ.get(HOME_VARIABLE) or _VAR)


def decisions_url(beside: Path | None = None) -> str:
    """REGISTER_DECISIONS_URL, or the SQLite file `decisions.db` in a folder (default: the home)."""
    return os.environ.get(URL_VARIABLE) or f"sqlite:///{(beside or home()) / 'decisions.db'}"


def open_engine(url: str) -> Engine:
    """Engine of the decision store; a SQLite file gets WAL, a busy timeout, mode 0600 and, if new, a 0700 folder."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True)
    if parsed.database not in (None, "", ":memory:"):
        _protect(Path(str(parsed.database)))
    engine = create_engine(url, connect_args={"timeout": _BUSY_SECONDS})
    event.listen(engine, "connect", _set_pragmas)
    return engine


def open_decisions(url: str) -> Engine:
    """Open the store with the tables of this version; an empty or older one is migrated where the role may.

    Raises: CallRejected DS-MIGRATE for an older one on PostgreSQL whose role may not create, or a newer one anywhere.
    """
    engine = open_engine(url)
    try:
        settle(engine)
    except BaseException:
        engine.dispose()
        raise
    return engine


def settle(engine: Engine) -> None:
    """Bring the tables to the present revision, or say who must. Raises CallRejected DS-MIGRATE."""
    found = revision(engine)
    if found == HEAD:
        return
    _refuse_newer(found)
    if engine.dialect.name == "postgresql" and not _may_create(engine):
        raise CallRejected(
            "DS-MIGRATE", detail=f"revision {found or 'none'}, expected {HEAD}; this role may not create"
        )
    from warehouse.decisions.migrations.upgrade import upgrade  # Alembic: 0.2 s that most starts need not pay

    upgrade(engine)


def refuse_newer(engine: Engine) -> None:
    """Leave a store of a later version alone, also when it is only read. Raises CallRejected DS-MIGRATE."""
    _refuse_newer(revision(engine))


def _refuse_newer(found: str | None) -> None:
    if found is not None and found not in REVISIONS:
        raise CallRejected("DS-MIGRATE", detail=f"revision {found} is not known here, this version has {HEAD}")


def revision(engine: Engine) -> str | None:
    """The revision the store's tables are at; None for an empty store or one made before there were revisions."""
    if not inspect(engine).has_table("alembic_version"):
        return None
    with engine.connect() as connection:
        found = connection.execute(text("select version_num from alembic_version")).scalar()
    return None if found is None else str(found)


def is_there(url: str) -> bool:
    """Whether there can be a store at all: a SQLite file that nobody has made holds nothing."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or parsed.database in (None, "", ":memory:"):
        return True
    return Path(str(parsed.database)).exists()


def _may_create(engine: Engine) -> bool:
    with engine.connect() as connection:
        asked = text("select has_schema_privilege(current_user, current_schema(), 'create')")
        return bool(connection.execute(asked).scalar())


def _protect(file: Path) -> None:
    # A folder that was there before may belong to others: only a new one is closed.
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # SQLite gives the -wal and -shm files the mode of the database file.
    os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
    file.chmod(0o600)


def _set_pragmas(connection: Any, _record: Any) -> None:
    # secure_delete: an erased entry must not linger in free pages. cache_size: tokens fall all over the tree.
    settings = ("journal_mode=wal", "synchronous=full", "secure_delete=on", "cache_size=-32768")
    for setting in (*settings, f"busy_timeout={_BUSY_SECONDS * 1000}"):
        connection.execute(f"pragma {setting}")

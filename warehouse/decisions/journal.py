"""The journal: what people decided, once more, in a file outside the store, so that a restored backup can catch up.

One JSON object a line, `{key, row}`, the key with its table before it; the last line of a key holds. `sync` adds what
the store has and the file has not, after every deed; `restore` puts back what a restored store has lost; `forget`
takes rows out, for an erasure removes the words about a resident here too. REGISTER_JOURNAL,
default beside the anchor.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Date, DateTime, Engine, Table, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from expectations.errors import CallRejected, SourceChanged
from expectations.faultpoint import faultpoint, register
from warehouse.decisions.access_log import anchor_files
from warehouse.decisions.models import Base

VARIABLE: Final = "REGISTER_JOURNAL"
# What is unique in each table, in the order in which rows are put back.
KEYS: Final = {
    "judgement": ("judgement_id",), "correction": ("correction_id",), "quality_waiver": ("waiver_id",),
    "sign_off": ("sign_off_id",), "erasure": ("erasure_id",), "tombstone": ("digest", "erasure_id"),
    "scope": ("login", "community_code"),
}  # fmt: skip
_UNKEPT: Final = ("number", "work")  # the store's own order; and what an unfinished erasure found: tokens
# A row only ever gains these; one that has them is the later state.
_LATER: Final = ("revoked_at", "readmitted_at", "done_at")

register("journal.before_append", "journal.before_rewrite", "journal.rewritten", "journal.before_commit")

Key = tuple[str, ...]


def journal_file(engine: Engine) -> Path:
    """Where the journal of a store lies."""
    anchor = anchor_files(engine)[0]
    return Path(os.environ.get(VARIABLE) or anchor.with_name("decisions.journal"))


def sync(engine: Engine) -> int:
    """Add what the store holds beyond the file; how many lines. Raises SourceChanged DS-LOG when it cannot be written.

    Only after a line of the access log, which refuses a store that was restored: an older state must not win here.
    Nothing is taken away: what the store no longer has may be what it lost.
    """
    with _held(journal_file(engine)) as file:
        known = _read(file)
        held = _rows(engine)
        fresh = {key: row for key, row in held.items() if known.get(key) != row}
        faultpoint("journal.before_append")
        _append(file, fresh)
    return len(fresh)


def forget(engine: Engine, gone: Callable[[Key, dict[str, Any]], bool]) -> None:
    """Take rows out, of somebody erased or a scope withdrawn, if there are such; the old bytes are overwritten."""
    with _held(journal_file(engine)) as file:
        known = _read(file)
        left = {key: row for key, row in known.items() if not gone(key, row)}
        if len(left) < len(known):
            _put_anew(file, left)


def missing(engine: Engine) -> dict[Key, dict[str, Any]]:
    """Rows of the file that the store has not, or has in an earlier state."""
    held = _rows(engine)
    return {key: row for key, row in _read(journal_file(engine)).items() if _is_later(row, held.get(key))}


def restore(engine: Engine) -> int:
    """Put the missing rows back in one transaction; how many. Raises CallRejected DS-ROLE for a login that may not."""
    lost = missing(engine)
    try:
        with engine.begin() as connection:
            for table in KEYS:
                for key, row in lost.items():
                    if key[0] == table:
                        _put(connection, Base.metadata.tables[table], key, row)
            faultpoint("journal.before_commit")
    except DBAPIError as error:
        detail = f"{type(error).__name__}: putting rows back takes the administrator's login"
        raise CallRejected("DS-ROLE", detail=detail) from error
    return len(lost)


def _put_anew(file: Path, rows: dict[Key, dict[str, Any]]) -> None:
    faultpoint("journal.before_rewrite")
    fresh = file.with_name(f".{file.name}.new")
    _write(fresh, "".join(_line(key, row) for key, row in rows.items()).encode())
    if file.exists():
        os.link(file, _old(file))
    fresh.replace(file)
    faultpoint("journal.rewritten")
    _destroy(_old(file))


def _old(file: Path) -> Path:
    return file.with_name(f".{file.name}.old")


def _destroy(file: Path) -> None:
    if file.exists():
        _write(file, b"\0" * file.stat().st_size, os.O_WRONLY)
        file.unlink()


def _put(connection: Connection, table: Table, key: Key, row: dict[str, Any]) -> None:
    values = {name: _value(table, name, said) for name, said in row.items()}
    here = [table.c[name] == part for name, part in zip(KEYS[table.name], key[1:], strict=True)]
    if connection.execute(select(table.c[KEYS[table.name][0]]).where(*here)).first():
        connection.execute(update(table).where(*here).values(values))
    else:
        connection.execute(insert(table).values(values))


def _is_later(row: dict[str, Any], held: dict[str, Any] | None) -> bool:
    return held is None or any(row.get(c) and not held.get(c) for c in _LATER)


def _rows(engine: Engine) -> dict[Key, dict[str, Any]]:
    found = {}
    with engine.connect() as connection:
        for name, keys in KEYS.items():
            if not _may_read(connection, name):
                continue
            table = Base.metadata.tables[name]
            columns = [c for c in table.c if c.name not in _UNKEPT]
            for row in connection.execute(select(*columns).order_by(*(table.c[k] for k in keys))).mappings():
                plain = {k: v.isoformat() if isinstance(v, date) else v for k, v in row.items()}
                found[(name, *(plain[k] for k in keys))] = plain
    return found


def _may_read(connection: Connection, table: str) -> bool:
    if connection.dialect.name != "postgresql":
        return True
    return bool(connection.scalar(text("select has_table_privilege(:t, 'select')").bindparams(t=table)))


def _value(table: Table, column: str, said: Any) -> Any:
    kind = table.c[column].type
    if said is None or not isinstance(kind, (Date, DateTime)):
        return said
    return datetime.fromisoformat(said) if isinstance(kind, DateTime) else date.fromisoformat(said)


def _read(file: Path) -> dict[Key, dict[str, Any]]:
    """The last line of each key; half a line is what a kill left, and `sync` adds it again."""
    found: dict[Key, dict[str, Any]] = {}
    for line in file.read_text("utf8").split("\n") if file.exists() else ():
        if line.endswith("}}"):
            said = json.loads(line)
            found[tuple(said["key"])] = said["row"]
    return found


def _line(key: Key, row: dict[str, Any]) -> str:
    return json.dumps({"key": list(key), "row": row}, ensure_ascii=True, sort_keys=True) + "\n"


def _append(file: Path, rows: dict[Key, dict[str, Any]]) -> None:
    if rows:
        whole = not file.exists() or not file.stat().st_size or file.read_bytes().endswith(b"\n")
        text = ("" if whole else "\n") + "".join(_line(key, row) for key, row in rows.items())
        _write(file, text.encode(), os.O_WRONLY | os.O_CREAT | os.O_APPEND)


def _write(file: Path, content: bytes, how: int = os.O_WRONLY | os.O_CREAT | os.O_TRUNC) -> None:
    descriptor = os.open(file, how, 0o600)
    with os.fdopen(descriptor, "wb") as handle:
        handle.write(content)
        handle.flush()
        os.fsync(handle.fileno())


def _clear(file: Path) -> None:
    """What a kill left beside: the old bytes under a second name, before or after the new ones took their place."""
    old = _old(file)
    if old.exists() and file.exists() and old.samefile(file):
        old.unlink()
    _destroy(old)


@contextmanager
def _held(file: Path) -> Iterator[Path]:
    """One writer at a time. Raises SourceChanged DS-LOG."""
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(file.with_name(f".{file.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            _clear(file)
            yield file
    except OSError as error:
        raise SourceChanged("DS-LOG", detail=f"journal: {type(error).__name__}") from error

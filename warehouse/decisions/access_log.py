"""The access log: every look at a person record and every deed, written before the answer leaves.

Rows are chained by SHA-256; after each write the row goes to a file outside the database (and to a second place, if
set), so that an edit, a gap, another order and a cut tail all show in `verify`. The database refuses updates and
deletes by trigger. Whoever cannot write here gets no answer: DS-LOG. A store that is older than its anchors was
restored from a backup, and is closed until the rows were brought back: OP-STALE.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Engine, func, insert, select, text
from sqlalchemy.exc import SQLAlchemyError

from expectations.errors import CallRejected, SourceChanged
from expectations.faultpoint import faultpoint, register
from warehouse.decisions import anchors
from warehouse.decisions.models import AccessEntry
from warehouse.decisions.store import home

register("log.before_commit", "log.before_anchor", "log.after_anchor")

ANCHOR: Final = "REGISTER_LOG_ANCHOR"
SECOND: Final = "REGISTER_LOG_ANCHOR_COPY"
BEGINNING: Final = "0" * 64
_LOCK: Final = 7_361_802_211
_FIELDS: Final = ("seq", "at", "who", "role", "action", "subject", "purpose", "outcome")


class Entry(NamedTuple):
    """One row; `subject` holds keyed digests with blanks between, never a clear value."""

    seq: int
    at: str
    who: str
    role: str
    action: str
    subject: str
    purpose: str
    outcome: str
    previous: str
    hash: str


class Head(NamedTuple):
    """The last row's number and hash."""

    seq: int
    hash: str


class Verified(NamedTuple):
    """What `verify` found: how many rows, the head, how far the anchors reach; no faults if all is well."""

    rows: int
    head: str
    anchored: int
    faults: list[str]


class AccessLog:
    """The log of one decision store."""

    def __init__(self, engine: Engine, anchors: Iterable[Path] | None = None) -> None:
        """anchors: files that receive the head; by default REGISTER_LOG_ANCHOR and REGISTER_LOG_ANCHOR_COPY."""
        self.engine = engine
        self.anchors = list(anchors) if anchors is not None else anchor_files(engine)

    def write(self, *, who: str, role: str, action: str, subject: str, purpose: str, outcome: str) -> Entry:
        """Append a row, durable and anchored on return; PostgreSQL's login is put beside another name.

        Raises: SourceChanged DS-LOG, OP-STALE for a store older than its anchors: then nothing may be answered.
        """
        said = (who, role, action, subject, purpose, outcome)
        try:
            with self.engine.connect() as connection:
                entry = self._append(connection, said)
                faultpoint("log.before_commit")
                connection.commit()
            faultpoint("log.before_anchor")
            for file in self.anchors:
                anchors.append(file, entry.seq, entry.hash, entry.at, entry)
            faultpoint("log.after_anchor")
        except (SQLAlchemyError, OSError) as error:
            raise SourceChanged("DS-LOG", detail=type(error).__name__) from error
        return entry

    def entries(self, subjects: Iterable[str] | None = None) -> list[Entry]:
        """All rows in order, or those that name one of the subjects."""
        columns = AccessEntry.__table__.c
        wanted = None if subjects is None else set(subjects)
        asked: Any = select(*columns).order_by(columns.seq)
        if wanted is not None and self.engine.dialect.name == "postgresql":  # who may not read all of it may ask this
            asked = text("select * from looks_at(:subjects)").bindparams(subjects=sorted(wanted))
        with self.engine.connect() as connection:
            rows = connection.execute(asked).all()
        return [Entry(*row) for row in rows if wanted is None or wanted & set(row.subject.split())]

    def subjects_today(self, who: str) -> int:
        """How many residents somebody was shown today; on PostgreSQL the login counts, not the name."""
        today = datetime.now().date().isoformat()
        columns = AccessEntry.__table__.c
        asked: Any = select(func.count(columns.subject.distinct())).where(
            columns.who == who, columns.at >= today, columns.outcome.in_(("answered", "shown"))
        )
        if self.engine.dialect.name == "postgresql":
            asked = text("select subjects_since(:today)").bindparams(today=today)
        with self.engine.connect() as connection:
            return int(connection.scalar(asked) or 0)

    def refuse_stale(self) -> None:
        """Raises SourceChanged OP-STALE when an anchor knows rows that the store has lost."""
        columns = AccessEntry.__table__.c
        with self.engine.connect() as connection:
            last = connection.scalar(select(func.max(columns.seq))) or 0
        self._refuse_older(last)

    def bring_back(self) -> int:
        """Add the rows a restored store has lost, from the anchors; how many. Raises SourceChanged DS-CHAIN."""
        brought = 0
        with self.engine.connect() as connection:
            self._lock(connection)
            last = self._last(connection)
            for values in anchors.bodies(self.anchors, after=last.seq):
                entry = Entry(*values)
                broken = (entry.seq, entry.previous) != (last.seq + 1, last.hash)
                if broken or entry.hash != _hash(entry[: len(_FIELDS)], entry.previous):
                    raise SourceChanged("DS-CHAIN", detail=f"anchored row {entry.seq} does not follow the store's")
                connection.execute(insert(AccessEntry).values(entry._asdict()))
                last, brought = Head(entry.seq, entry.hash), brought + 1
            connection.commit()
        self._refuse_older(last.seq)
        return brought

    def verify(self) -> Verified:
        """Follow the chain from its beginning and hold it against every anchor."""
        entries = self.entries()
        faults = _broken(entries)
        hashes = {e.seq: e.hash for e in entries}
        reach = 0
        for file in self.anchors:
            lines = anchors.heads(file)
            if entries and not lines:
                faults.append(f"anchor {file.name}: missing or empty")
            for seq, head in lines:
                if hashes.get(seq) != head:
                    faults.append(f"anchor {file.name}: row {seq} is {'gone' if seq not in hashes else 'another'}")
                reach = max(reach, seq)
        return Verified(len(entries), entries[-1].hash if entries else BEGINNING, reach, faults)

    def _append(self, connection: Connection, said: tuple[str, ...]) -> Entry:
        self._lock(connection)
        last = self._last(connection)
        self._refuse_older(last.seq)
        who = _signed(connection, said[0])
        plain = (last.seq + 1, datetime.now().isoformat(timespec="microseconds"), who, *said[1:])
        entry = Entry._make((*plain, last.hash, _hash(plain, last.hash)))
        connection.execute(insert(AccessEntry).values(entry._asdict()))
        return entry

    def _lock(self, connection: Connection) -> None:
        if connection.dialect.name == "postgresql":
            connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        else:
            connection.exec_driver_sql("begin immediate")

    def _last(self, connection: Connection) -> Head:
        columns = AccessEntry.__table__.c
        last = connection.execute(select(columns.seq, columns.hash).order_by(columns.seq.desc()).limit(1)).first()
        return Head(*last) if last else Head(0, BEGINNING)

    def _refuse_older(self, last: int) -> None:
        reach = max(map(anchors.reach, self.anchors), default=0)
        if reach > last:
            raise SourceChanged("OP-STALE", detail=f"the store ends with row {last}, its anchor with {reach}")


def anchor_files(engine: Engine) -> list[Path]:
    """Where the head of the chain is kept: REGISTER_LOG_ANCHOR, by default beside a SQLite store or in the home."""
    database = engine.url.database
    beside = Path(database) if engine.dialect.name == "sqlite" and database else home() / "decisions.db"
    files = [os.environ.get(ANCHOR) or str(beside.with_name(f"{beside.name}.anchor")), os.environ.get(SECOND)]
    return [Path(file) for file in files if file]


def _signed(connection: Connection, who: str) -> str:
    """The name given, with the login beside it where the database knows who is who."""
    if connection.dialect.name != "postgresql":
        return who
    login = connection.scalar(text("select session_user"))
    return who if who == login else f"{who} ({login})"


def _hash(plain: tuple[Any, ...], previous: str) -> str:
    """SHA-256 over the fields, each with its length before it, and the hash before."""
    texts = [str(value).encode("utf8", "surrogatepass") for value in (*plain, previous)]
    return hashlib.sha256(b"".join(b"%d:%s" % (len(t), t) for t in texts)).hexdigest()


def _broken(entries: list[Entry]) -> list[str]:
    faults: list[str] = []
    previous = BEGINNING
    for place, entry in enumerate(entries, 1):
        if entry.seq != place:
            return [*faults, f"row {place} is missing"]
        if entry.previous != previous:
            faults.append(f"row {place} does not follow the row before it")
        if entry.hash != _hash(entry[: len(_FIELDS)], entry.previous):
            faults.append(f"row {place} was changed")
        previous = entry.hash
    return faults


def refuse_faults(found: Verified) -> None:
    """Raises SourceChanged DS-CHAIN when the chain or an anchor does not hold."""
    if found.faults:
        more = f" (+{len(found.faults) - 3})" if len(found.faults) > 3 else ""
        raise SourceChanged("DS-CHAIN", detail="; ".join(found.faults[:3]) + more)


def refuse_unknown(role: str, roles: Iterable[str], action: str) -> None:
    """Raises CallRejected DS-ROLE for a role that may not do this."""
    if role not in (allowed := sorted(roles)):
        raise CallRejected("DS-ROLE", detail=f"{action}: {role} may not, {', '.join(allowed)} may")

"""What an error of a database driver means for the reading: it may go on after a pause, or a person must look.

Drivers agree on little: SQLSTATE where there is one, else the codes of SQLite and Oracle, else the class (PEP 249).
The reason names class and code only, as the messages of databases quote values.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from expectations.errors import PipelineError, SourceChanged, SourceLater

# Classes: lost connection, rolled back (a standby cancels what is in its way), no resources, busy, stopped, system,
# old snapshot.
LATER_STATES = ("08", "40", "53", "55", "57", "58", "72")
# sqlite.org/rescode.html: busy, locked, no memory, interrupted, I/O, disk full, cannot open, locking protocol.
LATER_SQLITE = (5, 6, 7, 9, 10, 13, 14, 15)
# Deadlock, cancelled, shutting down, old snapshot, serialising, end of file.
LATER_ORACLE = (60, 1013, 1089, 1555, 8177, 12537)
LATER_CLASSES = ("OperationalError", "InterfaceError")


def meaning(error: Exception) -> tuple[type[PipelineError], str]:
    """SourceLater or SourceChanged, and a reason that may stand in a log."""
    lost = isinstance(error, sa.exc.DBAPIError) and error.connection_invalidated
    origin = getattr(error, "orig", None) or error
    code, later = _read(origin)
    reason = f"{type(origin).__name__} {code}".strip()
    return (SourceLater if lost or later else SourceChanged), reason


def _read(origin: BaseException) -> tuple[str, bool]:
    """Code of the database, and whether the same statement may go through another time."""
    state = getattr(origin, "sqlstate", None)
    if isinstance(state, str):
        return state, state.startswith(LATER_STATES)
    sqlite = getattr(origin, "sqlite_errorcode", None)
    if isinstance(sqlite, int):
        return str(sqlite), sqlite & 0xFF in LATER_SQLITE  # the upper bytes only refine the lowest
    first: Any = origin.args[0] if origin.args else None
    if isinstance(number := getattr(first, "code", None), int):
        recoverable = bool(getattr(first, "isrecoverable", False))
        return f"ORA-{number:05d}", recoverable or number in LATER_ORACLE
    return "", any(kind.__name__ in LATER_CLASSES for kind in type(origin).__mro__)

"""What the three drop folders share: the town's records as files, each dropped at its own time.

In the store the key of such a record is the name of its file, `seq` its line, `changed_at` when the file was dropped.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from simulator.store import Store

SHANGHAI = ZoneInfo("Asia/Shanghai")
Rows = list[dict[str, Any]]


def files_of(store: Store, system: str, entity: str, at: str | None) -> Iterator[tuple[str, str, Rows]]:
    """(name, moment, rows) of every file dropped before `at`, oldest first."""
    rows = store.iterate(system, entity, None, at)
    for (moment, name), lines in groupby(rows, key=lambda row: (row.changed_at, row.key)):
        yield name, moment, [line.fields for line in lines]


def put(drop: Path, name: str, content: bytes, moment: str) -> None:
    """Write one file as if it had been dropped at that moment, `yyyy-MM-dd HH:mm:ss`."""
    path = drop / name
    path.write_bytes(content)
    seconds = int(datetime.fromisoformat(moment).replace(tzinfo=SHANGHAI).timestamp())
    os.utime(path, (seconds, seconds))


def sftp_options(options: dict[str, Any] | None) -> dict[str, Any]:
    """Options for an SFTP wire: the control endpoint is an HTTP wire's."""
    return {name: value for name, value in (options or {}).items() if name != "control"}

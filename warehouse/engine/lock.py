"""The writer lock of the warehouse: one process at a time, and who it is.

An flock beside the file; the kernel lets go of it when the holder dies, so there is nothing to clean up and no
lease to run out. On one machine it is also the fence: a commit needs the open file, the open file needs the lock.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TextIO

from expectations.errors import SourceLater

POLL = 0.1


def lock_path(warehouse: Path) -> Path:
    """Where the lock of a warehouse file lies."""
    return warehouse.with_name(f"{warehouse.name}.lock")


@contextmanager
def writer_lock(warehouse: Path, wait: float) -> Iterator[None]:
    """Hold the warehouse, waiting up to `wait` seconds. Raises SourceLater LO-LOCKED naming the holder."""
    # "a+": opening must not wipe what the present holder wrote about itself.
    with lock_path(warehouse).open("a+", encoding="utf8") as handle:
        _acquire(handle, time.monotonic() + wait)
        _sign(handle)
        try:
            yield
        finally:
            handle.truncate(0)


def _acquire(handle: TextIO, deadline: float) -> None:
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except OSError as error:
            if time.monotonic() >= deadline:
                raise SourceLater("LO-LOCKED", detail=_holder(handle)) from error
        time.sleep(POLL)


def _sign(handle: TextIO) -> None:
    task = os.environ.get("REGISTER_TASK") or Path(sys.argv[0]).name
    owner = {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "task": task,
        "since": f"{datetime.now():%Y-%m-%d %H:%M:%S}",
    }
    handle.truncate(0)
    handle.write(json.dumps(owner))
    handle.flush()


def _holder(handle: TextIO) -> str:
    handle.seek(0)
    try:
        owner = json.loads(handle.read())
    except ValueError:
        return "holder unknown"
    return "pid {pid} on {host}, task {task}, since {since}".format(**owner)

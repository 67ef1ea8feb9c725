"""Named points at every durable boundary where a test may let the process fail.

`REGISTER_FAULTPOINT=name:mode` with mode `raise`, `kill`, `enospc`, `eio` or `hang` arms one point; unset, a call
costs one dictionary look-up. `tests/test_faultpoints.py` drives every registered point.
"""

from __future__ import annotations

import errno
import os
import signal
import time

POINTS: set[str] = set()


def register(*names: str) -> None:
    """Declare the points of a module, so that the test that enumerates them knows them."""
    POINTS.update(names)


def faultpoint(name: str) -> None:
    """Fail here if the environment says so.

    Raises: RuntimeError for an undeclared name (a point nobody tests), OSError for `enospc` and `eio`.
    """
    if name not in POINTS:
        raise RuntimeError(f"faultpoint {name!r} is not registered")
    armed = os.environ.get("REGISTER_FAULTPOINT")
    if not armed:
        return
    point, _, mode = armed.partition(":")
    if point != name:
        return
    if mode == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if mode == "enospc":
        raise OSError(errno.ENOSPC, "injected: no space left on device")
    if mode == "eio":
        raise OSError(errno.EIO, "injected: input/output error")
    if mode == "hang":
        time.sleep(3600)
    raise RuntimeError(f"injected failure at {name}")

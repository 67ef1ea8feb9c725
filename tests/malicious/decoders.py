"""Decoders that misbehave, for the tests of the sandbox. They run in its child and nowhere else."""

from __future__ import annotations

import ctypes
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Options = dict[str, Any]


def abort(data: bytes, options: Options) -> Iterator[Any]:
    yield "before"
    os.abort()


def segfault(data: bytes, options: Options) -> Iterator[Any]:
    yield ctypes.string_at(0)


def fail(data: bytes, options: Options) -> Iterator[Any]:
    yield "before"
    raise ZeroDivisionError


def leave(data: bytes, options: Options) -> Iterator[Any]:
    yield "before"
    os._exit(0)


def spin(data: bytes, options: Options) -> Iterator[Any]:
    yield "before"
    while True:
        pass


def sleep(data: bytes, options: Options) -> Iterator[Any]:
    yield "before"
    time.sleep(60)


def hoard(data: bytes, options: Options) -> Iterator[Any]:
    held = []
    while True:
        held.append(bytes(10_000_000))
        yield len(held)


def babble(data: bytes, options: Options) -> Iterator[Any]:
    while True:
        yield "x" * 1_000


def echo(data: bytes, options: Options) -> Iterator[Any]:
    yield len(data)
    yield options
    yield 'line\r\n\u2028"'


def pry(data: bytes, options: Options) -> Iterator[Any]:
    """Try to leave a file, and to find the run's keys."""
    try:
        (Path(data.decode()) / "left").write_bytes(b"something")
        yield "a file"
    except OSError:
        (Path(data.decode()) / "left").unlink()
        yield "no file"
    yield "a key" if any(name.startswith("REGISTER") for name in os.environ) else "no key"

"""Decode an untrusted file in a limited child process: a bad file costs seconds and an error code, never the run.

Flow: bytes and options on stdin -> `sandbox_child` under limits on memory, CPU and files -> one JSON value a line
on stdout -> the list of values. Nothing is written to disk, and nothing the child says on stderr is kept: a
traceback would quote cells.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL, SIGXCPU
from typing import Any

from expectations.errors import RecordRejected

CHILD = Path(__file__).with_name("sandbox_child.py")
OUT_OF_MEMORY = 71
START_SECONDS = 60  # on a busy machine the imports alone take seconds, and no input is to blame for them
READY, REFUSED, DONE = b">", b"!", b"."


@dataclass(frozen=True)
class Limits:
    """What one file may cost. `seconds` is wall clock from when the child is ready; CPU time ends a second earlier."""

    memory_bytes: int = 512 << 20
    seconds: int = 9
    output_bytes: int = 64 << 20


def decode(
    decoder: str, data: bytes, options: Mapping[str, Any], *, about: str, limits: Limits | None = None
) -> list[Any]:
    """What `decoder` (`package.module:function`) makes of the bytes; `about` names the file in errors, hashed.

    Raises RecordRejected: what the decoder refuses, DE-LIMIT for time, memory or output, DE-CRASH for a dead child.
    """
    limits = limits or Limits()
    call = {"decoder": decoder, "options": options, "memory": limits.memory_bytes, "cpu": limits.seconds - 1}
    output, status = _run(json.dumps(call).encode() + b"\n", data, limits)
    if len(output) > limits.output_bytes:
        raise RecordRejected("DE-LIMIT", detail=f"file {about}: more than {limits.output_bytes} bytes decoded")
    if status in (OUT_OF_MEMORY, -SIGKILL, -SIGXCPU):
        raise RecordRejected("DE-LIMIT", detail=f"file {about}: over {limits.seconds} s or {limits.memory_bytes} bytes")
    lines = output.splitlines()
    if status or lines[:1] != [READY] or lines[-1][:1] not in (REFUSED, DONE):
        raise RecordRejected("DE-CRASH", detail=f"file {about}: the decoder ended with status {status}")
    if lines[-1][:1] == REFUSED:
        refusal = json.loads(lines[-1][1:])
        raise RecordRejected(refusal["code"], detail=f"file {about}: {refusal['detail']}")
    return [json.loads(line[1:]) for line in lines[1:-1]]


def _run(head: bytes, data: bytes, limits: Limits) -> tuple[bytes, int]:
    """Output (never more than two blocks over the limit) and exit status of one child, which is gone afterwards."""
    child = subprocess.Popen(  # noqa: S603 - our interpreter, our file, nothing of the input in the call
        [sys.executable, "-I", str(CHILD)],  # -I: neither the working folder nor PYTHON* of the environment
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"LANG": "C.UTF-8", "OPENPYXL_LXML": "False"},  # no key, no credential
        cwd="/",
    )
    feeder = threading.Thread(target=_feed, args=(child, head, data), daemon=True)
    feeder.start()
    complete = False
    try:
        output = _read(child, START_SECONDS, 1)
        output += _read(child, limits.seconds, limits.output_bytes)
        complete = len(output) <= limits.output_bytes
    finally:
        if not complete:
            child.kill()
        status = child.wait()
        feeder.join()
        if child.stdout is not None:
            child.stdout.close()
    return output, status


def _read(child: subprocess.Popen[bytes], seconds: int, enough: int) -> bytes:
    """What the child writes until it ends, or until there is enough of it; it is killed when the time is up."""
    assert child.stdout is not None
    output = bytearray()
    clock = threading.Timer(seconds, child.kill)
    clock.start()
    try:
        while len(output) <= enough and (block := os.read(child.stdout.fileno(), 1 << 16)):
            output += block
    finally:
        clock.cancel()
    return bytes(output)


def _feed(child: subprocess.Popen[bytes], head: bytes, data: bytes) -> None:
    assert child.stdin is not None
    # An OSError here means that the child is gone; its exit status says why.
    with suppress(OSError):
        child.stdin.write(head)
        child.stdin.write(data)
    with suppress(OSError):
        child.stdin.close()

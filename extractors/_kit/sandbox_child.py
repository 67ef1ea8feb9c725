"""The child of `sandbox`: limits itself, reads a call and a file from stdin, writes one JSON value a line.

It begins with a line `>` (ready to read) and ends with `.` (all decoded) or `!{"code", "detail"}` (refused). Started
by path, so that the parent's package, with its network and Parquet libraries, is never imported here.
"""

from __future__ import annotations

import importlib
import json
import resource
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

OUT_OF_MEMORY = 71
KIT = Path(__file__).parent


def limit(memory: int, cpu: int) -> None:
    """No more memory, CPU time or file descriptors than a decoder needs, and not one byte written to a file."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))


def find(decoder: str) -> Callable[[bytes, dict[str, Any]], Iterator[Any]]:
    """The decoder function, imported without running `extractors/__init__.py`."""
    for name, folder in (("extractors", KIT.parent), ("extractors._kit", KIT)):
        package = types.ModuleType(name)
        package.__path__ = [str(folder)]
        sys.modules[name] = package
    sys.path.append(str(KIT.parent.parent))
    # openpyxl takes numpy if it is there, and numpy takes more address space than a decoder gets.
    sys.modules["numpy"] = None  # type: ignore[assignment]
    module, _, function = decoder.partition(":")
    found: Callable[[bytes, dict[str, Any]], Iterator[Any]] = getattr(importlib.import_module(module), function)
    return found


def main() -> int:
    """Decode one file. Returns the exit status."""
    call = json.loads(sys.stdin.buffer.readline())
    # Imported before the limits: a cache of bytecode may still be written, and no input is read yet.
    decoder = find(call["decoder"])
    from expectations.errors import PipelineError  # importable only since find()

    limit(call["memory"], call["cpu"])
    out = sys.stdout.buffer
    out.write(b">\n")
    out.flush()
    try:
        for value in decoder(sys.stdin.buffer.read(), call["options"]):
            out.write(b"+" + json.dumps(value, ensure_ascii=True).encode() + b"\n")
        out.write(b".\n")
    except PipelineError as refusal:
        said = {"code": refusal.code, "detail": refusal.detail}
        out.write(b"!" + json.dumps(said, ensure_ascii=True).encode() + b"\n")
    except MemoryError:
        return OUT_OF_MEMORY
    out.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())

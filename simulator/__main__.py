"""The town on the command line.

    python -m simulator build --profile small --seed 7 --out town.db     make a town
    python -m simulator serve --profile small --seed 7                   serve it over every wire there is

`serve` makes the town if it is missing, prints the connections as Airflow reads them, and runs until it is told
to stop (Ctrl-C or SIGTERM).
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from rich.console import Console
from rich.table import Table

from simulator.store import Store, build
from simulator.wires import Found, Wire, discover_wires

Connections = dict[str, dict[str, Any]]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit status."""
    args = parser().parse_args(argv)
    console = Console()
    run: Callable[[argparse.Namespace, Console], int] = {"serve": serve, "build": build_town}[args.command]
    try:
        return run(args, console)
    except (OSError, ValueError) as error:
        Console(stderr=True).print(f"{type(error).__name__}: {error}", markup=False)
        return 2


def parser() -> argparse.ArgumentParser:
    """The two commands and their options."""
    root = argparse.ArgumentParser(prog="python -m simulator", description="A simulated street and its twelve systems")
    commands = root.add_subparsers(dest="command", required=True)
    town = argparse.ArgumentParser(add_help=False)
    town.add_argument("--profile", default="small", help="small, street or district (default small)")
    town.add_argument("--seed", type=int, default=7)
    one = commands.add_parser("serve", parents=[town], help="serve a town over its wires")
    one.add_argument("--home", type=Path, default=Path("var/town"), help="where the towns lie (default var/town)")
    one.add_argument("--only", nargs="+", metavar="KEY", help="these systems only")
    one.add_argument("--base-port", type=int, default=8101, help="the port of system 01; 0: any free ports")
    one.add_argument("--at", metavar="TIME", help="show the town as it was at yyyy-MM-dd HH:mm:ss")
    one.add_argument("--json", type=Path, metavar="FILE", help="write the connections here when all wires are ready")
    one.add_argument("--control", action="store_true", help="open POST /__control__/faults on the HTTP wires")
    two = commands.add_parser("build", parents=[town], help="make a town")
    two.add_argument("--out", type=Path, required=True, metavar="FILE")
    two.add_argument("--clean", action="store_true", help="without defects in the data")
    two.add_argument("--id-rate", type=float, metavar="F", help="the share of persons whose ID number is known")
    return root


def build_town(args: argparse.Namespace, console: Console) -> int:
    """Make one town, and say where it is."""
    args.out.parent.mkdir(parents=True, exist_ok=True)
    build(args.profile, args.seed, args.out, clean=args.clean, id_rate=args.id_rate, progress=progress(console))
    console.print(f"{args.out}", markup=False, highlight=False, soft_wrap=True)
    return 0


def progress(console: Console) -> Callable[..., None]:
    """A line for whatever the builder has to say."""
    return lambda *said: console.print(*said, markup=False, highlight=False, style="dim")


def serve(args: argparse.Namespace, console: Console) -> int:
    """Serve every wire until a signal comes."""
    found = discover_wires(args.only)
    town = args.home / f"{args.profile}-{args.seed}.db"
    if not town.exists():
        town.parent.mkdir(parents=True, exist_ok=True)
        build(args.profile, args.seed, town, progress=progress(console))
    if args.json is not None:
        args.json.unlink(missing_ok=True)  # left by a run that was killed: the file says that all wires are ready
    halt = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: halt.set())
    with ExitStack() as stack:
        wires = [start(one, town, args, stack) for one in found]
        connections = {one.key: wire.connection() for one, wire in zip(found, wires, strict=True)}
        show(console, found, wires, connections)
        if args.json is not None:
            write_private(args.json, json.dumps(connections, ensure_ascii=False, indent=1))
            stack.callback(args.json.unlink, missing_ok=True)
        halt.wait()
    console.print("已停止 stopped")
    return 0


def start(one: Found, town: Path, args: argparse.Namespace, stack: ExitStack) -> Wire:
    """Start one wire over a store of its own, to be stopped when the stack unwinds."""
    port = args.base_port + one.number - 1 if args.base_port else 0
    options = {"control": True} if args.control else None
    wire = one.make(Store.open(town), port=port, at=args.at, options=options)
    wire.start()
    stack.callback(wire.stop)
    return wire


def show(console: Console, found: list[Found], wires: list[Wire], connections: Connections) -> None:
    """Print what each wire holds, and the connections as a shell can export them."""
    table = Table("序号", "系统", "key", "地址", "内容")
    for one, wire in zip(found, wires, strict=True):
        table.add_row(f"{one.number:02}", one.title, one.key, address(connections[one.key]), wire.holds())
    console.print(table)
    for key, connection in connections.items():
        line = f"export AIRFLOW_CONN_{key.upper()}={shlex.quote(json.dumps(connection, ensure_ascii=False))}"
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    console.print(f"{len(found)} 个系统已就绪 ready", highlight=False)


def address(connection: dict[str, Any]) -> str:
    """Where a wire listens, without credentials."""
    if "url" in connection.get("extra", {}):
        parts = urlsplit(connection["extra"]["url"])
        return f"{parts.scheme}:{parts.path}"
    port = connection.get("port")
    return f"{connection['conn_type']}://{connection['host']}:{port}" if port else str(connection["host"])


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    Path(name).replace(path)


if __name__ == "__main__":
    sys.exit(main())

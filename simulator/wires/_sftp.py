"""The base of the SFTP wires: a real SSH server on loopback that serves one folder read only.

A wire subclasses SftpWire, names its `key` and writes its files in `fill`; the server runs in a thread of its own,
with a password login and a host key that its connection announces.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Self

import asyncssh

from simulator.faults import FaultPlan
from simulator.wires._sftp_files import Files

__all__ = ["SftpSeen", "SftpWire"]

LOG_SIZE = 20_000
START_SECONDS = 20.0


@dataclass(frozen=True)
class SftpSeen:
    """One thing a client did: `login`, `refused` (the name is the user), `list` or `open` (the name is the path)."""

    at: float
    action: str
    name: str


class SftpWire:
    """One simulated drop folder. Subclasses give `key`, `fill` and `holds`."""

    key = ""

    def __init__(
        self,
        *,
        login: str,
        password: str,
        folder: str = "/",
        root: Path | None = None,
        extra: Mapping[str, Any] | None = None,
        port: int = 0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`folder` is the remote path, `root` what the client sees as `/`: without one, a temporary folder."""
        self.login, self.password, self.folder = login, password, folder
        self.extra, self.port, self.clock = dict(extra or {}), port, clock
        self.faults = FaultPlan()
        self.log: deque[SftpSeen] = deque(maxlen=LOG_SIZE)
        self.shown: dict[str, int] = {}  # how much of a growing file is to be seen
        self.decoys: set[str] = set()  # hostile names that were listed
        self.connections: set[asyncssh.SSHServerConnection] = set()
        self.root = (root or Path(tempfile.mkdtemp(prefix="wire-"))).resolve()
        if root is None:
            weakref.finalize(self, shutil.rmtree, self.root, ignore_errors=True)
        self._filled = False
        self._key = asyncssh.generate_private_key("ssh-ed25519")
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def fill(self, drop: Path) -> None:
        """Write the files of the drop folder; set their modification times with os.utime where a profile asks."""

    def holds(self) -> str:
        """One line on what this wire holds."""
        raise NotImplementedError

    @property
    def drop(self) -> Path:
        """The local folder behind `folder`, to which tests may add files while the wire runs."""
        return self.root / self.folder.strip("/")

    @property
    def host_key(self) -> str:
        """The announced host key, one line as in known_hosts without the host. A fault may serve another."""
        return " ".join(self._key.export_public_key().decode().split()[:2])

    def connection(self) -> dict[str, Any]:
        """The Airflow connection of this wire, as JSON has it."""
        said = {"conn_type": "sftp", "host": "127.0.0.1", "port": self.port}
        said |= {"login": self.login, "password": self.password}
        return said | {"extra": {"folder": self.folder, "host_key": self.host_key, **self.extra}}

    def start(self) -> None:
        """Fill the folder the first time, and serve it in the background. Keeps its port over a restart."""
        if self._thread is not None:
            raise RuntimeError(f"wire {self.key} is already started")
        self.drop.mkdir(parents=True, exist_ok=True)
        if not self._filled:
            self.fill(self.drop)
            self._filled = True
        ready: Future[int] = Future()
        self._thread = threading.Thread(target=self._run, args=(ready,), name=f"wire-{self.key}", daemon=True)
        self._thread.start()
        try:
            self.port = ready.result(START_SECONDS)
        except OSError:
            self._thread = None
            raise

    def stop(self) -> None:
        """Close the port and every connection."""
        thread, self._thread = self._thread, None
        if thread is not None and self._loop is not None:
            self._loop.call_soon_threadsafe(self._halt.set)
            thread.join()

    def restart(self) -> None:
        """Stop and start again: with the fault `new_host_key` under another key than the one announced."""
        self.stop()
        self.start()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def note(self, action: str, name: str) -> None:
        """Write to the log."""
        self.log.append(SftpSeen(self.clock(), action, name))

    def seen(self, action: str, name: str = "*") -> list[str]:
        """The names of one kind of action that match a glob, oldest first: `seen("open")` are the files opened."""
        return [one.name for one in list(self.log) if one.action == action and fnmatchcase(one.name, name)]

    def _run(self, ready: Future[int]) -> None:
        try:
            asyncio.run(self._serve(ready))
        except OSError as error:  # the port is taken: `start` raises it
            ready.set_exception(error)

    async def _serve(self, ready: Future[int]) -> None:
        self._loop, self._halt = asyncio.get_running_loop(), asyncio.Event()
        changed = self.faults.fire("host_key", kinds=("new_host_key",)).hits
        served = asyncssh.generate_private_key("ssh-ed25519") if changed else self._key
        server = await asyncssh.create_server(
            lambda: _Login(self),
            "127.0.0.1",
            self.port,
            server_host_keys=[served],
            sftp_factory=lambda chan: Files(chan, self),
            sftp_version=3,
            reuse_address=True,
        )
        ready.set_result(server.get_port())
        await self._halt.wait()
        for connection in list(self.connections):
            connection.abort()
        server.close()
        await server.wait_closed()


class _Login(asyncssh.SSHServer):  # type: ignore[misc]
    """Password login only, for the one user of the wire."""

    def __init__(self, wire: SftpWire) -> None:
        self.wire = wire
        self.connection: asyncssh.SSHServerConnection | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self.connection = conn
        self.wire.connections.add(conn)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.connection is not None:
            self.wire.connections.discard(self.connection)

    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def public_key_auth_supported(self) -> bool:
        return False

    def kbdint_auth_supported(self) -> bool:
        return False

    def validate_password(self, username: str, password: str) -> bool:
        known = (username, password) == (self.wire.login, self.wire.password)
        allowed = known and not self.wire.faults.expired("login")
        self.wire.note("login" if allowed else "refused", username)
        return allowed

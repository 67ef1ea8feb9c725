"""A scriptable source on loopback: every request is recorded, every answer is given as bytes."""

from __future__ import annotations

import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from extractors._kit.connection import Connection


@dataclass(frozen=True)
class Asked:
    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    """Bytes to send; then keep the connection, close it, or hold it open in silence for a while."""

    data: bytes
    close: bool = False
    hold: float = 0.0


Script = Answer | Callable[[Asked], Answer]


def answer(
    body: bytes | dict[str, Any] | list[Any] = b"{}",
    status: int = 200,
    headers: Iterable[tuple[str, str]] = (),
    *,
    length: int | None = None,
    close: bool = False,
    hold: float = 0.0,
) -> Answer:
    """A well-formed answer with a Content-Length (a wrong one if given); JSON unless told otherwise."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(data) if length is None else length}"]
    names = {name.lower() for name, _ in headers}
    if "content-type" not in names:
        lines.append("Content-Type: application/json")
    lines += [f"{name}: {value}" for name, value in headers]
    return Answer("\r\n".join(lines).encode() + b"\r\n\r\n" + data, close, hold)


def chunked(pieces: Iterable[bytes], headers: Iterable[tuple[str, str]] = (), *, cut: bool = False) -> Answer:
    """An answer in chunks; a cut one lacks the last, empty chunk."""
    lines = ["HTTP/1.1 200 X", "Transfer-Encoding: chunked", *(f"{name}: {value}" for name, value in headers)]
    body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    return Answer("\r\n".join(lines).encode() + b"\r\n\r\n" + body + (b"" if cut else b"0\r\n\r\n"), close=cut)


class Loopback:
    """Gives its answers in order and repeats the last one."""

    def __init__(self, *script: Script, tls: ssl.SSLContext | None = None) -> None:
        self.asked: list[Asked] = []
        self.connections = 0
        self._script = list(script)
        self._tls = tls
        self._lock = threading.Lock()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        # shutdown wakes the accept() of the other thread; close alone leaves it waiting.
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def connection(self, prefix: str = "", scheme: str = "http", **extra: Any) -> Connection:
        """The connection an extractor would get for this server."""
        host = f"{scheme}://127.0.0.1:{self.port}{prefix}"
        return Connection("petitions", "http", host, None, "canary-login", "canary-password", extra)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        try:
            with client if self._tls is None else self._tls.wrap_socket(client, server_side=True) as link:
                while self._one(link):
                    pass
        except OSError:
            return

    def _one(self, link: socket.socket) -> bool:
        asked = _read(link)
        if asked is None:
            return False
        with self._lock:
            self.asked.append(asked)
            step = self._script.pop(0) if len(self._script) > 1 else self._script[0]
        given = step if isinstance(step, Answer) else step(asked)
        link.sendall(given.data)
        time.sleep(given.hold)
        return not given.close


def _read(link: socket.socket) -> Asked | None:
    data = b""
    while b"\r\n\r\n" not in data:
        piece = link.recv(65536)
        if not piece:
            return None
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    while len(body) < int(headers.get("content-length", "0")):
        body += link.recv(65536)
    method, target, _ = first.split(" ")
    return Asked(method, target, headers, body)


class Clock:
    """A clock that only moves when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

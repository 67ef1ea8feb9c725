"""The sockets of the HTTP wires: reads a request, asks the wire, and sends the answer as the faults spoil it."""

from __future__ import annotations

import logging
import socket
import struct
import sys
import threading
import time
from email.utils import formatdate
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from simulator.faults import Hits
from simulator.wires._mangle import Delivery, deliver, stand_in
from simulator.wires._message import Handler, Request, Response

if TYPE_CHECKING:
    from simulator.wires._http import HttpWire

log = logging.getLogger(__name__)

MAX_BODY = 64 * 1024 * 1024
SMALL = 64 * 1024


class Server(ThreadingHTTPServer):
    """A server that knows its wire and its open connections, so that it can close them."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, port: int, wire: HttpWire) -> None:
        self.wire = wire
        self.sockets: set[socket.socket] = set()
        self.guard = threading.Lock()
        self.thread: threading.Thread | None = None
        super().__init__(("127.0.0.1", port), Conversation)

    def start(self, name: str) -> None:
        """Accept connections in a thread of this name."""
        self.thread = threading.Thread(target=self.serve_forever, args=(0.05,), name=name, daemon=True)
        self.thread.start()

    def stop(self) -> None:
        """Stop accepting, and cut the conversations that are still open."""
        self.shutdown()
        self.server_close()
        if self.thread is not None:
            self.thread.join()
        with self.guard:
            for open_socket in self.sockets:
                hang_up(open_socket)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news; a wire's own mistake never gets here."""
        log.debug("a conversation ended early: %r", sys.exception())


def hang_up(connection: socket.socket) -> None:
    """End both directions, so that a thread that reads from the socket wakes up."""
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:  # it is closed already
        return


class Conversation(BaseHTTPRequestHandler):
    """One connection: requests one after the other, each with one answer or a broken one."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def setup(self) -> None:
        super().setup()
        with self.server.guard:
            self.server.sockets.add(self.connection)
        if self.server.wire.stopping.is_set():  # accepted just before the stop
            hang_up(self.connection)

    def finish(self) -> None:
        with self.server.guard:
            self.server.sockets.discard(self.connection)
        super().finish()

    def log_message(self, format: str, *args: Any) -> None:
        """The wire keeps the log."""

    def serve(self) -> None:
        """Answer one request."""
        request = self._read()
        if request is None:
            return
        wire = self.server.wire
        handler = wire.find(request)
        with wire.faults.request(*wire.names(request)) as hits:
            request.faults = hits
            for hit in hits.of(("delay",)):
                wire.stopping.wait(hit.fault["seconds"])
            response = self._answer(request, handler, hits)
            wire.note(request, response.status if response else 0)
            if response is None:
                self._reset()
            else:
                self._send(deliver(wire.elsewhere(response, hits), hits))

    do_GET = do_POST = do_PUT = do_DELETE = serve

    def _answer(self, request: Request, handler: Handler, hits: Hits) -> Response | None:
        """The answer of the wire or what a fault puts in its place; None: the connection is dropped."""
        wire, now = self.server.wire, self.server.wire.clock()
        drop = next((hit.fault for hit in hits.of(("drop",)) if not hit.fault["at"]), None)
        if drop is not None and not drop["after"]:
            return None
        response = stand_in(hits, wire.previous(request), now)
        if response is None:
            own = wire.answer(request, handler)
            response = stand_in(hits, None, now, after=True) or own
        return None if drop is not None else response

    def _read(self) -> Request | None:
        """The request with its body; None if it was refused, and answered, here."""
        headers = {name.lower(): value for name, value in self.headers.items()}
        length = headers.get("content-length", "0")
        if "transfer-encoding" in headers or not length.isdigit():
            self._refuse(HTTPStatus.LENGTH_REQUIRED)
            return None
        if int(length) > MAX_BODY:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return None
        body = self.rfile.read(int(length)) if length != "0" else b""
        parts = urlsplit(self.path)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        return Request(self.command, unquote(parts.path), query, headers, body, target=self.path)

    def _refuse(self, status: HTTPStatus) -> None:
        self._send(Delivery(status, close=True))

    def _send(self, sent: Delivery) -> None:
        """Write head and body; a body without a length goes out in chunks of which the last never comes."""
        self.close_connection = self.close_connection or sent.close or sent.reset
        head = self._head(sent)
        body = sent.body if sent.cut is None else sent.body[: sent.cut]
        if sent.length is None and body:
            body = b"%x\r\n%b\r\n" % (len(body), body)
        if len(body) < SMALL:
            self.connection.sendall(head + body)
        else:
            self.connection.sendall(head)
            self.connection.sendall(body)
        if sent.reset:
            time.sleep(0.05)  # a reset overtakes bytes that the client has not read yet
            self._reset()

    def _head(self, sent: Delivery) -> bytes:
        try:
            reason = HTTPStatus(sent.status).phrase
        except ValueError:  # a fault may invent a status
            reason = "Unknown"
        lines = [f"HTTP/1.1 {sent.status} {reason}", "Server: simulator"]
        lines.append(f"Date: {formatdate(self.server.wire.clock(), usegmt=True)}")
        lines.extend(f"{name}: {value}" for name, value in sent.headers.items())
        lines.append("Transfer-Encoding: chunked" if sent.length is None else f"Content-Length: {sent.length}")
        lines.append("Connection: close" if self.close_connection else "Connection: keep-alive")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def _reset(self) -> None:
        """Break the connection the hard way: the client sees a reset, not an end."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

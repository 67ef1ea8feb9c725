"""The base of the HTTP wires: a threaded loopback server with routes, a request log and scripted faults.

A wire subclasses HttpWire, names its `key` and returns its `routes`; the server answers on 127.0.0.1 with HTTP/1.1
keep-alive, and applies `wire.faults` around every request. Faults in rows, totals, links and tokens are the wire's:

    def list(self, request: Request) -> Response:
        if self.faults.expired():
            return json_response({"code": 40101})
        rows = self.faults.rows([record.fields for record in page])
        return json_response({"total": self.faults.total(total), "rows": rows})
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Self

from simulator.faults import Fault, FaultPlan, Hits, Rule
from simulator.wires._message import Handler, Request, Response, Router, Routes, json_response, text_response
from simulator.wires._server import Server

__all__ = ["Handler", "HttpWire", "Request", "Response", "Routes", "Seen", "json_response", "text_response"]

log = logging.getLogger(__name__)

CONTROL = "/__control__/faults"
LOG_SIZE = 20_000
LOGGED_BODY = 4_096
MALFORMED = (ValueError, LookupError, TypeError, AttributeError, SyntaxError)


@dataclass(frozen=True)
class Seen:
    """One request as the log keeps it; `status` 0 means that the connection was dropped without an answer."""

    at: float
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    status: int


class HttpWire:
    """One simulated HTTP system. Subclasses give `key`, `routes` and `holds`, and may give `operation`."""

    key = ""

    def __init__(
        self,
        *,
        login: str = "",
        password: str = "",
        extra: Mapping[str, Any] | None = None,
        port: int = 0,
        clock: Callable[[], float] = time.time,
        control: bool = False,
    ) -> None:
        """`clock` (seconds since 1970) is what the wire takes for now; `control` opens the endpoint for faults."""
        self.login, self.password, self.extra = login, password, dict(extra or {})
        self.port, self.clock, self.control = port, clock, control
        self.faults = FaultPlan()
        self.log: deque[Seen] = deque(maxlen=LOG_SIZE)
        self.errors: list[Exception] = []
        self.stopping = threading.Event()
        self._previous: dict[str, Response] = {}
        self._server: Server | None = None
        self._router: Router | None = None

    def routes(self) -> Routes:
        """(method, pattern) -> handler; `{name}` in a pattern is one segment, the pattern `*` any path."""
        raise NotImplementedError

    def holds(self) -> str:
        """One line on what this wire holds."""
        raise NotImplementedError

    def operation(self, request: Request) -> str:
        """What a request asks for, as fault rules name it. One-endpoint wires return the action or function.

        A request that cannot be read may raise here: then it goes by its route.
        """
        return request.route

    @property
    def url(self) -> str:
        """Scheme, address and port; the port is known once the wire has started."""
        return f"http://127.0.0.1:{self.port}"

    def connection(self) -> dict[str, Any]:
        """The Airflow connection of this wire, as JSON has it."""
        said = {"conn_type": "http", "host": self.url, "login": self.login, "password": self.password}
        return said | {"extra": dict(self.extra)}

    def start(self) -> None:
        """Serve in the background. After a stop it comes back on the same port."""
        if self._server is not None:
            raise RuntimeError(f"wire {self.key} is already started")
        self.stopping.clear()
        self._router = Router(self.routes())
        self._server = Server(self.port, self)
        self.port = self._server.server_port
        self._server.start(f"wire-{self.key}")

    def stop(self) -> None:
        """Close the port and every open connection."""
        self.stopping.set()
        server, self._server = self._server, None
        if server is not None:
            server.stop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def seen(self, path: str = "*", method: str | None = None) -> list[Seen]:
        """The logged requests whose path matches a glob, oldest first."""
        return [one for one in list(self.log) if fnmatchcase(one.path, path) and method in (None, one.method)]

    # What the server asks of the wire, in this order.

    def find(self, request: Request) -> Handler:
        """The handler of a request; where there is none, one that says 404 or 405."""
        if self.control and request.path == CONTROL:
            return self._control
        router = self._router or Router(self.routes())
        handler = router.find(request)
        if handler is not None:
            try:
                request.operation = self.operation(request)
            except MALFORMED:
                request.operation = request.route
            return handler
        status = 405 if router.knows(request.path) else 404
        return lambda _: json_response({"error": "no such interface"}, status)

    def names(self, request: Request) -> Iterable[str]:
        """The names under which fault rules may mean a request."""
        if self.control and request.path == CONTROL:
            return ()
        return {request.path, request.target, request.operation, f"{request.method} {request.path}"} - {""}

    def answer(self, request: Request, handler: Handler) -> Response:
        """Run the handler and remember its page; a handler that fails is a 500, and its error stays in `errors`."""
        try:
            response = handler(request)
        except Exception as error:  # the one place where a wire's own mistake becomes an answer
            log.exception("wire %s failed on %s %s", self.key, request.method, request.path)
            self.errors.append(error)
            return json_response({"error": "internal error"}, 500)
        if response.status == 200:
            self._previous[request.operation] = response
        return response

    def previous(self, request: Request) -> Response | None:
        """The last good answer to the same operation."""
        return self._previous.get(request.operation)

    def elsewhere(self, response: Response, hits: Hits) -> Response:
        """Let absolute links to this wire in a body lead to another host, where a fault asks for it."""
        fault = hits.first("next_elsewhere")
        if fault is None:
            return response
        body = response.body.replace(self.url.encode(), fault["to"].encode())
        return Response(response.status, body, response.headers, response.gzip)

    def note(self, request: Request, status: int) -> None:
        """Write one request to the log."""
        body = request.body[:LOGGED_BODY]
        seen = Seen(self.clock(), request.method, request.path, request.query, request.headers, body, status)
        self.log.append(seen)

    def _control(self, request: Request) -> Response:
        """GET shows the rules, DELETE forgets them, POST adds one or a list; JSON only, so that no web page can."""
        if request.method == "DELETE":
            self.faults.clear()
        elif request.method == "POST":
            if not request.header("content-type").startswith("application/json"):
                return json_response({"error": "application/json only"}, 415)
            try:
                value = request.json()
                wanted = [Fault.from_json(one) for one in (value if isinstance(value, list) else [value])]
            except (ValueError, TypeError) as error:
                return json_response({"error": str(error)}, 400)
            for fault in wanted:
                self.faults.add(fault)
        return json_response([_shown(rule) for rule in self.faults.rules])


def _shown(rule: Rule) -> dict[str, Any]:
    fault = rule.fault
    said = {"kind": fault.kind, "path": fault.path, "nth": fault.nth, "times": fault.times}
    return said | {"options": dict(fault.options), "matched": rule.matched, "fired": rule.fired}

"""What a wire is asked and what it answers, as plain values, and the routes between the two."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

import orjson

from simulator.faults import NOTHING, Hits

JSON = "application/json; charset=utf-8"


@dataclass
class Request:
    """One HTTP request. Header names are lower case; of a repeated query name or header the last one counts."""

    method: str
    path: str
    query: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    params: dict[str, str] = field(default_factory=dict)  # what the {names} of the route stand for
    route: str = ""  # the pattern that matched
    operation: str = ""  # what is asked for, as fault rules name it: the route, or what the wire says
    target: str = ""  # path and query as sent, for wires that sign or digest it
    faults: Hits = NOTHING

    def json(self) -> Any:
        """The body as JSON. Raises ValueError."""
        return orjson.loads(self.body)

    def header(self, name: str, default: str = "") -> str:
        """A header by name, whatever its case."""
        return self.headers.get(name.lower(), default)


@dataclass
class Response:
    """One answer. The body is plain: with `gzip` the server compresses it, after the faults had their turn."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    gzip: bool = False


Handler = Callable[[Request], Response]
Routes = Mapping[tuple[str, str], Handler]


def json_response(
    obj: Any, status: int = 200, *, gzip: bool = False, headers: Mapping[str, str] | None = None
) -> Response:
    """Answer with JSON in UTF-8."""
    return Response(status, orjson.dumps(obj), {"Content-Type": JSON, **(headers or {})}, gzip)


def text_response(
    text: str,
    status: int = 200,
    *,
    content_type: str = "text/plain",
    charset: str = "utf-8",
    errors: str = "strict",
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Answer with text (XML, SOAP) in the charset that the content type then names.

    With errors="xmlcharrefreplace" what the charset cannot hold goes out as character references.
    """
    said = {"Content-Type": f"{content_type}; charset={charset}", **(headers or {})}
    return Response(status, text.encode(charset, errors), said)


class Router:
    """Finds the handler of a request; `{name}` in a pattern stands for one segment, the pattern `*` for any path."""

    def __init__(self, routes: Routes) -> None:
        self._exact = {key: handler for key, handler in routes.items() if "{" not in key[1]}
        self._patterns = [
            (method, self._compile(pattern), pattern, handler)
            for (method, pattern), handler in routes.items()
            if "{" in pattern
        ]
        self._paths = {pattern for _, pattern in self._exact}

    @staticmethod
    def _compile(pattern: str) -> re.Pattern[str]:
        parts = re.split(r"\{(\w+)\}", pattern)
        return re.compile("".join(f"(?P<{p}>[^/]+)" if i % 2 else re.escape(p) for i, p in enumerate(parts)))

    def find(self, request: Request) -> Handler | None:
        """The handler for a request, whose `route` and `params` are filled in; None if there is no route."""
        quoted = urlsplit(request.target).path  # %2F is part of a segment, not its end
        for method, regex, pattern, handler in self._patterns:
            match = regex.fullmatch(quoted) if method == request.method else None
            if match is not None:
                request.route = pattern
                request.params = {name: unquote(value) for name, value in match.groupdict().items()}
                return handler
        for pattern in (request.path, "*"):
            if (request.method, pattern) in self._exact:
                request.route = pattern
                return self._exact[request.method, pattern]
        return None

    def knows(self, path: str) -> bool:
        """Whether the path exists under some other method: 405 rather than 404."""
        return path in self._paths or any(regex.fullmatch(path) for _, regex, _, _ in self._patterns)

"""What one call asks and what came back, and which error a status means.

Neither prints more than its method, label and status: queries hold tokens, bodies hold people.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NoReturn

from expectations.errors import SourceChanged, SourceLater
from extractors._kit.retry import Again, http_date, retry_after
from extractors._kit.strict_json import decode_json

_BUSY = (502, 503, 504)
_HTML = ("text/html", "application/xhtml+xml")


class Unauthorised(SourceChanged):
    """HTTP 401, always with EX-AUTH: its own class so that a login can be renewed once."""


@dataclass(frozen=True)
class Call:
    """One request; `path` starts with a slash and may carry a query. `label` is what error texts call it."""

    method: str
    path: str = field(repr=False)
    query: Mapping[str, str | int] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    json: Any = field(default=None, repr=False)
    body: bytes | None = field(default=None, repr=False)
    accept: tuple[int, ...] = (200,)
    label: str = ""

    def payload(self) -> bytes | None:
        """The body as sent."""
        if self.json is None:
            return self.body
        return json.dumps(self.json, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


@dataclass(frozen=True)
class Reply:
    """A whole answer; headers are found in any case."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def content_type(self) -> str:
        """The media type, lower-case, without parameters; empty if none was sent."""
        return media_type(self.headers)

    def json(self) -> Any:
        """The decoded body, one object for all callers; numbers with a fraction are Decimal.

        Raises SourceChanged EX-SHAPE for a page of HTML, DE-JSON for JSON without one meaning.
        """
        return self._decoded

    @cached_property
    def _decoded(self) -> Any:
        if is_html(self.headers) or self.body.lstrip()[:1] == b"<":
            raise SourceChanged("EX-SHAPE", detail="markup where JSON was expected")
        return decode_json(self.body)


def media_type(headers: Mapping[str, str]) -> str:
    """The media type, lower-case, without parameters; empty if none was sent."""
    return headers.get("Content-Type", "").partition(";")[0].strip().lower()


def is_html(headers: Mapping[str, str]) -> bool:
    """A login page or a captive portal answers with 200 too."""
    return media_type(headers) in _HTML


def refuse(status: int, headers: Mapping[str, str], host: str, label: str) -> NoReturn:
    """Raise what a status outside `Call.accept` means: Again, Unauthorised, SourceLater or SourceChanged."""
    what = f"{label} HTTP {status}".strip()
    if status == 429:
        raise Again(what, "EX-LIMIT", retry_after=retry_after(headers))
    if status in _BUSY:
        raise Again(what, "EX-BUSY", retry_after=retry_after(headers))
    about = f"{host}: {what}"
    if status == 401:
        raise Unauthorised("EX-AUTH", detail=about + _skew(headers))
    if status == 403:
        raise SourceChanged("EX-DENIED", detail=about)
    if status >= 500:
        raise SourceLater("EX-HTTP", detail=about)
    raise SourceChanged("EX-HTTP", detail=about)


def _skew(headers: Mapping[str, str]) -> str:
    """A signed call is often refused only because a clock is wrong."""
    sent = http_date(headers.get("Date", ""))
    skew = 0.0 if sent is None else time.time() - sent
    return f"; our clock differs by {skew:+.0f} s" if abs(skew) > 120 else ""

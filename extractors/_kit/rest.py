"""HTTP with one source: polite, bounded, and never a word about what was said.

Flow: `build()` makes a fresh Call for every attempt (stamps, nonces, uids) -> exchange -> Reply -> `check(reply)`.
Retried are 429, 502, 503, 504, network faults, cut bodies and what `check` raises as Again; everything else ends
the call with a named error. Error texts hold the host, the status and the Call's label: no path, query or body.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, NoReturn, Protocol, TypeVar, runtime_checkable
from urllib.parse import urljoin, urlsplit

import requests
from requests.auth import AuthBase

from expectations.errors import CallRejected, SourceChanged, SourceLater
from extractors._kit.connection import Connection
from extractors._kit.message import Call, Reply, Unauthorised, is_html, refuse
from extractors._kit.origin import path_within
from extractors._kit.retry import Again, Breaker, RateLimiter, RetryPolicy
from extractors._kit.wire import Session, failed_exchange, pieces

__all__ = ["Again", "Call", "Http", "Reply", "RetryPolicy", "Unauthorised"]

T = TypeVar("T")
CONNECT_SECONDS = 5.0
READ_SECONDS = 60.0
PAGE_BYTES = 64 << 20
MAX_REDIRECTS = 3
_MOVED = (301, 302, 303, 307, 308)


@runtime_checkable
class Challenged(Protocol):
    """An auth that can answer WWW-Authenticate, as Digest does."""

    def answer(self, challenge: str) -> bool:
        """Take up the challenge; False if it is of another kind."""


class Http:
    """Calls to one source. `extra.ca_file` of the connection may name the certificate of a private authority."""

    def __init__(
        self,
        connection: Connection,
        *,
        rate: float | None = None,
        policy: RetryPolicy | None = None,
        auth: AuthBase | None = None,
        page_bytes: int = PAGE_BYTES,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.base_url = connection.base_url
        self._auth = auth
        self._policy = policy or RetryPolicy.from_env()
        self._page_bytes = page_bytes
        self._clock = clock
        self._sleep = sleep
        self._limiter = RateLimiter(rate, clock, sleep)
        self._not_before = 0.0
        self.breaker = Breaker(30 * self._policy.base, clock, self._policy.jitter)
        self._session = Session(_ca_file(connection))
        self._host = urlsplit(self.base_url).netloc
        # Its debug and warning lines quote whole URLs, tokens in the query included.
        logging.getLogger("urllib3").setLevel(logging.ERROR)

    def __enter__(self) -> Http:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def send(self, build: Callable[[], Call], check: Callable[[Reply], None] | None = None) -> Reply:
        """The answer to a call, repeated where that may help. Raises SourceLater or SourceChanged."""

        def attempt(deadline: float) -> Reply:
            with closing(self._exchange(build, deadline)) as response:
                body = b"".join(pieces(response, self._page_bytes, lambda: self._in_time(deadline)))
            reply = Reply(response.status_code, response.headers, body)
            if check is not None:
                check(reply)
            return reply

        return self._repeat(attempt)

    def download(self, build: Callable[[], Call], target: BinaryIO, limit_bytes: int) -> str:
        """Stream a file into `target` (seekable: every attempt starts over) and return its SHA-256."""
        start = target.tell()

        def attempt(deadline: float) -> str:
            target.seek(start)
            target.truncate()
            digest = hashlib.sha256()
            with closing(self._exchange(build, deadline)) as response:
                if is_html(response.headers):
                    raise SourceChanged("EX-SHAPE", detail="a page of HTML where a file was expected")
                for piece in pieces(response, limit_bytes, lambda: self._in_time(deadline)):
                    target.write(piece)
                    digest.update(piece)
            return digest.hexdigest()

        return self._repeat(attempt)

    def same_origin(self, url: str) -> str:
        """Path and query of a link the source gave, for a Call. Raises SourceChanged EX-ORIGIN for any other place."""
        return path_within(self.base_url, url)

    def _repeat(self, attempt: Callable[[float], T]) -> T:
        deadline = self._clock() + self._policy.budget
        for tries in range(1, self._policy.tries + 1):
            self._admit(tries, deadline)
            try:
                result = attempt(deadline)
            except Again as again:
                code, reason, told = again.code, again.reason, again.retry_after
            else:
                self.breaker.succeeded()
                return result
            # Out of the except block on purpose: no error may carry the one that quotes the URL.
            self._failed(tries, deadline, code, reason, told)
        raise AssertionError("unreachable: the last failed try raises")

    def _admit(self, tries: int, deadline: float) -> None:
        wait = self.breaker.admit()
        if wait > 0:
            if tries == 1 or self._clock() + wait > deadline:
                self._later("EX-BUSY", "too many failures in a row; left alone for now", wait)
            self._sleep(wait)
            if (wait := self.breaker.admit()) > 0:
                self._later("EX-BUSY", "another call is asking whether the source is back", wait)
        wait = self._not_before - self._clock()
        if wait > 0:
            if self._clock() + wait > deadline:
                self._later("EX-LIMIT", "the source said when to come back", wait)
            self._sleep(wait)

    def _failed(self, tries: int, deadline: float, code: str, reason: str, told: float | None) -> None:
        if told is not None:
            self._not_before = max(self._not_before, self._clock() + told)
        if code != "EX-LIMIT":
            self.breaker.failed()
        if tries >= self._policy.tries:
            self._later(code, f"{reason}; {tries} tries", told)
        wait = self._policy.backoff(tries) if told is None else self._policy.after(told)
        if self._clock() + wait > deadline:
            self._later(code if told is None else "EX-LIMIT", reason, wait)
        self._sleep(wait)

    def _later(self, code: str, reason: str, wait: float | None) -> NoReturn:
        raise SourceLater(code, detail=f"{self._host}: {reason}", retry_after=wait)

    def _in_time(self, deadline: float) -> None:
        if self._clock() > deadline:
            raise Again("the answer takes longer than the budget of the call", "EX-NET")

    def _exchange(self, build: Callable[[], Call], deadline: float) -> requests.Response:
        """An answer of an accepted status, its body unread."""
        moved_to: str | None = None
        for _ in range(MAX_REDIRECTS + 1):
            call = build()
            if moved_to is not None:
                call = replace(call, path=moved_to, query={})
            response = self._ask(call, deadline)
            if response.status_code in call.accept:
                return response
            response.close()
            if response.status_code not in _MOVED or "Location" not in response.headers:
                refuse(response.status_code, response.headers, self._host, call.label)
            if call.method != "GET" and response.status_code not in (307, 308):
                raise SourceChanged("EX-HTTP", detail=f"{self._host}: {call.label} a redirect would change the method")
            moved_to = path_within(self.base_url, urljoin(response.url, response.headers["Location"]))
        raise SourceChanged("EX-ORIGIN", detail=f"{self._host}: {call.label} more than {MAX_REDIRECTS} redirects")

    def _ask(self, call: Call, deadline: float) -> requests.Response:
        response = self._transmit(call, deadline)
        challenge = response.headers.get("WWW-Authenticate", "")
        if response.status_code == 401 and isinstance(self._auth, Challenged) and self._auth.answer(challenge):
            response.close()
            response = self._transmit(call, deadline)
        return response

    def _transmit(self, call: Call, deadline: float) -> requests.Response:
        if not call.path.startswith("/"):
            raise SourceChanged("EX-ORIGIN", detail=f"{self._host}: {call.label} a path must start with a slash")
        self._limiter.take()
        read = min(READ_SECONDS, max(1.0, deadline - self._clock()))
        headers = {"Content-Type": "application/json"} if call.json is not None else {}
        request = requests.Request(
            call.method,
            self.base_url + call.path,
            params=dict(call.query),
            headers={**headers, **call.headers},
            data=call.payload(),
            auth=self._auth,
        )
        try:
            return self._session.send(
                self._session.prepare_request(request),
                stream=True,
                allow_redirects=False,
                timeout=(CONNECT_SECONDS, read),
            )
        except (requests.RequestException, ValueError) as error:
            problem = failed_exchange(error, self._host)
        raise problem


def _ca_file(connection: Connection) -> str | None:
    if "ca_file" not in connection.extra:
        return None
    path = connection.setting("ca_file")
    if not Path(path).is_file():
        raise CallRejected("SC-CONN", detail=f"connection {connection.key}: extra.ca_file is not a file")
    return path

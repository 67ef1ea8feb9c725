"""Who we are, for sources that want more than a signature (logins that expire, Basic, Digest); and the loop guard.

Flow: `LoginToken.call(send, expired)` logs in when first needed and repeats the same call once after a refusal.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from typing import TypeVar

from requests.auth import AuthBase, HTTPBasicAuth

from expectations.errors import SourceChanged
from extractors._kit.connection import Connection
from extractors._kit.digest import DigestAuth
from extractors._kit.message import Unauthorised

T = TypeVar("T")


class LoginToken:
    """One login token, shared by all threads of a run."""

    def __init__(self, login: Callable[[], str]) -> None:
        self._login = login
        self._lock = threading.Lock()
        self._token = ""
        self._logins = 0
        self._refused: SourceChanged | None = None

    def call(self, send: Callable[[str], T], expired: Callable[[T], bool]) -> T:
        """`send(token)`, and once more with a new token if the answer is 401 or `expired`.

        Raises SourceChanged EX-AUTH when the new token is refused too.
        """
        login, why = 0, "the answer says that a new login has expired"
        for _ in range(2):
            token, login = self._after(login)
            try:
                reply = send(token)
            except Unauthorised as refused:
                why = refused.detail
                continue
            if not expired(reply):
                return reply
        raise SourceChanged("EX-AUTH", detail=why)

    def _after(self, login: int) -> tuple[str, int]:
        """A token from a later login than the given one; of several threads that ask for it, one logs in."""
        with self._lock:
            if self._logins <= login:
                self._token = self._renewed()
                self._logins += 1
            return self._token, self._logins

    def _renewed(self) -> str:
        # A wrong password tried again by every thread and page would lock the account.
        if self._refused is not None:
            raise SourceChanged(self._refused.code, detail=self._refused.detail)
        try:
            return self._login()
        except SourceChanged as refused:
            self._refused = refused
            raise


class LoopGuard:
    """Notices a source that pages in circles; holds digests of the tokens, at most `max_pages` of them."""

    def __init__(self, max_pages: int = 20_000) -> None:
        self._max_pages = max_pages
        self._seen: set[bytes] = set()

    def check(self, token: str | int) -> None:
        """Take the token of the next page. Raises SourceChanged EX-LOOP if it came before or the pages are too many."""
        digest = hashlib.blake2b(repr(token).encode("utf-8", "surrogatepass"), digest_size=16).digest()
        if digest in self._seen:
            raise SourceChanged("EX-LOOP", detail=f"the token after page {len(self._seen)} came before")
        if len(self._seen) >= self._max_pages:
            raise SourceChanged("EX-LOOP", detail=f"more than {self._max_pages} pages")
        self._seen.add(digest)


def digest_auth(connection: Connection) -> AuthBase:
    """HTTP Digest with the login and password of the connection."""
    return DigestAuth(*connection.credentials)


def basic_auth(connection: Connection) -> AuthBase:
    """HTTP Basic with the login and password of the connection, in UTF-8 where requests would take Latin-1."""
    login, password = connection.credentials
    return HTTPBasicAuth(login.encode(), password.encode())

"""Politeness towards a source: how long to wait, how often to ask, when to leave it alone.

Flow: a failed attempt raises `Again` -> `RetryPolicy` says how long -> `Breaker` and `RateLimiter` guard the next one.
"""

from __future__ import annotations

import os
import random
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from expectations.errors import CallRejected

_SECONDS = re.compile(r"\d{1,9}(\.\d{1,6})?", re.ASCII)
_LONGEST = 366 * 86400.0


class Again(Exception):
    """The attempt failed in a way that the same call may mend; `reason` is technical text, `code` what it ends as."""

    def __init__(self, reason: str, code: str = "EX-BUSY", *, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code
        self.retry_after = retry_after


@dataclass(frozen=True)
class RetryPolicy:
    """Exponential backoff with full jitter; `budget` is the longest one call may take, waits included."""

    base: float = 1.0
    cap: float = 120.0
    tries: int = 6
    budget: float = 300.0
    jitter: Callable[[], float] = random.random

    @classmethod
    def from_env(cls) -> RetryPolicy:
        """The default, with its base from REGISTER_RETRY_BASE if that is set. Raises CallRejected SC-CALL."""
        text = os.environ.get("REGISTER_RETRY_BASE", "1")
        if not _SECONDS.fullmatch(text):
            raise CallRejected("SC-CALL", detail="REGISTER_RETRY_BASE is not a number of seconds")
        return cls(base=float(text))

    def backoff(self, tries: int) -> float:
        """Seconds to wait after the given number of failed tries."""
        return self.jitter() * min(self.cap, self.base * 2.0 ** (tries - 1))

    def after(self, told: float) -> float:
        """Seconds to wait where the source said how long: never less, and spread so that nobody comes back at once."""
        return told + self.jitter() * self.base


def retry_after(headers: Mapping[str, str], now: Callable[[], float] = time.time) -> float | None:
    """Seconds the source asks for, from a number or an HTTP date; None where it says nothing usable.

    A date is measured against the source's own Date header, since the two clocks may differ by hours.
    """
    text = headers.get("Retry-After", "").strip()
    if _SECONDS.fullmatch(text):
        seconds = float(text)
    else:
        moment = http_date(text)
        if moment is None:
            return None
        sent = http_date(headers.get("Date", ""))
        seconds = moment - (now() if sent is None else sent)
    return seconds if 0 <= seconds <= _LONGEST else None


def http_date(text: str) -> float | None:
    """An HTTP date as seconds since 1970, or None."""
    try:
        return parsedate_to_datetime(text).timestamp()
    except (TypeError, ValueError, IndexError, OverflowError):
        return None


class RateLimiter:
    """At most `rate` requests a second, evenly spaced; without a rate it lets everything pass."""

    def __init__(self, rate: float | None, clock: Callable[[], float], sleep: Callable[[float], None]) -> None:
        # 2 % wider than asked: the network may push two evenly spaced requests closer together.
        self._gap = 1.02 / rate if rate else 0.0
        self._clock = clock
        self._sleep = sleep
        self._next = float("-inf")
        self._lock = threading.Lock()

    def take(self) -> None:
        """Wait for the next slot and take it."""
        with self._lock:
            now = self._clock()
            slot = max(now, self._next)
            self._next = slot + self._gap
        if slot > now:
            self._sleep(slot - now)


class Breaker:
    """After `limit` failures in a row the source is left alone for about `rest` seconds, then asked by one probe."""

    def __init__(
        self,
        rest: float,
        clock: Callable[[], float],
        jitter: Callable[[], float] = random.random,
        limit: int = 5,
    ) -> None:
        self._rest = rest
        self._clock = clock
        self._jitter = jitter
        self._limit = limit
        self._failures = 0
        self._until = 0.0
        self._lock = threading.Lock()

    @property
    def state(self) -> str:
        """closed, open or half-open."""
        if self._failures < self._limit:
            return "closed"
        return "open" if self._clock() < self._until else "half-open"

    def admit(self) -> float:
        """0 when a request may go, else the seconds until the next probe may."""
        with self._lock:
            now = self._clock()
            if self._failures < self._limit:
                return 0.0
            if now < self._until:
                return self._until - now
            # This caller is the probe; until it is answered nobody else comes through.
            self._until = now + self._rest
            return 0.0

    def succeeded(self) -> None:
        """The source answered."""
        with self._lock:
            self._failures = 0

    def failed(self) -> None:
        """The source failed once more."""
        with self._lock:
            self._failures += 1
            if self._failures >= self._limit:
                self._until = self._clock() + self._rest * (0.5 + self._jitter())

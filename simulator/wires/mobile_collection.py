"""12 Mobile collection: signed GET, keyset on (upload_time, collect_id), nested records in gzip, five calls a second.

`GET /collect/records?last_id=&limit=1000&updated_since=&updated_before=`. Every version of a collection is shown.
"""

from __future__ import annotations

import base64
import binascii
import threading
import time
from collections import deque
from datetime import datetime
from typing import Any

import orjson

from simulator.store import Store
from simulator.wires._http import HttpWire, Request, Response, Routes, json_response
from simulator.wires._xtif import refused

NUMBER = 12
TITLE = "白云移动采集"
ENTITY = "collection"
PAGE = 1_000
RATE = 5


class BadRequest(Exception):
    """A parameter that cannot be read."""


class MobileCollection(HttpWire):
    """The collections of one town."""

    key = "mobile_collection"

    def __init__(self, store: Store, at: str | None = None, rate: int | None = RATE, **options: Any) -> None:
        """`at`: nothing later is shown; `rate`: calls a second, None for no limit. Further options: HttpWire."""
        demo = {"login": "helong_caiji", "password": "demo-caiji-2022", "extra": {"area_code": "440111017"}}
        super().__init__(**(demo | options))
        self.store, self.at, self.rate = store, at, rate
        self._calls: deque[float] = deque(maxlen=rate or 1)
        self._lock = threading.Lock()

    def routes(self) -> Routes:
        return {("GET", "/collect/records"): self.records}

    def holds(self) -> str:
        return f"采集记录 {self.store.count(self.key, ENTITY, None, self.at)}"

    def records(self, request: Request) -> Response:
        """One page, and where the next one begins."""
        if self._too_fast():
            return json_response({"error": f"每秒不超过 {self.rate} 次"}, 429, headers={"Retry-After": "1"})
        if (refusal := refused(self, request)) is not None:
            return refusal
        try:
            said = self._page(request.query)
        except BadRequest as bad:
            return json_response({"error": str(bad)}, 400)
        return json_response(said, gzip=True)

    def _too_fast(self) -> bool:
        """Whether the call is one too many in the last second; a refused call does not count."""
        if self.rate is None:
            return False
        now = time.monotonic()
        with self._lock:
            if len(self._calls) == self.rate and now - self._calls[0] < 1:
                return True
            self._calls.append(now)
        return False

    def _page(self, query: dict[str, str]) -> dict[str, Any]:
        text = query.get("limit") or str(PAGE)
        if not (text.isascii() and text.isdigit()) or not 1 <= int(text) <= PAGE:
            raise BadRequest(f"limit 应为 1 至 {PAGE}")
        limit, last_id = int(text), query.get("last_id", "")
        begin, end = _moment(query, "updated_since"), _moment(query, "updated_before")
        if self.at is not None:
            end = min(end or self.at, self.at)
        after = _place(last_id) if last_id else None
        rows = self.store.page(self.key, ENTITY, begin, end, after=after, limit=limit + 1)
        page = rows[:limit]
        if page:
            last_id = _name(page[-1].changed_at, page[-1].key, page[-1].seq)
        records = self.faults.rows([row.fields for row in page])
        return {"records": records, "last_id": last_id, "has_more": len(rows) > limit}


def _name(*place: str | int) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(place)).decode()


def _place(last_id: str) -> tuple[str, str, int]:
    try:
        moment, key, seq = orjson.loads(base64.urlsafe_b64decode(last_id))
    except (binascii.Error, ValueError, TypeError):
        raise BadRequest("last_id 无效") from None
    return str(moment), str(key), int(seq)


def _moment(query: dict[str, str], name: str) -> str | None:
    text = query.get(name, "").strip()
    if not text:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").strftime("%Y-%m-%d %H:%M:%S")
    except ValueError:
        raise BadRequest(f"{name} 应为 yyyy-MM-dd HH:mm:ss") from None


def make(
    store: Store, *, port: int = 0, at: str | None = None, options: dict[str, Any] | None = None
) -> MobileCollection:
    """The wire over a town."""
    return MobileCollection(store, at, port=port, **(options or {}))

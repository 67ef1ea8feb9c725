"""05 Mediation: a login token of two hours, pages by number, and rows that move while one reads.

`POST /api/login`, `GET /api/disputes`. Everything comes with HTTP 200 and a code.
"""

from __future__ import annotations

import threading
import uuid
from collections import Counter
from datetime import datetime
from functools import lru_cache, partial
from typing import Any

from simulator.store import Store
from simulator.wires._current import Current, Place
from simulator.wires._http import HttpWire, Request, Response, Routes, json_response

NUMBER = 5
TITLE = "白云区矛盾纠纷多元化解平台"
ENTITY = "dispute"
PAGE = 500
OK, BAD_REQUEST, BAD_LOGIN, EXPIRED = 0, 40001, 40100, 40101


class Refused(Exception):
    """A request the platform answers with a code of its own."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class Mediation(HttpWire):
    """The disputes of one town."""

    key = "mediation"

    def __init__(
        self, store: Store, at: str | None = None, token_seconds: int = 7_200, drifts: int = 1, **options: Any
    ) -> None:
        """`at`: nothing later is shown; `drifts`: how many passes over a window of several pages are disturbed."""
        demo = {"login": "helong_tj", "password": "demo-tj-2022", "extra": {"area_code": "440111017"}}
        super().__init__(**(demo | options))
        self.store, self.at, self.token_seconds, self.drifts = store, at, token_seconds, drifts
        self._current = lru_cache(8)(partial(Current, store, self.key, ENTITY))
        self._tokens: dict[str, float] = {}
        self._passes: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()

    def routes(self) -> Routes:
        return {("POST", "/api/login"): self.login_call, ("GET", "/api/disputes"): self.disputes}

    def holds(self) -> str:
        return f"纠纷 {self.store.count(self.key, ENTITY, None, self.at)}"

    def login_call(self, request: Request) -> Response:
        """Give out a token."""
        try:
            asked = request.json()
        except ValueError:
            asked = None
        known = {"username": self.login, "password": self.password}
        if not isinstance(asked, dict) or {name: asked.get(name) for name in known} != known:
            return _refusal(Refused(BAD_LOGIN, "用户名或密码不正确"))
        token = uuid.uuid4().hex
        with self._lock:
            self._tokens = {t: until for t, until in self._tokens.items() if until > self.clock()}
            self._tokens[token] = self.clock() + self.token_seconds
        return json_response({"code": OK, "message": "成功", "data": {"token": token, "expiresIn": self.token_seconds}})

    def disputes(self, request: Request) -> Response:
        """One page."""
        try:
            self._admit(request)
            data = self._page(request.query)
        except Refused as refused:
            return _refusal(refused)
        return json_response({"code": OK, "message": "成功", "data": data})

    def _admit(self, request: Request) -> None:
        scheme, _, token = request.header("authorization").partition(" ")
        until = self._tokens.get(token.strip(), 0.0)
        if self.faults.expired():
            self._tokens.pop(token.strip(), None)
            raise Refused(EXPIRED, "登录已过期")
        if scheme.lower() != "bearer" or until <= self.clock():
            raise Refused(EXPIRED, "登录已过期")

    def _page(self, query: dict[str, str]) -> dict[str, Any]:
        begin, end = _moment(query, "updateTimeStart"), _moment(query, "updateTimeEnd")
        number, size = _count(query, "pageNo"), _count(query, "pageSize")
        if size > PAGE:
            raise Refused(BAD_REQUEST, f"pageSize 不超过 {PAGE}")
        current = self._current(begin, min(end, self.at) if self.at else end)
        places = self._moved(current.places, (begin, end), number)[(number - 1) * size : number * size]
        total = self.faults.total(len(current.places))
        return {"total": total, "pageNo": number, "list": self.faults.rows(current.fields(places))}

    def _moved(self, places: list[Place], window: tuple[str, str], number: int) -> list[Place]:
        """In a disturbed pass somebody touches the first dispute after page 1 was read: it goes to the end."""
        with self._lock:
            self._passes[window] += number == 1
            disturbed = number > 1 and self._passes[window] <= self.drifts
        return places[1:] + places[:1] if disturbed else places


def _refusal(refused: Refused) -> Response:
    return json_response({"code": refused.code, "message": str(refused), "data": None})


def _count(query: dict[str, str], name: str) -> int:
    text = query.get(name, "")
    if not (text.isascii() and text.isdigit()) or int(text) < 1:
        raise Refused(BAD_REQUEST, f"{name} 应为正整数")
    return int(text)


def _moment(query: dict[str, str], name: str) -> str:
    text = query.get(name, "").strip()
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").strftime("%Y-%m-%d %H:%M:%S")
    except ValueError:
        raise Refused(BAD_REQUEST, f"{name} 应为 yyyy-MM-dd HH:mm:ss") from None


def make(store: Store, *, port: int = 0, at: str | None = None, options: dict[str, Any] | None = None) -> Mediation:
    """The wire over a town."""
    return Mediation(store, at, port=port, **(options or {}))

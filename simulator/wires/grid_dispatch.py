"""10 Grid dispatch: one endpoint, the action in an envelope, a token that is logged in for with HMAC-SM3.

`POST /openapi/client` gives the token, `POST /openapi/service?token=` does the rest. Errors come with HTTP 200. A uid
is good once, a notice is sent until it is signed.
"""

from __future__ import annotations

import threading
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from hmac import compare_digest
from typing import Any

from extractors._kit.signing import hmac_sm3_hex
from simulator.store import Store
from simulator.wires._http import HttpWire, Request, Response, Routes, json_response

NUMBER = 10
TITLE = "白云区网格化指挥调度平台"
PAGE = 500
OK, BAD_REQUEST, REPEATED_UID, EXPIRED, BAD_SIGN, NOT_YOURS = 0, 40001, 40003, 40101, 40102, 40301
Fields = dict[str, Any]
Found = tuple[int, list[Fields]]


class Refused(Exception):
    """A request the platform answers with a code of its own."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class GridDispatch(HttpWire):
    """The platform of one town; signed notices are remembered as long as it runs."""

    key = "grid_dispatch"

    def __init__(
        self, store: Store, at: str | None = None, token_seconds: int = 7_200, uids: int = 100_000, **options: Any
    ) -> None:
        """`at`: nothing later is shown; `uids`: how many are remembered. Further options are those of HttpWire."""
        demo = {"login": "helong_street", "password": "demo-grid-2022", "extra": {"sender_code": "440111017"}}
        super().__init__(**(demo | options))
        self.store, self.at, self.token_seconds = store, at, token_seconds
        self.signed: set[str] = set()
        self._tokens: dict[str, float] = {}
        self._uids: deque[str] = deque(maxlen=uids)
        self._known_uids: set[str] = set()
        self._lock = threading.Lock()
        self._count = lru_cache(256)(store.count)
        self._actions: dict[str, Callable[[Fields], Found]] = {
            "REC_LIST": lambda data: self._page("event", data, "modifyTimeBegin", "modifyTimeEnd"),
            "PART_LIST": lambda data: self._page("facility", data, "changeTimeBegin", "changeTimeEnd"),
            "GRID_LIST": lambda data: _whole([row.fields for row in self.store.latest(self.key, "grid_cell", self.at)]),
            "REC_GET": self._record,
            "GET_NOTICE_INFO": lambda data: _whole(self._notices()),
            "NOTICE_SIGNING": self._sign,
        }

    def routes(self) -> Routes:
        return {("POST", "/openapi/client"): self.client, ("POST", "/openapi/service"): self.service}

    def operation(self, request: Request) -> str:
        return str(request.json()["action"])

    def holds(self) -> str:
        counts = [self.store.count(self.key, entity, None, self.at) for entity in ("event", "facility", "grid_cell")]
        return "事件 {} · 部件 {} · 网格 {}".format(*counts)

    def client(self, request: Request) -> Response:
        """Give out a token for a signed login."""
        try:
            asked = _object(request)
            stamp = str(asked.get("timestamp"))
            wanted = hmac_sm3_hex(self.password, f"{self.login}{stamp}")
            if not stamp.isdecimal() or asked.get("clientId") != self.login:
                raise Refused(BAD_SIGN, "clientId 或 timestamp 不正确")
            if not compare_digest(str(asked.get("sign")).lower().encode(), wanted.encode()):
                raise Refused(BAD_SIGN, "签名不正确")
        except Refused as refused:
            return _refusal(refused)
        token = uuid.uuid4().hex
        with self._lock:
            self._tokens = {t: until for t, until in self._tokens.items() if until > self.clock()}
            self._tokens[token] = self.clock() + self.token_seconds
        data = {"token": token, "expiresIn": self.token_seconds}
        return json_response({"code": OK, "message": "成功", "data": data})

    def service(self, request: Request) -> Response:
        """Do one action."""
        try:
            asked = _object(request)
            self._admit(request.query.get("token", ""), asked)
            action = self._actions.get(str(asked.get("action")))
            data = asked.get("data")
            if action is None or not isinstance(data, dict):
                raise Refused(BAD_REQUEST, "action 或 data 不正确")
            total, records = action(data)
        except Refused as refused:
            return _refusal(refused)
        data = {"total": self.faults.total(total), "records": self.faults.rows(records)}
        return json_response({"code": OK, "message": "成功", "data": data})

    def _admit(self, token: str, asked: Mapping[str, Any]) -> None:
        """Check the token, then the uid: every attempt uses one up, also one with an old token."""
        uid = asked.get("uid")
        with self._lock:
            fresh = self._use_up(uid)
            if self.faults.expired() or self._tokens.get(token, 0.0) <= self.clock():
                self._tokens.pop(token, None)
                raise Refused(EXPIRED, "token 已过期")
            if not _is_uuid(uid):
                raise Refused(BAD_REQUEST, "uid 应为 UUID")
            if not fresh:
                raise Refused(REPEATED_UID, "uid 重复")
        if asked.get("senderCode") != self.extra["sender_code"]:
            raise Refused(NOT_YOURS, "senderCode 无权限")

    def _use_up(self, uid: object) -> bool:
        """Remember a uid; False if it was used before. What is no uid is not remembered."""
        if str(uid) in self._known_uids:
            return False
        if _is_uuid(uid):
            if len(self._uids) == self._uids.maxlen:
                self._known_uids.discard(self._uids[0])
            self._uids.append(str(uid))
            self._known_uids.add(str(uid))
        return True

    def _page(self, entity: str, data: Mapping[str, Any], first: str, last: str) -> Found:
        begin, end = _moment(data, first), _moment(data, last)
        end = min(end, self.at) if self.at else end
        number, size = data.get("pageNo"), data.get("pageSize")
        if type(number) is not int or type(size) is not int or number < 1 or not 1 <= size <= PAGE:
            raise Refused(BAD_REQUEST, f"pageNo 或 pageSize 不合法，pageSize 不超过 {PAGE}")
        rows = self.store.offset_page(self.key, entity, begin, end, offset=(number - 1) * size, limit=size)
        return self._count(self.key, entity, begin, end), [row.fields for row in rows]

    def _record(self, data: Mapping[str, Any]) -> Found:
        key = str(data.get("recId"))
        found = self.store.find(self.key, "event", key)
        if found is not None and self.at is not None and found.changed_at >= self.at:
            earlier = self.store.iterate(self.key, "event", None, self.at)
            found = max((row for row in earlier if row.key == key), key=lambda row: row.seq, default=None)
        return _whole([found.fields] if found else [])

    def _notices(self) -> list[Fields]:
        rows = self.store.iterate(self.key, "notice", None, self.at)
        return [row.fields for row in rows if row.fields["noticeId"] not in self.signed]

    def _sign(self, data: Mapping[str, Any]) -> Found:
        ids = data.get("noticeIds")
        if not isinstance(ids, list):
            raise Refused(BAD_REQUEST, "noticeIds 应为数组")
        with self._lock:
            self.signed.update(str(one) for one in ids)
        return len(ids), []


def _whole(records: list[Fields]) -> Found:
    return len(records), records


def _refusal(refused: Refused) -> Response:
    return json_response({"code": refused.code, "message": str(refused), "data": None})


def _object(request: Request) -> Mapping[str, Any]:
    try:
        asked = request.json()
    except ValueError:
        asked = None
    if not isinstance(asked, dict):
        raise Refused(BAD_REQUEST, "请求不是 JSON 对象")
    return asked


def _moment(data: Mapping[str, Any], name: str) -> str:
    text = data.get(name)
    try:
        return datetime.strptime(str(text), "%Y-%m-%d %H:%M:%S").strftime("%Y-%m-%d %H:%M:%S")
    except ValueError:
        raise Refused(BAD_REQUEST, f"{name} 应为 yyyy-MM-dd HH:mm:ss") from None


def _is_uuid(text: object) -> bool:
    try:
        uuid.UUID(str(text))
    except ValueError:
        return False
    return True


def make(store: Store, *, port: int = 0, at: str | None = None, options: dict[str, Any] | None = None) -> GridDispatch:
    """The wire over a town."""
    return GridDispatch(store, at, port=port, **(options or {}))

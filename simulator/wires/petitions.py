"""03 Petitions: signed POST, keyset on (lastmodifytime, xfjid), and what is not acknowledged is sent again.

`POST /xfj/list`, `POST /xfj/evaluation/list`, `POST /xfj/ack`. A wrong signature is 401, everything else comes with
HTTP 200 and a code.
"""

from __future__ import annotations

import threading
from datetime import datetime
from functools import lru_cache, partial
from typing import Any

from simulator.store import Store
from simulator.wires._current import Current
from simulator.wires._http import HttpWire, Request, Response, Routes, json_response
from simulator.wires._xtif import refused

NUMBER = 3
TITLE = "广东省一体化信访信息系统"
LISTS = {"/xfj/list": "case", "/xfj/evaluation/list": "evaluation"}
PAGE = 200
OK, BAD_FORMAT, NO_SERVICE, NO_PRIVILEGE, BUSINESS = "0001", "0202", "0301", "0304", "0404"


class Refused(Exception):
    """A request the system answers with a code of its own."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Petitions(HttpWire):
    """The cases of one town. What was acknowledged is remembered as long as it runs."""

    key = "petitions"

    def __init__(self, store: Store, at: str | None = None, **options: Any) -> None:
        """`at`: nothing later is shown. Options are those of HttpWire."""
        demo = {"login": "helong_xf", "password": "demo-xf-2022", "extra": {"area_code": "440111017"}}
        super().__init__(**(demo | options))
        self.store, self.at = store, at
        self._current = lru_cache(8)(partial(Current, store, self.key))
        self._lock = threading.Lock()
        # xfjid -> moment of the newest version that was sent, and of the newest that was acknowledged: a case that
        # changes after its receipt is news again.
        self._sent: dict[str, str] = {}
        self._acknowledged: dict[str, str] = {}

    def routes(self) -> Routes:
        return {("POST", path): self._answer for path in (*LISTS, "/xfj/ack")} | {("POST", "*"): self._answer}

    def operation(self, request: Request) -> str:
        return request.path

    def holds(self) -> str:
        counts = [self.store.count(self.key, entity, None, self.at) for entity in LISTS.values()]
        return "信访件 {} · 评价 {}".format(*counts)

    def _answer(self, request: Request) -> Response:
        if (refusal := refused(self, request)) is not None:
            return refusal
        try:
            asked = _object(request)
            if request.path in LISTS:
                return json_response(self._list(LISTS[request.path], asked))
            if request.path == "/xfj/ack":
                return json_response(self._acknowledge(asked))
            raise Refused(NO_SERVICE, "无此服务")
        except Refused as no:
            return json_response({"code": no.code, "message": str(no)})

    def _list(self, entity: str, asked: dict[str, Any]) -> dict[str, Any]:
        if not str(asked.get("xzqh")).startswith(self.extra["area_code"]):
            raise Refused(NO_PRIVILEGE, "无权查询该行政区划")
        begin, end = _moment(asked, "begin"), _moment(asked, "end")
        limit = str(asked.get("limit"))
        if not (limit.isascii() and limit.isdigit()) or not 1 <= int(limit) <= PAGE:
            raise Refused(BAD_FORMAT, f"limit 应为 1 至 {PAGE}")
        current = self._current(entity, begin, min(end, self.at) if self.at else end)
        pending = [p for p in current.places if p[0] > self._acknowledged.get(p[1], "")]
        page = _after(pending, str(asked.get("lastId") or ""), current)[: int(limit)]
        with self._lock:
            for moment, key, _ in page:
                self._sent[key] = max(moment, self._sent.get(key, ""))
        rows = self.faults.rows(current.fields(page))
        said = {"code": OK, "message": "成功", "total": self.faults.total(len(pending)), "rows": rows}
        return said | {"nextId": page[-1][1] if rows and page else None}

    def _acknowledge(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Leave out of later lists what was sent; an id that was acknowledged before is a conflict."""
        ids = [one.strip() for one in str(asked.get("ids") or "").split(",")]
        if not all(ids):
            raise Refused(BAD_FORMAT, "ids 应为以逗号分隔的编号")
        done: list[str] = []
        conflicts: list[str] = []
        failed: list[dict[str, str]] = []
        with self._lock:
            for one in dict.fromkeys(ids):
                if one not in self._sent:
                    failed.append({"failId": one, "failReason": "该件未下发"})
                elif self._acknowledged.get(one) == self._sent[one]:
                    conflicts.append(one)
                else:
                    self._acknowledged[one] = self._sent[one]
                    done.append(one)
        said = {"code": OK, "message": "成功", "successStr": ",".join(done), "conflictStr": ",".join(conflicts)}
        return said | {"failSituationList": failed}


def _after(pending: list[tuple[str, str, int]], last_id: str, current: Current) -> list[tuple[str, str, int]]:
    """What stands behind a case; it may have been acknowledged since."""
    if not last_id:
        return pending
    last = next((place for place in current.places if place[1] == last_id), None)
    if last is None:
        raise Refused(BUSINESS, "lastId 不存在")
    return [place for place in pending if place > last]


def _object(request: Request) -> dict[str, Any]:
    try:
        asked = request.json()
    except ValueError:
        asked = None
    if not isinstance(asked, dict):
        raise Refused(BAD_FORMAT, "请求不是 JSON 对象")
    return asked


def _moment(asked: dict[str, Any], name: str) -> str:
    text = str(asked.get(name)).strip()
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").strftime("%Y-%m-%d %H:%M:%S")
    except ValueError:
        raise Refused(BAD_FORMAT, f"{name} 应为 yyyy-MM-dd HH:mm:ss") from None


def make(store: Store, *, port: int = 0, at: str | None = None, options: dict[str, Any] | None = None) -> Petitions:
    """The wire over a town."""
    return Petitions(store, at, port=port, **(options or {}))

"""11 Cloud Shield: one export endpoint behind HTTP Basic, answers as an array with one object.

`POST /openapi/export {"type", "begin", "end", "from", "size"}`; errors come with HTTP 200 and their own `resp_code`.
The search under it reaches 10,000 records deep, however the pages are cut.
"""

from __future__ import annotations

import base64
from datetime import datetime
from functools import lru_cache
from hmac import compare_digest
from typing import Any

from simulator.store import Store
from simulator.wires._http import HttpWire, Request, Response, Routes, json_response

NUMBER = 11
TITLE = "云盾系统"
ENTITIES = {"DOOR_DEVICE": "door_device", "RENT_ROOM": "rental_room", "MONTH_STAT": "month_count"}
PAGE, REACH = 1_000, 10_000
OK, BAD_REQUEST, BAD_TYPE, BAD_TIME, BAD_PAGE, TOO_DEEP = (
    "000000000000", "100000000001", "100000000002", "100000000003", "100000000004", "100000000005",
)  # fmt: skip


class Refused(Exception):
    """A request the system answers with a code of its own."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class CloudShield(HttpWire):
    """The export of one town."""

    key = "cloud_shield"

    def __init__(self, store: Store, at: str | None = None, **options: Any) -> None:
        """`at`: nothing later is shown. Options are those of HttpWire."""
        demo = {"login": "yd_helong", "password": "demo-yd-2022", "extra": {"area_code": "440111017"}}
        super().__init__(**(demo | options))
        self.store, self.at = store, at
        self._count = lru_cache(256)(store.count)

    def routes(self) -> Routes:
        return {("POST", "/openapi/export"): self.export}

    def operation(self, request: Request) -> str:
        return str(request.json()["type"])

    def holds(self) -> str:
        counts = [self.store.count(self.key, entity, None, self.at) for entity in ENTITIES.values()]
        return "门禁设备 {} · 出租房间 {} · 月度统计 {}".format(*counts)

    def export(self, request: Request) -> Response:
        """One page of one type."""
        if not self._known(request.header("authorization")):
            return json_response({"error": "unauthorized"}, 401, headers={"WWW-Authenticate": 'Basic realm="yd"'})
        try:
            total, hits = self._search(request)
        except Refused as refused:
            return json_response([{"resp_code": refused.code, "resp_msg": str(refused), "total": 0, "hits": []}])
        return json_response([{"resp_code": OK, "resp_msg": "成功", "total": total, "hits": hits}])

    def _known(self, header: str) -> bool:
        scheme, _, sent = header.partition(" ")
        wanted = base64.b64encode(f"{self.login}:{self.password}".encode())
        return scheme.lower() == "basic" and compare_digest(sent.strip().encode(), wanted)

    def _search(self, request: Request) -> tuple[int, list[dict[str, Any]]]:
        asked = _object(request)
        entity = ENTITIES.get(str(asked.get("type")))
        if entity is None:
            raise Refused(BAD_TYPE, "type 不支持")
        begin, end = _moment(asked, "begin"), _moment(asked, "end")
        start, size = asked.get("from"), asked.get("size")
        if type(start) is not int or type(size) is not int or start < 0 or not 1 <= size <= PAGE:
            raise Refused(BAD_PAGE, f"from 或 size 不合法，size 不超过 {PAGE}")
        if start + size > REACH:
            raise Refused(TOO_DEEP, f"from + size 不超过 {REACH}，请缩小时间范围")
        last = min(end, self.at) if self.at else end
        total = self._count(self.key, entity, begin, last)
        rows = self.store.offset_page(self.key, entity, begin, last, offset=start, limit=size)
        return self.faults.total(total), self.faults.rows([row.fields for row in rows])


def _object(request: Request) -> dict[str, Any]:
    try:
        asked = request.json()
    except ValueError:
        asked = None
    if not isinstance(asked, dict):
        raise Refused(BAD_REQUEST, "请求不是 JSON 对象")
    return asked


def _moment(asked: dict[str, Any], name: str) -> str:
    text = asked.get(name)
    try:
        return datetime.strptime(str(text), "%Y-%m-%d %H:%M:%S").strftime("%Y-%m-%d %H:%M:%S")
    except ValueError:
        raise Refused(BAD_TIME, f"{name} 应为 yyyy-MM-dd HH:mm:ss") from None


def make(store: Store, *, port: int = 0, at: str | None = None, options: dict[str, Any] | None = None) -> CloudShield:
    """The wire over a town."""
    return CloudShield(store, at, port=port, **(options or {}))

"""04 Video platform: the device catalogue of GB/T 28181 behind HTTP Digest, in fragments, declared GB2312.

`POST /catalog/query` starts a catalogue and names it; `GET /catalog/response/{sn}/{n}` gives its fragments: 202 while
one is not ready, 404 past the end. The bytes are GB18030, whatever the declaration says.
"""

from __future__ import annotations

import itertools
import threading
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from xml.sax.saxutils import escape

from simulator.store import Store
from simulator.town.systems.video_platform import PLATFORM_ID
from simulator.wires._digest import DigestGate
from simulator.wires._http import Handler, HttpWire, Request, Response, Routes, json_response

NUMBER = 4
TITLE = "广州市白云区视频融合联网平台"
KEPT = 4  # catalogues that can still be fetched
Item = dict[str, Any]


@dataclass
class Catalogue:
    """One queried catalogue; `asked` counts the polls of each fragment."""

    items: list[Item]
    asked: dict[int, int] = field(default_factory=dict)


class VideoPlatform(HttpWire):
    """The platform of one town."""

    key = "video_platform"

    def __init__(
        self,
        store: Store,
        at: str | None = None,
        fragment: int = 20,
        waits: int = 1,
        algorithm: str = "MD5",
        nonce_seconds: float = 300.0,
        **options: Any,
    ) -> None:
        """`fragment`: items in each; `waits`: how often the first one is not ready. Further options: HttpWire."""
        demo = {"login": "helong", "password": "demo-video-2022", "extra": {"device_id": PLATFORM_ID}}
        super().__init__(**(demo | options))
        self.store, self.at, self.fragment, self.waits = store, at, fragment, waits
        gate = {"algorithm": algorithm, "nonce_seconds": nonce_seconds}
        self._gate = DigestGate(self.login, self.password, "gb28181", self.clock, **gate)  # type: ignore[arg-type]
        self._numbers = itertools.count(17_430)
        self._catalogues: dict[str, Catalogue] = {}
        self._lock = threading.Lock()

    def routes(self) -> Routes:
        return {
            ("POST", "/catalog/query"): self._guarded(self.query),
            ("GET", "/catalog/response/{sn}/{n}"): self._guarded(self.response),
        }

    def holds(self) -> str:
        return f"设备 {len(self.items)}"

    @cached_property
    def items(self) -> list[Item]:
        """The devices there are; a town does not change while it is served."""
        return [row.fields for row in self.store.latest(self.key, "device", self.at)]

    def _guarded(self, handler: Handler) -> Handler:
        def guarded(request: Request) -> Response:
            challenge = self._gate.challenge(request.method, request.target, request.header("authorization"))
            if challenge is not None:
                return json_response({"error": "unauthorized"}, 401, headers={"WWW-Authenticate": challenge})
            return handler(request)

        return guarded

    def query(self, request: Request) -> Response:
        """Start a catalogue."""
        try:
            asked = request.json()
        except ValueError:
            asked = None
        if not isinstance(asked, dict) or "deviceId" not in asked:
            return json_response({"error": "deviceId 缺失"}, 400)
        if asked["deviceId"] != self.extra["device_id"]:
            return json_response({"error": "设备不存在"}, 404)
        with self._lock:
            sn = str(next(self._numbers))
            self._catalogues[sn] = Catalogue(self.items)
            for old in list(self._catalogues)[:-KEPT]:
                del self._catalogues[old]
        return json_response({"sn": sn})

    def response(self, request: Request) -> Response:
        """One fragment of a catalogue."""
        sn, place = request.params["sn"], request.params["n"]
        number = int(place) if place.isascii() and place.isdecimal() else 0
        with self._lock:
            catalogue = self._catalogues.get(sn)
            start = (number - 1) * self.fragment
            # A platform without devices still answers, with a fragment of none.
            if catalogue is None or number < 1 or (start >= len(catalogue.items) and number > 1):
                return Response(404)
            catalogue.asked[number] = catalogue.asked.get(number, 0) + 1
            if number == 1 and catalogue.asked[number] <= self.waits:
                return Response(202)
        items = self.faults.rows(catalogue.items[start : start + self.fragment])
        total = self.faults.total(len(catalogue.items))
        body = write_fragment(sn, self.extra["device_id"], total, items)
        return Response(200, body.encode("gb18030"), {"Content-Type": "application/xml; charset=GB2312"})


def write_fragment(sn: str, device_id: str, total: int, items: list[Item]) -> str:
    """One fragment as XML."""
    return (
        '<?xml version="1.0" encoding="GB2312"?>\r\n<Response>\r\n<CmdType>Catalog</CmdType>\r\n'
        f"<SN>{sn}</SN>\r\n<DeviceID>{device_id}</DeviceID>\r\n<SumNum>{total}</SumNum>\r\n"
        f'<DeviceList Num="{len(items)}">\r\n{"".join(write_item(item) for item in items)}</DeviceList>\r\n'
        "</Response>\r\n"
    )


def write_item(item: Item) -> str:
    """One device; fields named `Info/…` stand inside the element Info, and what is None is left out."""
    outer = "".join(_element(n, v) for n, v in item.items() if v is not None and "/" not in n)
    inner = "".join(_element(n[5:], v) for n, v in item.items() if v is not None and n.startswith("Info/"))
    return f"<Item>\r\n{outer}{f'<Info>{inner}</Info>' if inner else ''}\r\n</Item>\r\n"


def _element(name: str, value: Any) -> str:
    return f"<{name}>{escape(str(value))}</{name}>"


def make(store: Store, *, port: int = 0, at: str | None = None, options: dict[str, Any] | None = None) -> VideoPlatform:
    """The wire over a town."""
    return VideoPlatform(store, at, port=port, **(options or {}))

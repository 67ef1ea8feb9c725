"""07 Human resources and social security: SOAP 1.1 in GBK behind one endpoint, with a session that ends.

`login` gives a session for 20 minutes; `business` gives up to 500 rows of a list from `startrow` on. What the system
refuses comes as a code in HTTP 200, what it cannot read as a SOAP Fault in HTTP 500. A session may end in mid-page.
"""

from __future__ import annotations

import re
import threading
import uuid
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from hmac import compare_digest
from typing import Any
from xml.sax.saxutils import quoteattr

from lxml import etree

from simulator.store import Store
from simulator.wires._http import HttpWire, Request, Response, Routes, text_response

NUMBER = 7
TITLE = "广东省集中式人力资源和社会保障一体化信息系统"
ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
MOLSS = "http://www.molss.gov.cn/"
FUNCTIONS = {"EMPLOYER_LIST": "employer", "WINDOW_SERVICE_LIST": "window_service"}
PAGE = 500
OK, BAD_PARA, BAD_LOGIN, BAD_FUNCTION, NOT_YOURS, ENDED = "1", "-1", "-2", "-3", "-4", "-99"
Para = Mapping[str, str]
Element = Any


class Refused(Exception):
    """A request the system answers with a code of its own."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Unreadable(ValueError):
    """A request that is answered with a SOAP Fault."""


class HrSocialSecurity(HttpWire):
    """The platform of one town."""

    key = "hr_social_security"

    def __init__(self, store: Store, at: str | None = None, session_seconds: int = 1_200, **options: Any) -> None:
        """`at`: nothing later is shown. Further options are those of HttpWire."""
        demo = {"login": "helong_jd", "password": "demo-hr-2022", "extra": {"area_code": "440111017"}}
        super().__init__(**(demo | options))
        self.store, self.at, self.session_seconds = store, at, session_seconds
        self._sessions: dict[str, float] = {}
        self._lock = threading.Lock()
        self._count = lru_cache(256)(store.count)

    def routes(self) -> Routes:
        return {("POST", "/sieaf/services"): self.services}

    def operation(self, request: Request) -> str:
        """`login`, or the function of a business call."""
        name, para, _ = _read(request)
        return para.get("functionid", name) if name == "business" else name

    def holds(self) -> str:
        counts = [self.store.count(self.key, entity, None, self.at) for entity in FUNCTIONS.values()]
        return "用人单位 {} · 窗口业务 {}".format(*counts)

    def services(self, request: Request) -> Response:
        """The one endpoint."""
        if request.header("content-type").partition(";")[0].strip().lower() != "text/xml":
            return text_response("Unsupported Media Type", 415)
        try:
            _check_headers(request)
            name, para, session = _read(request)
        except Unreadable as error:
            return _fault(str(error))
        if name == "business":
            return self._business(para, session)
        return self._login(para) if name == "login" else _fault("操作不存在")

    def _login(self, para: Para) -> Response:
        sent, held = (f"{para.get('usr')}\n{para.get('pwd')}", f"{self.login}\n{self.password}")
        if not compare_digest(sent.encode(), held.encode()):
            return _answer("login", {"code": BAD_LOGIN, "message": "用户名或密码错误", "sessionid": ""})
        session, now = uuid.uuid4().hex.upper(), self.clock()
        with self._lock:
            self._sessions = {one: until for one, until in self._sessions.items() if until > now}
            self._sessions[session] = now + self.session_seconds
        return _answer("login", {"sessionid": session})

    def _business(self, para: Para, session: str) -> Response:
        ended = self.faults.expired()
        with self._lock:
            known = self._sessions.get(session, 0.0) > self.clock()
            if ended:
                self._sessions.pop(session, None)
        if not known:
            return _answer("business", {"code": ENDED, "message": "会话已失效", "row_count": "0"})
        try:
            total, rows = self._page(para)
        except Refused as refused:
            return _answer("business", {"code": refused.code, "message": str(refused), "row_count": "0"})
        if ended:  # in mid-page: what has been written already stays in the answer
            said = {"code": ENDED, "message": "会话已失效", "row_count": str(total)}
            return _answer("business", said, rows[: len(rows) // 2])
        return _answer("business", {"code": OK, "message": "", "row_count": str(self.faults.total(total))}, rows)

    def _page(self, para: Para) -> tuple[int, list[dict[str, Any]]]:
        entity = FUNCTIONS.get(para.get("functionid", ""))
        if entity is None:
            raise Refused(BAD_FUNCTION, "功能号不存在")
        if para.get("area") != self.extra["area_code"]:
            raise Refused(NOT_YOURS, "无该区划权限")
        begin, end = _day(para, "begin"), _day(para, "end")
        start, size = _number(para, "startrow"), _number(para, "rows")
        if size > PAGE:
            raise Refused(BAD_PARA, f"rows 不超过 {PAGE}")
        end = min(end, self.at) if self.at else end
        found = self.store.offset_page(self.key, entity, begin, end, offset=start - 1, limit=size)
        return self._count(self.key, entity, begin, end), self.faults.rows([row.fields for row in found])


def _check_headers(request: Request) -> None:
    charset = request.header("content-type").lower().replace(" ", "").replace('"', "").partition("charset=")[2]
    if charset.partition(";")[0] != "gbk":
        raise Unreadable("Content-Type 应为 text/xml; charset=GBK")
    if "soapaction" in request.headers:
        raise Unreadable("本服务不使用 SOAPAction")


def _read(request: Request) -> tuple[str, dict[str, str], str]:
    """Operation, its parameters and the session of a request. Raises Unreadable."""
    envelope = _parsed(request.body)
    body = envelope.find(f"{{{ENVELOPE}}}Body")
    if envelope.tag != f"{{{ENVELOPE}}}Envelope" or body is None or len(body) != 1:
        raise Unreadable("不是 SOAP 1.1 报文")
    system = envelope.find(f"{{{ENVELOPE}}}Header/{{{MOLSS}}}system")
    session = "" if system is None else _para(system).get("sessionid", "")
    return etree.QName(body[0]).localname, _para(body[0]), session


def _parsed(body: bytes) -> Element:
    if not re.match(rb"""\s*<\?xml[^>]*encoding\s*=\s*["']gbk["']""", body, re.IGNORECASE):
        raise Unreadable("报文应声明 encoding=GBK")
    if b"<!" in body:
        raise Unreadable("报文不得含 DTD")
    try:
        return etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError:
        raise Unreadable("报文无法解析") from None


def _para(node: Element) -> dict[str, str]:
    para = next((one for one in node if etree.QName(one).localname == "para"), None)
    if etree.QName(node).namespace != MOLSS or para is None:
        raise Unreadable("缺少 para 或命名空间不符")
    return {str(name): str(value) for name, value in para.attrib.items()}


def _day(para: Para, name: str) -> str:
    text = para.get(name, "")
    try:
        if len(text) != len("yyyyMMdd"):
            raise ValueError(name)
        return datetime.strptime(text, "%Y%m%d").strftime("%Y-%m-%d 00:00:00")
    except ValueError:
        raise Refused(BAD_PARA, f"{name} 应为 yyyyMMdd") from None


def _number(para: Para, name: str) -> int:
    text = para.get(name, "")
    if not text.isdecimal() or int(text) < 1:
        raise Refused(BAD_PARA, f"{name} 应为正整数")
    return int(text)


def _answer(operation: str, result: Para, rows: list[dict[str, Any]] | None = None) -> Response:
    listed = "".join(f"<row{_attributes(row)}/>" for row in rows or ())
    held = "" if operation == "login" else f'<resultset name="querylist">{listed}</resultset>'
    return _envelope(
        f'<out:{operation} xmlns:out="{MOLSS}"><result{_attributes(result)}/>{held}</out:{operation}>', 200
    )


def _attributes(row: Mapping[str, Any]) -> str:
    """The fields as attributes; what is null has none."""
    return "".join(f" {name}={quoteattr(str(value))}" for name, value in row.items() if value is not None)


def _fault(reason: str) -> Response:
    body = f"<soapenv:Fault><faultcode>soapenv:Client</faultcode><faultstring>{reason}</faultstring></soapenv:Fault>"
    return _envelope(body, 500)


def _envelope(body: str, status: int) -> Response:
    """In GBK; what GBK does not have goes out as character references."""
    text = f'<soapenv:Envelope xmlns:soapenv="{ENVELOPE}"><soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>'
    declared = f'<?xml version="1.0" encoding="GBK"?>\n{text}'
    return text_response(declared, status, content_type="text/xml", charset="GBK", errors="xmlcharrefreplace")


def make(
    store: Store, *, port: int = 0, at: str | None = None, options: dict[str, Any] | None = None
) -> HrSocialSecurity:
    """The wire over a town."""
    return HrSocialSecurity(store, at, port=port, **(options or {}))

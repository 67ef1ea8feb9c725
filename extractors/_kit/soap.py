"""SOAP 1.1 with one endpoint and a session, as social-security platforms speak it: attributes under `para` and `row`.

Flow: `login` -> sessionid -> `business` with the session in its header -> Answer (attributes of `result`, and rows).
A call whose session has ended is repeated as it was after a new login; rows that came with that answer do not count.
Requests go out in GBK without SOAPAction; answers are read in the encoding their prolog declares.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.sax.saxutils import quoteattr

from expectations.errors import SourceChanged, SourceLater
from extractors._kit.auth import LoginToken
from extractors._kit.message import Call, Reply, is_html
from extractors._kit.rest import Http
from extractors._kit.strict_xml import Element, child, local_name, parse_xml, text_of

ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
CONTENT_TYPE = "text/xml; charset=GBK"
ANSWER_BYTES = 8 << 20  # a page of 500 rows is a tenth of this; the tree of an answer takes some ten times its bytes
CODECS = {"gbk": "gb18030", "gb2312": "gb18030", "gb18030": "gb18030", "utf-8": "utf-8"}
SERVER_ERROR = 500  # SOAP 1.1, 6.2: a Fault comes with it
_CHARSET = re.compile(r"""charset\s*=\s*["']?([\w.-]+)""", re.IGNORECASE)
_GBK = re.compile(rb"""\s*<\?xml[^>]*encoding\s*=\s*["']gb""", re.IGNORECASE)
_CODE = re.compile(r"[\w.:-]{1,32}", re.ASCII)


@dataclass(frozen=True)
class Answer:
    """What one call brought; a row holds the attributes it came with."""

    result: Mapping[str, str]
    rows: list[dict[str, str]] = field(repr=False)


class SoapClient:
    """Calls to one endpoint in one namespace."""

    def __init__(self, http: Http, path: str, namespace: str) -> None:
        self._http = http
        self._path = path
        self._namespace = namespace

    def call(self, operation: str, para: Mapping[str, object], session: str | None = None) -> Answer:
        """One call. Raises SourceChanged EX-CODE for a Fault, EX-SHAPE, DE-XML or DE-ENC for what is no answer."""
        body = self._envelope(operation, para, session)
        headers = {"Content-Type": CONTENT_TYPE}
        accept = (200, SERVER_ERROR)
        reply = self._http.send(
            lambda: Call("POST", self._path, headers=headers, body=body, accept=accept, label=operation)
        )
        return read_answer(reply, operation)

    def _envelope(self, operation: str, para: Mapping[str, object], session: str | None) -> bytes:
        header = "" if session is None else f"<e:Header>{_request('system', {'sessionid': session})}</e:Header>"
        text = (
            f'<?xml version="1.0" encoding="GBK"?>\n<e:Envelope xmlns:e="{ENVELOPE}" xmlns:in="{self._namespace}">'
            f"{header}<e:Body>{_request(operation, para)}</e:Body></e:Envelope>"
        )
        return text.encode("gbk", "xmlcharrefreplace")


class SoapSession:
    """Calls under a login that the source ends when it likes: `ended` is the code that says so."""

    def __init__(self, client: SoapClient, user: str, password: str, *, ended: str) -> None:
        self._client = client
        self._who = {"usr": user, "pwd": password}
        self._ended = ended
        self._token = LoginToken(self._login)

    def business(self, para: Mapping[str, object]) -> Answer:
        """One business call, repeated once after a new login. Raises SourceChanged EX-AUTH if that does not help."""
        return self._token.call(
            lambda session: self._client.call("business", para, session),
            lambda answer: answer.result.get("code") == self._ended,
        )

    def _login(self) -> str:
        result = self._client.call("login", self._who).result
        session = result.get("sessionid", "")
        if not session:
            raise SourceChanged("EX-AUTH", detail=f"login: no session, code {code_of(result.get('code'))}")
        return session


def code_of(text: str | None) -> str:
    """A code of the source fit for an error text: its messages may quote a record, a code cannot."""
    return text if text and _CODE.fullmatch(text) else "unreadable"


def read_answer(reply: Reply, operation: str) -> Answer:
    """The result and the rows of an answer, whatever prefixes it uses."""
    if is_html(reply.headers):
        raise SourceChanged("EX-SHAPE", detail=f"{operation}: a page of HTML where SOAP was expected")
    if reply.status == SERVER_ERROR and b"Envelope" not in reply.body:
        raise SourceLater("EX-HTTP", detail=f"{operation}: HTTP {SERVER_ERROR} without a SOAP Fault")
    envelope = parse_xml(reply.body, CODECS, _undeclared(reply))
    if _GBK.match(reply.body) and _is_utf8(reply.body):
        raise SourceChanged("DE-ENC", detail=f"{operation}: GBK is declared, the bytes are UTF-8")
    body = child(envelope, "Body") if local_name(envelope) == "Envelope" else None
    if body is None or not len(body):
        raise SourceChanged("EX-SHAPE", detail=f"{operation}: not a SOAP envelope with a body")
    if (fault := child(body, "Fault")) is not None:
        raise SourceChanged("EX-CODE", detail=f"{operation}: SOAP Fault {code_of(text_of(child(fault, 'faultcode')))}")
    said = child(body, operation)
    result = None if said is None else child(said, "result")
    if result is None:
        raise SourceChanged("EX-SHAPE", detail=f"{operation}: an answer without a result")
    return Answer(_attributes(result), _rows(said))


def _rows(said: Element) -> list[dict[str, str]]:
    """The rows of the query list; an answer may hold other result sets beside it."""
    lists = [node for node in said if local_name(node) == "resultset" and node.get("name", "querylist") == "querylist"]
    return [_attributes(row) for held in lists for row in held if local_name(row) == "row"]


def _attributes(node: Element) -> dict[str, str]:
    return {str(name): str(value) for name, value in node.attrib.items()}


def _request(operation: str, para: Mapping[str, object]) -> str:
    attributes = "".join(f" {name}={quoteattr(str(value))}" for name, value in para.items())
    return f"<in:{operation}><para{attributes}/></in:{operation}>"


def _undeclared(reply: Reply) -> str:
    """The codec of an answer whose prolog names none (RFC 7303: then the header does)."""
    found = _CHARSET.search(reply.headers.get("Content-Type", ""))
    return CODECS.get(found[1].lower(), "utf-8") if found else "utf-8"


def _is_utf8(body: bytes) -> bool:
    """Whether bytes that also pass as GBK are UTF-8 with Chinese in it; read as GBK they would be other characters."""
    try:
        return any(character >= "\u0800" for character in body.decode("utf-8"))
    except UnicodeDecodeError:
        return False

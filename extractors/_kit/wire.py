"""What one HTTP answer may look like on the wire, and what a failed exchange means.

Flow: requests.Response (unread) -> `check_framing` -> `pieces` -> decoded bytes, capped while they stream.
The body is read and inflated here, not by requests: its own reading has no cap, and it drains redirects whole.
"""

from __future__ import annotations

import re
import ssl
import zlib
from collections.abc import Callable, Iterator, Mapping
from email.errors import MissingHeaderBodySeparatorDefect
from socket import gaierror
from typing import TYPE_CHECKING

import requests
from urllib3.exceptions import HTTPError, ReadTimeoutError

from expectations.errors import PipelineError, SourceChanged
from extractors._kit.retry import Again

if TYPE_CHECKING:
    from zlib import _Decompress

CHUNK = 65_536
RATIO = 100
RATIO_FREE = 1 << 20
_LENGTH = re.compile(r"\d{1,18}", re.ASCII)


class Session(requests.Session):
    """A session that knows no proxy, no .netrc, and never looks into a redirect."""

    def __init__(self, ca_file: str | None) -> None:
        super().__init__()
        self.trust_env = False
        self.verify = ca_file or True
        # A fixed name: the default tells the library's version.
        self.headers.update({"User-Agent": "street-base-register", "Accept-Encoding": "gzip, deflate"})

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """None: even with allow_redirects=False, requests would read the body of a redirect without a limit."""
        return None


def check_framing(headers: Mapping[str, str]) -> tuple[int | None, str]:
    """Declared length and content encoding. Raises SourceChanged EX-HTTP where they have two readings."""
    length, transfer = headers.get("Content-Length"), headers.get("Transfer-Encoding")
    if length is not None and transfer is not None:
        raise SourceChanged("EX-HTTP", detail="both Content-Length and Transfer-Encoding")
    if length is not None and not _LENGTH.fullmatch(length.strip()):
        raise SourceChanged("EX-HTTP", detail="Content-Length is not one number")
    if transfer is not None and transfer.strip().lower() != "chunked":
        raise SourceChanged("EX-HTTP", detail="a Transfer-Encoding other than chunked")
    encoding = headers.get("Content-Encoding", "").strip().lower().removeprefix("x-") or "identity"
    if encoding not in ("identity", "gzip", "deflate"):
        raise SourceChanged("EX-HTTP", detail="a Content-Encoding other than one of gzip, deflate, identity")
    return (None if length is None else int(length)), encoding


def pieces(response: requests.Response, limit: int, check_time: Callable[[], None]) -> Iterator[bytes]:
    """The decoded body piece by piece.

    Raises Again EX-TRUNC for a body cut short, SourceChanged EX-BIG, EX-BOMB or EX-HTTP.
    """
    if _broken_head(response):
        raise SourceChanged("EX-HTTP", detail="a malformed line among the headers")
    length, encoding = check_framing(response.headers)
    if length is not None and length > limit:
        raise SourceChanged("EX-BIG", detail=f"{length} bytes announced, the limit is {limit}")
    inflate = None if encoding == "identity" else _Inflate(encoding)
    taken = given = 0
    for chunk in _raw(response, length):
        check_time()
        taken += len(chunk)
        for piece in [chunk] if inflate is None else inflate.feed(chunk):
            given += len(piece)
            if given > RATIO_FREE and given > RATIO * taken:
                raise SourceChanged("EX-BOMB", detail=f"more than {RATIO} to 1 after {taken} bytes")
            if given > limit:
                raise SourceChanged("EX-BIG", detail=f"more than {limit} bytes")
            yield piece
        # Empty deflate blocks give nothing, for ever.
        if taken > limit:
            raise SourceChanged("EX-BIG", detail=f"more than {limit} bytes")
    if inflate is not None:
        inflate.finish()


def _broken_head(response: requests.Response) -> bool:
    """urllib3 only warns of it, and takes the headers behind the bad line for the start of the body."""
    message = getattr(getattr(response.raw, "_original_response", None), "msg", None)
    # The other defects are of multipart bodies, whose parts no header parser sees.
    return any(isinstance(defect, MissingHeaderBodySeparatorDefect) for defect in getattr(message, "defects", ()))


def _raw(response: requests.Response, length: int | None) -> Iterator[bytes]:
    """Bytes as they arrive. read1, since read waits for a full chunk and a drip would hold it for hours."""
    remaining = length
    while remaining is None or remaining > 0:
        # Never more than is left: before 3.13 read1 does not count, and would read on into the next answer.
        amount = CHUNK if remaining is None else min(CHUNK, remaining)
        problem = None
        try:
            chunk = response.raw.read1(amount, decode_content=False)
        except ReadTimeoutError:
            problem = Again("the answer stopped arriving", "EX-NET")
        except (HTTPError, OSError):
            problem = Again("the answer broke off", "EX-TRUNC")
        if problem is not None:
            raise problem
        if not chunk:
            break
        if remaining is not None:
            remaining -= len(chunk)
        yield chunk
    if remaining:
        raise Again(f"{remaining} of {length} bytes are missing", "EX-TRUNC")


class _Inflate:
    """gzip (also of several members) or deflate (zlib or raw), never more than CHUNK at a time."""

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding
        self._stream: _Decompress | None = None

    def feed(self, data: bytes) -> Iterator[bytes]:
        while data:
            if self._stream is None:
                self._stream = zlib.decompressobj(self._window(data))
            piece = self._inflate(self._stream, data)
            if piece:
                yield piece
            data = self._stream.unused_data if self._stream.eof else self._stream.unconsumed_tail
            if self._stream.eof and data:
                if self._encoding == "deflate":
                    raise Again("bytes follow the compressed answer", "EX-TRUNC")
                self._stream = None

    def finish(self) -> None:
        if self._stream is not None and not self._stream.eof:
            raise Again("the compressed answer broke off", "EX-TRUNC")

    def _window(self, data: bytes) -> int:
        if self._encoding == "gzip":
            return 31
        # Servers send both kinds under the name deflate (RFC 9110, 8.4.1.2); only zlib's starts with x8.
        return 15 if data[0] & 0x0F == 8 else -15

    def _inflate(self, stream: _Decompress, data: bytes) -> bytes:
        piece = None
        try:
            piece = stream.decompress(data, CHUNK)
        except zlib.error:
            piece = None
        if piece is None:
            raise Again("the compressed answer is corrupt", "EX-TRUNC")
        return piece


def failed_exchange(error: Exception, host: str) -> Again | PipelineError:
    """What an exchange that brought no answer means; the text holds kinds only, as requests quotes whole URLs."""
    chain = list(_chain(error))
    if isinstance(error, requests.exceptions.SSLError):
        for link in chain:
            if isinstance(link, ssl.SSLEOFError | ssl.SSLZeroReturnError):
                return Again("the connection closed during the TLS handshake", "EX-NET")
        found = next((link for link in chain if isinstance(link, ssl.SSLError)), None)
        reason = getattr(found, "verify_message", None) or getattr(found, "reason", None) or "TLS failed"
        return SourceChanged("EX-TLS", detail=f"{host}: {reason}")
    if isinstance(error, requests.Timeout):
        return Again("no answer in time", "EX-NET")
    if isinstance(error, requests.ConnectionError):
        kinds = ((gaierror, "name not found"), (ConnectionRefusedError, "connection refused"))
        reason = next((text for kind, text in kinds for link in chain if isinstance(link, kind)), "connection lost")
        return Again(reason, "EX-NET")
    return SourceChanged("EX-HTTP", detail=f"{host}: a URL or header that cannot be sent or read")


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and all it wraps; urllib3 hides the cause in `args` or `reason` as often as in `__cause__`."""
    waiting: list[object] = [error]
    seen: set[int] = set()
    while waiting:
        link = waiting.pop(0)
        if isinstance(link, BaseException) and id(link) not in seen:
            seen.add(id(link))
            yield link
            waiting += [*link.args, getattr(link, "reason", None), link.__cause__, link.__context__]

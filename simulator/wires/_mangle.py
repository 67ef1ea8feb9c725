"""The byte-level faults of the HTTP wires: which answer goes out instead, and how its bytes are spoiled.

Nothing here touches a socket: `stand_in` picks another answer, `deliver` turns an answer into a Delivery that says
what to claim in the head and what to send after it.
"""

from __future__ import annotations

import gzip
import zlib
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import lru_cache

from simulator.faults import ANSWER_KINDS, Fault, Hits
from simulator.wires._message import JSON, Response

TEN_DAYS = 864_000


@dataclass
class Delivery:
    """One answer on its way out. `length` is what the head claims (None: chunked), `cut` the bytes really sent."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    length: int | None = 0
    cut: int | None = None
    close: bool = False
    reset: bool = False


@lru_cache(maxsize=2)
def bomb(megabytes: int) -> bytes:
    """So many megabytes of white space and an empty object: valid JSON, about a thousandth of the size in gzip."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = b" " * 1_000_000
    return b"".join(packer.compress(block) for _ in range(megabytes)) + packer.compress(b"{}") + packer.flush()


def retry_after(fault: Fault, now: float) -> dict[str, str]:
    """The Retry-After header in the form that the fault asks for. Raises KeyError for an unknown form."""
    seconds = fault["seconds"]
    said = {
        "seconds": str(seconds),
        "date": formatdate(now + seconds, usegmt=True),
        "garbage": "soon, perhaps",
        "negative": f"-{abs(seconds)}",
        "ten_days": str(TEN_DAYS),
        "absent": None,
    }[fault["retry_after"]]
    return {} if said is None else {"Retry-After": said}


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode()


def stand_in(hits: Hits, previous: Response | None, now: float, *, after: bool = False) -> Response | None:
    """The answer that goes out instead of the wire's own, if a fault asks for one.

    Without `after`: before the wire handles the request; with it: afterwards, for faults that let the wire work.
    """
    fault = next((hit.fault for hit in hits.of(ANSWER_KINDS) if _is_after(hit.fault) is after), None)
    if fault is None:
        return None
    match fault.kind:
        case "status":
            plain = {"Content-Type": "text/plain; charset=utf-8"}
            return Response(fault["status"], _bytes(fault["body"]), plain | fault["headers"])
        case "rate_limit":
            return Response(429, b"", retry_after(fault, now))
        case "redirect":
            return Response(fault["status"], b"", {"Location": fault["to"]})
        case "replace":
            return Response(fault["status"], _bytes(fault["body"]), {"Content-Type": fault["content_type"]})
        case "gzip_bomb":
            return Response(200, bomb(fault["megabytes"]), {"Content-Type": JSON, "Content-Encoding": "gzip"})
    return previous  # repeat_page; there is none before the first page


def _is_after(fault: Fault) -> bool:
    return fault.kind == "status" and bool(fault["after"])


def deliver(response: Response, hits: Hits) -> Delivery:
    """Spoil the bytes of an answer as the faults ask, and say how it is sent."""
    body, headers = response.body, dict(response.headers)
    for hit in hits.of(("encoding",)):
        body = body.decode(hit.fault["read_as"]).encode(hit.fault["write_as"], "replace")
    if response.gzip:
        body = gzip.compress(body, 1)
        headers["Content-Encoding"] = "gzip"
    sent = Delivery(response.status, headers, body, len(body))
    for hit in hits.hits:
        _spoil(sent, hit.fault)
    return sent


def _spoil(sent: Delivery, fault: Fault) -> None:
    match fault.kind:
        case "headers":
            sent.headers.update(fault["headers"])
        case "truncate":
            sent.cut, sent.close = fault["at"], True
        case "truncate_chunked":
            sent.cut, sent.length, sent.close = fault["at"], None, True
        case "drop" if fault["at"]:
            sent.cut, sent.reset = fault["at"], True
        case "wrong_length":  # claimed too short, the rest stands in front of the next answer
            sent.length, sent.close = max(0, len(sent.body) + fault["by"]), fault["by"] > 0

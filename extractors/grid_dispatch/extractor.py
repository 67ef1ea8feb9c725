"""Grid dispatch (one endpoint, the action in an envelope, HMAC-SM3 login): numbered pages, notices and one snapshot.

Notices name events that changed outside the window; they are read one by one, and signed once everything is landed.
A backfill reads the lists alone: notices and the grid show the present only.
Flow: GET_NOTICE_INFO, REC_LIST, REC_GET, PART_LIST, GRID_LIST -> landing/grid_dispatch/<entity> -> NOTICE_SIGNING
Alone: python -m extractors grid_dispatch --begin 2022-11-01 --end 2022-11-02 --landing DIR
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

from expectations.errors import SourceChanged, SourceLater
from extractors._kit.auth import LoginToken
from extractors._kit.context import Context, Page, Record
from extractors._kit.paging import Batch, WindowReader, batch_of, read_steadily
from extractors._kit.rest import Again, Call, Http, Reply
from extractors._kit.signing import hmac_sm3_hex
from extractors._kit.window import Window

OK, EXPIRED, REPEATED_UID = "0", "40101", "40003"
Envelope = Mapping[str, Any]
Ask = Callable[[str, Mapping[str, Any]], Envelope]


def extract(ctx: Context) -> Iterator[Page]:
    """Events with those the notices name, then facilities, then the grid."""
    with gateway(ctx) as ask:
        # Asked for first: what changes while the events are read is then in the list or in a later notice.
        # Not in a backfill: a notice tells of the present, would bring that into a window of the past, and be signed.
        notices = {} if ctx.history else _notices(ctx, ask)
        read: set[str] = set()
        limits = ctx.option("reach"), ctx.option("page_size")
        yield from read_steadily(ctx, "event", partial(_events, ctx, ask, notices, read), limits)
        facilities = partial(_pages, ctx, ask, "facility", "PART_LIST", "changeTime")
        yield from read_steadily(ctx, "facility", facilities, limits)
        if "grid_cell" in ctx.source.entities:
            yield from _grid(ctx, ask)
    if signable := [one for rec_id, ids in notices.items() if rec_id in read for one in ids]:
        ctx.after_landing(partial(_sign, ctx, signable))


@contextmanager
def gateway(ctx: Context) -> Iterator[Ask]:
    """The one endpoint as a function of action and data; it logs in when first asked, and again when expired."""
    client, secret = ctx.connection.credentials
    sender = ctx.connection.setting("sender_code")
    with Http(ctx.connection, rate=ctx.source.rate) as http:
        login = LoginToken(partial(_login, http, client, secret))

        def ask(action: str, data: Mapping[str, Any]) -> Envelope:
            def send(token: str) -> Envelope:
                return _service(http, token, {"action": action, "senderCode": sender, "data": data})

            return login.call(send, lambda answer: _code(answer) == EXPIRED)

        yield ask


def _login(http: Http, client: str, secret: str) -> str:
    def build() -> Call:
        stamp = int(time.time())
        body = {"clientId": client, "timestamp": stamp, "sign": hmac_sm3_hex(secret, f"{client}{stamp}")}
        return Call("POST", "/openapi/client", json=body, label="client")

    answer = _envelope(http.send(build))
    if _code(answer) != OK:
        raise SourceChanged("EX-AUTH", detail=f"client: code {_code(answer)}")
    token = _data(answer, "client").get("token")
    if not isinstance(token, str) or not token:
        raise SourceChanged("EX-SHAPE", detail="client: no token")
    return token


def _service(http: Http, token: str, body: Mapping[str, Any]) -> Envelope:
    """One action. A uid is good for one attempt, so every retry has its own."""

    def build() -> Call:
        fresh = {**body, "uid": str(uuid.uuid4())}
        return Call("POST", "/openapi/service", query={"token": token}, json=fresh, label=body["action"])

    def check(reply: Reply) -> None:
        if _code(_envelope(reply)) == REPEATED_UID:
            raise Again(f"{body['action']}: code {REPEATED_UID}", "EX-BUSY")

    return _envelope(http.send(build, check))


def _envelope(reply: Reply) -> Envelope:
    answer = reply.json()
    if not isinstance(answer, dict) or "code" not in answer:
        raise SourceChanged("EX-SHAPE", detail="the answer is not an envelope with a code")
    return answer


def _code(answer: Envelope) -> str:
    """The code as text; the source's message may quote a record, its code cannot."""
    text = str(answer["code"])
    return text if len(text) <= 16 and text.isalnum() else "unreadable"


def _data(answer: Envelope, action: str) -> Mapping[str, Any]:
    if _code(answer) != OK:
        raise SourceChanged("EX-CODE", detail=f"{action}: code {_code(answer)}")
    data = answer.get("data")
    if not isinstance(data, dict):
        raise SourceChanged("EX-SHAPE", detail=f"{action}: data is not an object")
    return data


def _list(ask: Ask, action: str, data: Mapping[str, Any]) -> Batch:
    found = _data(ask(action, data), action)
    return batch_of(found.get("total"), found.get("records"))


def _pages(ctx: Context, ask: Ask, entity: str, action: str, clock: str, limit: int) -> Iterator[Page]:
    """The pages of an action that takes a window under the names `<clock>Begin` and `<clock>End`."""
    size = ctx.option("page_size")

    def numbered(window: Window, page: int) -> Batch:
        span = {f"{clock}Begin": window.begin_text, f"{clock}End": window.end_text}
        return _list(ask, action, {**span, "pageNo": page + 1, "pageSize": size})

    return WindowReader(ctx, entity, numbered, size).pages(limit)


def _notices(ctx: Context, ask: Ask) -> dict[str, list[Any]]:
    """Record id -> ids of the notices about it. An unsigned notice comes again, and one event may have several."""
    notices: dict[str, list[Any]] = {}
    for notice in _list(ask, "GET_NOTICE_INFO", {}).records:
        if not isinstance(notice, dict) or notice.get("recId") is None or notice.get("noticeId") is None:
            raise SourceChanged("EX-SHAPE", detail="GET_NOTICE_INFO: a notice without recId or noticeId")
        notices.setdefault(str(notice["recId"]), []).append(notice["noticeId"])
    ctx.note("notices", sum(len(ids) for ids in notices.values()))
    return notices


def _events(ctx: Context, ask: Ask, notices: Mapping[str, Any], read: set[str], limit: int) -> Iterator[Page]:
    """The window's events, then those of the notices that the window does not hold: each counts once."""
    read.clear()
    for page in _pages(ctx, ask, "event", "REC_LIST", "modifyTime", limit):
        read |= notices.keys() & {str(record.get("rec_id")) for record in page.records if isinstance(record, dict)}
        yield page
    for rec_id in sorted(notices.keys() - read):
        ctx.expect("event", 1, add=True)
        record = _record(ask, rec_id)
        if record is None:
            # Not signed either: the notice comes again until the platform mends the record or takes it back.
            ctx.reject("event", f"recId {rec_id}", "DE-ROW")
            continue
        read.add(rec_id)
        yield Page("event", [record])


def _record(ask: Ask, rec_id: str) -> Record | None:
    """One event; None if the platform has none. Raises SourceChanged EX-SHAPE for any other event."""
    data = _data(ask("REC_GET", {"recId": rec_id}), "REC_GET")
    found = [data] if "rec_id" in data else batch_of(data.get("total"), data.get("records")).records
    if len(found) > 1 or any(str(record.get("rec_id")) != rec_id for record in found):
        raise SourceChanged("EX-SHAPE", detail="REC_GET: not the one record asked for")
    return found[0] if found else None


def _grid(ctx: Context, ask: Ask) -> Iterator[Page]:
    """All cells in one answer: a complete picture."""
    batch = _list(ask, "GRID_LIST", {})
    ctx.expect("grid_cell", batch.total)
    ctx.snapshot("grid_cell")
    yield Page("grid_cell", batch.records)


def _sign(ctx: Context, notices: list[Any]) -> None:
    """Tell the platform which notices have landed. Raises SourceLater EX-ACK."""
    size = ctx.option("page_size")
    with gateway(ctx) as ask:
        for start in range(0, len(notices), size):
            answer = ask("NOTICE_SIGNING", {"noticeIds": notices[start : start + size]})
            if _code(answer) != OK:
                raise SourceLater("EX-ACK", detail=f"NOTICE_SIGNING: code {_code(answer)}")

"""Mediation (REST with a login token): disputes by page number, in passes.

Rows move between pages while one reads. So a pass counts only if the total stayed what it was and exactly that
many different disputes came; otherwise all pages are read again, and after the last pass nothing lands.

Flow: POST /api/login -> GET /api/disputes -> landing/mediation/dispute
Alone: python -m extractors mediation --begin 2022-11-01 --end 2022-11-02 --landing DIR
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from functools import partial
from itertools import count
from typing import Any

from expectations.errors import SourceChanged, SourceLater
from extractors._kit.auth import LoginToken
from extractors._kit.context import Context, Page
from extractors._kit.rest import Again, Call, Http, Reply

ENTITY = "dispute"
OK, EXPIRED, BUSY = "0", "40101", "50001"

Ask = Callable[[int], tuple[int, list[Any]]]


def extract(ctx: Context) -> Iterator[Page]:
    """Yield the disputes of the first pass that is complete."""
    passes = ctx.option("passes")
    with Http(ctx.connection, rate=ctx.source.rate) as http:
        token = LoginToken(partial(_login, ctx, http))
        for number in range(passes):
            if number:
                ctx.restart(ENTITY)
                ctx.note("passes_repeated")
            if (yield from _read_pass(ctx, partial(_ask, ctx, http, token))):
                return
    raise SourceLater("EX-MOVING", detail=f"{ENTITY}: {passes} passes")


def _read_pass(ctx: Context, ask: Ask) -> Generator[Page, None, bool]:
    """Yield every dispute once. Returns whether the pass can be trusted."""
    seen: dict[str, int] = {}  # key -> hash of the content
    total, received = 0, 0
    for number in count(1):
        stated, rows = ask(number)
        if number == 1:
            total = stated
            ctx.expect(ENTITY, total)
        fresh = _unseen(rows, f"page {number}", seen)
        if stated != total or fresh is None:
            return False
        for place in (place for place, row in fresh.items() if not isinstance(row, dict)):
            ctx.reject(ENTITY, place, "DE-ROW")
        yield Page(ENTITY, [row for row in fresh.values() if isinstance(row, dict)])
        received += len(rows)
        if not rows or received >= total:
            break
    return len(seen) == total


def _unseen(rows: list[Any], page: str, seen: dict[str, int]) -> dict[str, Any] | None:
    """The rows that are new to the pass, by position; None if one came before and has changed since."""
    fresh = {}
    for number, row in enumerate(rows, 1):
        place = f"{page}, row {number}"
        key = str((isinstance(row, dict) and row.get("dispute_no")) or place)
        content = hash(repr(row))
        if key not in seen:
            seen[key] = content
            fresh[place] = row
        elif seen[key] != content:
            return None
    return fresh


def _ask(ctx: Context, http: Http, token: LoginToken, page: int) -> tuple[int, list[Any]]:
    """One page: the total the source states, and its rows. An expired token is renewed once, on this page."""
    query = {
        "updateTimeStart": ctx.window.begin_text,
        "updateTimeEnd": ctx.window.end_text,
        "pageNo": page,
        "pageSize": ctx.option("page_size"),
    }

    def send(bearer: str) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {bearer}"}
        return _answer(http, lambda: Call("GET", "/api/disputes", query, headers, label="disputes"))

    body = token.call(send, lambda answer: bool(answer["code"] == EXPIRED))
    if body["code"] != OK:
        raise SourceChanged("EX-CODE", detail=f"disputes: code {body['code']}")
    data = body.get("data")
    rows, total = (data.get("list") or [], str(data.get("total"))) if isinstance(data, dict) else (None, "")
    if not isinstance(rows, list) or not total.isdecimal():
        raise SourceChanged("EX-SHAPE", detail="disputes: an answer without total and list")
    return int(total), rows


def _login(ctx: Context, http: Http) -> str:
    username, password = ctx.connection.credentials
    said = {"username": username, "password": password}
    body = _answer(http, lambda: Call("POST", "/api/login", json=said, label="login"))
    token = (body.get("data") or {}).get("token")
    if body["code"] != OK or not token:
        raise SourceChanged("EX-AUTH", detail=f"login: code {body['code']}")
    return str(token)


def _answer(http: Http, build: Callable[[], Call]) -> dict[str, Any]:
    """The body of an answer, its `code` as text. The source says that it is busy with HTTP 200."""

    def check(reply: Reply) -> None:
        if _coded(reply)["code"] == BUSY:
            raise Again(f"code {BUSY}", "EX-BUSY")

    return _coded(http.send(build, check))


def _coded(reply: Reply) -> dict[str, Any]:
    body = reply.json()
    if not isinstance(body, dict) or "code" not in body:
        raise SourceChanged("EX-SHAPE", detail="an answer without a code")
    code = str(body["code"]).strip()
    return {**body, "code": code if code.isascii() and len(code) < 9 else "unreadable"}

"""Petitions (signed REST): cases, then ratings, by keyset on (lastmodifytime, xfjid), 200 rows a call.

What was not acknowledged is sent again, so receipts go out only when the manifests of both entities are durable.
One id acknowledges a case and its rating; rows the contract drops are acknowledged too, or they would come every
night.

Flow: POST /xfj/list, /xfj/evaluation/list -> landing/petitions/{case,evaluation} -> POST /xfj/ack
Alone: python -m extractors petitions --begin 2022-11-01 --end 2022-11-02 --landing DIR
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import count
from typing import Any

from expectations.errors import SourceChanged, SourceLater
from extractors._kit.auth import LoopGuard
from extractors._kit.context import Context, Page
from extractors._kit.rest import Call, Http
from extractors._kit.signing import xtif_headers

LISTS = {"case": "/xfj/list", "evaluation": "/xfj/evaluation/list"}
OK = "0001"
NO_PRIVILEGE = "0304"


def extract(ctx: Context) -> Iterator[Page]:
    """Yield cases and ratings; once they are durable, their ids are acknowledged."""
    ids: dict[str, None] = {}  # a set in the order in which they came
    with Http(ctx.connection, rate=ctx.source.rate) as http:
        for entity in LISTS:
            yield from _read(ctx, http, entity, ids)
    if ids:
        ctx.after_landing(partial(_acknowledge, ctx, list(ids)))


def _read(ctx: Context, http: Http, entity: str, ids: dict[str, None]) -> Iterator[Page]:
    guard, last_id = LoopGuard(), ""
    seen: set[str] = set()
    for number in count(1):
        guard.check(last_id)
        body = _list(ctx, http, entity, last_id)
        rows = body["rows"]
        if not rows and number > 1:
            return  # fewer than the total of the last page: the kit finds the gap
        ctx.expect(entity, body["total"])
        yield Page(entity, _objects(ctx, entity, number, rows))
        found = [str(row["xfjid"]) for row in rows if isinstance(row, dict) and row.get("xfjid")]
        ids.update(dict.fromkeys(found))
        seen.update(found)  # not the count of rows: one that came twice would stand for one that never came
        last_id = str(body.get("nextId") or "")
        if len(seen) >= body["total"] or not last_id:
            return


def _objects(ctx: Context, entity: str, page: int, rows: list[Any]) -> list[dict[str, Any]]:
    for number, row in enumerate(rows, 1):
        if not isinstance(row, dict):
            ctx.reject(entity, f"page {page}, row {number}", "DE-ROW")
    return [row for row in rows if isinstance(row, dict)]


def _list(ctx: Context, http: Http, entity: str, last_id: str) -> dict[str, Any]:
    body = _post(ctx, http, LISTS[entity], {
        "xzqh": ctx.connection.setting("area_code"),
        "begin": ctx.window.begin_text,
        "end": ctx.window.end_text,
        "lastId": last_id,
        "limit": ctx.option("page_size"),
    })  # fmt: skip
    if body["code"] != OK:
        code = "EX-DENIED" if body["code"] == NO_PRIVILEGE else "EX-CODE"
        raise SourceChanged(code, detail=f"{LISTS[entity]}: code {body['code']}")
    rows, total = body.get("rows") or [], str(body.get("total"))
    if not isinstance(rows, list) or not total.isdecimal():
        raise SourceChanged("EX-SHAPE", detail=f"{LISTS[entity]}: an answer without rows and total")
    return {**body, "rows": rows, "total": int(total)}


def _acknowledge(ctx: Context, ids: list[str]) -> None:
    """Send the receipts in chunks, all of them, and only then complain. Raises SourceLater EX-ACK."""
    size = ctx.option("receipt_size")
    refused: list[str] = []
    with Http(ctx.connection, rate=ctx.source.rate) as http:
        for start in range(0, len(ids), size):
            chunk = ids[start : start + size]
            body = _post(ctx, http, "/xfj/ack", {"ids": ",".join(chunk)})
            # A conflict is an id acknowledged before, by a run whose answer was lost: that is done, not refused.
            settled = (str(body.get(name) or "").split(",") for name in ("successStr", "conflictStr"))
            refused += set(chunk).difference(*settled) if body["code"] == OK else chunk
    if refused:
        raise SourceLater("EX-ACK", detail=f"{len(refused)} of {len(ids)} ids")


def _post(ctx: Context, http: Http, path: str, said: dict[str, Any]) -> dict[str, Any]:
    """The body of an answer, its `code` as text of four digits, also where it came as a number."""
    paasid, token = ctx.connection.credentials

    def build() -> Call:
        return Call("POST", path, headers=xtif_headers(paasid, token), json=said, label=path)

    body = http.send(build).json()
    if not isinstance(body, dict) or "code" not in body:
        raise SourceChanged("EX-SHAPE", detail=f"{path}: an answer without a code")
    code = str(body["code"]).strip().zfill(4)
    return {**body, "code": code if code.isascii() and len(code) < 9 else "unreadable"}

"""Cloud Shield (REST export, HTTP Basic): one search per kind of record, paged by offset.

The answer is an array with one object, and errors come with HTTP 200. The export reaches 10,000 records deep: a
window that holds more is halved until its parts fit.
Flow: POST /openapi/export -> DOOR_DEVICE, RENT_ROOM, MONTH_STAT -> landing/cloud_shield/<entity>
Alone: python -m extractors cloud_shield --begin 2022-11-01 --end 2022-11-02 --landing DIR
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from expectations.errors import SourceChanged
from extractors._kit.auth import basic_auth
from extractors._kit.context import Context, Page
from extractors._kit.paging import Batch, WindowReader, batch_of, read_steadily
from extractors._kit.rest import Call, Http
from extractors._kit.window import Window

KINDS = {"door_device": "DOOR_DEVICE", "rental_room": "RENT_ROOM", "month_count": "MONTH_STAT"}
OK = "000000000000"


def extract(ctx: Context) -> Iterator[Page]:
    """The three kinds, one after the other."""
    size, reach = ctx.option("page_size"), ctx.option("reach")
    with Http(ctx.connection, rate=ctx.source.rate, auth=basic_auth(ctx.connection)) as http:
        for entity in ctx.source.entities:
            reader = WindowReader(ctx, entity, partial(_export, http, KINDS[entity], size), size, reach)
            yield from read_steadily(ctx, entity, reader.pages, (reach, size))


def _export(http: Http, kind: str, size: int, window: Window, page: int) -> Batch:
    """One call of the export. Raises SourceChanged EX-CODE, EX-SHAPE."""
    asked = {"type": kind, "begin": window.begin_text, "end": window.end_text, "from": page * size, "size": size}
    call = Call("POST", "/openapi/export", json=asked, label=kind)
    answer = http.send(lambda: call).json()
    if not isinstance(answer, list) or len(answer) != 1 or not isinstance(answer[0], dict):
        raise SourceChanged("EX-SHAPE", detail=f"{kind}: not an array with one object")
    envelope = answer[0]
    if envelope.get("resp_code") != OK:
        raise SourceChanged("EX-CODE", detail=f"{kind}: resp_code {_code(envelope.get('resp_code'))}")
    return batch_of(envelope.get("total"), envelope.get("hits"))


def _code(value: object) -> str:
    """A code fit for an error text: the source's message may quote a record, its code cannot."""
    text = str(value)
    return text if len(text) <= 16 and text.isalnum() else "unreadable"

"""New system (REST): numbered pages of what changed in the window; the answer states the total.

Flow: GET /records?begin&end&page&size -> landing/{key}/record
Alone: python -m extractors {key} --begin 2022-11-01 --end 2022-11-02 --landing var/landing
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from extractors._kit.context import Context, Page
from extractors._kit.paging import Batch, WindowReader, batch_of, read_steadily
from extractors._kit.rest import Call, Http
from extractors._kit.window import Window


def extract(ctx: Context) -> Iterator[Page]:
    """Records changed in the window; read again in smaller parts if they move while they are paged."""
    size, reach = int(ctx.option("page_size")), int(ctx.option("reach"))
    with Http(ctx.connection, rate=ctx.source.rate) as http:
        reader = WindowReader(ctx, "record", partial(_ask, http, size), size, reach)
        yield from read_steadily(ctx, "record", reader.pages, (reach, size))


def _ask(http: Http, size: int, window: Window, page: int) -> Batch:
    query = {"begin": window.begin_text, "end": window.end_text, "page": str(page + 1), "size": str(size)}
    answer = http.send(lambda: Call("GET", "/records", query=query)).json()
    return batch_of(answer.get("total"), answer.get("rows"))

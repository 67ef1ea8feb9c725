"""New system (REST): numbered pages of what changed in the window; the answer states the total.

Flow: GET /records?begin&end&page&size -> landing/{key}/record
Alone: python -m extractors {key} --begin 2022-11-01 --end 2022-11-02 --landing var/landing
"""

from __future__ import annotations

from collections.abc import Iterator

from extractors._kit.context import Context, Page
from extractors._kit.paging import Batch, batch_of, counted_pages, read_twice
from extractors._kit.rest import Call, Http


def extract(ctx: Context) -> Iterator[Page]:
    """Records changed in the window."""
    with Http(ctx.connection, rate=ctx.source.rate) as http:
        yield from read_twice(ctx, "record", lambda: _records(ctx, http))


def _records(ctx: Context, http: Http) -> Iterator[Page]:
    size = int(ctx.option("page_size"))

    def ask(page: int) -> Batch:
        query = {
            "begin": ctx.window.begin_text,
            "end": ctx.window.end_text,
            "page": str(page + 1),
            "size": str(size),
        }
        answer = http.send(lambda: Call("GET", "/records", query=query)).json()
        return batch_of(answer["total"], answer["rows"])

    for batch in counted_pages(ask, size):
        ctx.expect("record", batch.total)
        yield Page("record", batch.records)

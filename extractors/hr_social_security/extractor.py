"""Human resources and social security (SOAP in GBK): numbered rows of a list, 500 a call, under a session.

The wire knows days only: a window that begins or ends within a day is widened to whole days, and the rows beyond it
land as well, as versions staging knows already.

Flow: login, EMPLOYER_LIST, WINDOW_SERVICE_LIST -> landing/hr_social_security/{employer,window_service}
Alone: python -m extractors hr_social_security --begin 2022-11-01 --end 2022-11-02 --landing DIR
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import timedelta
from functools import partial

from expectations.errors import SourceChanged
from extractors._kit.context import Context, Page
from extractors._kit.paging import Batch, WindowReader, batch_of, read_steadily
from extractors._kit.rest import Http
from extractors._kit.soap import ANSWER_BYTES, SoapClient, SoapSession, code_of
from extractors._kit.window import Window

FUNCTIONS = {"employer": "EMPLOYER_LIST", "window_service": "WINDOW_SERVICE_LIST"}
DAY = timedelta(days=1)
WHOLE = sys.maxsize  # days cannot be halved: an unsteady window is read once more as it is


def extract(ctx: Context) -> Iterator[Page]:
    """The two lists, one after the other, under one session."""
    with Http(ctx.connection, rate=ctx.source.rate, page_bytes=ANSWER_BYTES) as http:
        client = SoapClient(http, ctx.option("path"), ctx.option("namespace"))
        session = SoapSession(client, *ctx.connection.credentials, ended=ctx.option("session_ended"))
        for entity in ctx.source.entities:
            ask = partial(_page, ctx, session, FUNCTIONS[entity])
            reader = WindowReader(ctx, entity, ask, ctx.option("page_size"))
            yield from map(_whole, read_steadily(ctx, entity, reader.pages, (WHOLE, WHOLE)))


def _page(ctx: Context, session: SoapSession, function: str, window: Window, page: int) -> Batch:
    """One page. Raises SourceChanged EX-CODE, EX-SHAPE."""
    size = ctx.option("page_size")
    begin, end = days(window)
    asked = {"functionid": function, "area": ctx.connection.setting("area_code"), "begin": begin, "end": end}
    answer = session.business(asked | {"startrow": page * size + 1, "rows": size})
    if answer.result.get("code") != ctx.option("ok"):
        raise SourceChanged("EX-CODE", detail=f"{function}: code {code_of(answer.result.get('code'))}")
    return batch_of(answer.result.get("row_count"), answer.rows)


def _whole(page: Page) -> Page:
    """A null may be an attribute left out: what one row of the page has, the others have as null."""
    names = set().union(*page.records)
    return Page(page.entity, [{name: row.get(name) for name in names} for row in page.records])


def days(window: Window) -> tuple[str, str]:
    """The half-open run of whole days that covers a window, as YYYYMMDD."""
    last = window.end - timedelta(seconds=1)
    return window.begin.strftime("%Y%m%d"), (last + DAY).strftime("%Y%m%d")

"""Video platform (GB/T 28181 catalogue over HTTP Digest): one full device catalogue, in fragments.

A catalogue is complete when the counts of its fragments add up to SumNum; only then it is a snapshot. After four
incomplete ones the last lands as partial, and the run asks to be repeated.
Flow: POST /catalog/query -> GET /catalog/response/{sn}/{n} -> landing/video_platform/device
Alone: python -m extractors video_platform --begin 2022-11-01 --end 2022-11-02 --landing DIR
"""

from __future__ import annotations

from collections.abc import Iterator

from extractors._kit.auth import digest_auth
from extractors._kit.context import Context, Page
from extractors._kit.gb28181 import catalogue
from extractors._kit.rest import Http


def extract(ctx: Context) -> Iterator[Page]:
    """The devices of the platform."""
    connection, limit = ctx.connection, int(ctx.option("fragment_bytes"))
    with Http(connection, rate=ctx.source.rate, auth=digest_auth(connection), page_bytes=limit) as http:
        yield from catalogue(ctx, http, "device", connection.setting("device_id"))

"""Device catalogues over GB/T 28181: a query, then fragments until the sum of their counts is SumNum.

Flow: POST /catalog/query -> sn -> GET /catalog/response/{sn}/{n}, n from 1 -> items -> pages. A fragment that is not
ready (202) is asked for again with small pauses. An incomplete catalogue is queried again; when every query came back
incomplete, what the last one brought is partial: it lands and closes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import quote

from expectations.errors import SourceChanged, SourceLater
from extractors._kit.context import Context, Page, Record
from extractors._kit.rest import Call, Http
from extractors._kit.strict_xml import Element, child, local_name, parse_xml, text_of

# The standard writes GB2312 in the declaration, and names are full of characters that only GB18030 has.
CODECS = {"gb2312": "gb18030", "gbk": "gb18030", "gb18030": "gb18030", "utf-8": "utf-8"}
READY, NOT_READY, PAST_THE_END = 200, 202, 404
BARREN = 3  # fragments in a row that bring nothing new: the platform repeats itself


@dataclass(frozen=True)
class Fragment:
    """One part of a catalogue; an item is None where its fields have no one meaning."""

    sn: str | None
    total: int
    count: int
    items: list[Record | None]


@dataclass
class Reading:
    """What one query has brought so far; `seen` holds a number for each distinct item."""

    total: int = 0
    seen: set[int] = field(default_factory=set)
    rejected: int = 0
    sound: bool = True

    @property
    def came(self) -> int:
        """Distinct items, readable or not."""
        return len(self.seen) + self.rejected

    @property
    def complete(self) -> bool:
        """Whether everything SumNum promises has come, each item once."""
        return self.sound and self.total > 0 and self.came == self.total


def catalogue(ctx: Context, http: Http, entity: str, device_id: str) -> Iterator[Page]:
    """The catalogue of a platform, as a snapshot if it is complete.

    Options of source.yml: queries, poll_pause, poll_longest, poll_patience (seconds).
    Raises SourceChanged EX-SHAPE, DE-XML, DE-ENC.
    """
    queries = int(ctx.option("queries"))
    for query in range(1, queries + 1):
        reading = Reading()
        yield from _query(ctx, http, entity, device_id, reading)
        ctx.expect(entity, reading.total)
        if reading.complete:
            ctx.snapshot(entity)
            return
        ctx.note("incomplete_catalogues")
        if query < queries:
            ctx.restart(entity)
    detail = f"{reading.came} of {reading.total} items came; {queries} queries"
    ctx.partial(entity, SourceLater("EX-PARTIAL", detail=detail))


def _query(ctx: Context, http: Http, entity: str, device_id: str, reading: Reading) -> Iterator[Page]:
    """The fragments of one query, until the catalogue is complete or the platform has no more."""
    sn = _ask(http, device_id)
    number = barren = 0
    while not reading.complete and barren < BARREN:
        number += 1
        body = _response(ctx, http, sn, number)
        if body is None:
            return
        fragment = parse_fragment(body)
        before = reading.came
        # A late answer to an earlier query is not part of this one.
        if fragment.sn in (None, sn):
            fresh = _fresh(ctx, entity, fragment, number, reading)
            yield Page(entity, fresh)
        barren = 0 if reading.came > before else barren + 1


def _fresh(ctx: Context, entity: str, fragment: Fragment, number: int, reading: Reading) -> list[Record]:
    """The items of a fragment that did not come before: a fragment sent twice must not stand in for a lost one."""
    if fragment.count != len(fragment.items) or reading.total not in (0, fragment.total):
        reading.sound = False
    reading.total = fragment.total
    fresh = []
    for place, item in enumerate(fragment.items, 1):
        if item is None:
            reading.rejected += 1
            ctx.reject(entity, f"fragment {number}, item {place}", "DE-ROW")
        elif (digest := hash(repr(item))) not in reading.seen:
            reading.seen.add(digest)
            fresh.append(item)
    return fresh


def _ask(http: Http, device_id: str) -> str:
    call = Call("POST", "/catalog/query", json={"deviceId": device_id}, label="catalogue query")
    answer = http.send(lambda: call).json()
    sn = answer.get("sn") if isinstance(answer, dict) else None
    if isinstance(sn, bool) or not isinstance(sn, str | int) or sn == "":
        raise SourceChanged("EX-SHAPE", detail="catalogue query: no sn")
    return str(sn)


def _response(ctx: Context, http: Http, sn: str, number: int) -> bytes | None:
    """One fragment; None past the end, and for one that is not ready however long we wait."""
    pause, longest = float(ctx.option("poll_pause")), float(ctx.option("poll_longest"))
    left = float(ctx.option("poll_patience"))
    call = Call(
        "GET",
        f"/catalog/response/{quote(sn, safe='')}/{number}",
        accept=(READY, NOT_READY, PAST_THE_END),
        label="catalogue response",
    )
    while True:
        reply = http.send(lambda: call)
        if reply.status == READY:
            return reply.body
        if reply.status == PAST_THE_END or left <= 0:
            return None
        ctx.note("waits")
        time.sleep(min(pause, left))
        left -= pause
        pause = min(2 * pause, longest)


def parse_fragment(body: bytes) -> Fragment:
    """One fragment from its bytes. Raises SourceChanged EX-SHAPE, DE-XML, DE-ENC."""
    root = parse_xml(body, CODECS, undeclared="gb18030")
    if local_name(root) != "Response" or text_of(child(root, "CmdType")) != "Catalog":
        raise SourceChanged("EX-SHAPE", detail="not a catalogue response")
    devices = child(root, "DeviceList")
    found = [] if devices is None else [parse_item(node) for node in devices if local_name(node) == "Item"]
    stated = None if devices is None else devices.get("Num")
    count = len(found) if stated is None else _count(stated, "Num")
    return Fragment(text_of(child(root, "SN")), _count(text_of(child(root, "SumNum")), "SumNum"), count, found)


def parse_item(item: Element, prefix: str = "") -> Record | None:
    """The fields of an item, those inside another as `Info/PTZType`; None if one stands twice."""
    record: dict[str, str | None] = {}
    for node in item:
        name = prefix + local_name(node)
        inner = parse_item(node, f"{name}/") if len(node) else {name: text_of(node)}
        if inner is None or record.keys() & inner.keys():
            return None
        record |= inner
    return record


def _count(text: str | None, name: str) -> int:
    text = (text or "").strip()
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise SourceChanged("EX-SHAPE", detail=f"catalogue response: {name} is not a count")
    return int(text)

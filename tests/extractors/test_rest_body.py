"""Bodies on the wire: framing, compression, caps; and JSON with one meaning."""

from __future__ import annotations

import gzip
import json
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest

from expectations.errors import PipelineError, SourceChanged, SourceLater
from extractors._kit.rest import Call, Http, RetryPolicy
from extractors._kit.strict_json import MAX_DEPTH, decode_json
from tests.extractors.loopback import Answer, Loopback, answer, chunked

Serve = Callable[..., tuple[Loopback, Http]]
TEXT = json.dumps({"rows": list(range(3000))}).encode()


@pytest.fixture
def serve() -> Iterator[Serve]:
    servers: list[Loopback] = []

    def start(*script: Answer, **options: Any) -> tuple[Loopback, Http]:
        server = Loopback(*script)
        servers.append(server)
        return server, Http(server.connection(), policy=RetryPolicy(base=0, tries=3), **options)

    yield start
    for server in servers:
        server.close()


def get() -> Call:
    return Call("GET", "/list")


def failure(http: Http) -> PipelineError:
    with pytest.raises(PipelineError) as caught:
        http.send(get)
    return caught.value


def packed(data: bytes, encoding: str) -> Answer:
    return answer(data, headers=[("Content-Encoding", encoding)])


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (TEXT, "identity"),
        (gzip.compress(TEXT), "gzip"),
        (gzip.compress(TEXT), "X-GZip"),
        (gzip.compress(TEXT[:999]) + gzip.compress(TEXT[999:]), "gzip"),
        (zlib.compress(TEXT), "deflate"),
        (raw_deflate(TEXT), "deflate"),
    ],
)
def test_the_three_encodings_are_decoded_in_their_variants(serve: Serve, data: bytes, encoding: str) -> None:
    _, http = serve(packed(data, encoding))
    assert http.send(get).body == TEXT


def test_a_chunked_answer_keeps_the_connection(serve: Serve) -> None:
    pieces = [TEXT[at : at + 700] for at in range(0, len(TEXT), 700)]
    squeezed = [bytes([byte]) for byte in gzip.compress(TEXT)]
    server, http = serve(chunked(pieces), chunked(squeezed, [("Content-Encoding", "gzip")]))
    assert [http.send(get).body for _ in range(2)] == [TEXT, TEXT]
    assert server.connections == 1


@pytest.mark.parametrize(
    "cut",
    [
        answer(TEXT[:-1], length=len(TEXT), close=True),
        answer(b"", length=len(TEXT), close=True),
        chunked([TEXT], cut=True),
        Answer(chunked([TEXT]).data[:-20], close=True),
        packed(gzip.compress(TEXT)[:-9], "gzip"),
        packed(gzip.compress(TEXT)[:40] + b"\0" * 99, "gzip"),
        packed(gzip.compress(TEXT) + b"tail", "gzip"),
        packed(zlib.compress(TEXT) + b"tail", "deflate"),
    ],
)
def test_a_body_cut_short_or_corrupt_is_asked_again_and_never_kept(serve: Serve, cut: Answer) -> None:
    _, http = serve(cut, answer(TEXT))
    assert http.send(get).body == TEXT
    server, http = serve(cut)
    error = failure(http)
    assert isinstance(error, SourceLater) and error.code == "EX-TRUNC" and len(server.asked) == 3


@pytest.mark.parametrize(
    "headers",
    [
        "Content-Length: 2\r\nTransfer-Encoding: chunked",
        "Content-Length: 2\r\nContent-Length: 3",
        "Content-Length: 2\r\nContent-Length: 2",
        "Content-Length: -2",
        "Content-Length: two",
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: identity",
        "Content-Encoding: gzip, gzip\r\nContent-Length: 2",
        "Content-Encoding: gzip\r\nContent-Encoding: deflate\r\nContent-Length: 2",
        "Content-Encoding: br\r\nContent-Length: 2",
        "a line without colon\r\nContent-Length: 2",
    ],
)
def test_framing_with_two_readings_is_refused_and_the_connection_dropped(serve: Serve, headers: str) -> None:
    server, http = serve(Answer(f"HTTP/1.1 200 X\r\n{headers}\r\n\r\n{{}}".encode()))
    error = failure(http)
    assert type(error) is SourceChanged and error.code == "EX-HTTP" and server.connections == 1
    assert failure(http).code == "EX-HTTP" and server.connections == 2


def test_bytes_behind_the_announced_length_are_not_read(serve: Serve) -> None:
    _, http = serve(Answer(answer(b'{"a":1}').data + b"HTTP/1.1 200 X\r\nContent-Length: 9\r\n\r\nsmuggled!"))
    assert [http.send(get).body for _ in range(3)] == [b'{"a":1}'] * 3


def test_a_gzip_bomb_is_stopped_while_it_inflates(serve: Serve) -> None:
    bomb = gzip.compress(b"0" * (200 << 20))
    server, http = serve(packed(bomb, "gzip"), page_bytes=1 << 30)
    tracemalloc.start()
    error = failure(http)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert type(error) is SourceChanged and error.code == "EX-BOMB" and len(server.asked) == 1
    assert peak < 32 << 20


def test_a_small_page_may_compress_better_than_a_bomb(serve: Serve) -> None:
    page = b"[" + b"0," * 400_000 + b"0]"
    assert len(page) / len(gzip.compress(page)) > 100
    _, http = serve(packed(gzip.compress(page), "gzip"))
    assert http.send(get).body == page


@pytest.mark.parametrize(
    "big",
    [
        answer(b"x", length=10**12),
        answer(b"x" * 100_001),
        chunked([b"x" * 50_000] * 3),
        packed(gzip.compress(bytes(range(256)) * 500), "gzip"),
        packed(gzip.compress(b"") * 6_000, "gzip"),
    ],
)
def test_an_answer_beyond_the_cap_is_refused(serve: Serve, big: Answer) -> None:
    server, http = serve(big, page_bytes=100_000)
    assert failure(http).code == "EX-BIG" and len(server.asked) == 1


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "empty"),
        (b'{"a":1,"b":{"c":1,"c":1}}', "twice"),
        (b"[NaN]", "NaN"),
        (b"[-Infinity]", "NaN"),
        (b"[1e400]", "range"),
        (b"[1e99999999999999999999]", "range"),
        (b"9" * 5000, "5000 characters"),
        (b"1." + b"9" * 5000, "5002 characters"),
        (b'["\\ud800"]', "surrogate"),
        (b'{"\\udfff":1}', "surrogate"),
        (b'["\xed\xa0\x80"]', "UTF-8 at byte 2"),
        ('["区"]'.encode("gb18030"), "UTF-8"),
        (b"\xef\xbb\xbf{}", "character 0"),
        ('{"a":1}'.encode("utf-16"), "UTF-8"),
        (b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), "deeper"),
        (b"[" * 100_000, "deeper"),
        (b'{"a":' * 100_000, "deeper"),
        (b'{"a":1', "malformed"),
        (b'{"a":1} x', "malformed"),
        (b'["a\nb"]', "malformed"),
        (b"{'a':1}", "malformed"),
        (b"[1,]", "malformed"),
    ],
)
def test_json_without_one_meaning_is_refused_by_name(body: bytes, why: str) -> None:
    with pytest.raises(SourceChanged) as caught:
        decode_json(body)
    assert caught.value.code == "DE-JSON" and why in caught.value.detail
    assert caught.value.__context__ is None


def test_json_is_kept_as_the_source_wrote_it() -> None:
    value = decode_json(b'{"area":35.50,"id":440197199001010001,"big":123456789012345678901234,"e":"\\ud83d\\ude00"}')
    assert (str(value["area"]), value["area"]) == ("35.50", Decimal("35.5"))
    assert (value["id"], value["big"], value["e"]) == (440197199001010001, 123456789012345678901234, "😀")
    assert decode_json(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)


def test_a_page_of_a_thousand_nested_records_decodes_quickly() -> None:
    person = {f"field_{n}": "某某某" * 2 for n in range(18)}
    house = {"area": 35.5, "lng": 113.281234, "lat": 23.19} | {f"field_{n}": "鹤龙街道" for n in range(12)}
    page = json.dumps({"records": [{"house": house, "persons": [person, person]}] * 1000}, ensure_ascii=False).encode()
    assert len(page) > 1_400_000

    def seconds() -> float:
        began = time.thread_time()  # not the clock: other tests share the cores
        decode_json(page)
        return time.thread_time() - began

    assert min(seconds() for _ in range(5)) < 0.06

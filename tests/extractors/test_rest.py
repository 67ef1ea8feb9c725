"""Http against a real loopback server: what is retried, how long it waits, where it never goes."""

from __future__ import annotations

import hashlib
import io
import itertools
import socket
from collections.abc import Callable, Iterator
from email.utils import formatdate
from typing import Any

import pytest

from expectations.errors import CallRejected, PipelineError, SourceChanged, SourceLater
from extractors._kit import rest
from extractors._kit.connection import Connection
from extractors._kit.rest import Again, Call, Http, Reply, RetryPolicy, Unauthorised
from tests.extractors.loopback import Answer, Clock, Loopback, Script, answer

Serve = Callable[..., tuple[Loopback, Http]]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def serve(clock: Clock) -> Iterator[Serve]:
    servers: list[Loopback] = []

    def start(*script: Script, prefix: str = "", **options: Any) -> tuple[Loopback, Http]:
        server = Loopback(*script)
        servers.append(server)
        options.setdefault("policy", RetryPolicy(base=1.0, jitter=lambda: 1.0))
        return server, Http(server.connection(prefix), clock=clock, sleep=clock.sleep, **options)

    yield start
    for server in servers:
        server.close()


def get(path: str = "/list", **fields: Any) -> Callable[[], Call]:
    return lambda: Call("GET", path, **fields)


def failure(http: Http, build: Callable[[], Call] | None = None) -> PipelineError:
    with pytest.raises(PipelineError) as caught:
        http.send(build or get())
    return caught.value


def test_a_call_carries_its_query_headers_body_and_a_neutral_name(serve: Serve) -> None:
    server, http = serve(answer({"code": "0001"}))
    reply = http.send(lambda: Call("POST", "/list", {"page": 2}, {"X-Own": "a"}, json={"区": "鹤龙"}))
    assert reply.json() == {"code": "0001"} and reply.content_type == "application/json"
    (asked,) = server.asked
    assert (asked.method, asked.target, asked.body) == ("POST", "/list?page=2", '{"区":"鹤龙"}'.encode())
    assert asked.headers["user-agent"] == "street-base-register"
    assert (asked.headers["x-own"], asked.headers["accept-encoding"]) == ("a", "gzip, deflate")


def test_pages_share_one_connection(serve: Serve) -> None:
    server, http = serve(answer({"rows": []}))
    for _ in range(5):
        http.send(get())
    assert (len(server.asked), server.connections) == (5, 1)


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_busy_source_is_asked_again_with_a_fresh_call(serve: Serve, status: int) -> None:
    server, http = serve(answer(status=status), answer(status=status), answer({"ok": 1}))
    uids = itertools.count()
    assert http.send(lambda: Call("GET", "/list", headers={"uid": str(next(uids))})).json() == {"ok": 1}
    assert [asked.headers["uid"] for asked in server.asked] == ["0", "1", "2"]


@pytest.mark.parametrize(("status", "code"), [(429, "EX-LIMIT"), (502, "EX-BUSY"), (503, "EX-BUSY"), (504, "EX-BUSY")])
def test_a_source_that_stays_busy_is_left_for_later(serve: Serve, status: int, code: str) -> None:
    server, http = serve(answer(status=status))
    error = failure(http, get(label="case list"))
    assert isinstance(error, SourceLater) and error.code == code
    assert len(server.asked) == 6
    assert error.detail == f"127.0.0.1:{server.port}: case list HTTP {status}; 6 tries"


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (400, SourceChanged, "EX-HTTP"),
        (404, SourceChanged, "EX-HTTP"),
        (204, SourceChanged, "EX-HTTP"),
        (304, SourceChanged, "EX-HTTP"),
        (403, SourceChanged, "EX-DENIED"),
        (401, Unauthorised, "EX-AUTH"),
        (500, SourceLater, "EX-HTTP"),
        (501, SourceLater, "EX-HTTP"),
    ],
)
def test_other_statuses_end_the_call_at_once(serve: Serve, status: int, kind: type[PipelineError], code: str) -> None:
    server, http = serve(answer(b"", status))
    error = failure(http)
    assert type(error) is kind and error.code == code and len(server.asked) == 1


def test_an_accepted_status_is_an_answer(serve: Serve) -> None:
    _, http = serve(answer(b"", 202), answer(b"", 404))
    assert http.send(get(accept=(200, 202, 404))).status == 202
    assert http.send(get(accept=(200, 202, 404))).status == 404


def test_a_refused_signature_names_the_difference_of_the_clocks(serve: Serve) -> None:
    _, http = serve(answer(b"", 401, [("Date", "Tue, 01 Nov 2022 00:00:00 GMT")]))
    assert "our clock differs by +" in failure(http).detail


def test_waits_double_with_full_jitter_and_the_breaker_guards_the_last_try(serve: Serve, clock: Clock) -> None:
    _, http = serve(answer(status=503))
    failure(http)
    # Five failures open the breaker for 45 s; 16 of them pass in the backoff.
    assert clock.slept == [1, 2, 4, 8, 16, 29]


def test_backoff_is_capped_and_its_base_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert RetryPolicy(jitter=lambda: 1.0).backoff(30) == 120
    assert RetryPolicy(jitter=lambda: 0.0).backoff(30) == 0
    monkeypatch.setenv("REGISTER_RETRY_BASE", "0")
    assert RetryPolicy.from_env().base == 0
    monkeypatch.setenv("REGISTER_RETRY_BASE", "-1")
    with pytest.raises(CallRejected):
        RetryPolicy.from_env()


def test_a_refused_connection_and_an_unknown_name_are_retried_then_left(clock: Clock) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    for host, why in ((f"http://127.0.0.1:{port}", "connection refused"), ("http://no.invalid", "name not found")):
        connection = Connection("petitions", "http", host, None, "", "", {})
        error = failure(Http(connection, policy=RetryPolicy(base=0), clock=clock, sleep=clock.sleep))
        assert isinstance(error, SourceLater) and error.code == "EX-NET"
        assert error.detail.endswith(f"{why}; 6 tries")


def test_silence_times_out_and_is_retried(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest, "READ_SECONDS", 0.1)
    silent = Answer(b"", hold=0.3, close=True)
    halfway = answer(b"{", length=2, hold=0.3, close=True)
    _, http = serve(silent, halfway, answer({"ok": 1}))
    assert http.send(get()).json() == {"ok": 1}
    _, http = serve(halfway, policy=RetryPolicy(base=0, tries=2))
    assert failure(http).code == "EX-NET"


def test_an_answer_that_drips_ends_with_the_budget(serve: Serve, clock: Clock) -> None:
    def slow(_: object) -> Answer:
        clock.now += 301
        return answer()

    _, http = serve(slow)
    assert failure(http).code == "EX-NET"


@pytest.mark.parametrize(
    ("told", "wait"), [("7", 8), ("7.5", 8.5), ("0", 1), ("soon", 1), ("-5", 1), ("", 1), ("9" * 30, 1), ("٧", 1)]
)
def test_retry_after_is_honoured_and_garbage_falls_back(serve: Serve, clock: Clock, told: str, wait: float) -> None:
    header = ("Retry-After", told.encode().decode("latin-1"))
    busy = Answer(answer(b"", 429, [header]).data.decode("latin-1").encode("latin-1", "replace"))
    _, http = serve(busy, answer())
    http.send(get())
    assert clock.slept == [wait]


def test_retry_after_as_a_date_counts_from_the_clock_of_the_source(serve: Serve, clock: Clock) -> None:
    def dated(until: float) -> Answer:
        return answer(
            b"", 503, [("Date", formatdate(1e9, usegmt=True)), ("Retry-After", formatdate(until, usegmt=True))]
        )

    _, http = serve(dated(1e9 + 90), answer())
    http.send(get())
    _, http = serve(dated(1e9 - 90), answer())
    http.send(get())
    assert clock.slept == [91, 1]


def test_a_wait_beyond_the_budget_is_handed_back_and_no_call_goes_before_it(serve: Serve, clock: Clock) -> None:
    server, http = serve(answer(b"", 429, [("Retry-After", "864000")]), answer())
    error = failure(http)
    assert isinstance(error, SourceLater) and error.code == "EX-LIMIT"
    assert error.retry_after is not None and error.retry_after >= 864000
    assert failure(http).code == "EX-LIMIT" and clock.slept == []
    clock.now += 864000 - 10
    assert len(server.asked) == 1
    http.send(get())
    assert clock.slept == [10] and len(server.asked) == 2


def test_an_error_code_in_a_good_answer_can_be_retried_or_end_the_call(serve: Serve) -> None:
    def check(reply: Reply) -> None:
        if reply.json()["code"] == 50001:
            raise Again("code 50001", "EX-BUSY")
        if reply.json()["code"]:
            raise SourceChanged("EX-CODE", detail="code 40003")

    server, http = serve(answer({"code": 50001}), answer({"code": 0}), answer({"code": 40003}), answer({"code": 50001}))
    assert http.send(get(), check).json() == {"code": 0}
    with pytest.raises(SourceChanged):
        http.send(get(), check)
    assert len(server.asked) == 3
    with pytest.raises(SourceLater) as caught:
        http.send(get(), check)
    assert caught.value.code == "EX-BUSY" and len(server.asked) == 9


def test_the_breaker_leaves_a_failing_source_alone_and_then_sends_one_probe(serve: Serve, clock: Clock) -> None:
    server, http = serve(*[answer(status=503)] * 6, answer())
    failure(http)
    assert (http.breaker.state, len(server.asked)) == ("open", 6)
    assert failure(http).code == "EX-BUSY" and len(server.asked) == 6
    clock.now += 45
    assert http.breaker.state == "half-open"
    assert http.breaker.admit() == 0 and http.breaker.admit() > 0
    clock.now += 30
    http.send(get())
    assert http.breaker.state == "closed"


def test_requests_keep_the_agreed_rate(serve: Serve, clock: Clock) -> None:
    server, http = serve(answer(), rate=5)
    for _ in range(11):
        http.send(get())
    assert clock.now - 1000 >= 2 and len(server.asked) == 11


def test_a_download_is_streamed_and_starts_over_after_a_cut(serve: Serve) -> None:
    content = bytes(range(256)) * 1000
    _, http = serve(answer(content[:5000], length=len(content), close=True), answer(content))
    target = io.BytesIO(b"kept")
    target.seek(4)
    assert http.download(get(), target, 1 << 20) == hashlib.sha256(content).hexdigest()
    assert target.getvalue() == b"kept" + content


def test_a_download_has_a_limit_and_is_not_a_page_of_html(serve: Serve) -> None:
    _, http = serve(answer(b"x" * 2000), answer(b"<html>", headers=[("Content-Type", "text/html;charset=GBK")]))
    for code in ("EX-BIG", "EX-SHAPE"):
        with pytest.raises(SourceChanged) as caught:
            http.download(get(), io.BytesIO(), 1000)
        assert caught.value.code == code


def test_markup_where_json_belongs_is_another_shape(serve: Serve) -> None:
    html = answer(b"<html>login</html>", headers=[("Content-Type", "Text/HTML; charset=utf-8")])
    unlabelled = answer(b"  <!doctype html>")
    _, http = serve(html, unlabelled)
    for _ in range(2):
        with pytest.raises(SourceChanged) as caught:
            http.send(get()).json()
        assert caught.value.code == "EX-SHAPE"


def test_no_error_text_or_log_tells_what_was_said(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    said = [
        answer(b"canary-body", 500),
        answer(b"canary-body", 404, [("X-Token", "canary-header")]),
        answer(b"canary-body", length=99, close=True),
        answer(b"", 302, [("Location", "http://canary-host/canary-path?canary-query")]),
        answer(b'{"a":"canary-body","a":1}'),
        Answer(b"HTTP/1.1 200 X\r\ncanary header\r\nContent-Length: 0\r\n\r\n", close=True),
        Answer(b"canary-status-line\r\n\r\n", close=True),
    ]
    for given in said:
        _, http = serve(given, policy=RetryPolicy(base=0, tries=2))
        with pytest.raises(PipelineError) as caught:
            http.send(get("/canary-path", query={"token": "canary-query"}, headers={"T": "canary-t"})).json()
        error = caught.value
        assert "canary" not in f"{error!r}{error.as_dict()}" and error.__cause__ is None and error.__context__ is None
    assert "canary" not in caplog.text
    assert "canary" not in repr(get(json={"a": "canary"}, headers={"T": "canary"})())


def test_a_header_that_cannot_be_sent_is_named_without_its_value(serve: Serve) -> None:
    _, http = serve(answer())
    for value in ("canary\r\nX-Smuggled: 1", "canary-密"):
        error = failure(http, get(headers={"Token": value}))
        assert error.code == "EX-HTTP" and "canary" not in str(error)

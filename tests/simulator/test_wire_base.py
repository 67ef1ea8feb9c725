"""The HTTP wire base on a toy wire: routing, the log, and every fault that a request can meet."""

import gzip
import json
import socket
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime

import pytest
import requests

from simulator.wires._http import HttpWire, Request, Response, Routes, json_response, text_response
from simulator.wires._mangle import bomb

ROWS = [{"id": n, "name": f"甲{n}", "house": {"room": str(n)}, "persons": [{"name": "a"}]} for n in range(3)]
NOON = 1_667_275_200.0


class ToyWire(HttpWire):
    """Three rows, a next link, a token and an endpoint with a side effect."""

    key = "toy"

    def __init__(self, **options: object) -> None:
        super().__init__(login="u", password="p", extra={"area_code": "440111017"}, **options)  # type: ignore[arg-type]
        self.saved = 0
        self.page = 0

    def holds(self) -> str:
        return "3 rows"

    def routes(self) -> Routes:
        return {
            ("GET", "/rows"): self.rows,
            ("GET", "/gzip"): lambda request: json_response(ROWS, gzip=True),
            ("POST", "/save"): self.save,
            ("POST", "/action"): lambda request: json_response(request.json()["action"]),
            ("GET", "/part/{sn}/{n}"): lambda request: json_response(request.params),
            ("GET", "/broken"): lambda request: Response(1 // 0),
            ("GET", "/xml"): lambda request: text_response("<a>𠮷㐂</a>", charset="gbk", errors="xmlcharrefreplace"),
        }

    def operation(self, request: Request) -> str:
        return str(request.json()["action"]) if request.path == "/action" else request.route

    def rows(self, request: Request) -> Response:
        if self.faults.expired():
            return json_response({"code": 40101}, 401)
        self.page += 1
        rows, total = self.faults.rows(ROWS), self.faults.total(len(ROWS))
        link = self.faults.link(f"{self.url}/rows?page=2")
        said = {"total": total, "rows": rows, "page": self.page, "next": link, "self": f"{self.url}/rows"}
        return json_response(said)

    def save(self, request: Request) -> Response:
        self.saved += 1
        return json_response({"saved": self.saved})


@pytest.fixture
def wire() -> Iterator[ToyWire]:
    with ToyWire(clock=lambda: NOON) as toy:
        yield toy


def get(wire: HttpWire, path: str = "/rows", **options: object) -> requests.Response:
    return requests.get(wire.url + path, timeout=5, allow_redirects=False, **options)  # type: ignore[arg-type]


def raw(wire: HttpWire, path: str = "/rows") -> bytes:
    with socket.create_connection(("127.0.0.1", wire.port), timeout=5) as plug:
        plug.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        return b"".join(iter(lambda: plug.recv(65536), b""))


def test_connection_is_what_airflow_reads(wire: ToyWire) -> None:
    extra = {"area_code": "440111017"}
    expected = {"conn_type": "http", "host": wire.url, "login": "u", "password": "p", "extra": extra}
    assert json.loads(json.dumps(wire.connection())) == expected


def test_one_connection_carries_many_requests_and_the_log_has_them(wire: ToyWire) -> None:
    with requests.Session() as session:
        for n in range(3):
            assert session.get(f"{wire.url}/part/a%2Fb/{n}?q=%E5%8C%BA", headers={"X-Key": "k"}).status_code == 200
        assert session.get(f"{wire.url}/part/a/1").json() == {"sn": "a", "n": "1"}
    seen = wire.seen("/part/*")
    assert len(seen) == 4
    assert (seen[0].method, seen[0].query, seen[0].headers["x-key"], seen[0].at) == (
        "GET",
        {"q": "区"},
        "k",
        NOON,
    )
    assert seen[0].status == 200


def test_unknown_paths_and_methods_are_refused(wire: ToyWire) -> None:
    assert [get(wire, "/nowhere").status_code, get(wire, "/save").status_code] == [404, 405]


def test_a_handler_that_fails_is_a_500_and_keeps_its_error(wire: ToyWire) -> None:
    assert get(wire, "/broken").status_code == 500
    assert [type(error) for error in wire.errors] == [ZeroDivisionError]


def test_text_goes_out_in_its_charset_and_json_in_gzip(wire: ToyWire) -> None:
    answer = get(wire, "/xml")
    assert answer.content == "<a>&#134071;㐂</a>".encode("gbk", "xmlcharrefreplace")
    assert "charset=gbk" in answer.headers["Content-Type"]
    assert get(wire, "/gzip").json() == ROWS
    assert get(wire, "/gzip").headers["Content-Encoding"] == "gzip"


def test_it_comes_back_on_its_port_after_a_stop(wire: ToyWire) -> None:
    with requests.Session() as session:
        session.get(f"{wire.url}/rows")
        wire.stop()
        with pytest.raises(requests.ConnectionError):
            session.get(f"{wire.url}/rows", timeout=2)
        port = wire.port
        wire.start()
        assert (wire.port, session.get(f"{wire.url}/rows").status_code) == (port, 200)


def test_a_rule_fires_on_the_nth_match_and_so_many_times(wire: ToyWire) -> None:
    rule = wire.faults.add("status", "/r*", nth=2, times=2, status=503, body="busy", headers={"X-Why": "load"})
    answers = [get(wire) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 503, 503, 200, 200]
    assert (answers[1].text, answers[1].headers["X-Why"], rule.matched, rule.fired) == ("busy", "load", 5, 2)


def test_a_rule_may_name_the_method_the_query_or_the_operation(wire: ToyWire) -> None:
    for path in ("GET /rows", "/rows[?]page=2", "GRID_LIST", "/part/{sn}/{n}"):
        wire.faults.add("status", path, times=1, status=418)
    post = [requests.post(f"{wire.url}/action", json={"action": name}).status_code for name in ("A", "GRID_LIST")]
    assert post == [200, 418]
    assert [get(wire, "/rows?page=1").status_code for _ in range(2)] == [418, 200]
    assert [get(wire, "/rows?page=2").status_code for _ in range(2)] == [418, 200]
    assert get(wire, "/part/1/2").status_code == 418


def test_a_malformed_request_goes_by_its_route(wire: ToyWire) -> None:
    wire.faults.add("status", "/action", status=418)
    assert requests.post(f"{wire.url}/action", data=b"{").status_code == 418


def test_a_status_before_leaves_the_handler_alone_and_one_after_does_not(wire: ToyWire) -> None:
    wire.faults.add("status", "/save", times=1, status=503)
    wire.faults.add("status", "/save", nth=2, status=503, after=True)
    for expected in (0, 1):
        assert requests.post(f"{wire.url}/save").status_code == 503
        assert wire.saved == expected


def test_delay_waits_and_a_stop_does_not_wait_for_it(wire: ToyWire) -> None:
    wire.faults.add("delay", times=1, seconds=0.2)
    wire.faults.add("delay", nth=2, seconds=60.0)
    begun = time.monotonic()
    assert get(wire).status_code == 200
    assert 0.2 <= time.monotonic() - begun < 5
    with socket.create_connection(("127.0.0.1", wire.port), timeout=5) as plug:
        plug.sendall(b"GET /rows HTTP/1.1\r\nHost: x\r\n\r\n")
        wire.stop()
        assert time.monotonic() - begun < 5


def test_truncate_keeps_the_claimed_length(wire: ToyWire) -> None:
    whole = raw(wire).partition(b"\r\n\r\n")[2]
    wire.faults.add("truncate", at=20)
    head, _, body = raw(wire).partition(b"\r\n\r\n")
    assert body == whole[:20]
    assert f"Content-Length: {len(whole)}".encode() in head
    with pytest.raises(requests.exceptions.RequestException):
        get(wire)


def test_truncate_chunked_never_sends_the_last_chunk(wire: ToyWire) -> None:
    wire.faults.add("truncate_chunked", at=20)
    head, _, body = raw(wire).partition(b"\r\n\r\n")
    assert b"Transfer-Encoding: chunked" in head
    assert b"Content-Length" not in head
    assert body.startswith(b"14\r\n") and len(body) == 4 + 20 + 2
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        get(wire)


@pytest.mark.parametrize("by", [7, -7])
def test_wrong_length_claims_more_or_less(wire: ToyWire, by: int) -> None:
    wire.faults.add("wrong_length", by=by)
    head, _, body = raw(wire).partition(b"\r\n\r\n")
    assert f"Content-Length: {len(body) + by}".encode() in head


def test_drop_resets_before_the_answer_after_the_work_or_in_mid_body(wire: ToyWire) -> None:
    wire.faults.add("drop", "/save", times=1)
    wire.faults.add("drop", "/save", nth=2, after=True)
    wire.faults.add("drop", "/rows", at=10)
    for expected in (0, 1):
        with pytest.raises(requests.ConnectionError):
            requests.post(f"{wire.url}/save", timeout=5)
        assert wire.saved == expected
    with pytest.raises(requests.exceptions.RequestException):
        get(wire)
    assert [seen.status for seen in wire.seen("/save")] == [0, 0]


def test_repeat_page_sends_the_previous_page_again(wire: ToyWire) -> None:
    wire.faults.add("repeat_page", "/rows", nth=2)
    assert [get(wire).json()["page"] for _ in range(3)] == [1, 1, 2]


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ("seconds", "30"),
        ("garbage", "soon, perhaps"),
        ("negative", "-30"),
        ("ten_days", "864000"),
        ("absent", None),
    ],
)
def test_rate_limit_says_when_to_come_back(wire: ToyWire, form: str, said: str | None) -> None:
    wire.faults.add("rate_limit", retry_after=form, seconds=30)
    answer = get(wire)
    assert (answer.status_code, answer.headers.get("Retry-After")) == (429, said)


def test_rate_limit_date_goes_by_the_clock_of_the_wire(wire: ToyWire) -> None:
    wire.faults.add("rate_limit", retry_after="date", seconds=30)
    answer = get(wire)
    assert parsedate_to_datetime(answer.headers["Retry-After"]).timestamp() == NOON + 30
    assert parsedate_to_datetime(answer.headers["Date"]).timestamp() == NOON


def test_redirect_leads_to_another_host(wire: ToyWire) -> None:
    wire.faults.add("redirect", to="http://127.0.0.2:9/rows", status=307)
    answer = get(wire)
    assert (answer.status_code, answer.headers["Location"]) == (307, "http://127.0.0.2:9/rows")


def test_next_links_lead_elsewhere_where_the_wire_asks_and_where_it_does_not(wire: ToyWire) -> None:
    assert get(wire).json()["next"] == f"{wire.url}/rows?page=2"
    wire.faults.add("next_elsewhere", to="http://evil.example")
    said = get(wire).json()
    assert (said["next"], said["self"]) == ("http://evil.example/rows?page=2", "http://evil.example/rows")


def test_gzip_bomb_is_small_on_the_wire_and_large_behind_it(wire: ToyWire) -> None:
    wire.faults.add("gzip_bomb", megabytes=5)
    head, _, body = raw(wire).partition(b"\r\n\r\n")
    assert b"Content-Encoding: gzip" in head
    assert (len(body) < 10_000, len(gzip.decompress(body))) == (True, 5_000_002)
    assert json.loads(gzip.decompress(bomb(1))) == {}


def test_encoding_swap_keeps_the_head_and_changes_the_bytes(wire: ToyWire) -> None:
    wire.faults.add("encoding", write_as="gb18030")
    for path in ("/rows", "/gzip"):
        answer = get(wire, path)
        assert "utf-8" in answer.headers["Content-Type"]
        assert "甲1".encode("gb18030") in answer.content


def test_replace_is_a_login_page_with_status_200(wire: ToyWire) -> None:
    wire.faults.add("replace")
    answer = get(wire)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "登录" in answer.text


def test_headers_can_contradict_the_body(wire: ToyWire) -> None:
    wire.faults.add("headers", headers={"Transfer-Encoding": "chunked", "Content-Type": "text/html"})
    head = raw(wire).partition(b"\r\n\r\n")[0]
    assert b"Transfer-Encoding: chunked" in head and b"Content-Length:" in head and b"text/html" in head


def test_totals_change_and_tokens_expire(wire: ToyWire) -> None:
    wire.faults.add("total", by=2, times=2)
    wire.faults.add("expired_token", nth=4)
    assert [get(wire).json()["total"] for _ in range(3)] == [5, 7, 3]
    assert [get(wire).status_code for _ in range(2)] == [401, 200]


def test_row_faults_hit_one_page_and_leave_the_rows_of_the_wire_alone(wire: ToyWire) -> None:
    before = json.dumps(ROWS)
    wire.faults.add("reorder", "/rows", times=1)
    assert [get(wire).json()["rows"] for _ in range(2)] == [ROWS[::-1], ROWS]
    assert json.dumps(ROWS) == before

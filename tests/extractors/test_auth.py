"""Logins that expire in the middle of a run, and sources that page in circles."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from expectations.errors import SourceChanged, SourceLater
from extractors._kit.auth import LoginToken, LoopGuard
from extractors._kit.rest import Call, Http, Reply, RetryPolicy, Unauthorised
from tests.extractors.loopback import Asked, Loopback, answer


class Desk:
    """A login service: counts logins, and accepts only its latest token."""

    def __init__(self) -> None:
        self.logins = 0
        self.sent: list[str] = []

    def login(self) -> str:
        self.logins += 1
        return f"token-{self.logins}"

    def send(self, token: str) -> int:
        self.sent.append(token)
        return 0 if token == f"token-{self.logins}" else 40101


def expired(code: int) -> bool:
    return code == 40101


def test_nobody_logs_in_before_the_first_call_and_then_once() -> None:
    desk = Desk()
    token = LoginToken(desk.login)
    assert desk.logins == 0
    assert [token.call(desk.send, expired) for _ in range(3)] == [0, 0, 0]
    assert desk.logins == 1


def test_an_expired_token_is_renewed_and_the_same_call_repeated() -> None:
    desk = Desk()
    pages = iter(["page 1", "page 2"])
    token = LoginToken(desk.login)
    token.call(desk.send, expired)
    page = next(pages)
    sent: list[tuple[str, str]] = []

    def send(held: str) -> int:
        sent.append((page, held))
        return 40101 if held == "token-1" else 0

    assert token.call(send, expired) == 0
    assert sent == [("page 1", "token-1"), ("page 1", "token-2")]


def test_a_second_refusal_ends_the_run_without_a_third_login() -> None:
    desk = Desk()
    token = LoginToken(desk.login)
    with pytest.raises(SourceChanged) as caught:
        token.call(lambda _: 40101, expired)
    assert caught.value.code == "EX-AUTH" and desk.logins == 2


def test_a_401_counts_as_expired_and_its_detail_survives() -> None:
    desk = Desk()

    def send(held: str) -> int:
        if held == "token-1":
            raise Unauthorised("EX-AUTH", detail="HTTP 401")
        return 0

    assert LoginToken(desk.login).call(send, expired) == 0

    def refuse(_: str) -> int:
        raise Unauthorised("EX-AUTH", detail="our clock differs by +400 s")

    with pytest.raises(SourceChanged) as caught:
        LoginToken(desk.login).call(refuse, expired)
    assert "+400 s" in caught.value.detail and caught.value.__context__ is None


def test_a_refused_login_is_never_tried_again_but_an_unreachable_one_is() -> None:
    tried: list[str] = []

    def login() -> str:
        tried.append("login")
        raise Unauthorised("EX-AUTH") if len(tried) > 1 else SourceLater("EX-NET")

    token = LoginToken(login)
    with pytest.raises(SourceLater):
        token.call(len, bool)
    for _ in range(3):
        with pytest.raises(SourceChanged):
            token.call(len, bool)
    assert len(tried) == 2


def test_many_threads_that_find_the_token_expired_log_in_once() -> None:
    desk = Desk()
    token = LoginToken(desk.login)
    token.call(desk.send, expired)
    barrier = threading.Barrier(8)

    def send(held: str) -> int:
        if held == "token-1":
            barrier.wait(5)
            return 40101
        return 0

    threads = [threading.Thread(target=token.call, args=(send, expired)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert desk.logins == 2


@pytest.fixture
def server() -> Iterator[Loopback]:
    """Logs in at /login; every token is good for two pages."""
    uses: dict[str, int] = {}

    def respond(asked: Asked) -> object:
        if asked.target == "/login":
            uses[token := f"t{len(uses)}"] = 0
            return answer({"code": 0, "data": {"token": token}})
        token = asked.headers["authorization"].removeprefix("Bearer ")
        uses[token] += 1
        return answer({"code": 40101}) if uses[token] > 2 else answer({"code": 0, "page": asked.target})

    server = Loopback(respond)  # type: ignore[arg-type]
    yield server
    server.close()


def test_a_token_that_expires_between_pages_costs_no_page(server: Loopback) -> None:
    http = Http(server.connection(), policy=RetryPolicy(base=0))
    token = LoginToken(lambda: str(http.send(lambda: Call("POST", "/login", json={})).json()["data"]["token"]))

    def page(number: int) -> Reply:
        def send(held: str) -> Reply:
            return http.send(lambda: Call("GET", f"/{number}", headers={"Authorization": f"Bearer {held}"}))

        return token.call(send, lambda reply: reply.json()["code"] == 40101)

    assert [page(n).json()["page"] for n in range(5)] == ["/0", "/1", "/2", "/3", "/4"]
    assert [asked.target for asked in server.asked].count("/login") == 3


def test_a_token_that_comes_again_is_a_loop() -> None:
    guard = LoopGuard()
    for token in ("a", "b", "1", 1):
        guard.check(token)
    with pytest.raises(SourceChanged) as caught:
        guard.check("b")
    assert caught.value.code == "EX-LOOP" and "'b'" not in str(caught.value)


def test_endless_fresh_tokens_end_at_the_limit_of_pages() -> None:
    guard = LoopGuard(max_pages=1000)
    with pytest.raises(SourceChanged) as caught:
        for number in range(1002):
            guard.check(number)
    assert caught.value.code == "EX-LOOP" and number == 1000

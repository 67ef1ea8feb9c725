"""Where Http goes and whom it trusts: redirects, links, proxies, TLS, Basic and Digest."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import re
import socket
import ssl
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from expectations.errors import CallRejected, PipelineError, SourceChanged
from extractors._kit.auth import basic_auth, digest_auth
from extractors._kit.connection import Connection
from extractors._kit.rest import Call, Http, RetryPolicy, Unauthorised
from tests.extractors.loopback import Answer, Asked, Loopback, Script, answer

Start = Callable[..., Loopback]


@pytest.fixture
def start() -> Iterator[Start]:
    servers: list[Loopback] = []

    def begin(*script: Script, tls: ssl.SSLContext | None = None) -> Loopback:
        servers.append(Loopback(*script, tls=tls))
        return servers[-1]

    yield begin
    for server in servers:
        server.close()


def http_for(connection: Connection, **options: Any) -> Http:
    return Http(connection, policy=RetryPolicy(base=0, tries=3), **options)


def get(path: str = "/list", **fields: Any) -> Callable[[], Call]:
    return lambda: Call("GET", path, **fields)


def failure(http: Http, build: Callable[[], Call]) -> PipelineError:
    with pytest.raises(PipelineError) as caught:
        http.send(build)
    return caught.value


def moved(to: str, status: int = 302) -> Answer:
    return answer(b"", status, [("Location", to)])


def test_a_redirect_within_the_source_is_followed_with_a_fresh_call(start: Start) -> None:
    server = start(moved("/b?x=1"), moved("c"), answer({"ok": 1}))
    http = http_for(server.connection())
    assert http.send(get("/a/list", query={"q": "1"}, headers={"Token": "t"})).json() == {"ok": 1}
    assert [asked.target for asked in server.asked] == ["/a/list?q=1", "/b?x=1", "/c"]
    assert all(asked.headers["token"] == "t" for asked in server.asked)


def test_a_redirect_to_another_origin_is_refused_and_never_called(start: Start) -> None:
    other = start(answer())
    for to in (
        f"http://127.0.0.1:{other.port}/list",
        "//127.0.0.1/list",
        "https://127.0.0.1/list",
        "file:///etc/passwd",
        "http://169.254.169.254/latest",
        "http://127.0.0.1:notaport/",
    ):
        server = start(moved(to))
        assert failure(http_for(server.connection()), get(headers={"Token": "t"})).code == "EX-ORIGIN"
        assert (len(server.asked), other.connections) == (1, 0)


def test_https_is_never_left_for_http(start: Start, tls: Tls) -> None:
    server: Loopback = start(lambda _: moved(f"http://127.0.0.1:{server.port}/list"), tls=tls.server)
    error = failure(http_for(server.connection(scheme="https", ca_file=tls.ca_file)), get())
    assert error.code == "EX-ORIGIN"


def test_redirects_end_after_three(start: Start) -> None:
    server = start(moved("/again"))
    assert failure(http_for(server.connection()), get()).code == "EX-ORIGIN"
    assert len(server.asked) == 4


def test_a_post_is_repeated_only_where_the_redirect_keeps_the_method(start: Start) -> None:
    server = start(moved("/b", 307), answer())
    http_for(server.connection()).send(lambda: Call("POST", "/a", json={"x": 1}))
    assert [(asked.method, asked.body) for asked in server.asked] == [("POST", b'{"x":1}')] * 2
    server = start(moved("/login", 302))
    assert failure(http_for(server.connection()), lambda: Call("POST", "/a", json={})).code == "EX-HTTP"


BASE = "http://10.0.0.1:8080"


@pytest.mark.parametrize(
    ("base", "url", "path"),
    [
        (BASE, "http://10.0.0.1:8080/files/1?sign=a%2Fb", "/files/1?sign=a%2Fb"),
        (BASE, "http://10.0.0.1:8080", "/"),
        (BASE, "HTTP://10.0.0.1:8080/a", "/a"),
        (BASE, "/files/1", "/files/1"),
        ("https://Host.example", "https://host.example:443/a", "/a"),
        (BASE + "/gw", "http://10.0.0.1:8080/gw/a", "/a"),
        (BASE + "/gw", "/gw/a", "/a"),
    ],
)
def test_a_link_within_the_source_becomes_a_path(base: str, url: str, path: str) -> None:
    assert http_for(Connection("petitions", "http", base, None, "", "", {})).same_origin(url) == path


@pytest.mark.parametrize(
    ("base", "url"),
    [
        (BASE, "http://10.0.0.2:8080/a"),
        (BASE, "http://10.0.0.1:8081/a"),
        (BASE, "http://10.0.0.1/a"),
        (BASE, "https://10.0.0.1:8080/a"),
        (BASE, "//10.0.0.2:8080/a"),
        (BASE, "http://10.0.0.1:8080@evil.example/a"),
        (BASE, "http://user@10.0.0.1:8080/a"),
        (BASE, "http://10.0.0.1:8080\\@evil.example/a"),
        (BASE, "http://10.0.0.1:8080/a b"),
        (BASE, "http://10.0.0.1:8080/a\r\nX: 1"),
        (BASE, "http://１0.0.0.1:8080/a"),
        (BASE, "http://[::1/a"),
        (BASE, "file:///etc/passwd"),
        (BASE, "files/1"),
        (BASE, ""),
        (BASE + "/gw", "http://10.0.0.1:8080/gateway/a"),
        (BASE + "/gw", "http://10.0.0.1:8080/gw/../admin"),
        (BASE + "/gw", "http://10.0.0.1:8080/gw/%2e%2e/admin"),
        (BASE + "/gw", "/admin"),
    ],
)
def test_a_link_to_anywhere_else_is_refused(base: str, url: str) -> None:
    with pytest.raises(SourceChanged) as caught:
        http_for(Connection("petitions", "http", base, None, "", "", {})).same_origin(url)
    assert caught.value.code == "EX-ORIGIN"


def test_a_prefix_of_the_address_stands_before_every_path(start: Start) -> None:
    server = start(answer())
    http_for(server.connection("/gw/")).send(get("/list"))
    assert server.asked[0].target == "/gw/list"
    assert failure(http_for(server.connection("/gw")), get("@evil.example/")).code == "EX-ORIGIN"


def test_proxies_and_netrc_of_the_machine_are_ignored(
    start: Start, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login canary password canary")
    monkeypatch.setenv("NETRC", str(netrc))
    server = start(answer())
    http_for(server.connection()).send(get())
    assert "authorization" not in server.asked[0].headers


class Tls:
    """A self-signed certificate for one address, valid or not."""

    def __init__(self, folder: Path, address: str = "127.0.0.1", days: int = 1) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "loopback")])
        now = dt.datetime.now(dt.UTC)
        certificate = (
            x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=9))
            .not_valid_after(now + dt.timedelta(days=days))
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        private = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        pem = folder / f"{address}-{days}.pem"
        pem.write_bytes(key.private_bytes(*private) + certificate.public_bytes(serialization.Encoding.PEM))
        self.ca_file = str(pem)
        self.server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.server.load_cert_chain(pem)


@pytest.fixture
def tls(tmp_path: Path) -> Tls:
    return Tls(tmp_path)


def test_a_private_authority_is_trusted_only_through_ca_file(start: Start, tls: Tls) -> None:
    server = start(answer({"ok": 1}), tls=tls.server)
    assert http_for(server.connection(scheme="https", ca_file=tls.ca_file)).send(get()).status == 200
    error = failure(http_for(server.connection(scheme="https")), get())
    assert type(error) is SourceChanged and error.code == "EX-TLS"
    assert error.detail.startswith(f"127.0.0.1:{server.port}: self") and len(server.asked) == 1
    with pytest.raises(CallRejected):
        http_for(server.connection(scheme="https", ca_file="/no/such/file"))
    with pytest.raises(CallRejected):
        http_for(server.connection(scheme="https", ca_file=False))


@pytest.mark.parametrize(("address", "days", "why"), [("127.0.0.1", -1, "expired"), ("127.0.0.9", 1, "mismatch")])
def test_a_bad_certificate_is_named_and_not_asked_again(
    start: Start, tmp_path: Path, address: str, days: int, why: str
) -> None:
    bad = Tls(tmp_path, address, days)
    server = start(answer(), tls=bad.server)
    error = failure(http_for(server.connection(scheme="https", ca_file=bad.ca_file)), get())
    assert error.code == "EX-TLS" and why in error.detail and server.connections == 1


class Rude(Loopback):
    """Speaks before it is asked, and hangs up."""

    greeting = b""

    def _serve(self, client: socket.socket) -> None:
        with client:
            client.recv(65536)
            client.sendall(self.greeting)


def test_plain_http_on_a_tls_port_is_a_tls_fault_but_a_dropped_handshake_is_the_network() -> None:
    rude = Rude(answer())
    http = http_for(rude.connection(scheme="https"))
    assert failure(http, get()).code == "EX-NET" and rude.connections == 3
    rude.greeting = b"HTTP/1.1 400 Bad Request\r\n\r\n"
    assert failure(http, get()).code == "EX-TLS" and rude.connections == 4
    rude.close()


def test_basic_sends_login_and_password_in_utf8(start: Start) -> None:
    server = start(answer())
    connection = Connection("cloud_shield", "http", f"http://127.0.0.1:{server.port}", None, "白云", "密", {})
    http_for(connection, auth=basic_auth(connection)).send(get())
    assert base64.b64decode(server.asked[0].headers["authorization"].removeprefix("Basic ")).decode() == "白云:密"


def _digest_server(algorithm: str, function: str, nonces: list[str]) -> Callable[[Asked], Answer]:
    """Accepts a right response to its current nonce, checked by RFC 7616's formula."""

    def respond(asked: Asked) -> Answer:
        line = asked.headers.get("authorization", "").encode("latin-1").decode()
        got = dict(re.findall(r'(\w+)="?([^",]+)"?', line))
        challenge = f'Digest realm="gb", nonce="{nonces[0]}", qop="auth,auth-int", algorithm={algorithm}'
        refused = answer(b"x" * 10, 401, [("WWW-Authenticate", challenge)])
        if got.get("nonce") != nonces[0]:
            return refused

        def h(text: str) -> str:
            return hashlib.new(function, text.encode()).hexdigest()

        proof = f"{h('平台:gb:secret')}:{nonces[0]}:{got['nc']}:{got['cnonce']}:auth:{h('GET:' + asked.target)}"
        return answer({"nc": got["nc"]}) if h(proof) == got["response"] else refused

    return respond


@pytest.mark.parametrize(("algorithm", "function"), [("MD5", "md5"), ("SHA-256", "sha256")])
def test_digest_answers_the_challenge_and_reuses_the_nonce(start: Start, algorithm: str, function: str) -> None:
    nonces = ["n1"]
    server = start(_digest_server(algorithm, function, nonces))
    connection = Connection("video_platform", "http", f"http://127.0.0.1:{server.port}", None, "平台", "secret", {})
    http = http_for(connection, auth=digest_auth(connection))
    assert [http.send(get("/a", query={"n": n})).json()["nc"] for n in (1, 2)] == ["00000001", "00000002"]
    assert len(server.asked) == 3
    nonces[0] = "n2"
    assert http.send(get("/a")).json()["nc"] == "00000001" and len(server.asked) == 5


def test_a_wrong_password_or_an_unknown_challenge_is_asked_no_third_time(start: Start) -> None:
    for challenge, times in (('Digest realm="gb", nonce="n"', 2), ('Basic realm="gb"', 1), ("Digest x", 1), ("", 1)):
        server = start(answer(b"", 401, [("WWW-Authenticate", challenge)]))
        connection = server.connection()
        error = failure(http_for(connection, auth=digest_auth(connection)), get())
        assert isinstance(error, Unauthorised) and len(server.asked) == times


def test_a_huge_refusal_is_not_read(start: Start) -> None:
    refusal = answer(b"", 401, [("WWW-Authenticate", 'Digest realm="gb", nonce="n"')], length=10**15)
    server = start(refusal, answer({"ok": 1}))
    connection = server.connection()
    assert http_for(connection, auth=digest_auth(connection)).send(get()).json() == {"ok": 1}

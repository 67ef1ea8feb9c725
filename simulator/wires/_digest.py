"""HTTP Digest as a server checks it (RFC 7616, qop auth): nonces that go stale, and counts that only go up."""

from __future__ import annotations

import hashlib
import re
import secrets
import threading
from collections.abc import Callable
from hmac import compare_digest

_FIELD = re.compile(r'(\w+)\s*=\s*(?:"([^"]*)"|([^\s,"]+))')
_ALGORITHMS = {"MD5": "md5", "SHA-256": "sha256"}


class DigestGate:
    """Says whether a request is who it claims to be, and what to ask of it otherwise."""

    def __init__(
        self,
        login: str,
        password: str,
        realm: str,
        clock: Callable[[], float],
        *,
        algorithm: str = "MD5",
        nonce_seconds: float = 300.0,
    ) -> None:
        self.login, self.password, self.realm, self.clock = login, password, realm, clock
        self.algorithm, self.nonce_seconds = algorithm, nonce_seconds
        self._nonces: dict[str, tuple[float, int]] = {}  # nonce -> good until, highest count seen
        self._lock = threading.Lock()

    def challenge(self, method: str, target: str, header: str) -> str | None:
        """None for a good request, else the WWW-Authenticate line it is answered with."""
        fields = {name.lower(): quoted or bare for name, quoted, bare in _FIELD.findall(header)}
        if header[:7].lower() != "digest " or not self._proven(method, target, fields):
            return self._ask(stale=False)
        with self._lock:
            until, highest = self._nonces.get(fields["nonce"], (0.0, 0))
            count = int(fields["nc"], 16)
            if until <= self.clock() or count <= highest:
                return self._ask(stale=True)
            self._nonces[fields["nonce"]] = until, count
        return None

    def _proven(self, method: str, target: str, fields: dict[str, str]) -> bool:
        given = [fields.get(name, "") for name in ("nonce", "nc", "cnonce", "qop", "response")]
        right = fields.get("username") == self.login and fields.get("realm") == self.realm
        if not all(given) or not right or fields.get("uri") != target or not re.fullmatch(r"[0-9a-fA-F]{8}", given[1]):
            return False
        first = self._hash(f"{self.login}:{self.realm}:{self.password}")
        second = self._hash(f"{method}:{target}")
        wanted = self._hash(f"{first}:{':'.join(given[:4])}:{second}")
        return given[3] == "auth" and compare_digest(given[4].lower().encode(), wanted.encode())

    def _hash(self, text: str) -> str:
        return hashlib.new(_ALGORITHMS[self.algorithm], text.encode()).hexdigest()

    def _ask(self, *, stale: bool) -> str:
        nonce = secrets.token_hex(16)
        now = self.clock()
        self._nonces = {n: (until, count) for n, (until, count) in self._nonces.items() if until > now}
        self._nonces[nonce] = now + self.nonce_seconds, 0
        line = f'Digest realm="{self.realm}", qop="auth", algorithm={self.algorithm}, nonce="{nonce}"'
        return line + (", stale=true" if stale else "")

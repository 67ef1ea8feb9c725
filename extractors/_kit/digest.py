"""HTTP Digest (RFC 7616, qop auth or none, MD5 or SHA-256) whose challenge `Http` answers.

Own code since requests' HTTPDigestAuth reads the body of the 401 without a limit, past the rate limiter.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import threading

from requests import PreparedRequest
from requests.auth import AuthBase

_CHALLENGE = re.compile(r"(?:^|,)\s*digest\s+(.*)", re.IGNORECASE | re.DOTALL)
_FIELD = re.compile(r'(\w+)\s*=\s*(?:"([^"\\\r\n]*)"|([^\s,"]+))')
_ALGORITHMS = {"MD5": "md5", "SHA-256": "sha256"}


class DigestAuth(AuthBase):
    """The last challenge and the count of its uses, shared by all threads of a run."""

    def __init__(self, login: str, password: str) -> None:
        self._login = login
        self._password = password
        self._lock = threading.Lock()
        self._challenge: dict[str, str] = {}
        self._uses = 0

    def answer(self, challenge: str) -> bool:
        """Take up a challenge; False if it is not one of Digest that we can answer."""
        found = _CHALLENGE.search(challenge)
        fields = {name.lower(): quoted or bare for name, quoted, bare in _FIELD.findall(found[1])} if found else {}
        qops = [qop.strip().lower() for qop in fields.get("qop", "auth").split(",")]
        known = fields.get("algorithm", "MD5").upper() in _ALGORITHMS and "auth" in qops
        if not known or not fields.get("realm") or not fields.get("nonce"):
            return False
        with self._lock:
            self._challenge, self._uses = fields, 0
        return True

    def __call__(self, r: PreparedRequest) -> PreparedRequest:
        with self._lock:
            challenge = self._challenge
            self._uses += 1
            uses = self._uses
        if challenge:
            line = self._response(challenge, r.method or "", r.path_url, f"{uses:08x}", secrets.token_hex(8))
            # Headers go out as Latin-1; this way the bytes on the wire are UTF-8.
            r.headers["Authorization"] = line.encode().decode("latin-1")
        return r

    def _response(self, challenge: dict[str, str], method: str, uri: str, count: str, own: str) -> str:
        algorithm = challenge.get("algorithm", "MD5")
        realm, nonce = challenge["realm"], challenge["nonce"]

        def digest(text: str) -> str:
            return hashlib.new(_ALGORITHMS[algorithm.upper()], text.encode(), usedforsecurity=False).hexdigest()

        middle = f"{nonce}:{count}:{own}:auth" if "qop" in challenge else nonce
        proof = digest(f"{digest(f'{self._login}:{realm}:{self._password}')}:{middle}:{digest(f'{method}:{uri}')}")
        line = f'Digest username="{self._login}", realm="{realm}", nonce="{nonce}", uri="{uri}", response="{proof}"'
        if "algorithm" in challenge:
            line += f", algorithm={algorithm}"
        if "opaque" in challenge:
            line += f', opaque="{challenge["opaque"]}"'
        if "qop" in challenge:
            line += f', qop=auth, nc={count}, cnonce="{own}"'
        return line

"""Signatures and digests the sources ask for: x-tif, gjgxjhpt, HMAC-SM3 and SM3.

SM3 comes from `cryptography`, whose wheel brings its own OpenSSL: `hashlib` has it only where the system's does.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
import uuid

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.hmac import HMAC


class Sm3:
    """SM3 of a stream: `update` with each piece, `hexdigest` at any time."""

    def __init__(self) -> None:
        self._hash = hashes.Hash(hashes.SM3())

    def update(self, piece: bytes) -> None:
        """Take the next piece."""
        self._hash.update(piece)

    def hexdigest(self) -> str:
        """Digest of what came so far, 64 lower-case hex characters."""
        return self._hash.copy().finalize().hex()


def sm3_hex(data: bytes) -> str:
    """SM3 of one byte string, lower-case hex."""
    digest = Sm3()
    digest.update(data)
    return digest.hexdigest()


def hmac_sm3_hex(key: str, text: str) -> str:
    """HMAC-SM3 of `text` under `key`, both UTF-8, lower-case hex."""
    mac = HMAC(key.encode(), hashes.SM3())
    mac.update(text.encode())
    return mac.finalize().hex()


def xtif_headers(paasid: str, token: str, now: float | None = None, nonce: str | None = None) -> dict[str, str]:
    """The four x-tif headers for one attempt; `now` in seconds since 1970. A nonce is good once."""
    stamp = str(int(time.time() if now is None else now))
    once = nonce or uuid.uuid4().hex
    return {
        "x-tif-paasid": paasid,
        "x-tif-timestamp": stamp,
        "x-tif-nonce": once,
        "x-tif-signature": hashlib.sha256(f"{stamp}{token}{once}{stamp}".encode()).hexdigest(),
    }


def gjgxjhpt_headers(sid: str, app_key: str, now: float | None = None, rid: str | None = None) -> dict[str, str]:
    """The four gjgxjhpt headers for one attempt; `now` in seconds since 1970, sent as milliseconds."""
    stamp = str(int((time.time() if now is None else now) * 1000))
    once = rid or uuid.uuid4().hex
    mac = hmac.new(app_key.encode(), f"{sid}{once}{stamp}".encode(), hashlib.sha256)
    return {
        "gjgxjhpt_rid": once,
        "gjgxjhpt_sid": sid,
        "gjgxjhpt_rtime": stamp,
        "gjgxjhpt_sign": base64.b64encode(mac.digest()).decode("ascii"),
    }

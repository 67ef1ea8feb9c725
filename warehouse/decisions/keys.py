"""Keyed digests of records and tokens: what tombstones and the access log hold in place of whom they speak of.

HMAC-SHA-256 (FIPS 198-1) under keys derived from REGISTER_TOKEN_KEY by HKDF (RFC 5869), one per purpose, so that the
digest of a record in the access log cannot be joined with its tombstone.
"""

from __future__ import annotations

import hmac
import os
import re
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from expectations.errors import CallRejected

KEY_VARIABLE: Final = "REGISTER_TOKEN_KEY"
ERASURE: Final = "erasure"
LOOK: Final = "look"
_KEY = re.compile(r"[0-9a-fA-F]{64}")
_BLOCK: Final = 64  # bytes of a SHA-256 block


class Keyed:
    """Digests for one purpose. `inner` and `outer` are the padded keys, for the same digest made in SQL."""

    def __init__(self, master: bytes, purpose: str) -> None:
        """master: 32 bytes."""
        key = HKDF(SHA256(), 32, salt=None, info=f"street-base-register\x1f{purpose}\x1fv1".encode()).derive(master)
        padded = key.ljust(_BLOCK, b"\0")
        self.inner = bytes(b ^ 0x36 for b in padded)
        self.outer = bytes(b ^ 0x5C for b in padded)
        self.key_id = "t" + hmac.digest(key, b"key id", "sha256")[:3].hex()
        self._start = hmac.new(key, digestmod="sha256")

    @classmethod
    def from_env(cls, purpose: str) -> Keyed:
        """Derive from REGISTER_TOKEN_KEY. Raises CallRejected SC-KEY."""
        key = os.environ.get(KEY_VARIABLE, "").strip()
        if not _KEY.fullmatch(key):
            raise CallRejected("SC-KEY", detail=f"{KEY_VARIABLE} must be 64 hexadecimal characters")
        return cls(bytes.fromhex(key), purpose)

    def record(self, source: str, entity: str, record_id: str) -> str:
        """64 hex digits of a record, its id in the canonical form that staging gives it."""
        return self._digest(f"record\x1f{source}|{entity}|{record_id}")

    def token(self, token: str) -> str:
        """64 hex digits of an identity token."""
        return self._digest(f"token\x1f{token}")

    def _digest(self, message: str) -> str:
        state = self._start.copy()
        state.update(message.encode("utf8", "surrogatepass"))
        return state.hexdigest()

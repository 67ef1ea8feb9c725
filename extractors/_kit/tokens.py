"""Keyed tokens: what the landing zone holds in place of a name, a number or a case key.

A token is `P1.<kid>.<32 hex>`: 128 bits of HMAC over purpose and value, under a key derived for that one purpose,
so tokens made for one purpose cannot be joined with those of another. `kid` names algorithm and key, never reveals it.
"""

import os
import re
from collections.abc import Callable, Iterable
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256, SM3, HashAlgorithm
from cryptography.hazmat.primitives.hmac import HMAC

from expectations.errors import CallRejected

KEY_VARIABLE: Final = "REGISTER_TOKEN_KEY"
ALGORITHM_VARIABLE: Final = "REGISTER_TOKEN_ALG"
ALGORITHMS: Final[dict[str, type[HashAlgorithm]]] = {"sha256": SHA256, "sm3": SM3}
_LETTERS: Final = {"sha256": "h", "sm3": "s"}
_KEY = re.compile(r"[0-9a-fA-F]{64}")
_PURPOSE = re.compile(r"[a-z][a-z0-9_]{0,31}")


def anchors_of(values: Iterable[str | None]) -> list[bytes]:
    """What `Tokeniser.bound` binds to, encoded once for all its purposes; empty for nothing."""
    return [b"\x1f" + v.encode("utf-8", "surrogatepass") if v else b"" for v in values]


class Tokeniser:
    """HMAC-SHA-256 (FIPS 198-1) or HMAC-SM3 (GB/T 32905, GB/T 15852.2) tokens, one derived key per purpose."""

    def __init__(self, key: bytes, algorithm: str = "sha256") -> None:
        """Derive from a 32-byte master key; only opaque MAC states are kept, so no attribute shows the key."""
        if algorithm not in ALGORITHMS:
            raise CallRejected("SC-KEY", detail=f"{ALGORITHM_VARIABLE} must be sha256 or sm3")
        if len(key) != 32:
            raise CallRejected("SC-KEY", detail=f"{KEY_VARIABLE} must be 64 hexadecimal characters")
        self.algorithm = algorithm
        self._master = HMAC(key, ALGORITHMS[algorithm]())
        self.kid = _LETTERS[algorithm] + self._expand("kid")[:3].hex()
        self._states: dict[str, HMAC] = {}

    @classmethod
    def from_env(cls) -> "Tokeniser":
        """Read key and algorithm from the environment. Raises CallRejected SC-KEY."""
        key = os.environ.get(KEY_VARIABLE, "").strip()
        if not _KEY.fullmatch(key):
            raise CallRejected("SC-KEY", detail=f"{KEY_VARIABLE} must be 64 hexadecimal characters")
        return cls(bytes.fromhex(key), os.environ.get(ALGORITHM_VARIABLE, "").strip().lower() or "sha256")

    def token(self, purpose: str, value: str) -> str:
        """Token of one value. Raises ValueError on an empty one, since all empty values would share a token."""
        if not value:
            raise ValueError(f"no token for an empty value (purpose {purpose})")
        return self.hasher(purpose)(value)

    def tokens(self, purpose: str, values: Iterable[str | None]) -> list[str | None]:
        """Tokens in the order of the values; None and empty values have none."""
        copy, prefix = self._keyed(purpose).copy, f"P1.{self.kid}."
        made: list[str | None] = []
        add = made.append
        for value in values:
            if value:
                state = copy()
                state.update(value.encode("utf-8", "surrogatepass"))
                add(prefix + state.finalize()[:16].hex())
            else:
                add(None)
        return made

    def bound(self, purpose: str, values: Iterable[str | None], anchors: Iterable[bytes]) -> list[str | None]:
        """Tokens of `value 1F anchor`, the anchors from `anchors_of`; None where either is missing.

        The same tokens as `tokens` makes of the two put together, without putting texts together first.
        """
        copy, prefix = self._keyed(purpose).copy, f"P1.{self.kid}."
        made: list[str | None] = []
        add = made.append
        for value, anchor in zip(values, anchors, strict=True):
            if value and anchor:
                state = copy()
                state.update(value.encode("utf-8", "surrogatepass") + anchor)
                add(prefix + state.finalize()[:16].hex())
            else:
                add(None)
        return made

    def hasher(self, purpose: str) -> Callable[[str], str]:
        """The token function of one purpose, for tight loops; the caller sees to empty values."""
        copy, prefix = self._keyed(purpose).copy, f"P1.{self.kid}."

        def hashed(value: str) -> str:
            state = copy()
            state.update(value.encode("utf-8", "surrogatepass"))
            return prefix + state.finalize()[:16].hex()

        return hashed

    def _keyed(self, purpose: str) -> HMAC:
        """The MAC state of a purpose, already fed with the start of the message.

        Copying such a state was the fastest of eight ways measured: 0.46 us against 1.25 us for hmac.digest.
        """
        if purpose not in self._states:
            if not _PURPOSE.fullmatch(purpose):
                raise ValueError("a purpose is 1 to 32 lower-case letters, digits and underscores")
            state = HMAC(self._expand(f"purpose\x1f{purpose}"), ALGORITHMS[self.algorithm]())
            state.update(f"{purpose}\x1fv1\x1f".encode())
            self._states[purpose] = state
        return self._states[purpose]

    def _expand(self, info: str) -> bytes:
        """HKDF-Expand (RFC 5869) for one block: the master key is uniform, so no extract step is needed."""
        state = self._master.copy()
        state.update(f"street-base-register\x1f{info}".encode() + b"\x01")
        return state.finalize()

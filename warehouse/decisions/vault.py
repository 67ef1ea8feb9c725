"""The identity vault (privacy.md, rule 6): the only place that holds clear names and ID numbers, each one encrypted.

Flow: (token, kind, clear) from the extractors' edge -> `put_many` -> vault_entry; `reveal` reads one back. Writing the
same entries again changes nothing, in any order and from several processes. Who may reveal, and the log of each
look, is the business of the callers.
"""

import os
import re
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any, Final, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Engine, Insert, select, text
from sqlalchemy.dialects import postgresql, sqlite

from expectations.errors import CallRejected
from warehouse.decisions.models import VaultEntry
from warehouse.decisions.store import open_engine, settle

KEY_VARIABLE: Final = "REGISTER_VAULT_KEY"
ALGORITHM_VARIABLE: Final = "REGISTER_VAULT_ALG"
AES: Final = "aes-256-gcm"
SM4: Final = "sm4-gcm"
_SHORT: Final = {"": AES, "aes": AES, "sm4": SM4}
_KEY = re.compile(r"[0-9a-fA-F]{64}")
_NONCE: Final = 12
_TAG: Final = 16
_BATCH: Final = 5_000
_COLUMNS: Final = ("token", "kind", "key_id", "algorithm", "ciphertext")
_TRANSACTION: Final = 50_000  # tokens are random: the more at once, the fewer pages of the tree are written twice


class VaultEntryMissing(LookupError):
    """The vault holds nothing under this token: never put, or erased."""


class VaultUnreadable(RuntimeError):
    """An entry cannot be read: made with another key, or changed since it was written."""


class _Box(NamedTuple):
    """Authenticated encryption under one derived key: (nonce, clear, associated) and (sealed, associated)."""

    seal: Callable[[bytes, bytes, bytes], bytes]
    unseal: Callable[[bytes, bytes], bytes]


class Vault:
    """Encrypted identities by token."""

    def __init__(self, engine: Engine, key: bytes, algorithm: str = AES) -> None:
        """Use a 32-byte master key; each algorithm works with a key of its own derived from it."""
        if len(key) != 32:
            raise CallRejected("SC-KEY", detail=f"{KEY_VARIABLE} must be 64 hexadecimal characters")
        if algorithm not in (AES, SM4):
            raise CallRejected("SC-KEY", detail=f"{ALGORITHM_VARIABLE} must be {AES} or {SM4}")
        self.engine = engine
        self.algorithm = algorithm
        self.key_id = "k" + _derive(key, "key id", 3).hex()
        self._boxes = {AES: _aes_gcm(_derive(key, AES, 32)), SM4: _sm4_gcm(_derive(key, SM4, 16))}

    @classmethod
    def open(cls, url: str) -> "Vault":
        """Open the vault of a SQLAlchemy URL with key and algorithm of the environment. Raises SC-KEY, DS-MIGRATE."""
        key = os.environ.get(KEY_VARIABLE, "").strip()
        if not _KEY.fullmatch(key):
            raise CallRejected("SC-KEY", detail=f"{KEY_VARIABLE} must be 64 hexadecimal characters")
        algorithm = os.environ.get(ALGORITHM_VARIABLE, "").strip().lower()
        vault = cls(open_engine(url), bytes.fromhex(key), _SHORT.get(algorithm, algorithm))
        settle(vault.engine)
        return vault

    def put_many(self, entries: Iterable[tuple[str, str, str]]) -> None:
        """Encrypt and store (token, kind, clear); a token that is there already stays as it is. Durable on return."""
        statement = _insert_or_ignore(self.engine).compile(self.engine)
        rest = iter(entries)
        while batch := {entry[0]: entry for entry in islice(rest, _TRANSACTION)}:
            # Sorted, because two writers that insert the same tokens in other orders would deadlock on PostgreSQL.
            tokens = sorted(batch)
            with self.engine.begin() as connection:
                for at in range(0, len(tokens), _BATCH):
                    rows = self._rows([batch[token] for token in tokens[at : at + _BATCH]])
                    # As the driver takes them: SQLAlchemy's own treatment of a row costs as much as encrypting it.
                    named = [dict(zip(_COLUMNS, row, strict=True)) for row in rows] if not statement.positional else []
                    connection.exec_driver_sql(str(statement), named or rows)

    def reveal(self, token: str) -> str:
        """The clear text behind a token. Raises VaultEntryMissing, VaultUnreadable; neither shows any of it."""
        with self.engine.connect() as connection:
            row = connection.execute(_entry_of(self.engine, token)).one_or_none()
        if row is None:
            raise VaultEntryMissing("the vault holds nothing under this token")
        return self.unseal(row)

    def unseal(self, row: Any) -> str:
        """The clear text of a row of vault_entry. Raises VaultUnreadable."""
        if row.key_id != self.key_id:
            raise VaultUnreadable(f"the entry needs key {row.key_id}, the vault is open with {self.key_id}")
        box = self._boxes.get(row.algorithm)
        if box is None:
            raise VaultUnreadable("the entry names an algorithm this version does not know")
        try:
            return box.unseal(row.ciphertext, _associated(row.token, row.kind)).decode("utf-8", "surrogatepass")
        except InvalidTag:
            raise VaultUnreadable("the entry was changed since it was written") from None

    def sealed(self, entries: list[tuple[str, str, str]]) -> list[dict[str, Any]]:
        """Entries encrypted anew, as rows of vault_entry."""
        return [dict(zip(_COLUMNS, row, strict=True)) for row in self._rows(entries)]

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()

    def _rows(self, entries: list[tuple[str, str, str]]) -> list[tuple[Any, ...]]:
        """The values of _COLUMNS, encrypted."""
        seal = self._boxes[self.algorithm].seal
        nonces = os.urandom(_NONCE * len(entries))
        fixed = self.key_id, self.algorithm
        return [
            (token, kind, *fixed, seal(nonces[at : at + _NONCE], _bytes(clear), _associated(token, kind)))
            for at, (token, kind, clear) in zip(range(0, len(nonces), _NONCE), entries, strict=True)
        ]


def _entry_of(engine: Engine, token: str) -> Any:
    """One entry by its token. PostgreSQL has a function for it, so that a registrar need not read them all."""
    if engine.dialect.name == "postgresql":
        return text("select * from open_entry(:token)").bindparams(token=token)
    columns = VaultEntry.__table__.c
    return select(*columns).where(columns.token == token)


def _insert_or_ignore(engine: Engine) -> Insert:
    if engine.dialect.name == "postgresql":
        # No columns named: naming them would take the right to read the tokens.
        return postgresql.insert(VaultEntry).on_conflict_do_nothing()
    return sqlite.insert(VaultEntry).on_conflict_do_nothing(index_elements=["token"])


def _derive(key: bytes, info: str, length: int) -> bytes:
    """HKDF (RFC 5869) with SHA-256."""
    return HKDF(SHA256(), length, salt=None, info=f"street-base-register\x1fvault\x1f{info}".encode()).derive(key)


def _associated(token: str, kind: str) -> bytes:
    return f"{token}\x1f{kind}".encode()


def _bytes(clear: str) -> bytes:
    return clear.encode("utf-8", "surrogatepass")


def _aes_gcm(key: bytes) -> _Box:
    """AES-256-GCM (NIST SP 800-38D), 96-bit random nonces."""
    cipher = AESGCM(key)

    def seal(nonce: bytes, clear: bytes, associated: bytes) -> bytes:
        return nonce + cipher.encrypt(nonce, clear, associated)

    def unseal(sealed: bytes, associated: bytes) -> bytes:
        if len(sealed) < _NONCE + _TAG:
            raise InvalidTag
        return cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], associated)

    return _Box(seal, unseal)


def _sm4_gcm(key: bytes) -> _Box:
    """SM4-GCM (GB/T 32907, RFC 8998), 96-bit random nonces."""
    cipher = algorithms.SM4(key)

    def seal(nonce: bytes, clear: bytes, associated: bytes) -> bytes:
        work = Cipher(cipher, modes.GCM(nonce)).encryptor()
        work.authenticate_additional_data(associated)
        return nonce + work.update(clear) + work.finalize() + work.tag

    def unseal(sealed: bytes, associated: bytes) -> bytes:
        if len(sealed) < _NONCE + _TAG:
            raise InvalidTag
        work = Cipher(cipher, modes.GCM(sealed[:_NONCE], sealed[-_TAG:])).decryptor()
        work.authenticate_additional_data(associated)
        return work.update(sealed[_NONCE:-_TAG]) + work.finalize()

    return _Box(seal, unseal)

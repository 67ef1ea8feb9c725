"""Clear identities on their way to the vault: buffered, de-duplicated, flushed before anything is landed.

The vault lies in the decision store (`REGISTER_DECISIONS_URL`, default an SQLite file under `var/`); extractors
write to it and never read from it.
"""

from __future__ import annotations

import os
from pathlib import Path

from warehouse.decisions.vault import Vault

DEFAULT_URL = f"sqlite:///{Path(__file__).resolve().parents[2] / 'var' / 'decisions.db'}"
FULL = 50_000


class VaultBuffer:
    """Collects (token, kind, clear) and writes them in batches."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._pending: dict[str, tuple[str, str]] = {}

    def add(self, token: str, kind: str, clear: str) -> None:
        """Remember one identity until the next flush."""
        self._pending[token] = (kind, clear)

    def flush_if_full(self) -> None:
        """Keep memory flat: write once enough have come together."""
        if len(self._pending) >= FULL:
            self.flush()

    def flush(self) -> None:
        """Write everything. Idempotent: a token already in the vault stays as it is."""
        if self._pending:
            self._vault.put_many((token, kind, clear) for token, (kind, clear) in self._pending.items())
            self._pending.clear()


def open_vault() -> VaultBuffer:
    """The vault of the decision store. Raises CallRejected SC-KEY without a key."""
    return VaultBuffer(Vault.open(os.environ.get("REGISTER_DECISIONS_URL", DEFAULT_URL)))

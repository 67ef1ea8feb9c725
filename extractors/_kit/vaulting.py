"""Clear identities on their way to the vault: buffered, de-duplicated, flushed before anything is landed.

The vault lies in the decision store (`REGISTER_DECISIONS_URL`, default an SQLite file in the home); extractors write
to it and never read from it. What they do read there is whose records must not come back.
"""

from __future__ import annotations

from warehouse.decisions.store import decisions_url
from warehouse.decisions.tombstones import Tombstones, add_stones, tombstones_in_force
from warehouse.decisions.vault import Vault

FULL = 50_000
RECENT = 1 << 18  # tokens remembered, one per place: the same people come again within a window


class VaultBuffer:
    """Collects (token, kind, clear) and writes them in batches."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._pending: dict[str, tuple[str, str]] = {}
        self._recent: list[str | None] = [None] * RECENT
        self.tombstones = Tombstones()

    def add(self, token: str, kind: str, clear: str) -> None:
        """Remember one identity until the next flush, unless this run had it not long ago or it was erased."""
        place = hash(token) % RECENT
        if self._recent[place] != token:
            self._recent[place] = token
            if not (self.tombstones.tokens and self.tombstones.erased_token(token)):
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

    def learn_erasures(self) -> None:
        """Ask whose records must not come back; under the source's lock, for an erasure sweeps while it holds that."""
        self.tombstones = tombstones_in_force(self._vault.engine)

    def keep_followed(self) -> None:
        """Make the tombstones last that erased numbers have led to."""
        if self.tombstones.found and self.tombstones.keyed is not None:
            with self._vault.engine.begin() as connection:
                add_stones(connection, self.tombstones.found, self.tombstones.keyed.key_id)
            self.tombstones.found.clear()


def open_vault() -> VaultBuffer:
    """The vault of the decision store. Raises CallRejected SC-KEY without a key, DS-MIGRATE, DS-KEY."""
    return VaultBuffer(Vault.open(decisions_url()))

"""A new key for the vault: every entry is read with the old one and sealed with the new one, a batch at a time.

The key id in each row says what is left to do, so a run that was killed goes on where it stopped. The token key is
another matter: landing, versions and tombstones are made of tokens, which cannot be changed in place (DS-ROTATE).
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import Final, NamedTuple

from sqlalchemy import Engine, bindparam, func, select, update

from expectations.errors import CallRejected
from expectations.faultpoint import faultpoint, register
from warehouse.decisions.models import VaultEntry
from warehouse.decisions.vault import AES, Vault, VaultUnreadable

register("rotate.before_commit", "rotate.after_commit")

OLD_KEY: Final = "REGISTER_VAULT_KEY_OLD"
BATCH: Final = 5_000
_KEY = re.compile(r"[0-9a-fA-F]{64}")
_UPDATE = (
    update(VaultEntry.__table__)  # type: ignore[arg-type]
    .where(VaultEntry.__table__.c.token == bindparam("at"), VaultEntry.__table__.c.key_id == bindparam("old"))
    .values(key_id=bindparam("new"), algorithm=bindparam("alg"), ciphertext=bindparam("sealed"))
)


class Rotated(NamedTuple):
    """What a rotation did or, in a dry run, would do; left: entries under the new key before it began."""

    rotated: int
    already: int


def old_key() -> bytes:
    """REGISTER_VAULT_KEY_OLD. Raises CallRejected SC-KEY."""
    key = os.environ.get(OLD_KEY, "").strip()
    if not _KEY.fullmatch(key):
        raise CallRejected("SC-KEY", detail=f"{OLD_KEY} must be 64 hexadecimal characters")
    return bytes.fromhex(key)


def rotate(
    engine: Engine,
    vault: Vault,
    old: bytes,
    *,
    dry_run: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Rotated:
    """Seal every entry under the key of `vault`; entries under a third key stop it before the first is touched.

    Raises: CallRejected DS-KEY naming the key that is missing, or that the old key does not open an entry.
    """
    before = Vault(engine, old, AES)
    if before.key_id == vault.key_id:
        raise CallRejected("SC-CALL", detail="the old and the new key are the same")
    counts = _counts(engine)
    if other := sorted(set(counts) - {before.key_id, vault.key_id}):
        raise CallRejected("DS-KEY", detail=f"entries under key {', '.join(other)}")
    waiting, already = counts.get(before.key_id, 0), counts.get(vault.key_id, 0)
    done = 0
    while not dry_run and (batch := _rotate_batch(engine, before, vault)):
        done += batch
        if progress is not None:
            progress(done, max(waiting, done))
    return Rotated(waiting if dry_run else done, already)


def _rotate_batch(engine: Engine, before: Vault, after: Vault) -> int:
    columns = VaultEntry.__table__.c
    asked = select(*columns).where(columns.key_id == before.key_id).order_by(columns.token).limit(BATCH)
    with engine.begin() as connection:
        rows = connection.execute(asked).all()
        try:
            entries = [(row.token, row.kind, before.unseal(row)) for row in rows]
        except VaultUnreadable as error:
            raise CallRejected("DS-KEY", detail=str(error)) from error
        if rows:
            sealed = [
                {"at": s["token"], "old": before.key_id, "new": s["key_id"], "alg": s["algorithm"],
                 "sealed": s["ciphertext"]}
                for s in after.sealed(entries)
            ]  # fmt: skip
            connection.execute(_UPDATE, sealed)
            faultpoint("rotate.before_commit")
    faultpoint("rotate.after_commit")
    return len(rows)


def _counts(engine: Engine) -> dict[str, int]:
    columns = VaultEntry.__table__.c
    with engine.connect() as connection:
        rows = connection.execute(select(columns.key_id, func.count()).group_by(columns.key_id)).all()
    return {row[0]: row[1] for row in rows}

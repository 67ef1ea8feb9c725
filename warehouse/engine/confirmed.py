"""Loads that a steward has confirmed, as staging, checks and a rebuild read them: rows of the decision store."""

from __future__ import annotations

import getpass
from collections.abc import Collection
from pathlib import Path

from warehouse.decisions.sign_offs import CONFIRM, sign_off, signed_off
from warehouse.decisions.store import open_decisions
from warehouse.engine.erased import decisions_of

BY_CALL = "confirmed in the call that staged it"


def confirmed_loads(warehouse: Path, source: str, now: Collection[str] = (), url: str | None = None) -> frozenset[str]:
    """The confirmed loads of a source; those confirmed just now are put on record, so that the next night knows them.

    url: the decision store, if not that of the warehouse. Raises: SourceLater DS-STORE.
    """
    where = url or decisions_of(warehouse)
    known = frozenset(signed_off(CONFIRM, source, where))
    if new := sorted(set(now) - known):
        engine = open_decisions(where)
        try:
            for load in new:
                sign_off(engine, CONFIRM, source, load, reason=BY_CALL, by=getpass.getuser())
        finally:
            engine.dispose()
    return known | frozenset(now)

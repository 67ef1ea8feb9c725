"""A warehouse restored from a backup holds people who were erased since: nothing is built from it before `reapply`.

Asked with every build of the register, after the store itself was found to be no older than its anchors. Costs one
look at each staged entity that a tombstone concerns, and nothing where nobody was erased.
"""

from __future__ import annotations

from collections.abc import Sequence

from expectations.errors import SourceChanged
from expectations.model import Contract
from warehouse.decisions import erasures
from warehouse.decisions.store import is_there, open_decisions
from warehouse.decisions.tombstones import tombstones_in_force
from warehouse.decisions.warehouse_sweep import scan_warehouse
from warehouse.engine.connection import Connection


def refuse_erased(connection: Connection, contracts: Sequence[Contract], url: str) -> None:
    """Raises SourceChanged OP-STALE for staged rows of somebody whose erasure is done; an ordered one may wait.

    url: of the decision store; where none is there nobody was erased.
    """
    if not is_there(url):
        return
    engine = open_decisions(url)
    try:
        done = [row.erasure_id for row in erasures.erasures_in_force(engine) if row.state == erasures.DONE]
        tombstones = tombstones_in_force(engine, done) if done else None
    finally:
        engine.dispose()
    left = scan_warehouse(connection, contracts, tombstones) if tombstones else []
    if left:
        counts = {f"{v.contract.source}.{v.entity}": sum(v.counts.values()) for v in left}
        raise SourceChanged("OP-STALE", detail=", ".join(f"{k} {n}" for k, n in sorted(counts.items())))

"""Erase a resident from landing, versions, claims, history and vault; survive a kill, a backfill and a restore.

Flow: tombstones (from then on nothing of it is loaded) -> look everywhere, remember what was found -> landing ->
warehouse -> copies -> decision store with the receipt -> the receipt's file. Each step asks the tombstones anew, so a
run that was killed is mended by running it again, and `reapply` is the same sweep over a restored store.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from expectations.contract import contracts_folder, load_contract
from expectations.faultpoint import faultpoint, register
from expectations.model import Contract
from warehouse.decisions import erasures, landing_sweep, store_sweep, warehouse_sweep
from warehouse.decisions.keys import ERASURE, Keyed
from warehouse.decisions.receipts import add_sweep, make_receipt, write_receipt
from warehouse.decisions.scope import demand_whole
from warehouse.decisions.subjects import Subject
from warehouse.decisions.tombstones import Tombstones, add_stones, tombstones_in_force
from warehouse.engine.connection import Connection, opened, wait_and_lock
from warehouse.engine.origins import forget_origins, origins_file

register("erase.tombstoned", "erase.scanned", "erase.restaged", "erase.finished", "erase.receipt_written")


@dataclass(frozen=True)
class Stores:
    """Everything an office keeps: the decision store, the landing zone, the warehouse, and where receipts go."""

    engine: Engine
    landing: Path
    warehouse: Path
    receipts: Path
    contracts: tuple[Contract, ...]

    @contextmanager
    def held(self, wait: float | None = None) -> Iterator[None]:
        """No extraction and no other writer meanwhile. Raises SourceLater LA-BUSY, LO-LOCKED."""
        with landing_sweep.landing_held(self.landing, self.contracts), wait_and_lock(self.warehouse, wait):
            yield


def personal_contracts() -> tuple[Contract, ...]:
    """The contracts of zone R: only they can bear a person key."""
    files = sorted(contracts_folder().glob("*.yml"))
    return tuple(load_contract(f.stem) for f in files if re.search(r"(?m)^zone: R\b", f.read_text("utf8")))


def erase(
    stores: Stores, subject: Subject, *, reason: str, by: str, community: str | None = None, wait: float | None = None
) -> dict[str, Any]:
    """Erase a resident and return the receipt; one whose erasure was begun is finished, a done one answers again.

    Raises: SourceLater LA-BUSY, LO-LOCKED; SourceChanged LO-MIGRATION before anything is lost; CallRejected SC-KEY.
    """
    made = order(stores, subject, reason=reason, by=by, community=community)
    faultpoint("erase.tombstoned")
    return run_erasure(stores, made, wait=wait)


def order(stores: Stores, subject: Subject, *, reason: str, by: str, community: str | None = None) -> str:
    """Begin a resident's erasure, or find the one that was begun; its id. From now on nothing of it is loaded."""
    keyed = Keyed.from_env(ERASURE)
    stones = subject.stones(keyed)
    standing = [row.erasure_id for row in erasures.erasures_in_force(stores.engine)]
    known = tombstones_in_force(stores.engine, standing)  # a scoped login knows those of its communities
    held = set(known.tokens) | {digest for records in known.records.values() for digest in records}
    if any(stone.digest not in held for stone in stones):
        return erasures.begin(stores.engine, stones, keyed.key_id, reason=reason, by=by, community=community)
    row = erasures.erasure_of(stores.engine, [stone.digest for stone in stones])
    assert row is not None
    return row.erasure_id


def run_erasure(stores: Stores, erasure_id: str, *, again: bool = False, wait: float | None = None) -> dict[str, Any]:
    """Sweep every store for one erasure and return its receipt. again: sweep although it is done (`reapply`).

    Raises: CallRejected DS-SCOPE for a login that does not see all of the store.
    """
    row = next(r for r in erasures.erasures(stores.engine) if r.erasure_id == erasure_id)
    if row.state != erasures.DONE or again:
        demand_whole(stores.engine)  # what others need would look unused, and their erased would be staged again
        with stores.held(wait):
            receipt = _sweep(stores, row)
    else:
        # It may have been killed before it forgot.
        store_sweep.forget_words(stores.engine, tombstones_in_force(stores.engine, [row.erasure_id]))
        receipt = json.loads(row.receipt or "{}")
    write_receipt(stores.receipts, receipt)
    faultpoint("erase.receipt_written")
    return receipt


def plan(stores: Stores, subject: Subject, wait: float | None = None) -> dict[str, int]:
    """What an erasure would delete, by place; nothing is changed."""
    tombstones = Tombstones(Keyed.from_env(ERASURE))
    tombstones.add(subject.stones(tombstones.keyed))  # type: ignore[arg-type]
    return held_of(stores, tombstones, wait)


def held_of(stores: Stores, tombstones: Tombstones, wait: float | None = None) -> dict[str, int]:
    """What landing zone and warehouse hold that tombstones name, by place; nothing is changed."""
    with stores.held(wait), opened(stores.warehouse) as connection:
        return dict(_look(stores, connection, tombstones)[0])


def _sweep(stores: Stores, row: erasures.ErasureRow) -> dict[str, Any]:
    """Under both locks."""
    tombstones = tombstones_in_force(stores.engine, [row.erasure_id])
    landing_sweep.sweep_leftovers(stores.landing, stores.contracts)
    with opened(stores.warehouse) as connection:
        work = _scan(stores, connection, row, tombstones)
        faultpoint("erase.scanned")
        _empty(stores, connection, tombstones, [(source, entity) for source, entity in work["entities"]])
        faultpoint("erase.restaged")
        unused = _unused(stores, connection, work["tokens"], tombstones)
    if any(place.partition(".")[0] != "landing" for place in work["counts"]):
        warehouse_sweep.compact(stores.warehouse)
    warehouse_sweep.remove_copies(stores.warehouse)
    receipt = _finish(stores, row, tombstones, work["counts"], unused)
    store_sweep.forget_words(stores.engine, tombstones)
    store_sweep.empty_free_pages(stores.engine)
    faultpoint("erase.finished")
    return receipt


def _scan(stores: Stores, connection: Connection, row: erasures.ErasureRow, tombstones: Tombstones) -> dict[str, Any]:
    """What there is to delete. Remembered before anything is, for after a kill part of it can no longer be seen."""
    work = erasures.read_work(stores.engine, row.erasure_id)
    if work is not None:
        return work
    counts, tokens, entities = _look(stores, connection, tombstones)
    warehouse_sweep.demand_evidence(connection, stores.landing, entities)
    counts["copies"] = len(list(stores.warehouse.parent.glob(f"{stores.warehouse.name}.kept-*")))
    if row.receipt is not None:  # it was done before, so whatever of it the vault holds was restored
        tokens |= store_sweep.restored_tokens(stores.engine, tombstones)
    work = {"counts": dict(counts), "tokens": sorted(tokens), "entities": sorted(entities)}
    erasures.save_work(stores.engine, row.erasure_id, work)
    return work


def _look(
    stores: Stores, connection: Connection, tombstones: Tombstones
) -> tuple[Counter[str], set[str], set[tuple[str, str]]]:
    """Counts by place, the vault tokens of what was found, and the entities concerned."""
    counts: Counter[str] = Counter()
    tokens: set[str] = set()
    entities: set[tuple[str, str]] = set()
    for held in landing_sweep.scan_landing(connection, stores.contracts, stores.landing, tombstones):
        counts[f"landing.{held.source}__{held.entity}"] += len(held.places)
        tokens |= held.tokens
        entities.add((held.source, held.entity))
    for versions in warehouse_sweep.scan_warehouse(connection, stores.contracts, tombstones):
        counts.update(versions.counts)
        tokens |= versions.tokens
        entities.add((versions.contract.source, versions.entity))
    return counts, tokens, entities


def _empty(stores: Stores, connection: Connection, tombstones: Tombstones, entities: Sequence[tuple[str, str]]) -> None:
    """Landing first: what is staged anew afterwards comes from files that no longer hold the rows."""
    for held in landing_sweep.scan_landing(connection, stores.contracts, stores.landing, tombstones):
        landing_sweep.rewrite(held)
    for source, entity in sorted(tombstones.records):
        forget_origins(origins_file(stores.landing, source, entity), partial(tombstones.spares, source, entity))
    everything = tombstones_in_force(stores.engine)
    for contract in stores.contracts:
        concerned = sorted(entity for source, entity in entities if source == contract.source)
        for entity in concerned:
            warehouse_sweep.sweep_entity(connection, contract, entity, tombstones, stores.landing)
        if concerned:
            warehouse_sweep.restage(connection, contract, stores.landing, everything)


def _unused(stores: Stores, connection: Connection, tokens: Sequence[str], tombstones: Tombstones) -> set[str]:
    """The vault's tokens of the erased that nobody else's row needs."""
    wanted = frozenset(tokens)
    left = warehouse_sweep.tokens_in_use(connection, stores.contracts, wanted)
    left |= landing_sweep.landed_tokens(stores.contracts, stores.landing, wanted - left)
    return set(wanted - left) - store_sweep.corrected_tokens(stores.engine, wanted - left, tombstones)


def _finish(
    stores: Stores, row: erasures.ErasureRow, tombstones: Tombstones, found: dict[str, int], unused: set[str]
) -> dict[str, Any]:
    keyed = tombstones.keyed or Keyed.from_env(ERASURE)
    added = store_sweep.vault_stones(keyed, unused, row.erasure_id)
    facts = erasures.stones_of(stores.engine, [row.erasure_id])
    known = {fact["digest"] for fact in facts}
    facts += [{**s._asdict(), "key_id": keyed.key_id} for s in added if s.digest not in known]
    with stores.engine.begin() as connection:
        counts = {**found, **store_sweep.remove_decisions(connection, tombstones)}
        removed = store_sweep.remove_entries(connection, unused)
        counts |= {f"vault.{kind}": rows for kind, rows in removed.items()}
        add_stones(connection, [s for s in added if s.digest not in known], keyed.key_id)
        receipt = make_receipt(row, counts, facts)
        if row.receipt is not None:
            receipt = add_sweep(json.loads(row.receipt), receipt)
        erasures.finish(connection, row.erasure_id, receipt)
    return receipt

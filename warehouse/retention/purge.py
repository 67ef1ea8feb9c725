"""Purge what is past its retention from landing, staging, findings, claims and vault; survive a kill anywhere.

Flow: look everywhere and remember it (journal) -> origins of what stays -> landed files without the rows -> entities
staged anew -> claims and register -> vault -> report -> a copy of the warehouse without the freed blocks. Each step
asks the stores anew, so a run that was killed is finished by the next one. Under the same locks as an erasure.
Alone: python -m warehouse.retention plan | purge
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from sqlalchemy.exc import DBAPIError

from expectations.errors import PipelineError, SourceLater
from expectations.faultpoint import faultpoint, register
from expectations.model import Contract
from warehouse.decisions import landing_sweep, store_sweep, warehouse_sweep
from warehouse.decisions.corrections import corrections_in_force
from warehouse.decisions.erase import Stores
from warehouse.decisions.scope import demand_whole
from warehouse.decisions.tombstones import Tombstones, tombstones_in_force
from warehouse.engine.connection import Connection, opened, transaction, wait_and_lock
from warehouse.engine.issued import issued_folder
from warehouse.engine.nightly import register_into
from warehouse.engine.origins import PURGED, origins_file, write_origins
from warehouse.engine.shapes import clear_table
from warehouse.engine.staged import StagedEntity
from warehouse.retention import journal
from warehouse.retention.files import past_files
from warehouse.retention.journal import Journal, Share
from warehouse.retention.past import Past, find_past, kept_from, table_is_there
from warehouse.retention.statements import statement

register(
    "purge.planned", "purge.origins_written", "purge.before_forget", "purge.forgotten", "purge.restaged",
    "purge.registered", "purge.vault_emptied", "purge.told", "purge.receipt_written",
)  # fmt: skip


def plan(stores: Stores, night: date, wait: float | None = None) -> dict[str, Any]:
    """What a purge of this night would take, by entity, with dates; nothing is changed. Raises: LO-LOCKED."""
    with wait_and_lock(stores.warehouse, wait), opened(stores.warehouse) as connection:
        shares, _ = _look(stores, connection, night)
    return {"night": night.isoformat(), "shares": [asdict(s) for s in shares if not s.empty]}


def purge(stores: Stores, night: date, *, by: str, wait: float | None = None) -> dict[str, Any]:
    """Purge, or finish what a killed run has begun and then purge; the report with counts and dates.

    What cannot be purged now stands in its share's `problem`; the rest goes. Raises: SourceLater LA-BUSY, LO-LOCKED,
    DS-STORE; CallRejected DS-SCOPE for a login that does not see all of the decision store.
    """
    demand_whole(stores.engine)  # what others still need would look unused
    with stores.held(wait):
        if (left := journal.read(stores.warehouse)) is not None:
            _run(stores, left)
        with opened(stores.warehouse) as connection:
            shares, tokens = _look(stores, connection, night)
        work = Journal.begin(night.isoformat(), by, shares, tokens)
        journal.save(work, stores.warehouse)
        faultpoint("purge.planned")
        _run(stores, work)
    return {**work.told(), "finished_first": left.purge_id if left else None}


def _run(stores: Stores, work: Journal) -> None:
    """Under both locks."""
    landing_sweep.sweep_leftovers(stores.landing, stores.contracts)
    with opened(stores.warehouse) as connection:
        if work.work:
            _sweep(stores, connection, work)
        _empty_vault(stores, connection, work)
        done_at = datetime.now()
        journal.tell(connection, work, done_at)
        faultpoint("purge.told")
    if work.work:
        warehouse_sweep.compact(stores.warehouse)
        warehouse_sweep.remove_copies(stores.warehouse)
    store_sweep.empty_free_pages(stores.engine)
    journal.write_receipt(stores.receipts, work, done_at)
    faultpoint("purge.receipt_written")
    journal.close(stores.warehouse)


def _look(stores: Stores, connection: Connection, night: date) -> tuple[list[Share], set[str]]:
    """What is past, by entity, and the vault tokens of it."""
    shares, tokens = [], set[str]()
    for contract in stores.contracts:
        for entity in sorted(contract.entities):
            share, found = _look_at(stores, connection, contract, entity, night)
            shares.append(share)
            tokens |= found
    return shares, tokens


def _look_at(
    stores: Stores, connection: Connection, contract: Contract, entity: str, night: date
) -> tuple[Share, set[str]]:
    moment = kept_from(contract, night)
    share = Share(contract.source, entity, contract.retention, moment.date().isoformat())
    tokens: set[str] = set()
    try:
        past = find_past(connection, contract, entity, moment, _spared(stores, contract.source, entity))
        share.problem = past.problem
        if past.versions:
            warehouse_sweep.demand_evidence(connection, stores.landing, {(contract.source, entity)})
        for held in past_files(connection, contract, entity, stores.landing, past, moment):
            share.files += 1
            share.landed_rows += len(held.places)
            tokens |= held.tokens
    except PipelineError as error:
        share.problem = f"{error.code}: {error.detail}"
        return share, set()
    share.versions, share.records = past.versions, past.records
    share.oldest, share.newest = (m.date().isoformat() if m else None for m in (past.oldest, past.newest))
    return share, tokens


def _spared(stores: Stores, source: str, entity: str) -> list[str]:
    """Records with a correction that stands: an old version may be what it let go by."""
    rows = corrections_in_force(stores.engine)
    return sorted({r.record_id for r in rows if (r.source, r.entity) == (source, entity)})


def _sweep(stores: Stores, connection: Connection, work: Journal) -> None:
    """Landing first, all of it: what is staged anew afterwards comes from files that no longer hold the rows."""
    by_source = {contract.source: contract for contract in stores.contracts}
    for share in work.work:
        _sweep_landing(stores, connection, by_source[share.source], share)
    tombstones = tombstones_in_force(stores.engine)
    for source in sorted({share.source for share in work.work}):
        concerned = [share for share in work.work if share.source == source]
        for share in concerned:
            work.findings += _forget(stores, connection, by_source[source], share)
            journal.save(work, stores.warehouse)
        warehouse_sweep.restage(connection, by_source[source], stores.landing, tombstones)
        for share in concerned:
            if table_is_there(connection, "quality", "volume"):
                connection.execute(statement("loads_seen"), {"source": source, "entity": share.entity})
    faultpoint("purge.restaged")
    if table_is_there(connection, "register", "build"):
        url = stores.engine.url.render_as_string(hide_password=False)
        register_into(connection, None, url, contracts=_staged(connection, stores.contracts),
                      issued=issued_folder(stores.landing))  # fmt: skip
    faultpoint("purge.registered")


def _find(stores: Stores, connection: Connection, contract: Contract, share: Share) -> Past:
    moment = datetime.fromisoformat(share.kept_from)
    return find_past(connection, contract, share.entity, moment, _spared(stores, share.source, share.entity))


def _sweep_landing(stores: Stores, connection: Connection, contract: Contract, share: Share) -> None:
    past = _find(stores, connection, contract, share)
    if past.newest is not None:
        scope = {"source": share.source, "entity": share.entity}
        rows = connection.sql(statement("origins"), params=scope).to_arrow_table()
        write_origins(origins_file(stores.landing, share.source, share.entity), rows, past.newest)
    faultpoint("purge.origins_written")
    moment = datetime.fromisoformat(share.kept_from)
    found = list(past_files(connection, contract, share.entity, stores.landing, past, moment))
    # Orphans first: a killed run's new file without its manifest is one, and the rewrite makes it again.
    for held in sorted(found, key=lambda h: (bool(h.manifests), h.path)):
        if held.manifests:
            landing_sweep.rewrite(held, PURGED, "purge")
        else:
            landing_sweep.shred(held.path)


def _forget(stores: Stores, connection: Connection, contract: Contract, share: Share) -> int:
    """Empty an entity's table, and blank what the quality history says of the versions; how many findings."""
    shape = StagedEntity(contract.source, contract.entities[share.entity])
    past = _find(stores, connection, contract, share)
    blanked = 0
    if not past.versions and not warehouse_sweep.is_stale(connection, shape, stores.landing):
        return 0
    with transaction(connection):
        if table_is_there(connection, "quality", "quarantine"):
            scope = {"source": share.source, "entity": share.entity, "kept_from": share.kept_from}
            blanked = int(connection.execute(statement("blank_findings"), scope).fetchall()[0][0])
        clear_table(connection, shape)
        faultpoint("purge.before_forget")
    faultpoint("purge.forgotten")
    return blanked


def _staged(connection: Connection, contracts: Sequence[Contract]) -> list[Contract]:
    rows = connection.execute("select distinct source from ledger.shape").fetchall()
    return [c for c in contracts if (c.source,) in rows]


def _empty_vault(stores: Stores, connection: Connection, work: Journal) -> None:
    """Take out the entries that no row names any more. Raises SourceLater DS-STORE; the next run goes on here."""
    wanted = frozenset(work.tokens)
    left = warehouse_sweep.tokens_in_use(connection, stores.contracts, wanted)
    left |= landing_sweep.landed_tokens(stores.contracts, stores.landing, wanted - left) if wanted - left else set()
    unused = set(wanted - left) - store_sweep.corrected_tokens(stores.engine, wanted - left, Tombstones())
    try:
        with stores.engine.begin() as decisions:
            removed = store_sweep.remove_entries(decisions, unused)
            work.vault = removed if work.vault is None else work.vault
            journal.save(work, stores.warehouse)
    except DBAPIError as error:
        raise SourceLater("DS-STORE", detail=f"vault: {type(error.orig).__name__}") from error
    faultpoint("purge.vault_emptied")

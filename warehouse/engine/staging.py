"""Stage a source: every landed load that the ledger does not hold, so that a killed or skipped night is caught up.

Flow: entities of another shape staged anew aside and swapped in -> manifests of the landing zone -> checks -> one
transaction per load -> closings of snapshots -> checkpoint.
Alone: python -m warehouse.engine stage --source K
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from expectations.contract import Contract
from expectations.errors import SourceChanged
from warehouse.decisions.tombstones import Tombstones
from warehouse.engine.anew import restage
from warehouse.engine.confirmed import confirmed_loads
from warehouse.engine.connection import Connection, open_warehouse
from warehouse.engine.erased import find_erased, tombstones_of
from warehouse.engine.evidence import Load, check_columns, check_file, orphans, read_evidence
from warehouse.engine.load import run_load
from warehouse.engine.origins import load_origins
from warehouse.engine.report import EntityReport, StageReport
from warehouse.engine.shapes import ensure_table
from warehouse.engine.snapshots import derive
from warehouse.engine.staged import StagedEntity, staged_entities


@dataclass(frozen=True)
class _Work:
    """What is staged: entities of a contract from its landing zone, and what a steward and the erased say to it."""

    contract: Contract
    entities: Mapping[str, StagedEntity]
    landing: Path
    confirmed: Collection[str]
    gone: Tombstones


def stage_source(
    contract: Contract,
    landing: Path,
    warehouse: Path,
    *,
    confirmed: Collection[str] = (),
    wait: float | None = None,
) -> StageReport:
    """Load everything of a source that is landed and not yet in the ledger.

    warehouse: the DuckDB file. confirmed: load ids of sharply shrunken snapshots that a steward accepted just now; it
    is put on record, and what is on record counts as well. wait: seconds for the writer lock.
    What concerns one load (missing, corrupt, other columns) or a snapshot (EX-FLOOR) stands in the report; the
    other loads go in. Raises: LO-LOCKED, LO-WAREHOUSE, LO-MIGRATION, LO-LEDGER, LA-SPACE, DS-STORE, DS-KEY.
    """
    known = confirmed_loads(warehouse, contract.source, confirmed)
    with open_warehouse(warehouse, wait=wait) as connection:
        # Under the lock: an erasure that holds it has written its tombstones before it sweeps.
        return stage_into(connection, contract, landing, known, tombstones_of(warehouse))


def stage_into(
    connection: Connection,
    contract: Contract,
    landing: Path,
    confirmed: Collection[str] = (),
    tombstones: Tombstones | None = None,
) -> StageReport:
    """The same over an open warehouse, without the rows that the tombstones name.

    An entity that cannot be staged anew under a changed contract keeps the table of the one before (LO-RESTAGE).
    """
    started = time.monotonic()
    work = _Work(contract, staged_entities(contract), landing, confirmed, tombstones or Tombstones())
    report = StageReport(contract.source, {name: EntityReport() for name in work.entities})
    done = _restage(connection, work, report)
    named = _stage_all(connection, work, report, done)
    load_origins(connection, landing, contract)
    for file in orphans(landing, contract.source, named):
        _of(report, Path(file).parts[0]).orphans += 1
        report.orphans += 1
    report.seconds = time.monotonic() - started
    return report


def _restage(connection: Connection, work: _Work, report: StageReport) -> Collection[str]:
    """Make missing tables, and stage entities of another shape anew, or leave them behind. Their names."""
    changed = {n: s for n, s in work.entities.items() if ensure_table(connection, s, work.landing)}
    told = StageReport(report.source, {name: EntityReport(restaged=True) for name in changed})
    aside = replace(work, entities=changed)

    def stage() -> None:
        for staged in changed.values():
            ensure_table(connection, staged, work.landing)
        _stage_all(connection, aside, told, ())

    kept = restage(connection, list(changed.values()), stage)
    for staged in kept:
        told.entities[staged.entity.name] = EntityReport(behind=True)
        told.errors.append(SourceChanged("LO-RESTAGE", detail=staged.entity.name))
    report.entities |= told.entities
    report.errors += told.errors
    return changed.keys()


def _stage_all(connection: Connection, work: _Work, report: StageReport, done: Collection[str]) -> set[str]:
    """Stage what the ledger does not hold, but for the entities that are done; the files that manifests name."""
    ledger = _ledger(connection, work.contract.source)
    evidence = read_evidence(work.landing, work.contract, ledger)
    mine = work.entities.keys() == work.contract.entities.keys()
    report.errors += evidence.errors if mine else []
    for entity in (ledger[load_id][0] for load_id in evidence.known):
        if entity not in done:
            _of(report, entity).loads_known += 1
    for load in evidence.pending:
        if load.manifest.entity not in done and (mine or load.manifest.entity in work.entities):
            _stage_load(connection, work, load, report)
    for staged in work.entities.values():
        if staged.snapshot and staged.entity.name not in done:
            _derive(connection, staged, work.confirmed, report)
    return {file for _, file in ledger.values()} | {load.file for load in evidence.pending}


def _ledger(connection: Connection, source: str) -> dict[str, tuple[str, str]]:
    rows = connection.execute(
        "select load_id, entity, file from ledger.load where source = $source", {"source": source}
    ).fetchall()
    return {load_id: (entity, file) for load_id, entity, file in rows}


def _of(report: StageReport, entity: str) -> EntityReport:
    return report.entities.setdefault(entity, EntityReport())


def _stage_load(connection: Connection, work: _Work, load: Load, report: StageReport) -> None:
    """One load; its own error stays its own, only an unexplained row or a full disk stops the run."""
    name = load.manifest.entity
    entity = _of(report, name)
    try:
        staged = _staged(work, load)
        check_file(load)
        present, lost, extra = check_columns(load, staged, work.contract.version)
        figures = run_load(
            connection, load, staged, present,
            lambda: len(find_erased(connection, staged, load.reader_path, present, work.gone)),
        )  # fmt: skip
    except SourceChanged as error:
        if error.code == "LO-LEDGER":
            raise
        report.errors.append(error)
        return
    entity.loads += 1
    entity.landed += figures.landed
    entity.new += figures.new
    entity.known += figures.known
    entity.deletes += figures.deletes
    entity.untyped += figures.untyped
    entity.erased += figures.erased
    for column in lost:
        entity.lost[column] = entity.lost.get(column, 0) + 1
    for column in extra:
        entity.extra[column] = entity.extra.get(column, 0) + 1


def _staged(work: _Work, load: Load) -> StagedEntity:
    if load.manifest.entity not in work.entities:
        raise SourceChanged(
            "LO-CONTRACT",
            detail=f"load {load.load_id}: no entity {load.manifest.entity!r} in {work.contract.source}.yml",
        )
    return work.entities[load.manifest.entity]


def _derive(connection: Connection, staged: StagedEntity, confirmed: Collection[str], report: StageReport) -> None:
    derived = derive(connection, staged, confirmed)
    entity = _of(report, staged.entity.name)
    entity.closed, entity.returned = derived.closed, derived.returned
    entity.floor_held = len(derived.held)
    if derived.held or derived.latest_held:
        loads = f", loads {', '.join(derived.held)}" if derived.held else ""
        report.errors.append(SourceChanged("EX-FLOOR", detail=f"{staged.entity.name}{loads}"))

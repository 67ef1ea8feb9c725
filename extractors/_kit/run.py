"""Run one source for one window: extract, minimise, land, reconcile, acknowledge.

Flow: pages of `extract(ctx)` -> Minimiser -> EntityWriter -> totals agree -> Parquet and manifests durable ->
receipts. Nothing is landed that does not reconcile, and nothing is acknowledged that is not durable.
"""

from __future__ import annotations

import gc
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from expectations.contract import Entity
from expectations.errors import CallRejected, PipelineError, SourceLater
from expectations.faultpoint import faultpoint, register
from expectations.manifest import Manifest, landed_windows, window_folder
from expectations.windows import REFUSED
from extractors._kit.clock import now, picture_taken
from extractors._kit.connection import Connection
from extractors._kit.context import Context, Page, Tally
from extractors._kit.landing import EntityWriter, open_landing, source_lock, write_manifest
from extractors._kit.minimise import Minimiser, Stays
from extractors._kit.seen import seen_of
from extractors._kit.spec import Source
from extractors._kit.summary import EntitySummary, Summary
from extractors._kit.tokens import Tokeniser
from extractors._kit.vaulting import VaultBuffer, open_vault
from extractors._kit.window import Window

register("run.before_receipt", "run.after_receipt")

Progress = Callable[[str, int], None]
REJECTED = pa.schema([("position", pa.string()), ("code", pa.string())])


def _of_the_past(source: Source) -> Source:
    """What a backfill reads of a source. Raises CallRejected BF-PRESENT when that is nothing."""
    told = source.of_the_past()
    if not told.entities:
        raise CallRejected("BF-PRESENT", detail=source.key)
    return told


def _never_read(source: Source, landing: Path, window: Window) -> frozenset[str]:
    """Entities of the present that no other window has read: what there is, is asked for whole once."""

    def before(entity: str) -> bool:
        return any(end < window.end for _, end in landed_windows(landing / source.key / entity))

    return frozenset(entity for entity in source.of_the_present() if not before(entity))


@dataclass
class _Lane:
    """One entity's way through the run."""

    entity: Entity
    minimiser: Minimiser
    writer: EntityWriter


def run_source(
    source: Source,
    window: Window,
    landing: Path,
    connection: Connection,
    *,
    progress: Progress | None = None,
    history: bool = False,
    compare: bool = False,
) -> Summary:
    """Extract one window of one source into the landing zone.

    history: a backfill reads it: marked so, and without what only the present can be asked of. compare: the window
    holds all that the source has, so what does not come is gone.
    Errors of the source do not raise: they stand in the summary with their exit status, because what was landed
    before them (the other files of a drop folder, say) is still worth loading.
    Raises: CallRejected for a call that cannot start (keys, contract, landing folder, nothing to tell of the past).
    """
    started = time.monotonic()
    # Arrow's own allocator hands each page's memory back to the system and asks for it again: a tenth of the CPU time.
    pa.set_memory_pool(pa.system_memory_pool())
    contract = source.contract()
    source = _of_the_past(source) if history else source
    if missing := sorted(set(source.entities) - set(contract.entities)):
        raise CallRejected("CT-SPEC", detail=f"{source.key}: entity {missing[0]!r} has no contract")
    tokeniser = Tokeniser.from_env()
    vault = open_vault() if contract.zone == "R" else None
    begin, end = window.key()
    summary = Summary(source.key, begin, end)
    context = Context(source, contract, window, connection, history=history)
    context.never_read = _never_read(source, landing, window)
    try:
        with source_lock(open_landing(landing), source.key) as folder:
            lanes = _lanes(source, context, tokeniser, vault, folder, window)
            context.seen = seen_of(context.contract, folder, window, history=history)
            try:
                _read(source, context, lanes, vault, progress)
                _reconcile(context, lanes, summary, compare)
                _land(context, lanes, summary, folder, tokeniser, window, history)
                if not history:  # what was acknowledged is left out of windows that are still to be read
                    _acknowledge(context)
            finally:
                for lane in lanes.values():
                    lane.writer.discard()
    except CallRejected:
        raise
    except PipelineError as error:
        summary.errors.append(error)
    summary.errors += context.refusals
    summary.errors += [t.partial for t in context.tallies.values() if t.partial]
    summary.notes = dict(context.notes)
    summary.seconds = time.monotonic() - started
    return summary


def _lanes(
    source: Source,
    context: Context,
    tokeniser: Tokeniser,
    vault: VaultBuffer | None,
    folder: Path,
    window: Window,
) -> dict[str, _Lane]:
    lanes = {}
    if vault is not None:
        vault.learn_erasures()
    for name in source.entities:
        entity = context.contract.entities[name]
        minimiser = Minimiser(entity, tokeniser, vault.add if vault else None, _stays(context, entity, vault))
        place = folder / name / window_folder(*window.key())
        lanes[name] = _Lane(entity, minimiser, EntityWriter(place, minimiser.schema))

    def forget(name: str) -> None:
        lanes[name].writer.restart()
        lanes[name].minimiser.restart()

    context.on_restart(forget)
    return lanes


def _stays(context: Context, entity: Entity, vault: VaultBuffer | None) -> Stays | None:
    """What asks the tombstones; None while no erasure concerns the entity, or where the edge hides its key."""
    if vault is None or any(entity.column(k).edge != "keep" for k in entity.key):
        return None
    tombstones, contract = vault.tombstones, context.contract
    # An erased number makes new tombstones on the way, also for the entities that speak of the same record.
    if not tombstones.tokens and not tombstones.concern(contract.source, entity.name, person=False):
        return None
    return lambda name, records, tokens: tombstones.stays(contract, name, records, tokens)


def _read(
    source: Source,
    context: Context,
    lanes: dict[str, _Lane],
    vault: VaultBuffer | None,
    progress: Progress | None,
) -> None:
    with _patient_collector():
        for page in source.extract()(context):
            _take(lanes, page, source.key)
            if vault is not None:
                vault.flush_if_full()
            if progress is not None:
                progress(page.entity, len(page))
        if vault is not None:
            vault.flush()
            vault.keep_followed()


@contextmanager
def _patient_collector() -> Iterator[None]:
    """Let the garbage collector alone with what is no garbage: the loaded modules, and pages, which hold no cycle.

    Walking them again and again cost 15 % of the CPU time of a source that sends nested objects.
    """
    threshold, *older = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(max(threshold, 100_000), *older)
    try:
        yield
    finally:
        gc.set_threshold(threshold, *older)
        gc.unfreeze()


def _take(lanes: dict[str, _Lane], page: Page, key: str) -> None:
    if page.entity not in lanes:
        raise CallRejected("CT-SPEC", detail=f"{key}: entity {page.entity!r} is not in source.yml")
    lane = lanes[page.entity]
    lane.writer.append(lane.minimiser.batch(page))


def _reconcile(context: Context, lanes: dict[str, _Lane], summary: Summary, compare: bool) -> None:
    """Hold the source's own total against what came. Raises SourceLater EX-GAP, EX-EMPTY."""
    for name, lane in lanes.items():
        tally, findings = context.tallies[name], lane.minimiser.findings
        if tally.total is None:
            raise CallRejected("CT-SPEC", detail=f"{context.source.key}: extract() never stated a total for {name}")
        tally.rejected += [("key missing", "DE-ROW")] * findings.keyless
        tally.rejected += [("another shape than agreed", "DE-ROW")] * findings.unshaped
        rejected = Counter(code for _, code in tally.rejected)
        missing = [c.name for c in lane.entity.columns if c.name not in findings.seen] if findings.received else []
        entity = summary.entities[name] = EntitySummary(
            source_total=tally.total,
            rows=lane.writer.rows,
            dropped=dict(sorted(findings.dropped.items())),
            rejected=dict(sorted(rejected.items())),
            partial=tally.partial is not None,
            # A record of another shape may have any key, and is not gone: such a picture closes nothing.
            snapshot=(tally.snapshot or (compare and not rejected)) and tally.partial is None and not findings.unshaped,
            undeclared=dict(findings.undeclared),
            missing=missing,
            urls_removed=dict(sorted(findings.urls_removed.items())),
        )
        if not entity.partial and not entity.reconciled():
            came = entity.rows + sum(entity.dropped.values()) + sum(entity.rejected.values())
            raise SourceLater("EX-GAP", detail=f"{name}: the source states {tally.total}, {came} came")
        if not lane.entity.empty_ok and tally.total == 0:
            raise SourceLater("EX-EMPTY", detail=name)


def _land(
    context: Context,
    lanes: dict[str, _Lane],
    summary: Summary,
    folder: Path,
    tokeniser: Tokeniser,
    window: Window,
    history: bool,
) -> None:
    for name, lane in lanes.items():
        entity = summary.entities[name]
        manifest = replace(_manifest(context, name, entity, lane.writer, tokeniser, window), history=history)
        write_manifest(lane.writer.folder, manifest)
        entity.file, entity.load_id = manifest.file, manifest.load_id
        if context.tallies[name].rejected:
            _land_rejected(context, name, folder, window)


def _manifest(
    context: Context,
    name: str,
    entity: EntitySummary,
    writer: EntityWriter,
    tokeniser: Tokeniser,
    window: Window,
) -> Manifest:
    file, size, digest = writer.finish()
    begin, end = window.key()
    read_at = now()
    picture = context.contract.entities[name].delivery == "snapshot"
    files = context.seen[name].listed() if name in context.seen else []
    return Manifest(
        source=context.source.key,
        entity=name,
        begin=begin,
        end=end,
        file=file,
        rows=entity.rows,
        size=size,
        sha256=digest,
        source_total=entity.source_total or 0,
        dropped=entity.dropped,
        rejected=entity.rejected,
        snapshot=entity.snapshot,
        partial=entity.partial,
        contract_version=context.contract.version,
        token_key=tokeniser.kid,
        read_at=read_at.isoformat(timespec="microseconds"),
        taken=picture_taken(window, read_at) if picture else "",
        refused=dict(sorted(Counter(f["code"] for f in files if f["state"] == REFUSED).items())),
        files=files,
        undeclared=dict(sorted(entity.undeclared.items())),
    )


def _land_rejected(context: Context, name: str, folder: Path, window: Window) -> None:
    """Set aside what could not be decoded: position and reason, never the text."""
    tally: Tally = context.tallies[name]
    writer = EntityWriter(folder / "quarantine" / name / window_folder(*window.key()), REJECTED)
    positions, codes = zip(*tally.rejected, strict=True)
    writer.append(pa.record_batch([pa.array(positions, pa.string()), pa.array(codes, pa.string())], schema=REJECTED))
    writer.finish()


def _acknowledge(context: Context) -> None:
    """Tell the source what is durable. A refused receipt is not a lost row: it is sent again next time."""
    for receipt in context.receipts:
        faultpoint("run.before_receipt")
        receipt()
        faultpoint("run.after_receipt")

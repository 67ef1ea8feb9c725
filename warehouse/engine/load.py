"""One landed file into its staged table, in one transaction with its ledger row.

Two narrow passes instead of one wide one: the first reads the file for its content hashes, the second types and
writes only the rows whose hash the table does not hold. A load delivered before costs the first pass alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb

from expectations.errors import SourceChanged
from expectations.faultpoint import faultpoint, register
from warehouse.decisions.tombstones import RULE
from warehouse.engine.connection import Connection, transaction
from warehouse.engine.evidence import Load
from warehouse.engine.sql import statement
from warehouse.engine.staged import StagedEntity

register("stage.before_insert", "stage.after_insert", "stage.before_commit", "stage.after_commit")


@dataclass(frozen=True)
class Figures:
    """What a load came to; landed = new + known, without the rows that were erased."""

    landed: int
    new: int
    known: int
    deletes: int
    untyped: int
    erased: int = 0


def run_load(
    connection: Connection,
    load: Load,
    staged: StagedEntity,
    present: Mapping[str, str],
    erased: Callable[[], int] | None = None,
) -> Figures:
    """Stage one load and commit it with its ledger row.

    erased: fills `temp.erased` with the places of the load's rows that were erased and returns their number.
    Raises: SourceChanged LO-LEDGER when a row is unexplained; then nothing of the load stays.
    """
    started = time.monotonic()
    connection.execute(statement("_batch"))
    with _readable(load):
        gone = erased() if erased is not None else 0
    with transaction(connection), _readable(load):
        figures = _stage(connection, load, staged, present, gone)
        faultpoint("stage.after_insert")
        _balance(load, figures)
        if staged.snapshot:
            scope = {"source": staged.source, "entity": staged.entity.name, "load_id": load.load_id}
            connection.execute(statement("presence_insert", table=staged.table), scope)
        _record(connection, load, staged, figures, time.monotonic() - started)
        _note_undeclared(connection, load)
        faultpoint("stage.before_commit")
    faultpoint("stage.after_commit")
    return figures


@contextmanager
def _readable(load: Load) -> Iterator[None]:
    """A file with the right digest that the reader still refuses was landed broken; its siblings are not."""
    try:
        yield
    except (duckdb.InvalidInputException, duckdb.ConversionException, duckdb.SerializationException) as error:
        detail = f"{load.manifest.entity}, load {load.load_id}: {type(error).__name__}"
        raise SourceChanged("LA-CORRUPT", detail=detail) from error


def _stage(
    connection: Connection, load: Load, staged: StagedEntity, present: Mapping[str, str], erased: int
) -> Figures:
    table, landed = staged.table, staged.landed(present)
    file = {"file": load.reader_path}
    manifest = load.manifest
    moment = {
        "load_id": load.load_id, "seen_at": manifest.seen_at, "read_at": manifest.last_read,
        "history": manifest.history,
    }  # fmt: skip
    connection.execute(statement("batch_insert", landed=landed, content_hash=staged.content_hash()), file)
    if erased:
        connection.execute(statement("erased_drop"))
    connection.execute(statement("fresh_insert", table=table))
    [(rows, expected, fresh_rows, known_rows)] = connection.execute(statement("batch_figures", table=table)).fetchall()
    if known_rows:
        connection.execute(statement("version_seen", table=table), {**moment, "clocked": staged.clocked})
    faultpoint("stage.before_insert")
    new = _insert(connection, staged, landed, {**file, **moment, "source": staged.source}) if expected else 0
    if new != expected or fresh_rows + known_rows != rows:
        raise SourceChanged(
            "LO-LEDGER",
            detail=f"{staged.entity.name}, load {load.load_id}: {rows} rows, {fresh_rows} fresh, {known_rows} known, "
            f"{expected} versions expected, {new} written",
        )
    [(deletes, untyped)] = connection.execute(
        statement("version_figures", table=table), {"load_id": load.load_id}
    ).fetchall()
    return Figures(rows, new, rows - new, deletes, untyped, erased)


def _insert(connection: Connection, staged: StagedEntity, landed: Any, parameters: dict[str, Any]) -> int:
    text = statement(
        "version_insert",
        table=staged.table, landed=landed, record_id=staged.record_id(), values=staged.values(),
        typings=staged.typings(), changed_at=staged.changed_at(), deleted=staged.deleted(), results=staged.results(),
        failed=staged.failed(), untyped=staged.untyped(),
    )  # fmt: skip
    return int(connection.execute(text, parameters).fetchall()[0][0])


def _balance(load: Load, figures: Figures) -> None:
    """Conservation of the load. Raises SourceChanged LO-LEDGER; a partial load may fall short of the source's total."""
    manifest = load.manifest
    rows = figures.landed + figures.erased
    explained = rows + sum(manifest.dropped.values()) + sum(manifest.rejected.values())
    short = explained < manifest.source_total if manifest.partial else False
    if rows != manifest.rows or (explained != manifest.source_total and not short):
        raise SourceChanged(
            "LO-LEDGER",
            detail=f"{manifest.entity}, load {load.load_id}: the source has {manifest.source_total}, the manifest "
            f"{manifest.rows} rows, the file {rows}; {explained} explained",
        )


def _note_undeclared(connection: Connection, load: Load) -> None:
    for field, rows in sorted(load.manifest.undeclared.items()):
        connection.execute(
            "insert into ledger.undeclared values ($source, $entity, $load_id, $field, $rows)",
            {"source": load.manifest.source, "entity": load.manifest.entity, "load_id": load.load_id, "field": field,
             "rows": rows},
        )  # fmt: skip


def _record(connection: Connection, load: Load, staged: StagedEntity, figures: Figures, seconds: float) -> None:
    manifest = load.manifest
    dropped = dict(manifest.dropped)
    if figures.erased:
        dropped[RULE] = dropped.get(RULE, 0) + figures.erased
    scope = {"load_id": load.load_id, "source": manifest.source, "entity": manifest.entity}
    reading = {"seen_at": manifest.seen_at, "read_at": manifest.last_read}
    connection.execute(statement("reading_insert"), {**scope, **reading})
    connection.execute(
        statement("ledger_insert"),
        {
            **scope, "file": load.file,
            "window_begin": load.window_begin, "window_end": load.window_end,
            "contract_version": manifest.contract_version, "token_key": manifest.token_key,
            "source_total": manifest.source_total, "landed": figures.landed,
            "dropped_rules": list(dropped), "dropped_rows": list(dropped.values()),
            "rejected_codes": list(manifest.rejected), "rejected_rows": list(manifest.rejected.values()),
            "new": figures.new, "known": figures.known, "deletes": figures.deletes, "untyped": figures.untyped,
            "derive": staged.snapshot, "snapshot": manifest.snapshot, "partial": manifest.partial,
            "loaded_at": datetime.now(), "duration": seconds,
        },
    )  # fmt: skip

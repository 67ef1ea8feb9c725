"""The landing zone without the erased: each file that holds one of their rows is written anew, the old one destroyed.

Flow: every Parquet file of an entity (orphans too) -> rows a tombstone names -> new file and manifest durable -> old
manifest away -> old file overwritten and away. The new manifest counts them under `erased`, so that every row of the
source stays explained, and it is byte for byte what landing without these rows would have been.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from expectations.errors import SourceChanged, SourceLater
from expectations.faultpoint import faultpoint, register
from expectations.manifest import PREFIX, Manifest
from expectations.model import Contract, Entity
from warehouse.decisions.tombstones import RULE, Tombstones
from warehouse.engine.connection import Connection
from warehouse.engine.erased import find_erased
from warehouse.engine.evidence import sha256_of
from warehouse.engine.staged import StagedEntity

STEPS = ("file_written", "manifest_written", "manifest_removed", "file_removed")
register(*(f"{deed}.{step}" for deed in ("erase", "purge") for step in STEPS))

ROW_GROUP = 32_768  # as the extractors land, so that a later landing of the same rows finds the same bytes
_SHRED = 1 << 20


@dataclass(frozen=True)
class Held:
    """One landed file that holds erased rows; manifests: those that name it (none for an orphan)."""

    source: str
    entity: str
    path: Path
    manifests: tuple[Path, ...]
    places: tuple[int, ...]
    tokens: frozenset[str] = field(repr=False)  # what the vault may hold of these rows


@contextmanager
def landing_held(landing: Path, contracts: Sequence[Contract]) -> Iterator[None]:
    """No extraction of these sources meanwhile: it might land what is being erased. Raises SourceLater LA-BUSY."""
    with ExitStack() as stack:
        for contract in contracts:
            if (landing / contract.source).is_dir():
                handle = stack.enter_context((landing / contract.source / ".lock").open("w"))
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except OSError as error:
                    raise SourceLater("LA-BUSY", detail=contract.source) from error
        yield


def scan_landing(
    connection: Connection, contracts: Sequence[Contract], landing: Path, tombstones: Tombstones
) -> list[Held]:
    """The files with rows that a tombstone names."""
    found = []
    for contract in contracts:
        for name, entity in sorted(contract.entities.items()):
            if tombstones.concern(contract.source, name, person=entity.identity is not None):
                staged = StagedEntity(contract.source, entity)
                for path in sorted((landing / contract.source / name).glob("*/*.parquet")):
                    if held := _scan(connection, staged, path, tombstones):
                        found.append(held)
    return found


def rewrite(held: Held, rule: str = RULE, deed: str = "erase") -> None:
    """Replace one file by one without the rows, counted under the rule; an orphan, which nobody reads, is destroyed."""
    rows, gone = _read(held.path), set(held.places)
    stays = pa.array([place not in gone for place in range(rows.num_rows)])
    for path in held.manifests:
        manifest = Manifest.from_bytes(path.read_bytes())
        _write(held.path.parent, rows.filter(stays), manifest, {rule: len(held.places)}, deed)
        path.unlink()
        _sync(path.parent)
        faultpoint(f"{deed}.manifest_removed")
    shred(held.path)
    faultpoint(f"{deed}.file_removed")


def vault_columns(entity: Entity) -> list[str]:
    """The landed columns whose tokens the vault may know."""
    own = ["id_token", "name_token"] if entity.identity else []
    return [*own, *(c.name for c in entity.columns if c.edge == "token")]


def landed_tokens(contracts: Sequence[Contract], landing: Path, wanted: frozenset[str]) -> set[str]:
    """Which of the tokens some landed file still holds."""
    left: set[str] = set()
    for contract in contracts:
        for name, entity in sorted(contract.entities.items()):
            if columns := vault_columns(entity):
                for path in sorted((landing / contract.source / name).glob("*/*.parquet")):
                    left |= _tokens(_read(path, columns), wanted)
    return left


def sweep_leftovers(landing: Path, contracts: Sequence[Contract]) -> None:
    """Destroy what killed runs left under temporary names; the locks are ours, so nobody is writing them."""
    for contract in contracts:
        for path in sorted((landing / contract.source).glob("**/.tmp-*")):
            shred(path)


def shred(path: Path) -> None:
    """Overwrite a file and remove it. On a disk that writes elsewhere (SSD, snapshots) that is best effort."""
    with path.open("rb+") as handle:
        left = os.fstat(handle.fileno()).st_size
        while left > 0:
            left -= handle.write(bytes(min(left, _SHRED)))
        handle.flush()
        os.fsync(handle.fileno())
    path.unlink()
    _sync(path.parent)


def searchable(staged: StagedEntity, path: Path) -> tuple[str, dict[str, str]]:
    """A landed file as DuckDB's reader takes it, and which columns of the contract it has.

    Raises: SourceChanged LA-CORRUPT, LO-CONTRACT for a file in which no record can be found.
    """
    try:
        schema = pq.read_schema(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise SourceChanged("LA-CORRUPT", detail=f"{staged.entity.name}: {path.name} cannot be searched") from error
    present = staged.present_in(schema.names)
    if not present.keys() >= set(staged.entity.key):
        raise SourceChanged("LO-CONTRACT", detail=f"{staged.entity.name}: {path.name} has no key")
    return str(path).replace("[", "[[]").replace("*", "[*]").replace("?", "[?]"), present


def _scan(connection: Connection, staged: StagedEntity, path: Path, tombstones: Tombstones) -> Held | None:
    reader, present = searchable(staged, path)
    places = find_erased(connection, staged, reader, present, tombstones)
    if not places:
        return None
    tokens = tokens_of(path, places, staged.entity)
    return Held(staged.source, staged.entity.name, path, named_by(path), tuple(places), tokens)


def named_by(path: Path) -> tuple[Path, ...]:
    """The manifests that name a landed file."""
    return tuple(p for p in sorted(path.parent.glob(f"{PREFIX}*.json")) if _names(p) == path.name)


def tokens_of(path: Path, places: Sequence[int], entity: Entity) -> frozenset[str]:
    """What the vault may hold of some rows of a landed file."""
    rows = _read(path, vault_columns(entity)).take(pa.array(places, pa.int64()))
    return frozenset(v for column in rows.columns for v in column.to_pylist() if v)


def _names(manifest: Path) -> str:
    return Manifest.from_bytes(manifest.read_bytes()).file


def _write(folder: Path, rows: pa.Table, manifest: Manifest, gone: dict[str, int], deed: str) -> None:
    temp = folder / f".tmp-{os.getpid()}.parquet"
    with pq.ParquetWriter(temp, rows.schema, compression="zstd", compression_level=1) as writer:
        for at in range(0, max(rows.num_rows, 1), ROW_GROUP):
            writer.write_table(rows.slice(at, ROW_GROUP).combine_chunks(), row_group_size=ROW_GROUP)
    digest, size = sha256_of(temp), temp.stat().st_size
    name = f"part-{digest[:16]}.parquet"
    _durable(temp, folder / name)
    faultpoint(f"{deed}.file_written")
    dropped = manifest.dropped | {rule: manifest.dropped.get(rule, 0) + count for rule, count in gone.items()}
    renewed = replace(
        manifest, file=name, rows=rows.num_rows, size=size, sha256=digest, dropped=dict(sorted(dropped.items()))
    )
    note = folder / f".tmp-{os.getpid()}.json"
    note.write_bytes(renewed.body())
    _durable(note, folder / renewed.name)
    faultpoint(f"{deed}.manifest_written")


def _durable(temp: Path, final: Path) -> None:
    with temp.open("rb+") as handle:
        os.fsync(handle.fileno())
    temp.replace(final)
    _sync(final.parent)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read(path: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """The file, or those of the columns that it has."""
    with pq.ParquetFile(path) as file:
        names = set(file.schema_arrow.names)
        return file.read(columns=None if columns is None else [c for c in columns if c in names])


def _tokens(rows: pa.Table, wanted: frozenset[str]) -> set[str]:
    known = pa.array(sorted(wanted), pa.string())
    return {v for column in rows.columns for v in column.filter(pc.is_in(column, known)).to_pylist()}

"""What the landing zone holds of a source, checked before a row of it is read.

A manifest is the truth: a file without one is an orphan (a landing that was killed, reported), a manifest without
its file is LA-MISSING, a file or manifest that differs from its digest is LA-CORRUPT.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from expectations.contract import Contract
from expectations.errors import PipelineError, SourceChanged
from expectations.manifest import PREFIX, Manifest
from warehouse.engine.staged import StagedEntity

QUARANTINE = "quarantine"  # what could not be decoded: positions and codes, never staged


@dataclass(frozen=True)
class Load:
    """One manifest that the ledger does not hold, and where its file lies."""

    load_id: str
    manifest: Manifest
    path: Path
    file: str  # relative to landing/<source>: what the ledger remembers

    @property
    def window_begin(self) -> datetime:
        return datetime.fromisoformat(self.manifest.begin)

    @property
    def window_end(self) -> datetime:
        return datetime.fromisoformat(self.manifest.end)

    @property
    def reader_path(self) -> str:
        """The path as DuckDB's reader takes it: a name, not a pattern."""
        return re.sub(r"([*?\[])", r"[\1]", str(self.path))


@dataclass(frozen=True)
class Evidence:
    """The manifests of a source, split by what the ledger already holds."""

    pending: list[Load]
    known: list[str]  # load ids
    errors: list[PipelineError]


def read_evidence(landing: Path, contract: Contract, ledger: Collection[str]) -> Evidence:
    """All manifests of the source; those of known loads are not opened, so a long history stays cheap.

    Pending loads come by entity, window and id. A manifest that cannot be read is an error beside the others.
    """
    root = landing / contract.source
    pending, known, errors = [], [], list[PipelineError]()
    for path in sorted(root.glob(f"*/*/{PREFIX}*.json")):
        load_id = path.name.removeprefix(PREFIX).removesuffix(".json")
        if path.relative_to(root).parts[0] == QUARANTINE:
            continue
        if load_id in ledger:
            known.append(load_id)
            continue
        try:
            pending.append(_read(root, path, load_id, contract.source))
        except PipelineError as error:
            errors.append(error)
    pending.sort(key=lambda load: (load.manifest.entity, load.manifest.end, load.load_id))
    return Evidence(pending, known, errors)


def _read(root: Path, path: Path, load_id: str, source: str) -> Load:
    """Raises SourceChanged LA-CORRUPT for a manifest that is not what its name and place say."""
    entity = path.relative_to(root).parts[0]
    manifest = Manifest.from_bytes(path.read_bytes())
    plain = Path(manifest.file).name == manifest.file
    if manifest.load_id != load_id or (manifest.source, manifest.entity) != (source, entity) or not plain:
        raise SourceChanged("LA-CORRUPT", detail=f"manifest {load_id} of {entity} was changed or moved")
    file = path.with_name(manifest.file)
    load = Load(load_id, manifest, file, str(file.relative_to(root)))
    try:
        moments = (load.window_begin, load.window_end, manifest.seen_at, manifest.last_read)
        naive = all(moment.tzinfo is None for moment in moments)
        ordered = naive and load.window_begin <= load.window_end
    except (ValueError, TypeError):
        ordered = False
    if not ordered:
        raise SourceChanged("LA-CORRUPT", detail=f"manifest {load_id} of {entity} has no window of wall-clock times")
    return load


def orphans(landing: Path, source: str, named: Collection[str]) -> list[str]:
    """Parquet files, relative to landing/<source>, that no manifest names."""
    root = landing / source
    places = (p.relative_to(root) for p in root.glob("*/*/*.parquet") if not p.name.startswith("."))
    found = (str(p) for p in places if p.parts[0] != QUARANTINE)
    return sorted(f for f in found if f not in named)


def check_file(load: Load) -> None:
    """Raises SourceChanged LA-MISSING, LA-CORRUPT."""
    where = f"{load.manifest.entity}, load {load.load_id}"
    try:
        digest = sha256_of(load.path)
    except FileNotFoundError as error:
        raise SourceChanged("LA-MISSING", detail=where) from error
    if digest != load.manifest.sha256:
        raise SourceChanged("LA-CORRUPT", detail=where)


def sha256_of(path: Path) -> str:
    """Hex SHA-256 of a file, streamed."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def check_columns(load: Load, staged: StagedEntity, version: str) -> tuple[dict[str, str], set[str], set[str]]:
    """Hold the file's columns against the contract's: (present with the field that holds each, lost, extra).

    A file landed under this very contract must match it to the column; one landed under another may lack columns
    (they become NULL) or bring some that are no longer taken, but never lack its key, nor at once lack one and bring
    another: that is a renamed field, unless the contract says `was`.
    Raises: SourceChanged LO-CONTRACT.
    """
    schema = _schema(load)
    texts = {f.name for f in schema if pa.types.is_string(f.type) or pa.types.is_large_string(f.type)}
    wanted = {c.name for c in staged.columns}
    present = staged.present_in(schema.names)
    lost, extra = wanted - present.keys(), set(schema.names) - set(present.values())
    detail = f"{load.manifest.entity}, load {load.load_id}: missing {sorted(lost)}, extra {sorted(extra)}"
    if (lost or extra) and load.manifest.contract_version == version:
        raise SourceChanged("LO-CONTRACT", detail=detail)
    if len({n.casefold() for n in schema.names}) < len(schema.names):
        raise SourceChanged("LO-CONTRACT", detail=f"{detail}; two columns of one name")
    if keyless := lost & set(staged.entity.key):
        raise SourceChanged("LO-CONTRACT", detail=f"{detail}; no key {sorted(keyless)}")
    if other := sorted(set(present.values()) - texts):
        raise SourceChanged("LO-CONTRACT", detail=f"{load.manifest.entity}, load {load.load_id}: {other} not text")
    unsaid = sorted(c.name for c in staged.entity.columns if c.name in lost and c.was is None)
    if unsaid and extra:
        raise SourceChanged(
            "LO-CONTRACT",
            detail=f"{detail}; renamed? say `was: {sorted(extra)}` under {unsaid[0]}, or `was: []` if it is new",
        )
    return present, lost, extra


def _schema(load: Load) -> pa.Schema:
    try:
        return pq.read_schema(load.path)
    except (pa.ArrowInvalid, OSError) as error:
        raise SourceChanged("LA-CORRUPT", detail=f"{load.manifest.entity}, load {load.load_id}: not Parquet") from error

"""The landing zone: Parquet and manifest per source, entity, window and content, written once and never changed.

A file is written under a temporary name, synced, renamed and its folder synced, and only then named by a manifest,
which goes the same way. So a kill at any point leaves either a complete load or nothing that a reader would see.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from expectations.errors import CallRejected, SourceLater
from expectations.faultpoint import faultpoint, register
from expectations.manifest import Manifest

ROW_GROUP = 32_768  # fixed, so that the bytes do not depend on how the source cut its pages
TEMP = ".tmp-"

register(
    "landing.write", "landing.data.sync", "landing.data.rename", "landing.data.folder",
    "landing.manifest.sync", "landing.manifest.rename", "landing.manifest.folder",
)  # fmt: skip


def open_landing(root: Path) -> Path:
    """Make or check the landing folder: 0700, ours. An empty folder of ours is tightened.

    Raises: CallRejected LA-PERM when it is open to others or owned by another user.
    """
    os.umask(0o077)
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    state = root.stat()
    mode = stat.S_IMODE(state.st_mode)
    if state.st_uid != os.geteuid() or mode & 0o022:
        raise CallRejected("LA-PERM", detail=f"{root} has mode {mode:04o}")
    if mode & 0o077:
        if any(root.iterdir()):
            raise CallRejected("LA-PERM", detail=f"{root} has mode {mode:04o}")
        root.chmod(0o700)
    return root


@contextmanager
def source_lock(root: Path, source: str) -> Iterator[Path]:
    """One run per source at a time; the kernel lets go of it when the process dies.

    Yields the source's folder. Raises: SourceLater LA-BUSY.
    """
    folder = root / source
    folder.mkdir(mode=0o700, exist_ok=True)
    with (folder / ".lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise SourceLater("LA-BUSY", detail=source) from error
        _sweep(folder)
        yield folder


def _sweep(folder: Path) -> None:
    """Remove what a killed run left under temporary names; we hold the lock, so nobody is writing them."""
    for path in folder.glob(f"**/{TEMP}*"):
        path.unlink(missing_ok=True)


class EntityWriter:
    """Streams Arrow batches of one entity into one Parquet file; memory is one row group."""

    def __init__(self, folder: Path, schema: pa.Schema) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder = folder
        self.schema = schema
        self.rows = 0
        self._temp = folder / f"{TEMP}{os.getpid()}.parquet"
        self._held: list[pa.RecordBatch] = []
        self._held_rows = 0
        self._writer: pq.ParquetWriter | None = None

    def append(self, batch: pa.RecordBatch) -> None:
        """Take one batch. Raises SourceLater LA-SPACE or LA-IO when the disk refuses."""
        if not batch.num_rows:
            return
        self.rows += batch.num_rows
        self._held.append(batch)
        self._held_rows += batch.num_rows
        while self._held_rows >= ROW_GROUP:
            self._write_group(ROW_GROUP)

    def restart(self) -> None:
        """Forget everything written so far."""
        self.discard()
        self.rows = 0
        self._held, self._held_rows = [], 0

    def discard(self) -> None:
        """Close and remove the temporary file."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        self._temp.unlink(missing_ok=True)

    def finish(self) -> tuple[str, int, str]:
        """Make the file durable under its final name. Returns (name, bytes, sha256)."""
        with disk_errors():
            if self._held_rows or self._writer is None:
                self._write_group(self._held_rows)
            assert self._writer is not None
            self._writer.close()
            self._writer = None
            digest = sha256_of(self._temp)
            size = self._temp.stat().st_size
            name = f"part-{digest[:16]}.parquet"
            make_durable(self._temp, self.folder / name, "landing.data")
        return name, size, digest

    def _write_group(self, rows: int) -> None:
        with disk_errors():
            faultpoint("landing.write")
            if self._writer is None:
                self._writer = pq.ParquetWriter(self._temp, self.schema, compression="zstd", compression_level=1)
            table = pa.Table.from_batches(self._held, self.schema)
            self._writer.write_table(table.slice(0, rows), row_group_size=ROW_GROUP)
        rest = table.slice(rows)
        self._held = rest.to_batches() if rest.num_rows else []
        self._held_rows = rest.num_rows


def write_manifest(folder: Path, manifest: Manifest) -> Path:
    """Name a landed file for readers. Landing the same content twice finds the same manifest and does nothing.

    Only a reading before the window's end is told again by one after it: the window was not over before.
    """
    final = folder / manifest.name
    if final.exists() and not (Manifest.from_bytes(final.read_bytes()).read_at < manifest.end <= manifest.read_at):
        return final
    temp = folder / f"{TEMP}{os.getpid()}.json"
    try:
        with disk_errors():
            temp.write_bytes(manifest.body())
            make_durable(temp, final, "landing.manifest")
    finally:
        temp.unlink(missing_ok=True)
    return final


def make_durable(temp: Path, final: Path, point: str) -> None:
    """fsync the file, rename it, fsync its folder: after this a power cut cannot take it back."""
    with temp.open("rb+") as handle:
        os.fsync(handle.fileno())
    faultpoint(f"{point}.sync")
    temp.replace(final)
    faultpoint(f"{point}.rename")
    descriptor = os.open(final.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    faultpoint(f"{point}.folder")


@contextmanager
def disk_errors() -> Iterator[None]:
    """Turn what the disk refuses into the error contract: nothing lost, the cursor did not move."""
    try:
        yield
    except OSError as error:
        code = "LA-SPACE" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "LA-IO"
        raise SourceLater(code, detail=errno.errorcode.get(error.errno or 0, "I/O")) from error


def sha256_of(path: Path) -> str:
    """Hex SHA-256 of a file, streamed."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()

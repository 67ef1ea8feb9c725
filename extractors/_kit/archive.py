"""A zip from outside, judged by its directory before one byte of it is inflated.

Entry names are data: they choose nothing, and nothing is ever written under them.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from expectations.errors import RecordRejected

MAGIC = b"PK\x03\x04"
EMPTY = b"PK\x05\x06"
RATIO_FREE = 1 << 20
_NESTED = re.compile(r"(?i)\.(?:zip|rar|7z|gz|tgz|tar|bz2|xz|jar)$")
_ENCRYPTED = 0x1


@dataclass(frozen=True)
class Bounds:
    """What an archive may hold. The ratio counts for entries of more than a mebibyte."""

    entries: int = 1_000
    total_bytes: int = 256 << 20
    ratio: int = 150


def open_archive(data: bytes, bounds: Bounds | None = None) -> ZipFile:
    """The archive, its directory checked. Raises RecordRejected DE-KIND or DE-BOMB."""
    archive = read_directory(data)
    check_directory(archive.infolist(), bounds or Bounds())
    return archive


def read_directory(data: bytes) -> ZipFile:
    """The archive, of which only the directory is read. Raises RecordRejected DE-KIND."""
    if not data.startswith((MAGIC, EMPTY)):
        raise RecordRejected("DE-KIND", detail="not a zip")
    archive = None
    try:
        archive = ZipFile(BytesIO(data))
    except (BadZipFile, ValueError, NotImplementedError):
        archive = None
    if archive is None:
        raise RecordRejected("DE-KIND", detail="the zip is damaged")
    return archive


def read_entry(archive: ZipFile, entry: ZipInfo | str) -> bytes:
    """The bytes of one entry; more than its directory declares is never inflated. Raises RecordRejected DE-KIND."""
    content = None
    try:
        content = archive.read(entry)
    except (BadZipFile, EOFError, KeyError, NotImplementedError, RuntimeError, zlib.error):
        content = None  # zipfile quotes the entry's name
    if content is None:
        raise RecordRejected("DE-KIND", detail="an entry of the zip is damaged")
    return content


def check_directory(entries: list[ZipInfo], bounds: Bounds) -> None:
    """Raises RecordRejected DE-BOMB for what is too much, DE-KIND for what no honest sender uses."""
    if len(entries) > bounds.entries:
        raise RecordRejected("DE-BOMB", detail=f"{len(entries)} entries, the limit is {bounds.entries}")
    if len({e.filename.casefold() for e in entries}) < len(entries):
        raise RecordRejected("DE-BOMB", detail="two entries of one name")
    if any(_NESTED.search(e.filename) for e in entries):
        raise RecordRejected("DE-BOMB", detail="an archive within the archive")
    if any(e.flag_bits & _ENCRYPTED or e.compress_type not in (ZIP_STORED, ZIP_DEFLATED) for e in entries):
        raise RecordRejected("DE-KIND", detail="an entry is encrypted or of an unusual compression")
    total = sum(e.file_size for e in entries)
    if total > bounds.total_bytes:
        raise RecordRejected("DE-BOMB", detail=f"{total} bytes inflated, the limit is {bounds.total_bytes}")
    for e in entries:
        if e.file_size > RATIO_FREE and e.file_size > bounds.ratio * e.compress_size:
            raise RecordRejected("DE-BOMB", detail=f"an entry expands more than {bounds.ratio} to 1")
    _check_overlap(entries)


def _check_overlap(entries: list[ZipInfo]) -> None:
    """Entries that share their bytes make a quine or a flat bomb of any size (Fifield 2019)."""
    end = 0
    for e in sorted(entries, key=lambda entry: entry.header_offset):
        if e.header_offset < end:
            raise RecordRejected("DE-BOMB", detail="entries overlap")
        end = e.header_offset + e.compress_size

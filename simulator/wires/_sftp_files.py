"""The file side of the SFTP wires: one folder, read only, shown as the fault rules want it seen."""

from __future__ import annotations

import asyncio
import io
import os
import posixpath
import stat
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NoReturn, cast

import asyncssh
from asyncssh import constants

from simulator.faults import Hits

if TYPE_CHECKING:
    from simulator.wires._sftp import SftpWire

DECOY = b"hostile"
TYPES = {
    "symlink": (stat.S_IFLNK, constants.FILEXFER_TYPE_SYMLINK),
    "directory": (stat.S_IFDIR, constants.FILEXFER_TYPE_DIRECTORY),
    "fifo": (stat.S_IFIFO, constants.FILEXFER_TYPE_FIFO),
    "device": (stat.S_IFCHR, constants.FILEXFER_TYPE_CHAR_DEVICE),
}
OPEN_KINDS = ("status", "delay", "drop", "truncate", "vanish")


@dataclass
class OpenFile:
    """A file that a client reads, with the faults that apply to this reading."""

    name: str
    file: BinaryIO
    hits: Hits

    def end(self, kind: str) -> int | None:
        """The byte at which a fault of this kind strikes, if there is one."""
        fault = self.hits.first(kind)
        return None if fault is None else fault["at"]


def _refuse(*_: Any) -> NoReturn:
    raise asyncssh.SFTPPermissionDenied("this folder is read only")


_REFUSED: Any = _refuse


class Files(asyncssh.SFTPServer):  # type: ignore[misc]
    """One SFTP session. Names are relative to the root; nothing outside the root is ever opened."""

    def __init__(self, chan: Any, wire: SftpWire) -> None:
        self.wire = wire
        super().__init__(chan, chroot=os.fsencode(wire.root))

    remove = rename = posix_rename = mkdir = rmdir = symlink = link = _REFUSED
    setstat = lsetstat = fsetstat = write = open56 = _REFUSED

    @staticmethod
    def _name(path: bytes) -> str:
        return os.fsdecode(posixpath.normpath(b"/" + path)).lstrip("/")

    def _fire(self, name: str, *kinds: str) -> Hits:
        return self.wire.faults.fire(name, posixpath.basename(name), kinds=kinds)

    def _local(self, path: bytes) -> Path:
        """The file behind a path. Raises SFTPPermissionDenied where a link leads out of the root."""
        local = Path(os.fsdecode(self.map_path(path)))
        if not local.resolve().is_relative_to(self.wire.root):
            raise asyncssh.SFTPPermissionDenied("outside the folder")
        return local

    def _look(self, name: str, real: os.stat_result | None, *, follow: bool) -> asyncssh.SFTPAttrs:
        """The attributes that a client sees: every look at a growing file lets it grow."""
        if real is None:
            return decoy_attrs(self.wire.clock())
        attrs = asyncssh.SFTPAttrs.from_local(real)
        for hit in self._fire(name, "symlink", "special").hits:
            kind = hit.fault.kind if hit.fault.kind == "symlink" else hit.fault["type"]
            if not (follow and kind == "symlink"):
                mode, attrs.type = TYPES[kind]
                attrs.permissions = mode | 0o644
        if stat.S_ISREG(real.st_mode):
            self._grow(name, real.st_size, attrs)
        return attrs

    def _grow(self, name: str, size: int, attrs: asyncssh.SFTPAttrs) -> None:
        hits = self._fire(name, "growing").hits
        if not hits:
            self.wire.shown.pop(name, None)
            return
        fault = hits[0].fault
        shown = min(size, fault["at"] + fault["step"] * (hits[0].ordinal - 1))
        self.wire.shown[name] = attrs.size = shown
        if fault["step"] and shown < size:  # a file that grows is a file just written to
            attrs.mtime = int(self.wire.clock())

    def _is_decoy(self, path: bytes) -> bool:
        return self._name(path) in self.wire.decoys

    def lstat(self, path: bytes) -> asyncssh.SFTPAttrs:
        """The attributes of the file or link itself."""
        real = None if self._is_decoy(path) else os.lstat(self.map_path(path))
        return self._look(self._name(path), real, follow=False)

    def stat(self, path: bytes) -> asyncssh.SFTPAttrs:
        """The attributes of what a link leads to."""
        real = None if self._is_decoy(path) else self._local(path).stat()
        return self._look(self._name(path), real, follow=True)

    def fstat(self, file_obj: object) -> asyncssh.SFTPAttrs:
        """The attributes of an open file."""
        one = cast(OpenFile, file_obj)
        real = None if isinstance(one.file, io.BytesIO) else os.fstat(one.file.fileno())
        return self._look(one.name, real, follow=True)

    def readlink(self, path: bytes) -> bytes:
        """Where a link leads, or where a fault says that it leads."""
        fault = self._fire(self._name(path), "symlink").first("symlink")
        return os.fsencode(fault["target"]) if fault else os.fsencode(Path(os.fsdecode(self.map_path(path))).readlink())

    async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        """List a folder, and the names that a fault adds to it."""
        folder = self._name(path)
        self.wire.note("list", folder)
        inside = sorted(os.fsencode(entry.name) for entry in self._local(path).iterdir())
        for raw in [b".", b"..", *inside]:
            attrs = self.lstat(path if raw in (b".", b"..") else posixpath.join(path, raw))
            yield asyncssh.SFTPName(raw, attrs=attrs)
        for hit in self._fire(folder, "hostile_names").hits:
            for raw in map(os.fsencode, hit.fault["names"]):
                self.wire.decoys.add(self._name(posixpath.join(path, raw)))
                yield asyncssh.SFTPName(raw, attrs=decoy_attrs(self.wire.clock()))

    async def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> OpenFile:
        """Open a file for reading."""
        name = self._name(path)
        self.wire.note("open", name)
        if pflags & ~constants.FXF_READ:
            _refuse()
        hits = self._fire(name, *OPEN_KINDS)
        for hit in hits.of(("delay",)):
            await asyncio.sleep(hit.fault["seconds"])
        if hits.first("status"):
            raise asyncssh.SFTPPermissionDenied("permission denied")
        gone = hits.first("vanish")
        if gone is not None and gone["at"] is None:
            raise asyncssh.SFTPNoSuchFile("no such file")
        if self._is_decoy(path):
            return OpenFile(name, io.BytesIO(DECOY), hits)
        return OpenFile(name, self._local(path).open("rb"), hits)

    def read(self, file_obj: object, offset: int, size: int) -> bytes:
        """Read a block; a fault ends the file, the reading or the connection at its byte."""
        one = cast(OpenFile, file_obj)
        for kind in ("drop", "vanish", "truncate"):
            at = one.end(kind)
            if at is not None:
                if offset >= at:
                    return self._strike(kind)
                size = min(size, at - offset)
        if one.name in self.wire.shown:
            size = max(0, min(size, self.wire.shown[one.name] - offset))
        one.file.seek(offset)
        return one.file.read(size)

    def _strike(self, kind: str) -> bytes:
        if kind == "drop":
            self.connection.abort()
        if kind == "vanish":
            raise asyncssh.SFTPNoSuchFile("no such file")
        return b""

    def close(self, file_obj: object) -> None:
        """Close a file."""
        cast(OpenFile, file_obj).file.close()


def decoy_attrs(now: float) -> asyncssh.SFTPAttrs:
    """The attributes of a file that is only a name."""
    said = {"type": constants.FILEXFER_TYPE_REGULAR, "permissions": stat.S_IFREG | 0o644, "mtime": int(now)}
    return asyncssh.SFTPAttrs(size=len(DECOY), uid=0, gid=0, atime=int(now), **said)

"""One entry of a drop folder, as `lstat` shows it. Its name is data; `alias` is what may be said of it."""

from __future__ import annotations

import hashlib
import stat
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from extractors._kit.window import ZONE

REGULAR = 1  # the type that version 4 and later of the protocol give beside the permissions


@dataclass(frozen=True)
class RemoteFile:
    """`modified` is Asia/Shanghai wall clock; `alias` 12 hex digits of the SHA-256 of the name."""

    name: str = field(repr=False)
    path: bytes = field(repr=False)
    size: int
    modified: datetime
    regular: bool
    alias: str

    @property
    def stem(self) -> str:
        """The name without its extension."""
        return self.name.rpartition(".")[0]

    @classmethod
    def of(cls, path: bytes, attrs: Any) -> RemoteFile:
        """From a path and its attributes (asyncssh.SFTPAttrs)."""
        raw, mode = path.rpartition(b"/")[2], attrs.permissions
        typed = mode is not None and bool(stat.S_IFMT(mode))
        return cls(
            name=decoded(raw),
            path=path,
            size=attrs.size or 0,
            modified=datetime.fromtimestamp(attrs.mtime or 0, ZONE).replace(tzinfo=None),
            regular=stat.S_ISREG(mode) if typed else attrs.type == REGULAR,
            alias=hashlib.sha256(raw).hexdigest()[:12],
        )


def decoded(raw: bytes) -> str:
    """A name as text for matching. Windows senders write Chinese names in GB18030, others in UTF-8."""
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("utf-8", "surrogateescape")

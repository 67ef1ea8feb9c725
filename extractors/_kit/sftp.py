"""A drop folder on an SFTP server: list it, look at files, read them. Nothing is ever written there.

Flow: Connection -> host key compared with `extra.host_key` -> password login -> `files()` -> `pieces()` or `read()`.
What a server calls a file is data: it is matched, never made into a local path, and errors and logs bear only
`alias`, a hash of it. Nothing of a file's content touches the disk here.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import Any, TypeVar
from urllib.parse import urlsplit

import asyncssh

from expectations.errors import CallRejected, PipelineError, RecordRejected, SourceChanged, SourceLater
from extractors._kit.connection import Connection
from extractors._kit.remote_file import RemoteFile, decoded
from extractors._kit.retry import Again, RetryPolicy

__all__ = ["DropFolder", "RemoteFile"]

T = TypeVar("T")
CONNECT_SECONDS = 15
STEP_SECONDS = 60
BLOCK = 1 << 20
DEFAULT_PORT = 22
_KEY_KIND = re.compile(r"(?:ssh-|ecdsa-|sk-)\S+")
_LOST = (
    asyncssh.ConnectionLost,
    asyncssh.DisconnectError,
    asyncssh.ChannelOpenError,
    asyncssh.SFTPConnectionLost,
    asyncssh.SFTPNoConnection,
)


class DropFolder:
    """The folder `extra.folder` of one connection. Use as a context manager."""

    def __init__(
        self,
        connection: Connection,
        *,
        policy: RetryPolicy | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Raises CallRejected SC-CONN when address, credentials, folder or host key are not there."""
        self._address, self._port = _address(connection)
        self._login, self._password = connection.credentials
        self._folder = connection.setting("folder").rstrip("/").encode() or b"/"
        self._host_key = _host_key(connection)
        self._policy = policy or RetryPolicy.from_env()
        self._sleep = sleep
        self._loop = asyncio.new_event_loop()
        self._link: Any = None
        self._sftp: Any = None
        self._open: tuple[bytes, Any] | None = None
        # Its info lines hold user names and, at debug, paths.
        logging.getLogger("asyncssh").setLevel(logging.WARNING)

    def __enter__(self) -> DropFolder:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Hang up."""
        self._hang_up()
        self._loop.close()

    def files(self, wanted: Callable[[str], bool]) -> list[RemoteFile]:
        """What bears a wanted name, regular or not, in the order of the names.

        Raises SourceLater EX-NET, EX-SFTP; SourceChanged EX-HOSTKEY, EX-AUTH, EX-DENIED.
        """
        found = self._repeat(partial(self._list, wanted))
        return sorted((file for file in found if file is not None), key=lambda file: file.path)

    def settled(self, files: list[RemoteFile]) -> list[RemoteFile]:
        """Those of the files that, looked at again a moment later, have the same size and time: nobody writes them."""
        if not files:
            return []
        self._sleep(self._policy.base)
        return [file for file in files if self._repeat(partial(self._look, file.path)) == file]

    def read(self, file: RemoteFile, limit: int) -> bytes:
        """The whole content, in memory. Raises as `pieces` does."""
        return b"".join(self.pieces(file, limit))

    def pieces(self, file: RemoteFile, limit: int) -> Iterator[bytes]:
        """The content piece by piece; a lost connection is made again and the reading goes on where it was.

        Raises RecordRejected EX-BIG or EX-DENIED, SourceLater EX-SFTP, EX-NET or EX-TRUNC.
        """
        self._repeat(partial(self._check, file), file)
        if file.size > limit:
            raise RecordRejected("EX-BIG", detail=f"file {file.alias}: {file.size} bytes, the limit is {limit}")
        done = 0
        while done < file.size:
            piece = self._repeat(partial(self._block, file, done), file)
            done += len(piece)
            yield piece
        self._repeat(partial(self._check_end, file), file)

    # The steps, each repeated as a whole when the connection fails.

    async def _list(self, wanted: Callable[[str], bool]) -> list[RemoteFile | None]:
        sftp = await self._session()
        found = []
        for entry in await sftp.readdir(self._folder):
            name = bytes(entry.filename)
            path = self._folder.rstrip(b"/") + b"/" + name
            # A name with a slash is no name: it would lead the reading out of the folder.
            if name not in (b".", b"..") and not set(name) & set(b"/\0") and wanted(decoded(name)):
                whole = None not in (entry.attrs.permissions, entry.attrs.size, entry.attrs.mtime)
                found.append(RemoteFile.of(path, entry.attrs) if whole else await self._look(path))
        return found

    async def _look(self, path: bytes) -> RemoteFile | None:
        """The entry itself, not what a link leads to; None when it is gone."""
        sftp = await self._session()
        try:
            return RemoteFile.of(path, await sftp.lstat(path))
        except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
            return None

    async def _block(self, file: RemoteFile, at: int) -> bytes:
        handle = await self._handle(file)
        piece: bytes = await handle.read(min(BLOCK, file.size - at), at)
        if not piece:
            raise Again(f"file {file.alias} ends at byte {at} of {file.size}", "EX-TRUNC")
        return piece

    async def _check(self, file: RemoteFile) -> None:
        """What is read is what was listed, and no link: a listing may show what a link leads to, `lstat` does not."""
        seen = await self._look(file.path)
        if seen is not None and not seen.regular:
            raise RecordRejected("EX-NAME", detail=f"file {file.alias} is not a regular file")
        if seen != file:
            raise SourceLater("EX-SFTP", detail=f"file {file.alias} changed since it was listed")

    async def _check_end(self, file: RemoteFile) -> None:
        """Half a file must not pass for a whole one."""
        await self._check(file)
        beyond = bool(file.size) and bool(await (await self._handle(file)).read(1, file.size))
        await self._shut()
        if beyond:
            raise SourceLater("EX-SFTP", detail=f"file {file.alias} grew while it was read")

    async def _handle(self, file: RemoteFile) -> Any:
        if self._open is not None and self._open[0] != file.path:
            await self._shut()
        if self._open is None:
            sftp = await self._session()
            self._open = (file.path, await sftp.open(file.path, "rb"))
        return self._open[1]

    async def _shut(self) -> None:
        handle, self._open = self._open, None
        if handle is not None:
            await handle[1].close()

    async def _session(self) -> Any:
        """The open SFTP session; the host key is compared before the password leaves this machine."""
        if self._sftp is None:
            self._link = await asyncssh.connect(
                self._address,
                self._port,
                username=self._login,
                password=self._password,
                known_hosts=([self._host_key], [], []),
                config=None,
                client_keys=None,
                agent_path=None,
                gss_host=None,
                preferred_auth="password,keyboard-interactive",
                connect_timeout=CONNECT_SECONDS,
                login_timeout=CONNECT_SECONDS,
            )
            # Names as bytes: what is no UTF-8 must still be nameable.
            self._sftp = await self._link.start_sftp_client(path_encoding=None)
        return self._sftp

    # How a step is repeated.

    def _repeat(self, step: Callable[[], Awaitable[T]], file: RemoteFile | None = None) -> T:
        deadline = time.monotonic() + self._policy.budget
        for tries in range(1, self._policy.tries + 1):
            outcome = self._attempt(step, file)
            if isinstance(outcome, tuple):
                return outcome[0]
            if isinstance(outcome, PipelineError):
                raise outcome
            self._hang_up()
            wait = self._policy.backoff(tries)
            if tries >= self._policy.tries or time.monotonic() + wait > deadline:
                raise SourceLater(outcome.code, detail=f"{self._where()}: {outcome.reason}; {tries} tries")
            self._sleep(wait)
        raise AssertionError("unreachable: the last failed try raises")

    def _attempt(self, step: Callable[[], Awaitable[T]], file: RemoteFile | None) -> tuple[T] | Again | PipelineError:
        """The result of one try in a tuple, or its failure without the library's error, which quotes names."""
        try:
            return (self._loop.run_until_complete(asyncio.wait_for(step(), STEP_SECONDS)),)
        except (Again, PipelineError) as problem:
            return problem
        except (asyncssh.Error, OSError, TimeoutError) as error:
            return _meaning(error, self._where(), file)

    def _where(self) -> str:
        return f"{self._address}:{self._port}"

    def _hang_up(self) -> None:
        link, self._link, self._sftp, self._open = self._link, None, None, None
        if link is not None:
            link.abort()
            self._loop.run_until_complete(link.wait_closed())


def _meaning(error: Exception, where: str, file: RemoteFile | None) -> Again | PipelineError:
    """What a failure of the library means for the run."""
    about = where if file is None else f"{where}: file {file.alias}"
    key_exchange = isinstance(error, asyncssh.KeyExchangeFailed)
    if isinstance(error, asyncssh.HostKeyNotVerifiable) or (key_exchange and "host key" in str(error)):
        return SourceChanged("EX-HOSTKEY", detail=where)
    if key_exchange or isinstance(error, asyncssh.ProtocolNotSupported):
        return SourceChanged("EX-SFTP", detail=f"{where}: no algorithm in common")
    if isinstance(error, asyncssh.PermissionDenied):
        return SourceChanged("EX-AUTH", detail=where)
    if isinstance(error, asyncssh.SFTPPermissionDenied):
        return (SourceChanged if file is None else RecordRejected)("EX-DENIED", detail=about)
    if isinstance(error, asyncssh.SFTPNoSuchFile | asyncssh.SFTPNoSuchPath):
        return SourceLater("EX-SFTP", detail=f"{about}: not there" if file else f"{about}: the folder is not there")
    if isinstance(error, (*_LOST, OSError, TimeoutError)):
        return Again("connection refused" if isinstance(error, ConnectionRefusedError) else "connection lost", "EX-NET")
    return Again(f"the server answers {type(error).__name__}", "EX-SFTP")


def _address(connection: Connection) -> tuple[str, int]:
    host = connection.host.strip()
    try:
        parts = urlsplit(host if "://" in host else f"//{host}")
        address, port = parts.hostname, connection.port or parts.port or DEFAULT_PORT
    except ValueError:
        address, port = None, 0
    if not address:
        raise CallRejected("SC-CONN", detail=f"connection {connection.key}: host is missing or malformed")
    return address, port


def _host_key(connection: Connection) -> Any:
    """The one key that is trusted; a line of a known_hosts file may be pasted whole."""
    found = _KEY_KIND.search(line := connection.setting("host_key").strip())
    try:
        return asyncssh.import_public_key(line[found.start() :] if found else line)
    except (asyncssh.KeyImportError, ValueError):
        key = None  # not chained: the error would quote what was pasted there
    if key is None:
        raise CallRejected("SC-CONN", detail=f"connection {connection.key}: extra.host_key is not a public key")
    return key

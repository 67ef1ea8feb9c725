"""The SFTP wire base, read with a real client: login, host key, and every fault that a drop folder can have."""

import asyncio
import os
import stat
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncssh
import pytest

from simulator.faults import HOSTILE_NAMES
from simulator.wires._sftp import SftpWire

TEXT = b"0123456789" * 20_000  # several read blocks
Steps = Callable[[asyncssh.SFTPClient], Awaitable[None]]


class ToyFolder(SftpWire):
    """Two files in a folder named out."""

    key = "toy_folder"

    def holds(self) -> str:
        return "2 files"

    def fill(self, drop: Path) -> None:
        (drop / "a.txt").write_bytes(TEXT)
        (drop / "b.txt").write_bytes(b"b")
        os.utime(drop / "b.txt", (1_667_260_800, 1_667_260_800))


@pytest.fixture
def wire() -> Iterator[ToyFolder]:
    with ToyFolder(login="u", password="p", folder="/out", extra={"workbook_password": "w"}) as toy:
        yield toy


@asynccontextmanager
async def client(wire: SftpWire, **changes: object) -> AsyncIterator[asyncssh.SFTPClient]:
    said = wire.connection()
    known = asyncssh.import_known_hosts(f"[127.0.0.1]:{said['port']} {said['extra']['host_key']}\n")
    options = {"username": said["login"], "password": said["password"], "known_hosts": known, "config": None}
    options |= {"client_keys": None, "agent_path": None, **changes}
    async with (
        asyncssh.connect(said["host"], said["port"], **options) as link,
        link.start_sftp_client(path_encoding=None) as sftp,
    ):
        yield sftp


def use(wire: SftpWire, steps: Steps, **changes: object) -> None:
    async def session() -> None:
        async with client(wire, **changes) as sftp:
            await steps(sftp)

    asyncio.run(asyncio.wait_for(session(), 20))


async def read(sftp: asyncssh.SFTPClient, name: bytes) -> bytes:
    async with sftp.open(b"/out/" + name, "rb") as file:
        return bytes(await file.read())


async def names(sftp: asyncssh.SFTPClient) -> dict[bytes, asyncssh.SFTPAttrs]:
    entries = await sftp.readdir(b"/out")
    return {bytes(e.filename): e.attrs for e in entries if e.filename not in (b".", b"..")}


def test_connection_announces_the_host_key(wire: ToyFolder) -> None:
    said = wire.connection()
    extra = {"folder": "/out", "host_key": wire.host_key, "workbook_password": "w"}
    expected = {"conn_type": "sftp", "host": "127.0.0.1", "port": wire.port, "login": "u", "password": "p"}
    assert said == {**expected, "extra": extra}
    assert wire.host_key.startswith("ssh-ed25519 AAAA")


def test_a_client_lists_and_reads_and_the_log_has_it(wire: ToyFolder) -> None:
    async def steps(sftp: asyncssh.SFTPClient) -> None:
        listed = await names(sftp)
        assert {name: attrs.size for name, attrs in listed.items()} == {b"a.txt": len(TEXT), b"b.txt": 1}
        assert listed[b"b.txt"].mtime == 1_667_260_800
        assert await read(sftp, b"a.txt") == TEXT

    use(wire, steps)
    assert (wire.seen("login"), wire.seen("list"), wire.seen("open")) == (["u"], ["out"], ["out/a.txt"])


def test_a_wrong_password_and_an_expired_one_are_refused(wire: ToyFolder) -> None:
    async def steps(sftp: asyncssh.SFTPClient) -> None:
        raise AssertionError("logged in")

    with pytest.raises(asyncssh.PermissionDenied):
        use(wire, steps, password="wrong")
    wire.faults.add("expired_token")
    with pytest.raises(asyncssh.PermissionDenied):
        use(wire, steps)
    assert "login" not in {one.action for one in wire.log}


def test_nothing_can_be_written(wire: ToyFolder) -> None:
    async def steps(sftp: asyncssh.SFTPClient) -> None:
        changes: list[Callable[[], Awaitable[object]]] = [
            lambda: sftp.remove(b"/out/a.txt"),
            lambda: sftp.mkdir(b"/out/x"),
            lambda: sftp.rename(b"/out/a.txt", b"/out/c.txt"),
            lambda: sftp.open(b"/out/new", "wb"),
            lambda: sftp.truncate(b"/out/a.txt", 0),
        ]
        for change in changes:
            with pytest.raises(asyncssh.SFTPPermissionDenied):
                await change()

    use(wire, steps)
    assert sorted(path.name for path in wire.drop.iterdir()) == ["a.txt", "b.txt"]


def test_a_link_out_of_the_root_is_not_followed(wire: ToyFolder) -> None:
    (wire.drop / "out.txt").symlink_to("/etc/hostname")

    async def steps(sftp: asyncssh.SFTPClient) -> None:
        with pytest.raises(asyncssh.SFTPPermissionDenied):
            await read(sftp, b"out.txt")
        with pytest.raises(asyncssh.SFTPNoSuchFile):
            await read(sftp, b"../../etc/hostname")

    use(wire, steps)


def test_another_host_key_after_a_restart_is_seen_by_the_client(wire: ToyFolder) -> None:
    async def steps(sftp: asyncssh.SFTPClient) -> None:
        assert await read(sftp, b"b.txt") == b"b"

    port = wire.port
    wire.restart()
    use(wire, steps)
    wire.faults.add("new_host_key", times=1)
    wire.restart()
    with pytest.raises(asyncssh.HostKeyNotVerifiable):
        use(wire, steps)
    wire.restart()
    use(wire, steps)
    assert wire.port == port


def test_a_growing_file_shows_more_at_every_look(wire: ToyFolder) -> None:
    wire.faults.add("growing", "a.txt", at=10, step=5, times=3)

    async def steps(sftp: asyncssh.SFTPClient) -> None:
        assert [(await sftp.lstat(b"/out/a.txt")).size for _ in range(2)] == [10, 15]
        assert await read(sftp, b"a.txt") in (TEXT[:15], TEXT[:20])
        await sftp.lstat(b"/out/a.txt")
        assert (await sftp.lstat(b"/out/a.txt")).size == len(TEXT)
        assert await read(sftp, b"a.txt") == TEXT

    use(wire, steps)


def test_a_file_left_half_written_keeps_its_size_and_time(wire: ToyFolder) -> None:
    wire.faults.add("growing", "b.txt", at=0, step=0)

    async def steps(sftp: asyncssh.SFTPClient) -> None:
        looks = [await sftp.lstat(b"/out/b.txt") for _ in range(3)]
        assert {(look.size, look.mtime) for look in looks} == {(0, 1_667_260_800)}
        assert await read(sftp, b"b.txt") == b""

    use(wire, steps)


@pytest.mark.parametrize("at", [None, 50_000])
def test_a_file_vanishes_before_or_during_the_reading(wire: ToyFolder, at: int | None) -> None:
    wire.faults.add("vanish", "out/a.txt", at=at, times=1)

    async def steps(sftp: asyncssh.SFTPClient) -> None:
        assert b"a.txt" in await names(sftp)
        with pytest.raises(asyncssh.SFTPNoSuchFile):
            await read(sftp, b"a.txt")
        assert await read(sftp, b"a.txt") == TEXT

    use(wire, steps)


def test_a_truncated_file_ends_before_its_size(wire: ToyFolder) -> None:
    wire.faults.add("truncate", "a.txt", at=50_000)

    async def steps(sftp: asyncssh.SFTPClient) -> None:
        assert (await sftp.lstat(b"/out/a.txt")).size == len(TEXT)
        async with sftp.open(b"/out/a.txt", "rb", block_size=0) as file:
            blocks = [bytes(await file.read(20_000)) for _ in range(4)]
        assert b"".join(blocks) == TEXT[:50_000]

    use(wire, steps)


def test_the_connection_drops_in_mid_read_and_the_next_one_works(wire: ToyFolder) -> None:
    wire.faults.add("drop", "a.txt", at=50_000, times=1)

    async def steps(sftp: asyncssh.SFTPClient) -> None:
        assert await read(sftp, b"a.txt") == TEXT

    with pytest.raises((asyncssh.ConnectionLost, asyncssh.SFTPConnectionLost, ConnectionError)):
        use(wire, steps)
    use(wire, steps)


def test_links_and_special_files_are_seen_by_lstat_only(wire: ToyFolder) -> None:
    wire.faults.add("symlink", "a.txt", target="/etc/passwd")
    wire.faults.add("special", "b.txt", type="fifo")

    async def steps(sftp: asyncssh.SFTPClient) -> None:
        modes = {name: stat.S_IFMT(attrs.permissions or 0) for name, attrs in (await names(sftp)).items()}
        assert modes == {b"a.txt": stat.S_IFLNK, b"b.txt": stat.S_IFIFO}
        assert await sftp.readlink(b"/out/a.txt") == b"/etc/passwd"
        assert stat.S_ISREG((await sftp.stat(b"/out/a.txt")).permissions or 0)

    use(wire, steps)


def test_hostile_names_are_listed_and_can_be_read(wire: ToyFolder) -> None:
    wire.faults.add("hostile_names")
    hostile = {os.fsencode(name) for name in HOSTILE_NAMES}

    async def steps(sftp: asyncssh.SFTPClient) -> None:
        assert set(await names(sftp)) == hostile | {b"a.txt", b"b.txt"}
        assert await read(sftp, b"../../etc/passwd") == b"hostile"

    use(wire, steps)


def test_opening_is_refused_or_late(wire: ToyFolder) -> None:
    wire.faults.add("status", "a.txt")
    wire.faults.add("delay", "b.txt", seconds=0.1)

    async def steps(sftp: asyncssh.SFTPClient) -> None:
        with pytest.raises(asyncssh.SFTPPermissionDenied):
            await read(sftp, b"a.txt")
        begun = asyncio.get_running_loop().time()
        assert await read(sftp, b"b.txt") == b"b"
        assert asyncio.get_running_loop().time() - begun >= 0.1

    use(wire, steps)


def test_a_taken_port_is_an_error_at_the_start(wire: ToyFolder) -> None:
    with pytest.raises(OSError, match="in use"):
        ToyFolder(login="u", password="p", port=wire.port).start()
    with pytest.raises(RuntimeError):
        wire.start()

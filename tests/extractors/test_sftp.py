"""The SFTP transport against a real server: who it talks to, what it opens, and what it does when the line breaks."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any

import pytest

from expectations.errors import CallRejected, PipelineError, RecordRejected, SourceChanged, SourceLater
from extractors._kit.connection import Connection
from extractors._kit.retry import RetryPolicy
from extractors._kit.sftp import DropFolder
from tests.extractors.drop_fixtures import Folder

TEXT = b"0123456789" * 300_000  # several blocks
POLICY = RetryPolicy(base=0, tries=3)


@pytest.fixture
def wire() -> Iterator[Folder]:
    with Folder({"a.txt": TEXT, "b.txt": b"b", "c.csv": b""}) as folder:
        yield folder


def drop(wire: Folder, **changes: Any) -> DropFolder:
    said = wire.connection() | changes
    return DropFolder(Connection.from_json("folder", json.dumps(said)), policy=POLICY)


def code(call: Any) -> str:
    with pytest.raises(PipelineError) as error:
        call()
    assert "a.txt" not in str(error.value)
    return error.value.code


def one(folder: DropFolder, name: str = "a.txt") -> Any:
    return next(file for file in folder.files(lambda n: n == name))


def test_files_are_listed_by_name_and_read_whole(wire: Folder) -> None:
    with drop(wire) as folder:
        found = folder.files(lambda name: name.endswith(".txt"))
        assert [(f.name, f.size, f.regular, str(f.modified)) for f in found] == [
            ("a.txt", len(TEXT), True, "2022-12-05 02:10:00"),
            ("b.txt", 1, True, "2022-12-05 02:10:00"),
        ]
        assert folder.read(found[0], len(TEXT)) == TEXT
        assert folder.read(one(folder, "c.csv"), 10) == b""
    assert wire.seen("open") == ["out/a.txt"]
    assert len(wire.seen("login")) == 1


def test_neither_names_nor_secrets_stand_in_a_repr(wire: Folder) -> None:
    with drop(wire) as folder:
        assert "a.txt" not in repr(one(folder))


def test_another_host_key_gets_no_password(wire: Folder) -> None:
    wire.faults.add("new_host_key", times=1)
    wire.restart()
    with drop(wire) as folder:
        assert code(lambda: one(folder)) == "EX-HOSTKEY"
    assert wire.seen("login") == wire.seen("refused") == []


def test_a_line_of_known_hosts_serves_as_host_key_and_nonsense_does_not(wire: Folder) -> None:
    key = wire.host_key
    with drop(wire, extra={"folder": "/out", "host_key": f"[127.0.0.1]:{wire.port} {key} a comment"}) as folder:
        assert one(folder).size == len(TEXT)
    for extra in ({"folder": "/out", "host_key": "ssh-ed25519 nonsense"}, {"folder": "/out"}, {"host_key": key}):
        with pytest.raises(CallRejected, match="SC-CONN") as error:
            drop(wire, extra=extra)
        assert "nonsense" not in str(error.value)


def test_a_wrong_password_is_tried_once(wire: Folder) -> None:
    with drop(wire, password="wrong") as folder:
        assert code(lambda: one(folder)) == "EX-AUTH"
    assert wire.seen("refused") == ["u"]


def test_a_server_that_is_down_and_a_folder_that_is_not_there_are_asked_later(wire: Folder) -> None:
    with drop(wire, extra={"folder": "/elsewhere", "host_key": wire.host_key}) as folder:
        assert code(lambda: one(folder)) == "EX-SFTP"
    wire.stop()
    with drop(wire) as folder, pytest.raises(SourceLater, match=r"EX-NET.*connection refused; 3 tries"):
        one(folder)


def test_a_reading_that_breaks_goes_on_where_it_was(wire: Folder) -> None:
    wire.faults.add("drop", "*a.txt", nth=1, at=1_500_000)
    with drop(wire) as folder:
        assert folder.read(one(folder), len(TEXT)) == TEXT
    assert wire.seen("open") == ["out/a.txt"] * 2


def test_a_line_that_breaks_every_time_is_given_up(wire: Folder) -> None:
    wire.faults.add("drop", "*a.txt", at=10)
    with drop(wire) as folder, pytest.raises(SourceLater, match="EX-NET"):
        folder.read(one(folder), len(TEXT))
    assert len(wire.seen("open")) == 3


def test_half_a_file_never_passes_for_a_whole_one(wire: Folder) -> None:
    wire.faults.add("truncate", "*a.txt", at=1_000)
    with drop(wire) as folder, pytest.raises(SourceLater, match="EX-TRUNC"):
        folder.read(one(folder), len(TEXT))


def test_a_file_that_grows_is_neither_settled_nor_read(wire: Folder) -> None:
    with drop(wire) as folder:
        steady = folder.files(lambda name: name == "b.txt")
        wire.faults.add("growing", "*a.txt", at=10, step=5)
        growing = one(folder)
        assert folder.settled([growing, *steady]) == steady
        assert code(lambda: folder.read(growing, len(TEXT))) == "EX-SFTP"


def test_a_file_replaced_while_it_is_read_is_noticed(wire: Folder) -> None:
    with drop(wire) as folder:
        pieces = folder.pieces(one(folder), len(TEXT))
        next(pieces)
        os.utime(wire.drop / "a.txt", (1_700_000_000, 1_700_000_000))
        with pytest.raises(SourceLater, match="EX-SFTP"):
            list(pieces)


@pytest.mark.parametrize("fault", [{"kind": "symlink"}, {"kind": "special", "type": "fifo"}, {"kind": "special"}])
def test_only_regular_files_are_opened(wire: Folder, fault: dict[str, Any]) -> None:
    wire.faults.add(fault.pop("kind"), "*a.txt", **fault)
    with drop(wire) as folder:
        found = one(folder)
        assert not found.regular
        with pytest.raises(RecordRejected, match="EX-NAME"):
            folder.read(found, len(TEXT))
    assert wire.seen("open") == []


def test_a_real_link_out_of_the_folder_is_not_followed(wire: Folder) -> None:
    (wire.drop / "link.txt").symlink_to("/etc/hostname")
    with drop(wire) as folder, pytest.raises(RecordRejected, match="EX-NAME"):
        folder.read(one(folder, "link.txt"), 1_000)


def test_a_file_beyond_the_limit_is_refused_unread(wire: Folder) -> None:
    with drop(wire) as folder, pytest.raises(RecordRejected, match="EX-BIG"):
        folder.read(one(folder), len(TEXT) - 1)
    assert wire.seen("open") == []


def test_a_file_that_may_not_be_read_is_refused_and_its_siblings_are_read(wire: Folder) -> None:
    wire.faults.add("status", "*a.txt")
    with drop(wire) as folder:
        with pytest.raises(RecordRejected, match="EX-DENIED"):
            folder.read(one(folder), len(TEXT))
        assert folder.read(one(folder, "b.txt"), 10) == b"b"


def test_a_file_that_vanishes_is_asked_for_later(wire: Folder) -> None:
    wire.faults.add("vanish", "*a.txt", at=1_500_000)
    with drop(wire) as folder, pytest.raises(SourceLater, match="EX-SFTP"):
        folder.read(one(folder), len(TEXT))


def test_hostile_names_are_only_names(wire: Folder) -> None:
    wire.faults.add("hostile_names")
    with drop(wire) as folder:
        found = folder.files(lambda name: True)
    assert {"line\nbreak.txt", "$(touch pwned).csv", "a.txt"} <= {file.name for file in found}
    assert not any("/" in file.name or file.path.count(b"/") != 2 for file in found)
    assert len({file.alias for file in found}) == len(found)


def test_chinese_names_are_known_in_utf_8_and_in_gbk(wire: Folder) -> None:
    for encoding in ("utf-8", "gbk"):
        path = os.fsencode(wire.drop) + b"/" + f"汇总_{encoding}.txt".encode(encoding)
        with open(path, "wb") as file:
            file.write(b"x")
    with drop(wire) as folder:
        found = folder.files(lambda name: name.startswith("汇总"))
        assert sorted(file.name for file in found) == ["汇总_gbk.txt", "汇总_utf-8.txt"]
        assert [folder.read(file, 10) for file in found] == [b"x", b"x"]


def test_a_folder_that_may_not_be_listed_stops_the_source(wire: Folder) -> None:
    wire.drop.chmod(0o000)
    try:
        if os.access(wire.drop, os.R_OK):
            pytest.skip("root may list everything")
        with drop(wire) as folder, pytest.raises(SourceChanged, match="EX-DENIED"):
            one(folder)
    finally:
        wire.drop.chmod(0o755)

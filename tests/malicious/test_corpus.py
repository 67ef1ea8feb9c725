"""Every hostile file ends in its error code within ten seconds and 512 MB, and the run that met it goes on."""

from __future__ import annotations

import os
import resource
import time
import zipfile
from pathlib import Path

import pytest

from expectations.errors import RecordRejected
from extractors._kit.archive import open_archive
from extractors._kit.sandbox import Limits, decode
from tests.malicious.corpus import CORPUS, WORKBOOK, Hostile, adding, honest, options

SECONDS = 10 + 5  # ten are promised; the suite shares two cores, and starting the child is no part of the promise
MEGABYTES = 512
BAD = "tests.malicious.decoders:"


@pytest.mark.parametrize("hostile", CORPUS, ids=lambda h: h.name)
def test_a_hostile_file_is_refused_in_time_and_memory(hostile: Hostile) -> None:
    data = hostile.make()
    # A child starts with its parent's high-water mark, so less than that cannot be seen from here.
    seen = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_CHILDREN, resource.RUSAGE_SELF))
    before, begin = max(seen), time.monotonic()
    with pytest.raises(RecordRejected) as refused:
        decode(hostile.decoder, data, options(), about="corpus")
    assert refused.value.code in hostile.codes
    assert time.monotonic() - begin <= SECONDS
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss <= max(before, MEGABYTES << 10)


def test_the_honest_file_they_are_made_from_is_refused_only_for_its_missing_password() -> None:
    with pytest.raises(RecordRejected, match="DE-PASSWORD"):
        decode(WORKBOOK, honest(), options(), about="corpus")


def test_an_entry_that_wants_out_of_the_folder_is_only_a_name(tmp_path: Path) -> None:
    data = adding((f"../../../../../../..{tmp_path}/slip.xml", b"<a/>"))
    assert any("slip.xml" in entry.filename for entry in open_archive(data).infolist())
    with pytest.raises(RecordRejected, match="DE-PASSWORD"):
        decode(WORKBOOK, data, options(), about="corpus")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("decoder", "code"),
    [
        ("abort", "DE-CRASH"), ("segfault", "DE-CRASH"), ("fail", "DE-CRASH"), ("leave", "DE-CRASH"),
        ("spin", "DE-LIMIT"), ("sleep", "DE-LIMIT"), ("hoard", "DE-LIMIT"), ("babble", "DE-LIMIT"),
    ],
)  # fmt: skip
def test_whatever_a_decoder_does_the_parent_lives_and_the_child_is_gone(decoder: str, code: str) -> None:
    with pytest.raises(RecordRejected) as refused:
        decode(BAD + decoder, b"x", {}, about="corpus", limits=Limits(seconds=3, output_bytes=1 << 20))
    assert refused.value.code == code
    assert Path(f"/proc/self/task/{os.getpid()}/children").read_text() == ""


def test_a_decoder_writes_nothing_and_knows_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGISTER_TOKEN_KEY", "secret")
    found = decode(BAD + "pry", str(tmp_path).encode(), {}, about="corpus")
    assert found == ["no file", "no key"]
    assert list(tmp_path.iterdir()) == []


def test_a_big_honest_input_passes_and_its_values_come_back_as_they_were() -> None:
    data = bytes(range(256)) * 40_000
    assert decode(BAD + "echo", data, {"a": "值"}, about="corpus") == [len(data), {"a": "值"}, 'line\r\n\u2028"']


def test_a_lying_directory_inflates_no_further_than_it_says() -> None:
    archive = open_archive(adding(("xl/a.xml", bytes(1_000_000))))
    entry = archive.getinfo("xl/a.xml")
    entry.file_size = 10
    with pytest.raises(zipfile.BadZipFile):
        archive.read(entry)

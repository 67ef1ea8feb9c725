"""The landing zone: what it refuses, what it writes, and that the same content twice is one file."""

from __future__ import annotations

import os
import stat
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pytest

from expectations.errors import CallRejected, SourceLater
from expectations.manifest import Manifest
from extractors._kit.landing import ROW_GROUP, EntityWriter, open_landing, source_lock, write_manifest

SCHEMA = pa.schema([("a", pa.string())])


def batch(rows: int, start: int = 0) -> pa.RecordBatch:
    return pa.record_batch([pa.array([str(i) for i in range(start, start + rows)], pa.string())], schema=SCHEMA)


def test_a_new_folder_is_private_and_an_empty_one_is_tightened(tmp_path: Path) -> None:
    made = open_landing(tmp_path / "new")
    lax = tmp_path / "lax"
    lax.mkdir()
    lax.chmod(0o755)
    for folder in (made, open_landing(lax)):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize(("mode", "filled"), [(0o777, False), (0o770, False), (0o755, True)])
def test_a_folder_open_to_others_is_refused(mode: int, filled: bool, tmp_path: Path) -> None:
    folder = tmp_path / "open"
    folder.mkdir()
    if filled:
        (folder / "x").touch()
    folder.chmod(mode)
    with pytest.raises(CallRejected) as refused:
        open_landing(folder)
    assert refused.value.code == "LA-PERM"


def test_the_bytes_do_not_depend_on_how_the_source_cut_its_pages(tmp_path: Path) -> None:
    names = set()
    for i, cuts in enumerate(([ROW_GROUP + 500], [1, 499, ROW_GROUP - 1, 1], [ROW_GROUP] + [250] * 2)):
        writer = EntityWriter(tmp_path / str(i), SCHEMA)
        start = 0
        for rows in cuts:
            writer.append(batch(rows, start))
            start += rows
        names.add(writer.finish())
    assert len(names) == 1


def test_no_rows_are_a_file_too(tmp_path: Path) -> None:
    name, size, _ = EntityWriter(tmp_path, SCHEMA).finish()
    assert (tmp_path / name).stat().st_size == size > 0
    assert stat.S_IMODE((tmp_path / name).stat().st_mode) & 0o077 == 0


def test_a_manifest_is_named_by_its_content(tmp_path: Path) -> None:
    facts = {"source": "s", "entity": "e", "begin": "b", "end": "e", "file": "f", "rows": 1, "size": 2, "sha256": "x"}
    one = Manifest(**facts, source_total=1)  # type: ignore[arg-type]
    other = Manifest(**facts, source_total=2)  # type: ignore[arg-type]
    paths = {write_manifest(tmp_path, m) for m in (one, one, other)}
    assert len(paths) == 2
    assert Manifest.from_bytes(write_manifest(tmp_path, one).read_bytes()) == one


def test_when_it_was_read_names_no_other_load_and_a_reading_after_the_windows_end_is_told(tmp_path: Path) -> None:
    facts = {"source": "s", "entity": "e", "begin": "2022-11-01T00:00:00", "end": "2022-11-02T00:00:00", "file": "f",
             "rows": 1, "size": 2, "sha256": "x", "source_total": 1}  # fmt: skip

    def told(read_at: str) -> str:
        path = write_manifest(tmp_path, Manifest(**facts, read_at=read_at))  # type: ignore[arg-type]
        return Manifest.from_bytes(path.read_bytes()).read_at

    times = ["2022-11-01T14:00:00", "2022-11-02T00:30:00", "2022-11-05T00:30:00"]
    assert [told(moment) for moment in times] == [times[0], times[1], times[1]]
    assert len(list(tmp_path.iterdir())) == 1
    assert Manifest(**facts).last_read == Manifest(**facts).seen_at == datetime(2022, 11, 2)  # type: ignore[arg-type]


def test_one_run_of_a_source_at_a_time(tmp_path: Path) -> None:
    with source_lock(tmp_path, "s"), pytest.raises(SourceLater) as busy, source_lock(tmp_path, "s"):
        pass
    assert busy.value.code == "LA-BUSY"
    with source_lock(tmp_path, "s") as folder:
        assert folder == tmp_path / "s"


def test_leftovers_of_a_killed_run_are_swept(tmp_path: Path) -> None:
    place = tmp_path / "s" / "e" / "w"
    place.mkdir(parents=True)
    (place / f".tmp-{os.getpid()}.parquet").touch()
    with source_lock(tmp_path, "s"):
        assert list(place.iterdir()) == []

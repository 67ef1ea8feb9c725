"""The nightly window begins at the first hole of the landed windows, and nothing else moves it."""

from __future__ import annotations

from pathlib import Path

import pytest

from expectations.manifest import Manifest, window_folder
from extractors import Window, discover
from extractors._kit.cursor import nightly_window

SOURCE = next(s for s in discover().values() if len(s.entities) == 1)


def land(landing: Path, begin: str, end: str, *, history: bool = False) -> None:
    key = Window.parse(begin, end).key()
    folder = landing / SOURCE.key / SOURCE.entities[0] / window_folder(*key)
    folder.mkdir(parents=True, exist_ok=True)
    facts = {"rows": 0, "size": 0, "sha256": "", "source_total": 0, "history": history}
    manifest = Manifest(SOURCE.key, SOURCE.entities[0], *key, "part-x.parquet", **facts)  # type: ignore[arg-type]
    (folder / manifest.name).write_bytes(manifest.body())


@pytest.mark.parametrize(
    ("landed", "begin"),
    [
        ([], "2022-11-05"),
        ([("2022-11-04", "2022-11-05")], "2022-11-05"),
        ([("2022-11-02", "2022-11-03")], "2022-11-03"),
        ([("2022-11-01", "2022-11-03"), ("2022-11-02", "2022-11-04")], "2022-11-04"),
        ([("2022-11-01", "2022-11-02"), ("2022-11-04", "2022-11-05")], "2022-11-02"),
        ([("2018-01-01", "2019-01-01")], "2022-11-05"),
        ([("2018-01-01", "2022-11-05")], "2022-11-05"),
        ([("2022-11-05", "2022-11-06")], "2022-11-05"),
    ],
    ids=[
        "first night",
        "yesterday",
        "two nights missed",
        "overlap",
        "hole",
        "old history",
        "history up to it",
        "rerun",
    ],
)
def test_where_the_night_begins(landed: list[tuple[str, str]], begin: str, tmp_path: Path) -> None:
    for window in landed:
        land(tmp_path, *window)
    assert nightly_window(SOURCE, tmp_path, "2022-11-05") == Window.parse(begin, "2022-11-06")


def test_what_only_a_backfill_has_read_moves_it_neither_way(tmp_path: Path) -> None:
    land(tmp_path, "2022-10-01", "2022-11-01", history=True)
    assert nightly_window(SOURCE, tmp_path, "2022-11-05") == Window.of_day("2022-11-05")
    land(tmp_path, "2022-11-02", "2022-11-03")
    land(tmp_path, "2022-11-03", "2022-11-05", history=True)
    assert nightly_window(SOURCE, tmp_path, "2022-11-05") == Window.parse("2022-11-03", "2022-11-06")


def test_a_folder_without_a_manifest_is_not_landed(tmp_path: Path) -> None:
    window = Window.parse("2022-11-03", "2022-11-04")
    (tmp_path / SOURCE.key / SOURCE.entities[0] / window_folder(*window.key())).mkdir(parents=True)
    assert nightly_window(SOURCE, tmp_path, "2022-11-05").begin == Window.of_day("2022-11-05").begin

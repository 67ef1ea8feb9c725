"""A night asks for its own window with the overlap, then for pieces of what no night has read whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from expectations.manifest import Manifest, window_folder
from expectations.windows import Closing
from extractors import Window, discover
from extractors._kit.cursor import PIECES, hole_windows, nightly_window

SOURCE = next(s for s in discover().values() if len(s.entities) == 1 and s.overlap)
PICTURE = next(s for s in discover().values() if {e.delivery for e in s.contract().entities.values()} == {"snapshot"})


def land(landing: Path, begin: str, end: str, source: Any = SOURCE, **more: Any) -> None:
    key = Window.parse(begin, end).key()
    folder = landing / source.key / source.entities[0] / window_folder(*key)
    folder.mkdir(parents=True, exist_ok=True)
    facts = {"rows": 0, "size": 0, "sha256": "", "source_total": 0, **more}
    manifest = Manifest(source.key, source.entities[0], *key, "part-x.parquet", **facts)
    (folder / manifest.name).write_bytes(manifest.body())


def asked(landing: Path, night: str, *closed: Closing) -> list[tuple[str, str]]:
    """The days that the pieces of a night span, without their overlap."""
    pieces = hole_windows(SOURCE, landing, night, closed)
    return [(p.looking_back(-SOURCE.overlap).begin_text[5:10], p.end_text[5:10]) for p in pieces]


def test_a_night_reads_its_day_and_once_there_was_one_before_also_the_overlap(tmp_path: Path) -> None:
    assert nightly_window(SOURCE, tmp_path, "2022-11-05") == Window.of_day("2022-11-05")
    land(tmp_path, "2022-11-04", "2022-11-05")
    assert nightly_window(SOURCE, tmp_path, "2022-11-05") == Window.parse("2022-11-04", "2022-11-06")
    land(tmp_path, "2022-11-04", "2022-11-06")
    assert nightly_window(SOURCE, tmp_path, "2022-11-05") == Window.parse("2022-11-04", "2022-11-06"), "a run again"


def test_only_a_source_by_change_time_has_an_overlap_and_each_of_them_has_a_day(tmp_path: Path) -> None:
    for source in discover().values():
        by_change = any(e.delivery == "changes" for e in source.contract().entities.values())
        assert (source.overlap + source.lookback >= 1) is by_change, source.key


@pytest.mark.parametrize(
    ("landed", "pieces"),
    [
        ([], []),
        ([("2022-11-01", "2022-11-05")], []),
        ([("2022-11-02", "2022-11-03")], [("11-03", "11-05")]),
        ([("2022-11-01", "2022-11-03"), ("2022-11-02", "2022-11-05")], []),
        ([("2022-11-01", "2022-11-02"), ("2022-11-04", "2022-11-05")], [("11-02", "11-04")]),
        ([("2022-11-05", "2022-11-06")], []),
    ],
    ids=["first night", "all read", "two nights missed", "overlap", "hole", "rerun"],
)
def test_holes_before_the_night_are_asked_for_again(
    landed: list[tuple[str, str]], pieces: list[tuple[str, str]], tmp_path: Path
) -> None:
    for window in landed:
        land(tmp_path, *window)
    assert asked(tmp_path, "2022-11-05") == pieces


@pytest.mark.parametrize(
    "told",
    [{"partial": True}, {"refused": {"DE-SIGN": 1}}, {"read_at": "2022-11-02T14:00:00.000000"}],
    ids=["partial", "refused", "read before its end"],
)
def test_a_window_that_was_not_read_whole_after_its_end_is_a_hole(told: dict[str, Any], tmp_path: Path) -> None:
    land(tmp_path, "2022-11-01", "2022-11-02")
    land(tmp_path, "2022-11-02", "2022-11-03", **told)
    assert asked(tmp_path, "2022-11-03") == [("11-02", "11-03")]
    land(tmp_path, "2022-11-02", "2022-11-03", read_at="2022-11-03T01:00:00.000000")
    assert asked(tmp_path, "2022-11-03") == []


def test_an_old_hole_is_asked_for_in_bounded_pieces_and_none_of_them_starves(tmp_path: Path) -> None:
    land(tmp_path, "2021-01-01", "2021-01-02")
    land(tmp_path, "2022-11-04", "2022-11-05")
    nights = [asked(tmp_path, f"2022-11-{n:02d}") for n in range(5, 29)]
    assert {len(pieces) for pieces in nights} == {PIECES}
    assert {p for pieces in nights for p in pieces} >= set(nights[0]) | {("01-02", "01-09"), ("10-29", "11-04")}
    assert len({p for pieces in nights for p in pieces}) > 90, "672 days are 96 pieces, each asked for within the month"


def test_a_backfill_fills_a_hole_and_what_is_closed_is_none(tmp_path: Path) -> None:
    land(tmp_path, "2022-10-01", "2022-11-01", history=True)
    assert asked(tmp_path, "2022-11-05") == [], "an unread stretch before the first night is nobody's hole"
    land(tmp_path, "2022-11-02", "2022-11-03")
    assert asked(tmp_path, "2022-11-06") == [("11-03", "11-06")]
    land(tmp_path, "2022-11-03", "2022-11-04", history=True)
    assert asked(tmp_path, "2022-11-06") == [("11-04", "11-06")]
    window = Window.parse("2022-11-04", "2022-11-05")
    assert asked(tmp_path, "2022-11-06", Closing((window.begin, window.end))) == [("11-05", "11-06")]


def test_a_picture_makes_up_for_every_night_before_it(tmp_path: Path) -> None:
    land(tmp_path, "2022-11-01", "2022-11-02", PICTURE)
    assert hole_windows(PICTURE, tmp_path, "2022-11-09") == []
    assert nightly_window(PICTURE, tmp_path, "2022-11-09") == Window.of_day("2022-11-09")


def test_a_folder_without_a_manifest_is_not_landed(tmp_path: Path) -> None:
    land(tmp_path, "2022-11-01", "2022-11-02")
    window = Window.parse("2022-11-02", "2022-11-03")
    (tmp_path / SOURCE.key / SOURCE.entities[0] / window_folder(*window.key())).mkdir(parents=True)
    assert asked(tmp_path, "2022-11-03") == [("11-02", "11-03")]

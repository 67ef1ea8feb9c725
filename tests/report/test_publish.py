"""A steward opens a whole site or the one before: whatever breaks, and wherever the build dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from expectations.errors import CallRejected
from expectations.faultpoint import POINTS
from tests.report.tables import NIGHT, result, row, run, warehouse
from warehouse.engine.connection import wait_and_lock
from warehouse.report import build_report
from warehouse.report.publish import generations, publishing

ROOT = Path(__file__).resolve().parents[2]
OURS = sorted(p for p in POINTS if p.startswith("report."))


def publish(site: Path, text: str) -> None:
    with publishing(site) as folder:
        (folder / "index.html").write_text(text)


def read(site: Path) -> str:
    return (site / "index.html").read_text()


def test_the_site_is_swapped_whole_and_the_one_before_is_kept(tmp_path: Path) -> None:
    site = tmp_path / "site"
    for text in ("first", "second", "third"):
        publish(site, text)
    assert read(site) == "third"
    assert [read(g) for g in generations(site)] == ["second", "third"]


def test_a_build_that_fails_leaves_the_present_site_and_no_trace(tmp_path: Path) -> None:
    site = tmp_path / "site"
    publish(site, "good")
    with pytest.raises(ZeroDivisionError), publishing(site) as folder:
        (folder / "index.html").write_text("half")
        raise ZeroDivisionError
    assert (read(site), len(generations(site))) == ("good", 1)


def test_what_is_not_a_report_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "index.html").write_text("someone's own")
    with pytest.raises(CallRejected, match="SC-CALL"):
        publish(tmp_path / "site", "ours")
    assert read(tmp_path / "site") == "someone's own"


def test_a_link_that_leads_elsewhere_is_never_followed_or_replaced(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "site").symlink_to("home")
    with pytest.raises(CallRejected, match="SC-CALL"):
        publish(tmp_path / "site", "ours")
    assert list((tmp_path / "home").iterdir()) == []


def test_the_site_may_be_moved_with_its_folder(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    publish(tmp_path / "a" / "site", "here")
    (tmp_path / "a").rename(tmp_path / "b")
    assert read(tmp_path / "b" / "site") == "here"


def test_files_are_for_this_user_alone(tmp_path: Path) -> None:
    site = tmp_path / "site"
    build_report(warehouse(tmp_path, runs=[run()]), site)
    modes = {p.stat().st_mode & 0o077 for p in [*site.rglob("*"), site.resolve()]}
    assert modes == {0}


def command(folder: Path, fault: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "warehouse.report", "--warehouse", folder / "w.duckdb", "--site", folder / "site"],
        cwd=ROOT, env={**os.environ, "REGISTER_FAULTPOINT": fault}, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


@pytest.fixture
def judged(tmp_path: Path) -> Path:
    warehouse(tmp_path, runs=[run(verdict="flagged")], results=[result(outcome="flagged")], quarantine=[row()])
    return tmp_path


@pytest.mark.parametrize("point", OURS)
@pytest.mark.parametrize("mode", ["kill", "enospc"])
def test_dying_at_a_point_leaves_a_whole_site_and_the_next_run_mends_the_rest(
    judged: Path, point: str, mode: str
) -> None:
    publish(judged / "site", "yesterday")
    died = command(judged, f"{point}:{mode}")
    assert died.returncode in (-signal.SIGKILL, 3)
    present = read(judged / "site")
    assert present == "yesterday" or (judged / "site" / "zh" / "index.html").exists()
    assert command(judged).returncode == 0
    assert (judged / "site" / "zh" / "index.html").exists()
    assert len(generations(judged / "site")) <= 2
    assert not (judged / "site.link").is_symlink()


def test_the_command_says_where_the_report_is(judged: Path) -> None:
    done = command(judged)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == str(judged / "site" / "index.html")
    assert f"night {NIGHT}: 1 flagged" in done.stdout


def test_a_bad_call_ends_with_its_code(tmp_path: Path) -> None:
    done = command(tmp_path)
    assert (done.returncode, '"code": "SC-CALL"' in done.stdout) == (2, True)


def test_the_warehouse_is_let_go_before_the_pages_are_drawn(judged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from warehouse.report import build as module

    drawn = []

    def draw(report: object, folder: Path) -> None:
        with wait_and_lock(judged / "w.duckdb", wait=0):
            drawn.append(folder)

    monkeypatch.setattr(module, "_draw_charts", draw)
    build_report(judged / "w.duckdb", judged / "site")
    assert drawn

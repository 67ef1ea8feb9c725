"""The pages in a real browser, from the disk, without network: drawn, styled, none of it refused by their policy."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

CHROMIUM = next((p for n in ("chromium", "chromium-browser", "google-chrome") if (p := shutil.which(n))), None)
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--enable-logging=stderr",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)  # fmt: skip

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine (apt-get install chromium)")


def browse(profile: Path, page: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    assert CHROMIUM
    return subprocess.run(
        [CHROMIUM, *FLAGS, f"--user-data-dir={profile}", *flags, page.as_uri()],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def test_the_door_leads_to_the_chinese_page_of_today(site: Path, tmp_path: Path) -> None:
    done = browse(tmp_path / "profile", site / "index.html", "--virtual-time-budget=3000", "--dump-dom")
    assert "<title>今日" in done.stdout


@pytest.mark.parametrize("page", ["zh/index.html", "en/ledger.html", "zh/history.html"])
def test_a_page_opens_from_the_disk_and_breaks_no_rule_of_its_own(site: Path, tmp_path: Path, page: str) -> None:
    shot = tmp_path / "page.png"
    done = browse(tmp_path / "profile", site / page, f"--screenshot={shot}", "--window-size=1440,900")
    told = [line for line in done.stderr.splitlines() if "CONSOLE" in line or "Refused" in line]
    assert told == []
    assert shot.stat().st_size > 10_000  # a blank page of this size takes some 5 kB


def test_the_policy_stops_what_should_not_be_there(site: Path, tmp_path: Path) -> None:
    """The guard must fire: a style and a script written into a copy of a page are refused."""
    copy = tmp_path / "site"
    shutil.copytree(site, copy)
    page = copy / "zh" / "index.html"
    page.write_text(page.read_text("utf8").replace("</body>", "<script>document.title='run'</script><b style='x:y'>"))
    done = browse(tmp_path / "profile", page, "--dump-dom")
    assert "<title>run" not in done.stdout
    assert "Content Security Policy" in done.stderr

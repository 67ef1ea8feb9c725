"""The morning names what no night has taken, until a person closes it, and the systems that tell of no deletion."""

from __future__ import annotations

from pathlib import Path

import pytest

from extractors import discover
from tests.extractors.test_cursor import land
from tests.report.html import read_page
from tests.report.synthetic import write_year
from warehouse.decisions.sign_offs import CLOSE, sign_off
from warehouse.decisions.store import decisions_url, open_decisions
from warehouse.report import build_report

SOURCE = discover()["mediation"]
FILES = discover()["insurance_enrolment"]
REFUSED = {"file": "3771422ba835", "state": "refused", "code": "DE-SIGN", "mark": "m", "about": "20220601_001"}


def front(home: Path, language: str) -> str:
    """What the first page says."""
    summary = build_report(home / "w.duckdb", home / "site")
    return " ".join(read_page((Path(summary.page).parent / language / "index.html").read_text("utf8")).text.split())


def test_the_first_page_names_what_is_open_until_it_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REGISTER_DECISIONS_URL", raising=False)
    write_year(tmp_path / "w.duckdb", nights=3)
    assert "还没取到的" not in front(tmp_path, "zh")
    land(tmp_path / "landing", "2022-06-01", "2022-06-02", SOURCE)
    land(tmp_path / "landing", "2022-06-01", "2022-06-02", FILES, files=[REFUSED], refused={"DE-SIGN": 1})
    said = front(tmp_path, "en")
    assert "2022-06-02 00:00 to" in said and "file 3771422ba835" in said and "DE-SIGN" in said
    engine = open_decisions(decisions_url(tmp_path))
    sign_off(engine, CLOSE, SOURCE.key, "2022-06-02T00:00:00/2099-01-01T00:00:00", reason="停机", by="孙")
    sign_off(engine, CLOSE, FILES.key, "file:3771422ba835", reason="不再补报", by="孙")
    assert "还没取到的" not in front(tmp_path, "zh")


def test_the_first_page_says_which_systems_tell_of_no_deletion(site: Path) -> None:
    said = read_page((site / "zh" / "index.html").read_text("utf8")).text
    assert "不告知删除的系统" in said and "省一体化信访" in said

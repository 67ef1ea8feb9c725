"""What the pages say of the marts that readers have: of which night, how old, and why."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from tests.report.synthetic import write_year
from warehouse.report import build_report
from warehouse.report.publication import read_publication
from warehouse.report.words import texts


def publish(
    folder: Path, nights: dict[str, str], held: set[str] | None = None, attempt: dict[str, str] | None = None
) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "marts-3.duckdb").unlink(missing_ok=True)
    with duckdb.connect(str(folder / "marts-3.duckdb")) as file:
        file.execute("create schema marts")
        file.execute(
            "create table marts.generation (mart varchar, generation bigint, night varchar, held boolean, "
            "cells_exact bigint, cells_coarser bigint, cells_empty bigint)"
        )
        for mart, night in nights.items():
            file.execute(
                "insert into marts.generation values (?, 3, ?, ?, 10, 5, 2)", [mart, night, mart in (held or set())]
            )
    (folder / "current").unlink(missing_ok=True)
    (folder / "current").symlink_to("marts-3.duckdb")
    if attempt:
        (folder / "attempt.json").write_text(json.dumps(attempt), "utf8")


def test_without_a_publication_nothing_is_claimed(tmp_path: Path) -> None:
    found = read_publication(tmp_path, date(2022, 11, 8))
    assert (found.night, found.tables, found.behind) == (None, (), 0)


@pytest.mark.parametrize(
    ("attempt", "reason"),
    [
        ({"night": "2022-11-08", "code": "PU-FAILED"}, "发布中途出错"),
        ({"night": "2022-11-08", "code": ""}, "检查未通过"),
        ({"night": "2022-11-01", "code": "PU-FAILED"}, "检查未通过"),
    ],
)
def test_a_table_that_is_not_of_the_night_has_its_age_and_the_reason(
    tmp_path: Path, attempt: dict[str, str], reason: str
) -> None:
    nights = {"case_timeliness": "2022-11-05", "residents_by_grid": "2022-11-08", "people_totals": "2022-11-08"}
    publish(tmp_path, nights, {"case_timeliness"}, attempt)
    found = read_publication(tmp_path, date(2022, 11, 8))
    assert [(t.mart, t.behind) for t in found.old] == [("case_timeliness", 3)] and found.behind == 3
    assert reason in found.reason.zh
    assert [(t.exact, t.coarser, t.empty) for t in found.tables] == [(10, 5, 2)] * 2, "tables of the marts alone"


def test_every_page_says_how_old_the_figures_are_and_the_first_one_why(tmp_path: Path) -> None:
    summary = build_report(write_year(tmp_path / "w.duckdb", nights=3), tmp_path / "plain")
    night = date.fromisoformat(summary.night)
    old = (night - timedelta(days=2)).isoformat()
    publish(
        tmp_path / "published", {"case_timeliness": old, "residents_by_grid": night.isoformat()}, {"case_timeliness"}
    )
    site = Path(build_report(tmp_path / "w.duckdb", tmp_path / "site").page).parent
    behind = texts()["published_behind"]["zh"].format(n=1, days=2)
    pages = sorted((site / "zh").glob("*.html"))
    assert pages and all(behind in page.read_text("utf8") for page in pages)
    first = (site / "zh" / "index.html").read_text("utf8")
    assert texts()["published_held"]["zh"] in first and texts()["published_note"]["zh"] in first
    never = (tmp_path / "plain" / "zh" / "index.html").read_text("utf8")
    assert texts()["published_never"]["zh"] in never

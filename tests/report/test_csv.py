"""The CSV files: all rows, readable by Excel, and nothing in them that a spreadsheet would run or rewrite."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.report.tables import result, row, run, warehouse
from warehouse.report import build_report
from warehouse.report.pages import LISTED
from warehouse.report.safe import cell, slug, veil

STARTERS = "=+-@\t\r\n\0＝＋－＠"


@pytest.mark.parametrize("start", STARTERS)
def test_a_formula_becomes_a_text(start: str) -> None:
    for text in (f"{start}1+1", f" {start}1+1", f"\u3000{start}cmd|' /C calc'!A0"):
        assert cell(text).startswith("'"), repr(text)
    assert cell(f"甲{start}乙")[0] == "甲"


@pytest.mark.parametrize(
    "text", ["44011101700100100001", "007", "3-4", "2022-11-01", "1e5", "12:30", "2022年11月", "1.10", "TRUE"]
)
def test_what_excel_would_rewrite_becomes_a_text(text: str) -> None:
    assert cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["甲", "A-1", "12", "12.5", "", "440197********321X", "三楼302", "无"])
def test_what_is_harmless_stays_as_it_is(text: str) -> None:
    assert cell(text) == text


def test_a_cell_stays_in_its_line() -> None:
    assert cell("a\r\nb\0c\td") == "a␍␊b␀c␉d"


@pytest.mark.parametrize(
    "number", ["440111197901011232", "44011119790101123X", "４４０１１１１９７９０１０１１２３２", "13812345678"]
)
def test_a_clear_number_that_slipped_through_is_blacked_out(number: str) -> None:
    for text in (number, f"电话{number}。", f"({number})"):
        assert number not in veil(text)
        assert "▇" in cell(text)


def test_half_a_number_at_the_cut_is_blacked_out_too() -> None:
    assert "440111" not in veil("甲" * 290 + "440111197901011232")


@pytest.mark.parametrize("number", ["44011101700100100001", "440197********321X", "11000000001310000001"])
def test_numbers_of_things_and_masks_stay(number: str) -> None:
    assert veil(number) == number


def test_slugs_are_plain_and_never_shared() -> None:
    names = ["a", "A", "../a", "a/b", "ab", "", "\0", "甲", "乙", "a" * 90, "a" * 91]
    found = [slug(n) for n in names]
    assert len(set(found)) == len(names)
    assert all(set(s) <= set("abcdefghijklmnopqrstuvwxyz0123456789_-") for s in found)


def read_csv(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as handle:
        return list(csv.reader(handle, strict=True))


def test_the_file_holds_every_row_and_the_page_says_how_many(tmp_path: Path) -> None:
    many = LISTED + 50
    rows = [row(f"p{n:04d}", masked_value="=1+1", first_seen=f"2022-11-{1 + n % 22:02d}") for n in range(many)]
    path = warehouse(tmp_path, runs=[run(verdict="flagged")], results=[result(outcome="flagged")], quarantine=rows)
    site = Path(build_report(path, tmp_path / "site").page).parent
    [file] = (site / "csv").rglob("*.csv")
    head, *body = read_csv(file)
    assert len(body) == many
    assert {len(line) for line in body} == {len(head)}
    assert {line[6] for line in body} == {"'=1+1"}
    page = (site / "zh" / "source-town_hall.html").read_text("utf8")
    assert (page.count("=1+1"), page.count(f"下载 CSV（{many} 行）")) == (LISTED, 2)


def test_the_file_is_what_excel_and_rfc_4180_want(tmp_path: Path) -> None:
    rows = [row('甲"乙,丙\r\n', masked_value="\0=1")]
    path = warehouse(tmp_path, runs=[run(verdict="flagged")], results=[result(outcome="flagged")], quarantine=rows)
    build_report(path, tmp_path / "site")
    [file] = (tmp_path / "site" / "csv").rglob("*.csv")
    raw = file.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    assert raw.endswith(b"\r\n")
    assert raw.count(b"\n") == raw.count(b"\r\n") == 2
    [_, line] = read_csv(file)
    assert (line[2], line[6]) == ('甲"乙,丙␍␊', "'␀=1")


def test_no_cell_of_the_year_begins_like_a_formula(site: Path) -> None:
    files = list((site / "csv").rglob("*.csv"))
    assert files
    cells = [c for f in files for line in read_csv(f) for c in line]
    assert [c for c in cells if c[:1] and c[0] in STARTERS] == []

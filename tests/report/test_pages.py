"""The site as a whole: valid, self-contained, without script, the same in both languages."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter
from urllib.parse import urldefrag

import pytest

from tests.report.html import Page, read_page
from warehouse.report import ReportSummary, build_report
from warehouse.report import pages as pages_module
from warehouse.report.words import texts

TEMPLATES = pages_module.TEMPLATES
POLICY = "default-src 'none'; img-src 'self'; style-src 'self'; base-uri 'none'; form-action 'none'"
HAN = re.compile(r"[\u4e00-\u9fff]")


def pages(site: Path) -> dict[str, Page]:
    return {str(p.relative_to(site)): read_page(p.read_text("utf8")) for p in sorted(site.rglob("*.html"))}


def test_there_is_a_page_for_each_source_and_each_view_in_both_languages(site: Path) -> None:
    for language in ("zh", "en"):
        names = {p.name for p in (site / language).glob("*.html")}
        assert {"index.html", "cross.html", "ledger.html", "history.html", "legend.html"} <= names
        assert len([n for n in names if n.startswith("source-")]) == 12


def test_every_page_is_valid_html(site: Path) -> None:
    assert {name: page.faults for name, page in pages(site).items() if page.faults} == {}


def test_the_reader_of_html_finds_what_is_not_valid() -> None:
    wrong = '<!doctype html><p id="a"><table></p><td onclick="x"><img><script></script><b id="a">'
    assert len(read_page(wrong).faults) >= 8


def test_every_page_says_its_language_has_one_heading_and_refuses_all_but_itself(site: Path) -> None:
    for name, page in pages(site).items():
        html = dict(page.attributes[0][1])
        assert html["lang"] == ("en" if name.startswith("en/") else "zh-Hans"), name
        metas = [a for tag, a in page.attributes if tag == "meta"]
        assert [m["content"] for m in metas if m.get("http-equiv") == "Content-Security-Policy"] == [POLICY], name
        assert name == "index.html" or page.tags.count("h1") == 1, name


def test_every_link_leads_to_a_file_and_a_place_of_the_site(site: Path) -> None:
    found = pages(site)
    for name, page in found.items():
        for link in page.links:
            path, place = urldefrag(link)
            target = (site / name).parent / path if path else site / name
            assert target.resolve().is_relative_to(site.resolve()), (name, link)
            assert target.is_file(), (name, link)
            inside = str(target.resolve().relative_to(site.resolve()))
            assert not place or place in found[inside].ids, (name, link)


def test_nothing_of_the_site_names_another_origin(site: Path) -> None:
    for path in site.rglob("*"):
        if path.is_file() and path.suffix != ".csv":
            text = path.read_text("utf8").replace("http-equiv", "")
            text = re.sub(r'xmlns(:xlink)?="http://www\.w3\.org/[^"]*"', "", text)  # names, never fetched
            assert not re.search(r"https?:|//|url\(|@import|javascript:|data:", re.sub(r"/\*.*?\*/", "", text)), path


def test_charts_hold_no_script_and_no_link(site: Path) -> None:
    charts = list((site / "charts").rglob("*.svg"))
    assert charts
    for path in charts:
        assert not re.search(r"<(script|style|image|a|foreignObject)\b|href|\son\w+=", path.read_text("utf8")), path


def test_both_languages_have_the_same_pages_of_the_same_build(site: Path) -> None:
    found = pages(site)
    chinese = {n.removeprefix("zh/"): p for n, p in found.items() if n.startswith("zh/")}
    english = {n.removeprefix("en/"): p for n, p in found.items() if n.startswith("en/")}
    assert set(chinese) == set(english)
    for name, page in chinese.items():
        assert page.tags == english[name].tags, name
        assert [a.get("class") for _, a in page.attributes] == [a.get("class") for _, a in english[name].attributes]


def test_the_english_pages_speak_english(site: Path) -> None:
    for name in ("index.html", "ledger.html", "history.html", "legend.html", "cross.html"):
        left = HAN.findall(read_page((site / "en" / name).read_text("utf8")).text.replace("中文", ""))
        assert left == [], name


def test_every_text_has_both_languages_with_the_same_values() -> None:
    for key, entry in texts().items():
        assert {"zh", "en"} <= set(entry) <= {"zh", "en", "en_one"}, key
        wanted = {n for _, n, _, _ in Formatter().parse(entry["zh"]) if n}
        assert wanted == {n for _, n, _, _ in Formatter().parse(entry["en"]) if n}, key
        assert all(entry.values()), key


def test_templates_use_every_text_and_no_other() -> None:
    used = "".join(p.read_text("utf8") for p in TEMPLATES.glob("*.html"))
    used += "".join(p.read_text("utf8") for p in TEMPLATES.parent.glob("*.py"))
    literal = set(re.findall(r"\bw\('([a-z_]+)'[,)]", used))
    assert literal <= set(texts()), literal - set(texts())
    families = (
        "verdict_", "severity_", "outcome_", "status_", "closed_", "means_", "word_", "step_", "nav_", "admin_",
        "effect_", "bound_",
    )  # fmt: skip
    idle = {k for k in texts() if not re.search(rf"['\"]{k}['\"]", used) and not k.startswith(families)}
    assert idle <= {"held_note", "error_note"}  # named by verdict


def test_templates_take_no_shortcut_round_escaping_and_policy() -> None:
    for path in TEMPLATES.glob("*.html"):
        text = path.read_text("utf8")
        assert not re.search(r"\|\s*safe|autoescape|<script|<style|style=|\son\w+=|http://|https://", text), path


def test_the_same_tables_give_the_same_bytes(tmp_path: Path, summary: ReportSummary, site: Path) -> None:
    again = Path(build_report(site.parent / "w.duckdb", tmp_path / "again").page).parent
    files = sorted(str(p.relative_to(site)) for p in site.rglob("*"))
    assert files == sorted(str(p.relative_to(again)) for p in again.rglob("*"))
    differ = [f for f in files if (site / f).is_file() and (site / f).read_bytes() != (again / f).read_bytes()]
    assert differ == []


@pytest.mark.parametrize("name", ["verdicts", "held", "incidents"])
def test_the_summary_is_what_the_first_page_says(summary: ReportSummary, site: Path, name: str) -> None:
    text = read_page((site / "zh" / "index.html").read_text("utf8")).text
    told = {
        "verdicts": f"{summary.verdicts['pass']}✓ 通过",
        "held": f"{len(summary.held)} 个系统没有放行",
        "incidents": f"{summary.incidents}未结问题",
    }
    assert told[name] in re.sub(r"\n", "", text)

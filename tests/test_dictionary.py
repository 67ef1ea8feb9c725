"""The dictionary's site: valid, offline, true to the declarations, and with the answers that readers get."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import cycle
from pathlib import Path
from string import Formatter
from typing import Any
from urllib.parse import urldefrag

import duckdb
import pytest

from docs.dictionary import DictionarySummary, build_dictionary
from docs.dictionary import pages as pages_module
from docs.dictionary.__main__ import main
from docs.dictionary.words import texts
from expectations.errors import CallRejected
from expectations.marts import Example, load_marts
from expectations.model import Text
from tests.report import html
from tests.report.html import Page, read_page
from tests.report.test_browser import CHROMIUM, browse
from tests.report.test_hostile import CANARY, CORPUS
from tests.report.test_pages import POLICY
from tests.warehouse.test_marts import hall, nightly
from warehouse.publish.snapshot import publish_duckdb

__all__ = ["hall", "nightly"]
MARTS = load_marts()
DRAWN = {"pre", "svg", "g", "path", "rect", "text"}
HAN = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory, hall: Any, nightly: object) -> Path:
    """A small register, its marts, published as the analyst gets them."""
    folder = tmp_path_factory.mktemp("published")
    publish_duckdb(hall.file, folder, "2022-11-05")
    return folder / "current"


@pytest.fixture(scope="module")
def summary(tmp_path_factory: pytest.TempPathFactory, published: Path) -> DictionarySummary:
    return build_dictionary(tmp_path_factory.mktemp("dictionary") / "site", published=published)


@pytest.fixture(scope="module")
def site(summary: DictionarySummary) -> Path:
    return Path(summary.page).parent


@pytest.fixture(autouse=True)
def drawn(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(html, "KNOWN", html.KNOWN | DRAWN)
    yield


def pages(site: Path) -> dict[str, Page]:
    return {str(p.relative_to(site)): read_page(p.read_text("utf8")) for p in sorted(site.rglob("*.html"))}


def page_of(site: Path, mart: str, language: str = "zh") -> Page:
    return read_page((site / language / pages_module.mart_page(mart)).read_text("utf8"))


def test_there_is_a_page_for_each_mart_and_each_view_in_both_languages(site: Path) -> None:
    wanted = {"index.html", "columns.html", "lineage.html", "glossary.html", *map(pages_module.mart_page, MARTS.marts)}
    for language in ("zh", "en"):
        assert {p.name for p in (site / language).glob("*.html")} == wanted


def test_every_page_is_valid_says_its_language_and_loads_nothing(site: Path) -> None:
    for name, page in pages(site).items():
        assert page.faults == [], name
        assert page.attributes[0][1]["lang"] == ("en" if name.startswith("en/") else "zh-Hans"), name
        policies = [a["content"] for t, a in page.attributes if a.get("http-equiv") == "Content-Security-Policy"]
        assert policies == [POLICY], name
        assert not {"script", "style", "iframe", "object"} & set(page.tags), name


def test_every_link_leads_to_a_file_and_a_place_of_the_site(site: Path) -> None:
    found = pages(site)
    for name, page in found.items():
        for link in page.links:
            path, place = urldefrag(link)
            target = ((site / name).parent / path if path else site / name).resolve()
            assert target.is_file() and target.is_relative_to(site.resolve()), (name, link)
            assert not place or place in found[str(target.relative_to(site.resolve()))].ids, (name, link)


def test_every_column_of_every_mart_is_told_with_its_fields(site: Path) -> None:
    data = json.loads((site / "dictionary.json").read_text("utf8"))
    assert {m["mart"]: [c["column"] for c in m["columns"]] for m in data["marts"]} == {
        m.name: list(m.columns) for m in MARTS.marts.values()
    }
    for mart in data["marts"]:
        text = page_of(site, mart["mart"]).text
        for column in mart["columns"]:
            assert column["column"] in text and column["title"]["zh"] in text
            assert all(data["fields"][f]["title"]["zh"] in text for f in column["fields"])


def test_every_example_query_answers_on_what_is_published(summary: DictionarySummary, site: Path) -> None:
    assert summary.failed == ()
    assert summary.answers == sum(len(m.examples) for m in MARTS.marts.values())
    assert "440111017001" in page_of(site, "dim_community").text
    assert texts()["pages"]["answer_failed"]["zh"].split("（")[0] not in page_of(site, "case_timeliness").text


def test_an_example_that_does_not_answer_is_told_and_not_hidden(published: Path, tmp_path: Path) -> None:
    mart = MARTS.marts["dim_community"]
    wrong = replace(mart, examples=(Example(Text("问", "q"), "select nothing from marts.dim_community"),))
    told = build_dictionary(
        tmp_path / "site", published=published, declared=replace(MARTS, marts={**MARTS.marts, mart.name: wrong})
    )
    assert told.failed == ("dim_community",)
    assert "BinderException" in page_of(tmp_path / "site", "dim_community").text


def test_release_rules_limits_and_freshness_stand_where_they_apply(site: Path) -> None:
    said = texts()["pages"]
    assert said["released_5"]["zh"] in page_of(site, "residents_by_grid").text
    assert said["released_10"]["en"] in page_of(site, "enrolment_progress", "en").text
    assert said["released_none"]["zh"] in page_of(site, "dim_calendar").text
    assert said["limits_title"]["zh"] in page_of(site, "case_timeliness").text
    assert said["limits_title"]["zh"] not in page_of(site, "residents_by_grid").text
    assert "2022-11-05" in page_of(site, "case_timeliness").text


def test_no_answer_adds_up_rounded_figures(site: Path) -> None:
    said = texts()["pages"]["answer_summed"]["zh"]
    assert not any(said in page_of(site, mart).text for mart in load_marts().marts)


def test_the_picture_shows_what_the_table_says(site: Path) -> None:
    page = page_of(site, "wage_recovery")
    assert page.tags.count("svg") == 1
    assert {"claims.case", "marts.wage_recovery"} <= set(re.findall(r"(?:claims|marts)\.\w+", page.text))
    assert page_of(site, "residents_by_grid").tags.count("rect") > page.tags.count("rect")


def test_without_a_published_file_the_pages_say_so(tmp_path: Path) -> None:
    made = build_dictionary(tmp_path / "site")
    assert made.answers == 0
    assert texts()["pages"]["no_published"]["zh"] in page_of(tmp_path / "site", "case_timeliness").text


@pytest.mark.parametrize("given", ["nothing.duckdb", "text"])
def test_a_file_that_is_no_publication_is_a_bad_call_and_the_site_stays(tmp_path: Path, given: str) -> None:
    (tmp_path / "text").write_text("no database")
    with pytest.raises(CallRejected, match="SC-CALL"):
        build_dictionary(tmp_path / "site", published=tmp_path / given)
    assert not (tmp_path / "site").exists()


def test_the_same_input_makes_the_same_bytes(published: Path, site: Path, tmp_path: Path) -> None:
    again = Path(build_dictionary(tmp_path / "site", published=published).page).parent
    assert {p.relative_to(again): p.read_bytes() for p in again.rglob("*") if p.is_file()} == {
        p.relative_to(site): p.read_bytes() for p in site.rglob("*") if p.is_file()
    }


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine (apt-get install chromium)")
@pytest.mark.parametrize("page", ["zh/mart-case_timeliness.html", "en/lineage.html"])
def test_a_page_opens_from_the_disk_and_breaks_no_rule_of_its_own(site: Path, tmp_path: Path, page: str) -> None:
    shot = tmp_path / "page.png"
    done = browse(tmp_path / "profile", site / page, f"--screenshot={shot}", "--window-size=1440,900")
    assert [line for line in done.stderr.splitlines() if "CONSOLE" in line or "Refused" in line] == []
    assert shot.stat().st_size > 20_000


def test_every_text_exists_in_both_languages() -> None:
    for key, text in texts()["pages"].items():
        assert set(text) == {"zh", "en"}, key
        assert HAN.search(text["zh"]) or key == "other_language", key
        fields = [{f for _, f, *_ in Formatter().parse(t) if f} for t in text.values()]
        assert fields[0] == fields[1], key
    more = [*texts()["relations"].values(), *(t for entry in texts()["terms"] for t in entry.values())]
    assert all(set(text) == {"zh", "en"} for text in more)


def test_every_text_is_used() -> None:
    used = "".join(p.read_text("utf8") for p in pages_module.TEMPLATES.glob("*.html"))
    for key in texts()["pages"]:
        families = [key[: m.start()] for m in re.finditer("_", key)]
        assert f"'{key}'" in used or any(
            f"'{family}_' ~" in used or f"known('{family}'" in used for family in families
        ), key


def test_hostile_texts_of_declarations_and_answers_are_shown_and_do_nothing(tmp_path: Path) -> None:
    bad = cycle(CORPUS)
    marts = {
        m.name: replace(
            m, title=Text(next(bad), next(bad)), owner=Text(next(bad), next(bad)),
            examples=(
                Example(Text(next(bad), next(bad)), "select * from marts.hostile"), Example(Text("问", "q"), next(bad)),
            ),
        )
        for m in MARTS.marts.values()
    }  # fmt: skip
    declared = replace(
        MARTS, marts=marts, titles={c: Text(next(bad), next(bad)) for c in MARTS.titles},
        groups={g: Text(next(bad), next(bad)) for g in MARTS.groups},
    )  # fmt: skip
    file = tmp_path / "hostile.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.execute("create schema marts")
        connection.execute(
            "create table marts.generation (mart varchar, generation bigint, night varchar, held boolean, rows bigint)"
        )
        connection.execute("insert into marts.generation values ('dim_code', 1, $bad, true, 1)", {"bad": CORPUS[0]})
        connection.execute('create table marts.hostile ("</td><script>" varchar)')
        connection.executemany("insert into marts.hostile values ($1)", [[c] for c in CORPUS])
    build_dictionary(tmp_path / "site", published=file, declared=declared)
    found = pages(tmp_path / "site")
    for name, page in found.items():
        assert page.faults == [], name
        assert "script" not in page.tags and "img" not in page.tags, name
        assert "49xxx" not in page.text and CANARY not in page.text, name
        assert not set(page.text) & set("\0\x1b\u202e\u2066\u200b"), name
    told = "".join(p.text for p in found.values())
    assert all(sign in told for sign in ("onerror=", "{{7*7}}", "⟨U+202E⟩", "▇", "🧨"))


def test_the_command_builds_and_tells_where(
    published: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--site", str(tmp_path / "site"), "--published", str(published), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert Path(told["page"]).is_file() and told["marts"] == len(MARTS.marts)
    assert main(["--site", str(tmp_path / "other"), "--published", str(tmp_path)]) == 2
    assert "SC-CALL" in capsys.readouterr().out

"""The pages: Jinja2 templates over the model, once per language, every printed value veiled and escaped.

The same rules as in the quality report: autoescape everywhere, no `|safe`, no script, nothing from outside the folder.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from docs.dictionary.model import MartPage, codes
from docs.dictionary.picture import HEIGHT, picture_of_all
from docs.dictionary.published import Published
from docs.dictionary.words import DictionaryWords, texts
from expectations.marts import Marts
from expectations.model import ZONES
from warehouse.lineage import Lineage
from warehouse.lineage.boundary import kept_as_evidence_only
from warehouse.lineage.told import named
from warehouse.report.pages import ICON, STYLE
from warehouse.report.safe import SENTENCE, slug, veil
from warehouse.report.words import LANGUAGES

TEMPLATES = Path(__file__).with_name("templates")
ASSETS = (STYLE, ICON, TEMPLATES / "dictionary.css")


def draw_pages(
    pages: list[MartPage], declared: Marts, lineage: Lineage, published: Published
) -> Iterator[tuple[str, str]]:
    """Every page as (path below the site, HTML)."""
    environment = _environment()
    yield "index.html", environment.get_template("door.html").render(w=DictionaryWords(LANGUAGES[0]))
    shown = list(_templates(pages, declared, lineage))
    for language in LANGUAGES:
        words = DictionaryWords(language)
        shared: dict[str, Any] = {
            "codes": codes(),
            "w": words,
            "say": words.name,
            "published": published,
            "declared": declared,
            "lineage": lineage,
        }
        for name, template, page in shown:
            yield f"{language}/{name}", environment.get_template(template).render(**shared, **page, page=name)


def mart_page(mart: str) -> str:
    """The file name of a mart's page."""
    return f"mart-{slug(mart)}.html"


def _templates(pages: list[MartPage], declared: Marts, lineage: Lineage) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(file name, template, what it shows) of each page."""
    groups = [(g, t, [p for p in pages if p.mart.group == g]) for g, t in declared.groups.items()]
    yield "index.html", "index.html", {"groups": groups}
    for page in pages:
        yield mart_page(page.mart.name), "mart.html", {"shown": page}
    marts = [p.mart.name for p in pages]
    yield "lineage.html", "lineage.html", {
        "picture": picture_of_all(lineage, marts), "evidence": named(lineage, kept_as_evidence_only(lineage)),
    }  # fmt: skip
    where: dict[str, list[str]] = {}
    for page in pages:
        for column in page.mart.columns:
            where.setdefault(column, []).append(page.mart.name)
    yield "columns.html", "columns.html", {"where": sorted(where.items())}
    yield "glossary.html", "glossary.html", {"terms": texts()["terms"], "zones": ZONES}


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, finalize=_finalize,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.globals.update(
        mart_page=mart_page, box_height=HEIGHT, fitted=_fitted, anchor=_anchor, own_column=_own_column,
    )  # fmt: skip
    return environment


def _finalize(value: Any) -> Any:
    """What every `{{ … }}` passes through before it is escaped."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return veil(value, SENTENCE)
    return value


def _anchor(column: str) -> str:
    """Where a column stands on the page of all columns."""
    return f"c-{slug(column)}"


def _own_column(column: str, sql: str) -> bool:
    """Whether a heading of an answer is a column of the mart and no other thing that the query calls so."""
    named = re.findall(rf"(\w+)\W*\s+as\s+{re.escape(column)}\b", sql)
    return all(n == column for n in named)


def _fitted(text: str, letters: int) -> str:
    """As much of a text as a box holds; a Chinese character is as wide as two Latin ones."""
    room, kept = letters, ""
    for character in text:
        room -= 1 if character.isascii() else 2
        if room < 0:
            return f"{kept}…"
        kept += character
    return kept

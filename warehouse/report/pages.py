"""The pages: Jinja2 templates over the model, once per language, with every printed value veiled and escaped.

Text of a source is a value and never a template; autoescape is on for all, `|safe` does not occur (a test looks),
and a name that a template does not know is an error.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from warehouse.report.charts import NIGHTS
from warehouse.report.ledger import entity_lines, lines_ever, lines_tonight, summed
from warehouse.report.model import BLOCKING, VERDICTS, Night, Report, Rule, Source
from warehouse.report.safe import SENTENCE, slug, veil
from warehouse.report.words import LANGUAGES, Words

TEMPLATES = Path(__file__).with_name("templates")
STYLE = TEMPLATES / "style.css"
ICON = TEMPLATES / "icon.svg"
SHOWN = 5  # rows of a rule that stand open on its page
LISTED = 100  # rows of a rule that its page holds at all; the CSV holds every one
FOLD = 8  # warnings of one system on the first page before the rest folds away
GLYPHS = {"pass": "✓", "flagged": "▲", "held": "■", "error": "✕", "none": "○"}


def draw_pages(report: Report) -> Iterator[tuple[str, str]]:
    """Every page as (path below the site, HTML)."""
    environment = _environment()
    yield "index.html", environment.get_template("door.html").render(w=Words(LANGUAGES[0]))
    for language in LANGUAGES:
        words = Words(language)
        shared = {"w": words, "report": report, "night": report.night, "say": words.name}
        for name, template, page in _pages(report):
            html = environment.get_template(template).render(**shared, **page, page=name)
            yield f"{language}/{name}", html


def source_page(source: str) -> str:
    """The file name of a source's page."""
    return f"source-{slug(source)}.html"


def _pages(report: Report) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(file name, template, what it shows) of each page."""
    yield "index.html", "today.html", {"tiles": Counter(s.verdict for s in report.sources)}
    for source in report.sources:
        yield source_page(source.key), "source.html", {"source": source}
    yield "cross.html", "cross.html", {"source": report.cross}
    yield "ledger.html", "ledger.html", _ledger(report)
    yield "history.html", "history.html", {"months": list(_months(report))}
    yield "legend.html", "legend.html", {}


def _months(report: Report) -> Iterator[tuple[date, list[date], dict[str, dict[date, Night]]]]:
    """The nights of the year by month, latest first, with what each source came to."""
    judged = {s.key: {n.night: n for n in s.history} for s in report.sources}
    first = min((n for nights in judged.values() for n in nights), default=report.night)
    days = [first + timedelta(i) for i in range((report.night - first).days + 1)]
    for month, nights in reversed([(m, list(d)) for m, d in groupby(days, key=lambda day: day.replace(day=1))]):
        yield month, nights, judged


def _ledger(report: Report) -> dict[str, Any]:
    tonight, ever = lines_tonight(report), lines_ever(report)
    return {
        "tonight": tonight,
        "tonight_sum": summed(tonight),
        "ever": ever,
        "ever_sum": summed(ever),
        "entities": entity_lines(report),
    }


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(say=lambda text, words: words.name(text), brief=veil)
    environment.globals.update(
        verdicts=VERDICTS, blocking=BLOCKING, glyph=_glyph, source_page=source_page, spark=_spark_words,
        age=_age, covered=_covered, anchor=_anchor, shown=SHOWN, listed=LISTED, fold=FOLD, slug=slug,
    )  # fmt: skip
    return environment


def _finalize(value: Any) -> Any:
    """What every `{{ … }}` passes through before it is escaped. Markup comes from our own macros only."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return veil(value, SENTENCE)
    return value


def _anchor(rule: Rule) -> str:
    """Where a rule stands on the page of its source."""
    return f"r-{slug(f'{rule.entity}.{rule.rule}')}"


def _glyph(verdict: str) -> str:
    """The sign of a verdict: never colour alone."""
    return GLYPHS.get(verdict, "?")


def _covered(source: Source) -> date | None:
    """The last night that the loaded windows cover."""
    return (source.fresh_until - timedelta(microseconds=1)).date() if source.fresh_until else None


def _age(report: Report, source: Source) -> int | None:
    """Nights by which the data of a source lies behind the report."""
    covered = _covered(source)
    return max(0, (report.night - covered).days) if covered else None


def _spark_words(subject: Source | Rule, night: date) -> dict[str, int]:
    """The figures of a trend as words for those who do not see it."""
    since = night - timedelta(days=NIGHTS - 1)
    if isinstance(subject, Rule):
        points = [(p.night, p.failing, p.outcome in BLOCKING) for p in subject.trend]
    else:
        points = [(n.night, n.faulty_current, n.blocked) for n in subject.history]
    lately = [p for p in points if p[0] >= since]
    return {
        "last": lately[-1][1] if lately and lately[-1][0] == night else 0,
        "peak": max((rows for _, rows, _ in lately), default=0),
        "marked": sum(blocked for _, _, blocked in lately),
    }

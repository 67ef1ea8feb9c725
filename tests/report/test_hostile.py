"""Text of sources as an attacker would write it, in every column, on every page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.report.html import read_page
from tests.report.tables import load, result, row, run, warehouse
from warehouse.report import build_report

CANARY = "440111197901011232"
CORPUS = (
    "<img src=x onerror=alert(1)>",
    "\"'><script>alert(1)</script>",
    "javascript:alert(1)",
    "</title></td></table><h1>x",
    "{{7*7}}{% for x in range(9) %}x{% endfor %}{{ w.__class__ }}",
    "{n}{0}{n.__class__}%s%(n)s",
    "abc\u202egpj.exe\u2066\u200b",
    "a\0b\x1b[31mc\r\nSet-Cookie: x",
    "長" * 5000,
    "=HYPERLINK(\"http://x\",\"y\")",
    "../../../etc/passwd",
    f"身份证{CANARY}",
    "\ud83d"[:0] + "🧨&amp;&lt;b&gt;",
)  # fmt: skip


@pytest.fixture(
    scope="module", params=range(len(CORPUS)), ids=lambda n: CORPUS[n][:12].encode("ascii", "replace").decode()
)
def attacked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site whose every text is the same attack: source, entity, rule, column, titles, owners, hints, rows."""
    bad = CORPUS[request.param]
    folder = tmp_path_factory.mktemp("hostile")
    named: dict[str, Any] = {"source": bad, "entity": bad, "rule": bad, "column": bad, "owner_zh": bad, "owner_en": bad}
    texts: dict[str, Any] = dict.fromkeys(
        ("title_zh", "title_en", "hint_zh", "hint_en", "check", "severity", "error"), bad
    )
    done = {"status": "resolved", "resolved_at": "2022-11-22", "resolution": bad}
    cross: dict[str, Any] = {"source": "cross", "run_id": "cross:1"}
    path = warehouse(
        folder,
        runs=[run(verdict="error", code=bad, detail=bad, source="broken"), run(verdict=bad, source=bad, run_id=bad),
              run(verdict="held", **cross)],
        results=[result(outcome=bad, run_id=bad, **{**named, **texts}),
                 result(outcome="held", **{**named, **texts, **cross})],
        quarantine=[row(bad, content_hash=bad, masked_value=bad, severity=bad, **named),
                    row(bad, masked_value=bad, status="waived", **{**named, "source": "cross"}),
                    row("p9", **{**named, "rule": "gone"}),
                    row("p8", **done, **{**named, "rule": "done"})],
        loads=[load(source=bad, entity=bad, dropped={bad: 1}, rejected={bad: 1}, load_id=bad)],
    )  # fmt: skip
    return Path(build_report(path, folder / "site").page).parent


def test_every_page_stays_valid_and_loads_nothing(attacked: Path) -> None:
    for path in attacked.rglob("*.html"):
        page = read_page(path.read_text("utf8"))
        assert page.faults == [], path
        assert all(link.split("#")[0] == "" or (path.parent / link.split("#")[0]).is_file() for link in page.links), (
            path
        )
        assert len([t for t in page.tags if t == "title"]) == 1, path


def test_no_text_is_run_as_template_or_format(attacked: Path) -> None:
    for path in attacked.rglob("*.html"):
        text = path.read_text("utf8")
        assert "49xxx" not in text, path
        assert "warehouse.report.words" not in text, path


def test_no_invisible_character_and_no_clear_number_reaches_a_file(attacked: Path) -> None:
    for path in attacked.rglob("*"):
        if path.is_file():
            text = path.read_bytes().decode("utf8")
            assert CANARY not in text, path
            assert not set(text) & set("\0\x1b\u202e\u2066\u200b"), path
            assert "長" * 301 not in text, path


def test_no_file_leaves_the_site(attacked: Path) -> None:
    assert {p.name for p in attacked.parent.iterdir()} <= {
        "w.duckdb",
        "w.duckdb.lock",
        "site",
        "site.lock",
        "site.site-1",
    }
    names = {p.name for p in attacked.rglob("*")}
    assert all(set(n) <= set("abcdefghijklmnopqrstuvwxyz0123456789_-.") for n in names)


def test_the_attack_is_shown_as_what_it_is(attacked: Path) -> None:
    """It must reach the page: a corpus that is dropped on the way proves nothing."""
    pages = [read_page(p.read_text("utf8")).text for p in (attacked / "zh").glob("source-*.html")]
    assert any("p9" in p for p in pages)
    assert any(w in p for p in pages for w in ("onerror=", "alert(1)", "<h1>x", "{{7*7}}", "{n}{0}", "⟨U+202E⟩", "␀",
                                               "長長", "HYPERLINK", "etc/passwd", "▇", "🧨"))  # fmt: skip

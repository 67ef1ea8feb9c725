"""No SQL is built from strings outside the one audited module, and every template says what it is."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
AUDITED = (
    ROOT / "expectations" / "sql.py"
)  # quoting and filling; warehouse/engine/sql.py builds on it, without f-strings
FOLDERS = ("warehouse", "expectations", "extractors", "dags", "plugins")
VERBS = re.compile(
    r"\b(select\s+[\w*\"'(]|insert\s+into|update\s+[\w\"{]+\s+set|delete\s+from|(create|drop|alter)\s+(or\s+replace\s+)?"
    r"(temp\s+)?(table|view|schema|macro|index)|copy\s+[\w\"({}]+\s+(from|to)\s+['\"{]|attach\s+['\"{]|union\s+all|where\s+\w+\s*=)",
    re.IGNORECASE,
)
HEADER = ("-- Grain: ", "-- From: ", "-- Rule: ")
CAP = 150


def built_sql(source: str) -> list[int]:
    """Lines where text with SQL in it is put together: f-string, %, +, format, join, replace."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.JoinedStr) and any(isinstance(v, ast.FormattedValue) for v in node.values):
            texts = ["".join(_text(v) or "{}" for v in node.values)]
        elif isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Mod)):
            texts = [_text(node.left), _text(node.right)]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            texts = [_text(node.func.value)] if node.func.attr in ("format", "format_map", "join", "replace") else []
        else:
            continue
        if any(VERBS.search(t) for t in texts):
            found.append(node.lineno)
    return found


def _text(node: ast.AST) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def python_files() -> list[Path]:
    return [p for folder in FOLDERS for p in sorted((ROOT / folder).rglob("*.py")) if p != AUDITED]


def templates() -> list[Path]:
    return sorted((ROOT / "warehouse").glob("[1-4]_*/*.sql"))


def test_no_sql_is_built_outside_the_audited_module() -> None:
    wrong = {str(p.relative_to(ROOT)): lines for p in python_files() if (lines := built_sql(p.read_text("utf8")))}
    assert wrong == {}


@pytest.mark.parametrize(
    "bad",
    [
        'f"select * from {table}"',
        '"delete from %s" % table',
        '"insert into " + table',
        '"drop table {}".format(table)',
        '" union all ".join(parts)',
        '"select x from t".replace("t", table)',
        "f'''\n  copy {table} to 'x' '''",
    ],
)
def test_the_lint_fires(bad: str) -> None:
    assert built_sql(bad) != []


@pytest.mark.parametrize("good", ['"select 1"', 'f"{n} rows"', '"select a " "from b"', 'f"updated {n}, from {x}"'])
def test_the_lint_lets_constants_and_prose_pass(good: str) -> None:
    assert built_sql(good) == []


@pytest.mark.parametrize("path", templates(), ids=lambda p: p.name)
def test_a_template_has_its_header_and_stays_small(path: Path) -> None:
    lines = path.read_text("utf8").splitlines()
    head = [line for line in lines[:5] if line.startswith("-- ")]
    assert all(any(line.startswith(h) for line in head) for h in HEADER), path
    assert "To: " in " ".join(head)
    assert len(lines) <= CAP


def test_there_are_templates_to_read() -> None:
    assert len(templates()) > 10

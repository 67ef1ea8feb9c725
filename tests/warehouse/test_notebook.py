"""The notebook an analyst starts from: it holds no output, and its cells answer over a published file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.warehouse.five_years import home

__all__ = ["home"]
NOTEBOOK = Path(__file__).resolve().parent.parent.parent / "docs" / "notebooks" / "analyst.ipynb"


def test_the_notebook_holds_no_output() -> None:
    cells = [c for c in json.loads(NOTEBOOK.read_text("utf8"))["cells"] if c["cell_type"] == "code"]
    assert [c for c in cells if c["outputs"] or c["execution_count"]] == [] and len(cells) > 5


def test_the_notebook_answers_its_questions(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGISTER_HOME", str(home))
    told: dict[str, Any] = {}
    for cell in json.loads(NOTEBOOK.read_text("utf8"))["cells"]:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), told)  # plain Python: no magic, no kernel
    assert list(told["timeliness"]["year"]) == [2018, 2019, 2020, 2021, 2022]
    assert told["timeliness"]["on_time"].between(0, 1).all()
    assert told["satisfaction"].iloc[:, 0].dropna().between(0, 1).all() and len(told["satisfaction"]) == 5
    named = told["communities"].set_index("community_name")
    assert (named.loc["鹤龙社区", "residents"], named.loc["鹤龙社区", "houses"]) == (20, 20)
    assert list(told["cost"]["total"]) == [20, 20] and (told["cost"]["margin"] > 0).all()

"""The model is data: read strictly, named by its digest, changed only on purpose."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from expectations.errors import CallRejected
from tests.warehouse.resolving import Seen, number, register_of
from warehouse.resolver.churn import compare
from warehouse.resolver.model import FOLDER, load_model, model_in_use
from warehouse.resolver.review import texts
from warehouse.resolver.sql import TEMPLATES

PERSON = FOLDER / "models" / "person-1.json"


def spoilt(tmp_path: Path, **changes: Any) -> Path:
    raw = json.loads(PERSON.read_text("utf8")) | changes
    path = tmp_path / "person-2.json"
    path.write_text(json.dumps(raw), "utf8")
    return path


@pytest.mark.parametrize(
    "changes",
    [
        {"prior": -20.5},
        {"review": 900},
        {"surprise": 1},
        {"hub": 1},
        {"comparisons": []},
        {"caps": [{"at_most": "none", "when": {"name": ["no_such_level"]}}]},
        {"comparisons": [{"name": "a", "levels": [{"name": "x", "when": [[["like", "name"]]], "weight": 1}]}]},
        {"comparisons": [{"name": "a", "levels": [{"name": "x", "when": [[["equal", "name"]]], "weight": 1}]}]},
    ],
)
def test_a_malformed_model_is_refused(tmp_path: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(CallRejected, match="RE-MODEL"):
        load_model(spoilt(tmp_path, **changes))


def test_a_model_that_was_not_reviewed_is_refused(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "person-1.json").write_bytes(PERSON.read_bytes() + b"\n")
    settings = tmp_path / "settings.yml"
    settings.write_text((FOLDER / "settings.yml").read_text("utf8"), "utf8")
    with pytest.raises(CallRejected, match="RE-MODEL"):
        model_in_use(settings)
    (tmp_path / "models" / "person-1.json").write_bytes(PERSON.read_bytes())
    assert model_in_use(settings).digest == model_in_use().digest


def test_every_level_has_words_in_both_languages() -> None:
    levels = {f"{c.name}:{level.name}" for c in model_in_use().comparisons for level in c.levels}
    assert levels <= set(texts())
    assert all({"zh", "en"} == set(said) for said in texts().values())


def test_a_shadow_run_tells_what_another_model_would_do_and_changes_nothing(tmp_path: Path) -> None:
    chen = Seen("a", "陈嘉豪", number(), house="h")
    register = register_of(chen, chen.but("b", number=""))
    before = register.digest()
    stricter = load_model(spoilt(tmp_path, same=9000, version=2))
    churn = compare(register.connection, register.model, stricter)
    assert (churn.persons_before, churn.persons_after, churn.split, churn.merged) == (1, 2, 1, 0)
    assert (churn.cases_before, churn.cases_after) == (0, 1)
    assert register.digest() == before


def test_every_statement_tells_grain_origin_and_rule() -> None:
    files = sorted(TEMPLATES.glob("*.sql"))
    assert len(files) > 20
    for path in files:
        lines = path.read_text("utf8").splitlines()
        assert lines[0].startswith("-- Grain: "), path
        assert lines[1].startswith("-- From: ") and "To: " in lines[1], path
        assert lines[2].startswith("-- Rule: "), path
        assert len(lines) <= 150, path

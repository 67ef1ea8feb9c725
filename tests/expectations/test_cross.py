"""What two sources count differently is a flag with both figures, and silence of a source is none."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from expectations.contract import load_contract
from expectations.cross import Cross, check_cross, load_cross
from expectations.errors import CallRejected
from expectations.verdict import Waiver
from tests.expectations.world import WORDS, World

LEFT = {"source": "town", "entity": "thing", "count": "code", "by": "place", "digits": 3, "history": "365d"}
RIGHT = {"source": "town", "entity": "other", "count": "code", "by": "place"}


def rules(folder: Path, **checks: dict[str, Any]) -> Cross:
    path = folder / "cross.yml"
    body = {"owner": WORDS, "fix_hint": WORDS, "checks": {n: {**WORDS, **c} for n, c in checks.items()}}
    path.write_text(yaml.safe_dump(body), "utf8")
    return load_cross(path)


@pytest.fixture
def world(tmp_path: Path) -> World:
    columns = {"code": "code", "place": "code"}
    made = World(tmp_path, columns, others={"other": columns})
    for n in range(100):
        made.add({"pk": f"t{n}", "code": f"c{n}", "place": "110-1" if n < 50 else "220"})
        made.add({"pk": f"o{n}", "code": f"c{n}", "place": "110" if n < 20 else "220"}, entity="other")
    made.connection.execute("create schema if not exists accepted")
    for entity in ("thing", "other"):
        made.connection.execute(f"create view accepted.town__{entity} as select * from staging.town__{entity}")
    return made


def test_groups_that_differ_are_named_with_both_counts(world: World, tmp_path: Path) -> None:
    found = rules(tmp_path, alike={"check": "same_count", "left": LEFT, "right": RIGHT, "within": 0.4, "least": 10})
    for _ in range(2):
        [outcome] = check_cross(world.connection, "2022-11-05", cross=found)
    assert (outcome.outcome, outcome.failing, outcome.total) == ("flagged", 1, 2)
    rows = world.connection.execute(
        "select place, left_records, right_records, differs from quality.difference order by 1"
    )
    assert rows.fetchall() == [("110", 50, 20, True), ("220", 50, 80, False)]
    runs = world.connection.execute("select source, verdict from quality.run").fetchall()
    assert runs == [("cross", "flagged")]


def test_keys_are_the_same_or_are_named(world: World, tmp_path: Path) -> None:
    world.add({"pk": "more", "code": "new"})
    found = rules(tmp_path, alike={"check": "same_keys", "left": LEFT, "right": RIGHT})
    [outcome] = check_cross(world.connection, "2022-11-05", cross=found)
    assert (outcome.outcome, outcome.failing, outcome.total) == ("flagged", 1, 101)


def test_a_waiver_and_a_side_that_cannot_answer(world: World, tmp_path: Path) -> None:
    short = {**LEFT, "history": "3650d"}
    found = rules(
        tmp_path,
        alike={"check": "same_count", "left": LEFT, "right": RIGHT},
        young={"check": "same_count", "left": short, "right": RIGHT},
        absent={"check": "same_count", "left": {**LEFT, "entity": "nothing"}, "right": RIGHT},
    )
    waiver = Waiver("w", "cross", "cross", "alike", "known", date(2022, 12, 1))
    outcomes = check_cross(world.connection, "2022-11-05", [waiver], found)
    assert {o.rule: o.outcome for o in outcomes} == {"alike": "waived", "young": "skipped", "absent": "skipped"}


def test_the_file_is_read_strictly_and_speaks_of_columns_that_are_there(tmp_path: Path) -> None:
    for bad in (
        {"check": "same_cuont"},
        {"whithin": 1},
        {"left": {**LEFT, "history": "long"}},
        {"left": {"source": "town"}},
    ):
        with pytest.raises(CallRejected):
            rules(tmp_path, alike={"check": "same_count", "left": LEFT, "right": RIGHT, **bad})
    for check in load_cross().checks:
        for side in (check.left, check.right):
            columns = {c.name for c in load_contract(side.source).entities[side.entity].landed()}
            assert {side.count, *side.when, *([side.by] if side.by else [])} <= columns, check.rule

"""The example queries of the marts: what an analyst is told to ask is true within what its row says."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
import sqlglot
from sqlglot import exp

from expectations.marts import Example, Mart, load_marts
from tests.warehouse.answering import outside
from tests.warehouse.five_years import home
from warehouse.publish.snapshot import CURRENT

__all__ = ["home"]
MARTS = load_marts()
EXAMPLES = [(m, e) for m in MARTS.marts.values() for e in m.examples]


@pytest.mark.parametrize(("mart", "example"), EXAMPLES, ids=[f"{m.name}-{e.question.en[:20]}" for m, e in EXAMPLES])
def test_no_example_adds_up_figures_that_are_rounded(mart: Mart, example: Example) -> None:
    tree = sqlglot.parse_one(example.sql, read="duckdb")
    added = {column.name for total in tree.find_all(exp.Sum) for column in total.find_all(exp.Column)}
    read = {table.name for table in tree.find_all(exp.Table)} & set(MARTS.marts)
    rounded = {column for name in read for column in MARTS.marts[name].rounded}
    assert not added & (rounded | {"people"}), "ask people_totals, or show the rows with their margin"


def test_every_answer_lies_within_its_margin_of_the_truth(home: Path) -> None:
    assert list(outside(home / "published" / CURRENT, home / "w.duckdb", MARTS)) == []


def test_every_published_row_of_a_protected_mart_says_its_margin_and_keeps_it(home: Path) -> None:
    with duckdb.connect(str(home / "published" / CURRENT), read_only=True) as seen:
        seen.execute(f"attach '{home / 'w.duckdb'}' as w (read_only)")
        for mart in (m for m in MARTS.marts.values() if m.counts):
            same = " and ".join(f"seen.{c} is not distinct from real.{c}" for c in mart.grain)
            far = " or ".join(f"abs(seen.{c} - real.{c}) > seen.margin" for c in mart.counts)
            query = f"select * from marts.{mart.name} as seen join w.marts.{mart.name} as real on {same} where {far}"
            assert seen.execute(query).fetchall() == [], mart.name

"""Sums of money: none that is over too few cases, and none that others would give away."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from expectations.marts import load_marts
from warehouse.publish.money import shown_in_cut, shown_in_street

MARTS = load_marts().marts


def months(*counts: int) -> list[dict[str, Any]]:
    return [{"month": date(2022, n, 1), "clues": count, "owed": 100 * count} for n, count in enumerate(counts, 1)]


@pytest.mark.parametrize(
    ("counts", "shown"),
    [
        ((3, 4, 5), [True, True, True]),
        ((1, 4, 9), [False, False, True]),  # the year less the others would be the one case
        ((1, 2, 9), [False, False, True]),  # together three: no one of them
        ((2, 0, 9), [False, True, False]),  # a month without cases hides nothing
        ((1, 0, 0), [False, True, True]),  # then the year, over one case, is not shown either
    ],
)
def test_the_months_left_empty_in_a_year_are_over_three_cases_together(
    counts: tuple[int, ...], shown: list[bool]
) -> None:
    assert shown_in_street(months(*counts), "owed", "clues") == shown


@pytest.mark.parametrize(
    ("counts", "empty", "shown"),
    [
        ((8, 0, 12), set[object](), True),
        ((8, 7, 12), set[object](), False),  # money beside a 5 would say that it is three or more
        ((8, 0, 12), {"2022-Q1"}, False),  # the cut would add up to the month that is left empty
    ],
)
def test_a_finer_cut_shows_money_where_no_cell_of_the_slice_is_small(
    counts: tuple[int, ...], empty: set[object], shown: bool
) -> None:
    rows = [{"quarter": "2022-Q1", "community_code": f"c{n}", "clues": c} for n, c in enumerate(counts)]
    assert shown_in_cut(MARTS["wage_recovery_by_community"], rows, "clues", empty) == [shown] * 3

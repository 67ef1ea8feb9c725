"""In whatever order the past is read, claims, register, cases, counts and the yearly report come out the same.

A history is drawn: cuts of the past year, windows that overlap them or come again, two nights that read the present,
some of it staged on the way, readers killed while they land. It is told as drawn and backward,
after the nights: time has one order, and what a source has since forgotten no order brings back.
"""

from __future__ import annotations

import itertools
import random
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from extractors import discover
from simulator.store import Store
from tests.warehouse.told_past import Deed, Telling, hamlet

__all__ = ["hamlet"]

NIGHTS = (("2022-12-29", "2022-12-30"), ("2022-12-30", "2022-12-31"))
DAYS = tuple(
    f"2022-{month:02d}-{day:02d}" for month in range(7, 13) for day in (1, 16)
)  # all before the nights, which look back a day


def past(seed: int, cuts: Sequence[str], again: Sequence[str]) -> list[Deed]:
    """Windows of the past of every source that has one, between the cuts, and one that covers two days of `again`."""
    draw = random.Random(seed)
    edges = sorted({"2022-07-01", *cuts, "2022-12-27"})
    told = [key for key, source in sorted(discover().items()) if source.of_the_past().entities]
    deeds = [Deed(key, a, b, staged=draw.random() < 0.1) for key in told for a, b in itertools.pairwise(edges)]
    first, last = min(again), max(again)
    if first < last:
        deeds += [Deed(key, first, last, killed=True) for key in draw.sample(told, 2)]
    draw.shuffle(deeds)
    return deeds


def with_nights(deeds: Sequence[Deed]) -> list[Deed]:
    """The nights first, in their order: what a system has since changed it no longer tells as it was."""
    return [*(Deed(key, a, b, night=True) for a, b in NIGHTS for key in sorted(discover())), *deeds]


def check(town: Store, seed: int, cuts: Sequence[str], again: Sequence[str]) -> None:
    deeds = past(seed, cuts, again)
    with tempfile.TemporaryDirectory() as folder:
        as_drawn = Telling(Path(folder) / "drawn", town).tell(with_nights(deeds))
        backward = Telling(Path(folder) / "backward", town).tell(with_nights(deeds[::-1]))
    differing = {
        table: (as_drawn[table], backward.get(table)) for table in as_drawn if as_drawn[table] != backward.get(table)
    }
    assert differing == {}
    assert not as_drawn["claims.case"].startswith("0:") and not as_drawn["marts.case_timeliness"].startswith("0:")


@pytest.fixture(autouse=True)
def office(register_env: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REGISTER_FAULTPOINT", raising=False)


histories = {
    "seed": st.integers(0, 2**16),
    "cuts": st.lists(st.sampled_from(DAYS), min_size=1, max_size=2),
    "again": st.lists(st.sampled_from(DAYS), min_size=2, max_size=2),
}
QUIET = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]


@settings(
    max_examples=1, deadline=None, derandomize=True, database=None, suppress_health_check=QUIET,
    phases=(Phase.explicit, Phase.generate),
)  # fmt: skip
@given(**histories)
def test_any_order_of_reading_twelve_sources_ends_alike(
    hamlet: Store, seed: int, cuts: list[str], again: list[str]
) -> None:
    check(hamlet, seed, cuts, again)


@pytest.mark.slow
@settings(max_examples=20, deadline=None, suppress_health_check=QUIET)
@given(**histories)
def test_many_orders_of_reading_twelve_sources_end_alike(
    hamlet: Store, seed: int, cuts: list[str], again: list[str]
) -> None:
    check(hamlet, seed, cuts, again)

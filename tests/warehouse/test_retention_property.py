"""Whatever has happened to a record, a purge takes no more than its past: the register and a rebuild stay the same."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.warehouse.registered import Hall, guest, resident, room
from tests.warehouse.retained import everything, present, purged
from tests.warehouse.test_register_property import DAYS, RESIDENTS, guests, residents, rooms
from warehouse.engine import rebuild
from warehouse.engine.carry import register_again

rows = st.one_of(
    st.fixed_dictionaries({"resident": st.lists(residents, min_size=1, max_size=3)}),
    st.fixed_dictionaries({"room": st.lists(rooms, min_size=1, max_size=3)}),
    st.fixed_dictionaries({"guest": st.lists(guests, min_size=1, max_size=2)}),
)
loads = st.lists(st.tuples(st.sampled_from((*DAYS, 5, 6, 7)), rows), min_size=3, max_size=9)
refused = st.sets(st.sampled_from((*RESIDENTS, "v|1")), max_size=1)
nights = st.lists(st.sampled_from((4, 5, 6, 7, 8)), min_size=1, max_size=2)
Loads = Sequence[tuple[int, Mapping[str, Sequence[Mapping[str, Any]]]]]


def tell(loads: Loads, refused: set[str], nights: Sequence[int]) -> None:
    """Land, register, purge once or twice, and hold the register and a rebuild against what was there."""
    with tempfile.TemporaryDirectory() as folder:
        hall = Hall(Path(folder))
        everybody: Loads = [(1, {"resident": [resident("1")], "room": [room("a")], "guest": [guest("v", 1, 1)]})]
        for day, listed in [*everybody, *loads]:
            hall.land(day, **listed)
        hall.release(*refused)
        hall.build()
        before = present(hall)
        for day in nights:
            purged(hall, date(2027, 11, day))
            assert present(hall) == before
        hall.build(full=True)
        assert present(hall) == before
        left = everything(hall)
        rebuild(hall.landing, hall.file, [hall.contract], then=register_again)
        assert everything(hall) == left


@pytest.mark.usefixtures("register_env")
@settings(max_examples=2, deadline=None, database=None, derandomize=True,
          suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])  # fmt: skip
@given(loads, refused, nights)
def test_a_purge_changes_neither_the_register_nor_its_rebuild(
    loads: Loads, refused: set[str], nights: list[int]
) -> None:
    tell(loads, refused, nights)


@pytest.mark.slow
@pytest.mark.usefixtures("register_env")
@settings(max_examples=200, deadline=None, database=None,
          suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])  # fmt: skip
@given(loads, refused, nights)
def test_many_purges_change_neither_the_register_nor_its_rebuild(
    loads: Loads, refused: set[str], nights: list[int]
) -> None:
    tell(loads, refused, nights)

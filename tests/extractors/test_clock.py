"""A picture is of the moment it was taken; only in its own night that is the night's end."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from extractors import Window
from extractors._kit.clock import picture_taken, today

NIGHT = Window.of_day("2022-11-01")


@pytest.mark.parametrize(
    ("read_at", "taken"),
    [
        ("2022-11-02T00:50:00", ""),
        ("2022-11-02T23:59:59", ""),
        ("2022-11-03T00:00:00", "2022-11-03T00:00:00"),
        ("2022-11-01T14:00:00", "2022-11-01T14:00:00"),
        ("2026-11-30T09:00:00", "2026-11-30T09:00:00"),
    ],
)
def test_a_picture_is_dated_when_it_was_taken(read_at: str, taken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REGISTER_TODAY", raising=False)
    assert picture_taken(NIGHT, datetime.fromisoformat(read_at)) == taken


def test_the_nights_of_a_simulated_town_are_run_as_if_on_their_days(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGISTER_TODAY", "2023-01-01")
    assert today() == date(2023, 1, 1)
    assert picture_taken(NIGHT, datetime(2026, 11, 30, 9)) == ""

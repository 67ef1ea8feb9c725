"""The edge verbs, value by value."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest

from expectations.errors import SourceChanged
from extractors._kit import edge


@pytest.mark.parametrize(
    ("raw", "number"),
    [("1,234", 1234), ("１２", 12), ("1.2万元", 12000), ("386人次", 386), ("5,000000", None), ("约12万", None),
     ("", None), (None, None), ("-3", -3)],
)  # fmt: skip
def test_numbers_as_people_write_them(raw: str | None, number: float | None) -> None:
    assert edge.number_of(raw) == number


def test_bands_name_their_bounds_and_what_is_no_number() -> None:
    assert edge.band(["0", "1", "2", "4", "5", "12", None, " ", "很多"], [1, 2, 5]) == [
        "<1", "1", "2-4", "2-4", "5+", "5+", None, None, "invalid",
    ]  # fmt: skip


def test_small_counts_are_hidden_and_null_texts_stay() -> None:
    assert edge.below(["9", "10", "0", r"\N", "约5"], 10, (r"\N",)) == ["<10", "10", "<10", r"\N", "invalid"]


def test_one_to_nine_are_suppressed_and_zero_is_not() -> None:
    kept, flags = edge.suppress(["0", "1", "9", "10", None], 10, ())
    assert kept == ["0", None, None, "10", None]
    assert flags == ["false", "true", "true", "false", "false"]


def test_a_url_in_any_kept_value_is_removed_and_counted() -> None:
    assert edge.without_urls(["rtsp://10.0.0.1/a", "门岗", "WWW.x.cn", None]) == ([None, "门岗", None, None], 2)


def test_values_keep_the_text_of_the_source() -> None:
    moment = datetime(2022, 11, 1, 8, 0, 0)
    assert edge.texts([1, Decimal("35.50"), True, None, moment, "x"], "c") == [
        "1", "35.50", "true", None, "2022-11-01 08:00:00", "x",
    ]  # fmt: skip


def test_a_structure_where_a_value_is_agreed_is_a_changed_shape() -> None:
    with pytest.raises(SourceChanged) as changed:
        edge.texts([{"secret": "value"}], "c")
    assert changed.value.code == "EX-SHAPE"
    assert "secret" not in str(changed.value)


def test_codes_are_hashed_in_one_form() -> None:
    assert edge.canonical_code(" 粤ａ12345 ") == edge.canonical_code("粤A 12345") == "粤A12345"
    assert edge.canonical_code("  ") is None

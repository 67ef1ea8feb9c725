"""What the charts draw, and what contracts tell the pages about names."""

from __future__ import annotations

import re

import pytest

from expectations.contract import Text, load_contract
from tests.report.tables import NIGHT, before, result
from warehouse.report.charts import rule_spark, source_spark, year
from warehouse.report.model import Night, Point, Rule
from warehouse.report.names import read_names
from warehouse.report.words import Words

BARS = ("#0072B2", "#D55E00", "#000000", "#57606a")


def marks(svg: bytes) -> dict[str, int]:
    """How many signs of each kind stand under the bars."""
    signs = re.findall(rb'<path transform="[^"]*" d="[^"]*" fill="(#[0-9a-fA-F]{6})" stroke="([^"]*)"', svg)
    found = [fill.decode().upper() for fill, _ in signs]
    return {
        name: found.count(colour) for name, colour in (("held", "#D55E00"), ("error", "#000000"), ("none", "#FFFFFF"))
    }


def bars(svg: bytes) -> int:
    return len(re.findall(rb'<path d="M[^"]*"[^>]* fill="#', svg))


def rule(*points: Point) -> Rule:
    row = result()
    word = Text("字", "word")
    return Rule(row["source"], row["entity"], row["rule"], "", "", "critical", "quarantine", word, word, word,
                0, 0, None, None, 0.0, "pass", "", NIGHT, None, None, trend=list(points))  # fmt: skip


def test_a_night_that_was_held_broken_or_missed_has_a_sign_of_its_own() -> None:
    nights = [Night(before(9), "pass"), Night(before(3), "held", quarantined_current=3), Night(before(2), "error")]
    assert marks(source_spark(nights, NIGHT)) == {"held": 1, "error": 1, "none": 7}


def test_nights_before_the_first_are_not_missing() -> None:
    assert marks(source_spark([Night(NIGHT, "pass")], NIGHT)) == {"held": 0, "error": 0, "none": 0}


def test_an_outcome_nobody_knows_is_marked_like_an_error() -> None:
    points = [Point(before(n), 1, o) for n, o in enumerate(("pass", "flagged", "waived", "skipped", "held", "odd"))]
    assert marks(rule_spark(rule(*points), NIGHT)) == {"held": 1, "error": 1, "none": 0}


def test_a_bar_is_a_night_with_rows() -> None:
    nights = [Night(before(n), "pass", quarantined_current=n) for n in range(4)]
    assert bars(source_spark(nights, NIGHT)) == 3


def test_a_year_is_drawn_in_less_than_a_hundred_kilobytes() -> None:
    nights = [Night(before(n), "flagged", 100 + n, 90, n % 17, 0, 1000, n % 30) for n in range(365)]
    svg = year(nights, NIGHT)
    assert len(svg) < 100_000
    assert b"2022-06" in svg


@pytest.mark.parametrize(
    ("column", "title"), [("id_mask", "证件号码"), ("name_mask", "姓名"), ("sex", "性别"), ("no_such", "no_such")]
)
def test_a_mask_is_called_like_what_it_masks(column: str, title: str) -> None:
    assert read_names().column("mobile_collection", "person", column).zh == title


def test_a_rule_that_reads_another_source_says_which() -> None:
    names = read_names()
    found = {
        (key, other)
        for key in names.sources
        for entity in load_contract(key).entities.values()
        for check in entity.checks
        for other in names.against(key, entity.name, check.rule)
    }
    assert ("wage_arrears", "hr_social_security") in found
    assert all(key != other for key, other in found)


def test_dates_and_shares_are_written_as_people_do() -> None:
    zh, en = Words("zh"), Words("en")
    assert (zh.day(NIGHT), en.day(NIGHT)) == ("2022年11月22日（星期二）", "Tuesday 22 November 2022")
    assert [zh.share(s) for s in (0.3, 0.05, 0.001, 0.0)] == ["30%", "5%", "0.1%", "0%"]
    assert (en("rows", n=1), en("rows", n=1234)) == ("1 row", "1,234 rows")


def test_a_value_with_braces_is_never_read_as_a_pattern() -> None:
    assert Words("zh")("tolerance", n="{n.__class__}") == "容许 {n.__class__}"


def test_drawing_never_asks_the_network() -> None:
    import vl_convert

    spec = {"data": {"url": "https://example.invalid/a.csv"}, "mark": "bar", "encoding": {"x": {"field": "a"}}}
    with pytest.raises(ValueError, match="not allowed"):
        vl_convert.vegalite_to_svg(spec, allowed_base_urls=[])

"""Every mart says in one sentence, in both languages, what it counts, and the file that counts it says the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from docs.marts import header
from expectations.errors import CallRejected
from expectations.marts import FILE, load_marts


def test_a_mart_without_a_rule_is_refused_by_name(tmp_path: Path) -> None:
    text = FILE.read_text("utf8")
    begin = text.index("    rule:\n", text.index("  rental_movement:\n"))
    end = text.index("    owner:", begin)
    (tmp_path / "marts.yml").write_text(text[:begin] + text[end:], "utf8")
    with pytest.raises(CallRejected, match=r"rental_movement.*rule"):
        load_marts(tmp_path / "marts.yml")


@pytest.mark.parametrize("mart", sorted(load_marts().marts))
def test_a_rule_is_one_sentence_in_each_language(mart: str) -> None:
    rule = load_marts().marts[mart].rule
    assert rule.zh.endswith("。") and rule.zh.count("。") == 1
    assert rule.en.endswith(".") and ". " not in rule.en


@pytest.mark.parametrize("mart", sorted(load_marts().marts))
def test_the_header_of_the_select_says_the_same(mart: str) -> None:
    assert header(mart, "Rule") == load_marts().marts[mart].rule.en

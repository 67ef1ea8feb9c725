"""A past day on the command line: what it prints, where it lies, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.warehouse.registered import Hall, guest, resident
from warehouse.engine.__main__ import main


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Hall:
    """One who left on the fourth, which was said on the fifth; one who stays."""
    hall = Hall(tmp_path_factory.mktemp("hall"))
    hall.night(1, resident=[resident("2", name="李四光")], guest=[guest("v", 1, 1)])
    hall.night(5, guest=[guest("w", 1, 1, 5, until="2022-11-04")])
    return hall


def asked(hall: Hall, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    status = main(["as-of", *words, "--warehouse", str(hall.file)])
    return status, capsys.readouterr().out


def test_a_past_day_is_built_beside_the_warehouse_and_counted(hall: Hall, capsys: pytest.CaptureFixture[str]) -> None:
    status, said = asked(hall, capsys, "2022-11-03")
    assert status == 0 and "2022-11-03 的登记库" in said and "residents of a known dwelling: 2" in said
    assert hall.file.with_name(f"{hall.file.name}.kept-as-of-2022-11-03").exists(), "an erasure destroys what is kept"


def test_the_same_day_by_what_was_known_then(hall: Hall, capsys: pytest.CaptureFixture[str]) -> None:
    now, then = (
        json.loads(asked(hall, capsys, "2022-11-04", "--json", *known)[1]) for known in ((), ("--known", "2022-11-04"))
    )
    assert (now["counts"]["residents"], then["counts"]["residents"]) == (1, 2)


def test_what_cannot_be_answered_says_why(hall: Hall, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    asked(hall, capsys, "2022-11-02")
    refused = {
        ("2022-11-02",): "RE-THERE", ("2023-01-01",): "RE-AHEAD", ("2022-11-03", "--known", "2022-11-01"): "RE-AHEAD",
        ("last week",): "SC-CALL", (): "SC-CALL",
    }  # fmt: skip
    for words, code in refused.items():
        status, said = asked(hall, capsys, *words)
        assert status == 2 and json.loads(said)["code"] == code
    assert main(["as-of", "2022-11-03", "--warehouse", str(tmp_path / "none.duckdb")]) == 3

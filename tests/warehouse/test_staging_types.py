"""Typing: what is clearly a value of its type becomes one, everything else stands in `untyped`, nothing is lost."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.warehouse.landed import column, contract, entity, land, rows_of
from warehouse.engine import stage_source

NULLS = ("null", "\\N", "无", "/")


def staged(folder: Path, kind: str, texts: list[str], *formats: str, nulls: tuple[str, ...] = ()) -> list[Any]:
    """What each text becomes: the typed value, None for null, or the untyped text in a list."""
    of = entity("thing", column("pk"), column("v", kind, *formats, nulls=nulls))
    land(folder / "landing", of, [{"pk": f"{i:03d}", "v": text} for i, text in enumerate(texts)])
    stage_source(contract(of), folder / "landing", folder / "w.duckdb")
    rows = sorted(rows_of(folder / "w.duckdb", "thing"), key=lambda r: r["pk"])
    return [[r["untyped"]["v"]] if r["untyped"] else r["v"] for r in rows]


def check(folder: Path, kind: str, wanted: dict[str, Any], *formats: str) -> None:
    assert dict(zip(wanted, staged(folder, kind, list(wanted), *formats), strict=True)) == wanted


def kept(*texts: str) -> dict[str, Any]:
    """Texts that must stay untyped."""
    return {t: [t] for t in texts}


def test_integers(tmp_path: Path) -> None:
    check(tmp_path, "integer", {
        "0": 0, "-7": -7, "+7": 7, "007": 7, " 12 ": 12, "１２": 12, "－１２": -12, "12.0": 12, "12.00": 12,
        "1,234": 1234, "1，234，567": 1234567, "386人次": 386, "３８６\u3000人次": 386, "12人": 12, "3 件": 3,
        "9223372036854775807": 2**63 - 1,
        **kept("12.5", "5,000000", "12,34", "1 234", "约12", "12万", "十二", "/", "-", "1e3", "0x1f", "1_000", "--1",
               "9223372036854775808", "99999999999999999999", "12元", "NaN", "inf", "½", "Ⅻ", "٣", "1\n2"),
    })  # fmt: skip


def test_decimals(tmp_path: Path) -> None:
    check(tmp_path, "decimal", {
        "0": Decimal(0), "113.264385": Decimal("113.264385"), "-0.5": Decimal("-0.5"), "１２．５": Decimal("12.5"),
        "1,234.50": Decimal("1234.5"), "1200元": Decimal(1200), "1e-05": Decimal("0.00001"),
        "1.5E+03": Decimal(1500),
        "113.26438512345": Decimal("113.264385"), "999999999999.999999": Decimal("999999999999.999999"),
        **kept("1.234,5", "5,000000.1", "约12万", "12万", "12%", "1000000000000", ".", "1.", ".5", "NaN", "inf",
               "1e400", "POINT (null null)", "85㎡"),
    })  # fmt: skip


def test_booleans(tmp_path: Path) -> None:
    yes, no = ("true", "TRUE", "1", "y", "Yes", "是", "１"), ("false", "0", "n", "No", "否", " 否 ")
    check(tmp_path, "boolean", {**dict.fromkeys(yes, True), **dict.fromkeys(no, False), **kept("2", "t", "有", "01")})


def test_dates_in_the_contract_formats(tmp_path: Path) -> None:
    check(tmp_path, "date", {
        "2022-11-01": date(2022, 11, 1), "20221101": date(2022, 11, 1), "2022-1-5": date(2022, 1, 5),
        "２０２２－１１－０１": date(2022, 11, 1), " 2022-11-01 ": date(2022, 11, 1), "9999-12-31": date(9999, 12, 31),
        **kept("2022-02-30", "0000-00-00", "2022111", "202211", "22-11-01", "0001-01-01", "1949", "2022/11/01",
               "2022-11-01 10:00:00", "44866", "今天"),
    }, "%Y-%m-%d", "%Y%m%d")  # fmt: skip


def test_months_become_their_first_day(tmp_path: Path) -> None:
    wanted = {"202211": date(2022, 11, 1), "2022年11月": date(2022, 11, 1), "2022.11": date(2022, 11, 1)}
    check(tmp_path, "date", {**wanted, **kept("20221105", "202213", "2022")}, "%Y%m", "%Y年%m月", "%Y.%m")


def test_moments_are_wall_clock_of_shanghai(tmp_path: Path) -> None:
    check(tmp_path, "datetime", {
        "2022-11-01 08:30:00": datetime(2022, 11, 1, 8, 30), "2022-11-01T00:30:00+0000": datetime(2022, 11, 1, 8, 30),
        "2022-11-01T00:30:00Z": datetime(2022, 11, 1, 8, 30), "2022-11-01T08:30:00+08:00": datetime(2022, 11, 1, 8, 30),
        "20221101083000": datetime(2022, 11, 1, 8, 30),
        **kept("2022-11-01 24:00:00", "2022-11-01 8h", "2022110108300", "2022-11-01T08:30:00", "08:30:00 PM"),
    }, "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S%z", "%Y%m%d%H%M%S")  # fmt: skip


@pytest.mark.parametrize("kind", ["text", "code", "integer", "decimal", "boolean"])
def test_null_words_are_null_as_written_only(tmp_path: Path, kind: str) -> None:
    assert staged(tmp_path, kind, [*NULLS, "", " ", "\u3000\t", "\u200b"], nulls=NULLS) == [None] * 8


def test_a_null_word_with_blanks_around_it_is_a_finding(tmp_path: Path) -> None:
    assert staged(tmp_path, "integer", [" null "], nulls=NULLS) == [[" null "]]


def test_text_stays_as_the_source_wrote_it(tmp_path: Path) -> None:
    texts = ["Ａ１ ", " 302房", "１,２", "“引号”", "\u3000x", "\ufeffx", "'", "е\u0301"]
    assert staged(tmp_path, "text", texts, nulls=NULLS) == texts


def test_several_failures_of_a_row_stand_side_by_side(tmp_path: Path) -> None:
    of = entity("thing", column("pk"), column("n", "integer"), column("d", "date"), column("ok", "integer"))
    land(tmp_path / "landing", of, [{"pk": "1", "n": "约3", "d": "昨天", "ok": "1"}])
    report = stage_source(contract(of), tmp_path / "landing", tmp_path / "w.duckdb").as_dict()
    [row] = rows_of(tmp_path / "w.duckdb", "thing")
    assert (row["untyped"], row["n"], row["d"], row["ok"]) == ({"n": "约3", "d": "昨天"}, None, None, 1)
    assert report["entities"]["thing"]["untyped"] == 2

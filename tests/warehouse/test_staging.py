"""A staged source: one version per content, lineage on every row, and figures that explain each landed row."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from expectations.errors import CallRejected
from tests.warehouse.landed import (
    PERSON,
    SOURCE,
    TOWN,
    column,
    contract,
    entity,
    land,
    ledger,
    query,
    rows_of,
)  # fmt: skip
from warehouse.engine import stage_source, staged_name, table_name

ANN = {"pk": "p1", "name": "安", "age": "31", "moved": "2022-11-01 08:00:00"}
BO = {"pk": "p2", "name": "博", "age": "40", "moved": "2022-11-01 09:00:00"}


def test_a_row_becomes_a_typed_version_with_its_lineage(tmp_path: Path) -> None:
    load = land(tmp_path / "landing", PERSON, [ANN])
    stage_source(TOWN, tmp_path / "landing", tmp_path / "w.duckdb")
    [row] = rows_of(tmp_path / "w.duckdb", "person")
    assert len(row.pop("content_hash")) == 32
    assert row == {
        "load_id": load.load_id, "source": SOURCE, "source_record_id": "p1", "op": "upsert",
        "seen_at": datetime(2022, 11, 2), "known_from": datetime(2022, 11, 2),
        "changed_at": datetime(2022, 11, 1, 8), "pk": "p1", "name": "安", "age": 31,
        "moved": datetime(2022, 11, 1, 8), "deleted_at": None, "untyped": None,
    }  # fmt: skip


def test_the_report_and_the_ledger_explain_every_row(tmp_path: Path) -> None:
    land(tmp_path / "landing", PERSON, [ANN, ANN, BO], dropped={"withdrawn": 2}, rejected={"DE-ROW": 1}, source_total=6)
    report = stage_source(TOWN, tmp_path / "landing", tmp_path / "w.duckdb").as_dict()
    person = report["entities"]["person"]
    assert (person["loads"], person["landed"], person["new"], person["known"]) == (1, 3, 2, 1)
    [row] = ledger(tmp_path / "w.duckdb")
    assert (row["source_total"], row["landed"], row["new"], row["known"]) == (6, 3, 2, 1)
    assert (row["dropped"], row["rejected"]) == ({"withdrawn": 2}, {"DE-ROW": 1})
    assert (row["contract_version"], row["token_key"]) == ("v1", "k1")


def test_staging_again_changes_nothing(tmp_path: Path) -> None:
    land(tmp_path / "landing", PERSON, [ANN])
    stage_source(TOWN, tmp_path / "landing", tmp_path / "w.duckdb")
    report = stage_source(TOWN, tmp_path / "landing", tmp_path / "w.duckdb").as_dict()
    assert report["entities"]["person"]["loads"] == 0
    assert report["entities"]["person"]["loads_known"] == 1
    assert len(rows_of(tmp_path / "w.duckdb", "person")) == 1


def test_nights_that_were_skipped_are_caught_up(tmp_path: Path) -> None:
    for day in (1, 2, 3):
        land(tmp_path / "landing", PERSON, [{**ANN, "age": str(30 + day)}], day)
    report = stage_source(TOWN, tmp_path / "landing", tmp_path / "w.duckdb").as_dict()
    assert report["entities"]["person"]["loads"] == 3
    assert [r["age"] for r in rows_of(tmp_path / "w.duckdb", "person")] == [31, 32, 33]


def test_a_content_delivered_again_keeps_its_first_load_and_moves_seen_at(tmp_path: Path) -> None:
    first = land(tmp_path / "landing", PERSON, [ANN], 1)
    land(tmp_path / "landing", PERSON, [ANN, BO], 5)
    stage_source(TOWN, tmp_path / "landing", tmp_path / "w.duckdb")
    ann = rows_of(tmp_path / "w.duckdb", "person")[0]
    assert (ann["load_id"], ann["known_from"], ann["seen_at"]) == (
        first.load_id, datetime(2022, 11, 2), datetime(2022, 11, 6)
    )  # fmt: skip


def test_an_old_window_that_returns_less_removes_nothing(tmp_path: Path) -> None:
    land(tmp_path / "landing", PERSON, [ANN, BO], 1)
    stage_source(TOWN, tmp_path / "landing", tmp_path / "w.duckdb")
    land(tmp_path / "landing", PERSON, [ANN], 1)
    stage_source(TOWN, tmp_path / "landing", tmp_path / "w.duckdb")
    assert len(rows_of(tmp_path / "w.duckdb", "person")) == 2


def test_a_tombstone_is_a_version_with_the_time_of_the_deletion(tmp_path: Path) -> None:
    land(tmp_path / "landing", PERSON, [{"pk": "p1", "deleted_at": "2022-11-01 12:00:00"}])
    report = stage_source(TOWN, tmp_path / "landing", tmp_path / "w.duckdb").as_dict()
    [row] = rows_of(tmp_path / "w.duckdb", "person")
    assert (row["op"], row["changed_at"]) == ("delete", datetime(2022, 11, 1, 12))
    assert report["entities"]["person"]["deletes"] == 1


def test_a_tombstone_with_an_unreadable_time_is_still_a_deletion(tmp_path: Path) -> None:
    land(tmp_path / "landing", PERSON, [{"pk": "p1", "deleted_at": "昨天"}])
    stage_source(TOWN, tmp_path / "landing", tmp_path / "w.duckdb")
    [row] = rows_of(tmp_path / "w.duckdb", "person")
    assert (row["op"], row["untyped"]) == ("delete", {"deleted_at": "昨天"})


@pytest.mark.parametrize("written", ["ａ１", " a1", "a1\u3000", "\ufeffa1", "a1\u00a0\t"])
def test_a_key_is_one_whatever_its_width_and_blanks(tmp_path: Path, written: str) -> None:
    land(tmp_path / "landing", PERSON, [{"pk": "a1"}, {"pk": written}])
    stage_source(TOWN, tmp_path / "landing", tmp_path / "w.duckdb")
    rows = rows_of(tmp_path / "w.duckdb", "person")
    assert {r["source_record_id"] for r in rows} == {"a1"}
    assert {r["pk"] for r in rows} == {"a1", written}


def test_case_tells_keys_apart(tmp_path: Path) -> None:
    land(tmp_path / "landing", PERSON, [{"pk": "a1"}, {"pk": "A1"}])
    stage_source(TOWN, tmp_path / "landing", tmp_path / "w.duckdb")
    assert {r["source_record_id"] for r in rows_of(tmp_path / "w.duckdb", "person")} == {"a1", "A1"}


def test_compound_keys_never_run_into_each_other(tmp_path: Path) -> None:
    stay = entity("stay", column("a"), column("b"), key=("a", "b"))
    pairs = [("x|", "y"), ("x", "|y"), ("x\\", "|y"), ("x", "y"), ("x｜", "y ")]
    land(tmp_path / "landing", stay, [{"a": a, "b": b} for a, b in pairs])
    stage_source(contract(stay), tmp_path / "landing", tmp_path / "w.duckdb")
    ids = {(r["a"], r["b"]): r["source_record_id"] for r in rows_of(tmp_path / "w.duckdb", "stay")}
    assert ids["x", "y"] == "x|y"
    assert ids["x｜", "y "] == ids["x|", "y"]  # one key, written at another width
    assert len(set(ids.values())) == 4


def test_a_column_named_like_a_lineage_column_keeps_its_value(tmp_path: Path) -> None:
    names = ["op", "Source", "untyped", "place", "content_hash", "l0", "v0", "c0", "landed", "copies", "batch"]
    odd = entity("odd", column("pk"), *(column(n, "integer" if n == "c0" else "text") for n in names))
    land(tmp_path / "landing", odd, [{"pk": "1", **dict.fromkeys(names, "7")}])
    stage_source(contract(odd), tmp_path / "landing", tmp_path / "w.duckdb")
    [row] = rows_of(tmp_path / "w.duckdb", "odd")
    assert {n: str(row[staged_name(n)]) for n in names} == dict.fromkeys(names, "7")
    assert (row["op"], row["source"], staged_name("op"), staged_name("Source")) == (
        "upsert", SOURCE, "source_op", "source_Source"
    )  # fmt: skip


@pytest.mark.parametrize(
    "wrong",
    [
        entity("e", column("pk"), column("X"), column("x")),
        entity("e", column("pk"), column("op"), column("source_op")),
        entity("e", column("pk"), column("file_row_number")),
        entity("e", column("x"), key=("pk",)),
        entity("e", column("pk"), column("d", "date", "%Q")),
        entity("e", column("pk"), changed_at="gone"),
    ],
)
def test_a_contract_that_no_table_can_hold_is_refused(tmp_path: Path, wrong: Any) -> None:
    with pytest.raises(CallRejected, match="CT-SPEC"):
        stage_source(contract(wrong), tmp_path / "landing", tmp_path / "w.duckdb")


def test_two_contents_of_one_key_in_one_load_are_two_versions(tmp_path: Path) -> None:
    land(tmp_path / "landing", PERSON, [ANN, {**ANN, "name": "安安"}])
    stage_source(TOWN, tmp_path / "landing", tmp_path / "w.duckdb")
    assert [r["name"] for r in rows_of(tmp_path / "w.duckdb", "person")] == ["安", "安安"]


def test_null_and_blank_are_different_contents_but_both_null(tmp_path: Path) -> None:
    land(tmp_path / "landing", PERSON, [{"pk": "1"}, {"pk": "1", "name": ""}, {"pk": "1", "name": " \u3000"}])
    stage_source(TOWN, tmp_path / "landing", tmp_path / "w.duckdb")
    assert [r["name"] for r in rows_of(tmp_path / "w.duckdb", "person")] == [None, None, None]


def test_values_that_could_run_into_each_other_hash_apart(tmp_path: Path) -> None:
    two = entity("two", column("pk"), column("a"), column("b"))
    rows = [("x", "yz"), ("xy", "z"), ("", "xyz"), (None, "xyz"), ("xyz", None), ("1=b:x", None), ("", "1=b:x")]
    land(tmp_path / "landing", two, [{"pk": "1", "a": a, "b": b} for a, b in rows])
    report = stage_source(contract(two), tmp_path / "landing", tmp_path / "w.duckdb").as_dict()
    assert report["entities"]["two"]["new"] == len(rows)


def test_hostile_text_is_data(tmp_path: Path) -> None:
    hostile = [
        "'); DROP TABLE ledger.load; --",
        "$$",
        "$file",
        "{{table}}",
        "\\",
        '"',
        "＇; --",
        "ʼ",
        "a\0b",
        "\u202e",
        "😀",
    ]
    land(tmp_path / "landing", PERSON, [{"pk": h, "name": h} for h in hostile])
    stage_source(TOWN, tmp_path / "landing", tmp_path / "w.duckdb")
    assert {r["name"] for r in rows_of(tmp_path / "w.duckdb", "person")} == set(hostile)
    assert len(ledger(tmp_path / "w.duckdb")) == 1


def test_hostile_names_in_a_contract_are_names(tmp_path: Path) -> None:
    nasty = ['"; drop table x; --', "a'b", "{{table}}", "$source", "select"]
    odd = entity('od"d', column("pk"), *(column(n, "integer", nulls=["'); --", "无"]) for n in nasty))
    land(tmp_path / "landing", odd, [{"pk": "1", **dict.fromkeys(nasty, "约5")}, {"pk": "2", nasty[0]: "'); --"}])
    stage_source(contract(odd), tmp_path / "landing", tmp_path / "w.duckdb")
    found = query(tmp_path / "w.duckdb", 'select * from staging."town_hall__od""d" order by pk')
    assert found[0]["untyped"] == dict.fromkeys(nasty, "约5")
    assert found[1]["untyped"] is None


def test_a_landing_folder_may_have_any_name(tmp_path: Path) -> None:
    landing = tmp_path / "la[n]ding * ?" / "dt=2022"
    land(landing, PERSON, [ANN])
    stage_source(TOWN, landing, tmp_path / "w.duckdb")
    assert len(rows_of(tmp_path / "w.duckdb", "person")) == 1


def test_an_entity_without_rows_has_its_table(tmp_path: Path) -> None:
    land(tmp_path / "landing", PERSON, [])
    report = stage_source(TOWN, tmp_path / "landing", tmp_path / "w.duckdb").as_dict()
    assert report["entities"]["person"]["loads"] == 1
    assert rows_of(tmp_path / "w.duckdb", "person") == rows_of(tmp_path / "w.duckdb", "device") == []


def test_the_report_is_counts_and_codes_only(tmp_path: Path) -> None:
    land(tmp_path / "landing", PERSON, [{**ANN, "age": "canary-value"}])
    report = stage_source(TOWN, tmp_path / "landing", tmp_path / "w.duckdb").as_dict()
    assert report["entities"]["person"]["untyped"] == 1
    assert "canary" not in repr(report) and "安" not in repr(report)


def test_table_names_are_made_of_source_and_entity() -> None:
    assert table_name("a_b", "person") == "a_b__person"

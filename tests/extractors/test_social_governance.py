"""Social governance over its views: look-back, versions, statuses, deletions, and views that are not as agreed."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from expectations.contract import load_contract
from expectations.errors import CallRejected
from extractors import Window, discover
from extractors._kit.connection import Connection
from extractors._kit.run import run_source
from simulator.faults import Fault
from simulator.wires.social_governance import VIEWS, SocialGovernance, make
from tests.extractors.kit_fixtures import Row, errors, expected_rows, landed, leaks, manifests, run, set_keys, store_of

KEY = "social_governance"
WEEK = ("2022-11-01", "2022-11-08")
STATUS = "status_is_neither_in_force_nor_withdrawn"
Serve = Callable[..., SocialGovernance]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Start a wire over hand-made rows: entity -> rows, each with its change time in the last kept column."""
    with ExitStack() as stack:

        def start(**rows: list[Row]) -> SocialGovernance:
            records = {}
            for entity, (_, columns) in VIEWS.items():
                said = rows.get(entity, [])
                records[KEY, entity] = [(r[columns[-1]] or "", str(r[columns[0]]), r) for r in said]
            return stack.enter_context(make(store_of(tmp_path, records)))

        yield start


def sample() -> dict[str, list[Row]]:
    said = json.loads((discover()[KEY].folder / "sample" / "reply.json").read_text("utf8"))
    return {entity: said[view] for entity, (view, _) in VIEWS.items()}


def person(pk: str, moment: str, **more: object) -> Row:
    named = {"pk": pk, "identity_num": "44019719560312011X", "person_name": "张建国", "person_sex": "1"}
    return {
        **named,
        "date_birth": "19560312",
        "status_cd": "12",
        "oper_date": moment,
        "nation": "CANARY-nation",
        **more,
    }


def keys(tmp_path: Path, entity: str = "registered_person") -> list[str]:
    return [row["pk"] for row in landed(tmp_path, KEY, entity)]


def test_the_sample_becomes_its_rows(serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    summary = run(KEY, serve(**sample()), *WEEK, tmp_path, monkeypatch)
    assert (summary.exit_status, summary.findings, errors(summary)) == (0, [], [])
    assert {entity: landed(tmp_path, KEY, entity) for entity in expected_rows(KEY)} == expected_rows(KEY)
    clear = [row[name] for row in sample()["registered_person"] for name in ("identity_num", "person_name")]
    assert leaks(tmp_path, KEY, summary, ("CANARY", *clear, "OKAFOR", "H90000001", "000100001")) == []


def test_rows_of_another_status_are_counted_and_not_landed(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = "2022-11-02 10:00:00"
    rows = [person(str(n), moment, status_cd=code) for n, code in enumerate(("12", "22 ", "11", "", None, "01"))]
    summary = run(KEY, serve(registered_person=rows), *WEEK, tmp_path, monkeypatch)
    told = summary.entities["registered_person"]
    assert (told.source_total, told.rows, told.dropped) == (6, 2, {STATUS: 4})
    assert keys(tmp_path) == ["0", "1"]


def test_padded_and_full_width_codes_are_folded_like_plain_ones(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = sample()
    house, guest = said["rental_house"][0], said["overseas_person"][0]
    codes = {"hazard_type": ("03 ", "０５", "01 "), "country": ("CHN ", " HKG", "USA")}
    houses = [house | {"house_code": f"H{n}", "hazard_type": code} for n, code in enumerate(codes["hazard_type"])]
    guests = [guest | {"pk": f"O{n}", "country": code} for n, code in enumerate(codes["country"])]
    run(KEY, serve(rental_house=houses, overseas_person=guests), *WEEK, tmp_path, monkeypatch)
    assert sorted(row["hazard_type"] for row in landed(tmp_path, KEY, "rental_house")) == ["01 ", "99", "99"]
    assert sorted(row["country"] for row in landed(tmp_path, KEY, "overseas_person")) == [
        "HK-MO-TW", "foreign", "mainland",
    ]  # fmt: skip


def test_the_window_looks_back_three_days_and_its_end_is_outside(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moments = ["2022-10-28 23:59:59", "2022-10-29 00:00:00", "2022-11-07 23:59:59", "2022-11-08 00:00:00"]
    rows = [person(str(n), moment) for n, moment in enumerate(moments)]
    log = [{"pk": f"d{n}", "table_name": "v_pop_registered", "del_time": m} for n, m in enumerate(moments)]
    run(KEY, serve(registered_person=rows, delete_log=log), *WEEK, tmp_path, monkeypatch)
    assert keys(tmp_path) == ["1", "2", "d1", "d2"]


def test_each_content_of_a_key_lands_and_the_same_window_again_is_no_news(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = "2022-11-02 10:00:00"
    rows = [person("1", moment, house_code=code) for code in ("A", "B")] + [person("1", "2022-11-03 10:00:00")]
    wire = serve(registered_person=rows)
    loads = []
    for _ in range(2):
        assert run(KEY, wire, *WEEK, tmp_path, monkeypatch).exit_status == 0
        loads.append([manifest for _, manifest in manifests(tmp_path, KEY)])
    assert keys(tmp_path) == ["1", "1", "1"]
    assert loads[0] == loads[1]


def test_rows_without_a_change_time_land_and_without_a_key_are_set_aside(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [person("1", "2022-11-02 10:00:00"), person("2", None), person(" ", "2022-11-03 10:00:00")]  # type: ignore[arg-type]
    summary = run(KEY, serve(registered_person=rows), *WEEK, tmp_path, monkeypatch)
    told = summary.entities["registered_person"]
    assert (told.source_total, told.rows, told.rejected) == (3, 2, {"DE-ROW": 1})
    assert keys(tmp_path) == ["1", "2"]


def test_a_written_out_null_is_no_household(serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = ("null", r"\N", "无", "", None, "000100001")
    rows = [person(str(n), "2022-11-02 10:00:00", house_no=no) for n, no in enumerate(numbers)]
    run(KEY, serve(registered_person=rows), *WEEK, tmp_path, monkeypatch)
    assert ["house_no" in row for row in landed(tmp_path, KEY, "registered_person")] == [False] * 5 + [True]


def test_deletions_land_with_their_entity_and_the_rest_of_the_log_is_counted(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = "2022-11-02 10:00:00"
    tables = ["V_POP_FLOATING", "v_house_rental", "v_building", "v_grid", "v_vehicle", None]
    log = [{"pk": f"K{n}", "table_name": table, "del_time": moment} for n, table in enumerate(tables)]
    log.append({"pk": "K9", "table_name": "v_grid", "del_time": ""})
    log.append({"pk": "K8", "table_name": "v_grid", "del_time": None})
    log.append({"pk": None, "table_name": "v_grid", "del_time": moment})
    summary = run(KEY, serve(delete_log=log), *WEEK, tmp_path, monkeypatch)
    assert (summary.exit_status, summary.notes) == (0, {"deletions_of_other_tables": 2})
    assert landed(tmp_path, KEY, "floating_person") == [{"pk": "K0", "deleted_at": moment}]
    assert landed(tmp_path, KEY, "rental_house") == [{"house_code": "K1", "deleted_at": moment}]
    assert landed(tmp_path, KEY, "building") == [{"build_code": "K2", "deleted_at": moment}]
    assert landed(tmp_path, KEY, "grid") == [{"grid_code": "K3", "deleted_at": moment}]
    assert summary.entities["grid"].rejected == {"DE-ROW": 2}


def test_a_deletion_may_come_before_the_row(serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = [{"pk": "1", "table_name": "v_pop_registered", "del_time": "2022-11-01 09:00:00"}]
    rows = [person("1", "2022-11-02 10:00:00")]
    run(KEY, serve(registered_person=rows, delete_log=log), *WEEK, tmp_path, monkeypatch)
    assert [row.get("deleted_at") for row in landed(tmp_path, KEY, "registered_person")] == [None, log[0]["del_time"]]


@pytest.mark.parametrize("field", ["pk", "oper_date", "identity_num", "status_cd"])
@pytest.mark.parametrize("fault", [{"kind": "remove_field"}, {"kind": "rename_field", "to": "renamed"}])
def test_a_required_column_that_is_gone_stops_the_source(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: dict[str, str], field: str
) -> None:
    wire = serve(**sample())
    wire.faults.add(Fault.from_json({**fault, "path": "v_pop_registered", "field": field}))
    summary = run(KEY, wire, *WEEK, tmp_path, monkeypatch)
    assert (summary.exit_status, errors(summary), manifests(tmp_path, KEY)) == (4, ["DE-SCHEMA"], [])
    assert field in summary.errors[0].detail


def test_a_further_column_is_reported_and_never_fetched(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = serve(**sample())
    wire.faults.add("add_field", "v_building", field="owner_phone", value="CANARY-13900000000")
    wire.faults.add("rename_field", "v_grid", field="grid_name", to="grid_title")
    summary = run(KEY, wire, *WEEK, tmp_path, monkeypatch)
    told = {(finding["code"], finding["entity"], finding["field"]) for finding in summary.findings}
    assert summary.exit_status == 0
    assert told == {
        ("EX-UNDECLARED", "building", "owner_phone"),
        ("EX-UNDECLARED", "grid", "grid_title"),
        ("DE-SCHEMA", "grid", "grid_name"),
    }
    assert leaks(tmp_path, KEY, summary) == []


def test_a_view_that_is_gone_is_for_a_person_to_look_at(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = serve(**sample())
    connection = Connection.from_json(KEY, json.dumps(wire.connection()))
    with closing(sqlite3.connect(wire.file)) as db:
        db.execute("drop view v_building")
    set_keys(tmp_path, monkeypatch)
    summary = run_source(discover()[KEY], Window.parse(*WEEK), tmp_path / "landing", connection)
    assert (summary.exit_status, errors(summary), manifests(tmp_path, KEY)) == (4, ["EX-DB"], [])
    assert "v_building" in summary.errors[0].detail


def test_rows_that_change_while_they_are_read_are_read_as_they_were(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [person(f"{n:04}", f"2022-11-02 10:{n // 60:02}:{n % 60:02}") for n in range(2_000)]
    wire = serve(registered_person=rows)
    touched: list[int] = []

    def progress(entity: str, came: int) -> None:
        if entity == "registered_person" and came:
            key = rows[-1 - len(touched)]["pk"]
            touched.append(wire.touch("v_pop_registered", key, "2022-11-09 00:00:00"))

    set_keys(tmp_path, monkeypatch)
    connection = Connection.from_json(KEY, json.dumps(wire.connection()))
    source, window = discover()[KEY], Window.parse(*WEEK)
    summary = run_source(source, window, tmp_path / "landing", connection, progress=progress)
    assert (summary.exit_status, summary.entities["registered_person"].rows) == (0, 2_000)
    assert len(touched) > 2 and set(touched) == {1}
    assert keys(tmp_path) == [row["pk"] for row in rows]


def test_lost_and_doubled_rows_are_what_the_view_holds(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = serve(**sample())
    wire.faults.add("duplicate_rows", "v_building")
    wire.faults.add("lose_rows", "v_grid")
    wire.faults.add("empty_page", "v_house_rental")
    summary = run(KEY, wire, *WEEK, tmp_path, monkeypatch)
    assert summary.exit_status == 0
    assert [summary.entities[name].rows for name in ("building", "grid", "rental_house")] == [2, 0, 0]


def test_a_connection_without_its_url_is_a_bad_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    set_keys(tmp_path, monkeypatch)
    connection = Connection.from_json(KEY, '{"conn_type": "generic", "extra": {}}')
    with pytest.raises(CallRejected) as error:
        run_source(discover()[KEY], Window.parse(*WEEK), tmp_path / "landing", connection)
    assert error.value.code == "SC-CONN"


@pytest.mark.parametrize("rule", ["{column: status_cd}", "{column: status_cd, keep: ['12'], values: ['11']}"])
def test_a_drop_rule_says_what_goes_or_what_stays(tmp_path: Path, rule: str) -> None:
    text = (discover()[KEY].contracts / f"{KEY}.yml").read_text("utf8")
    changed = text.replace('{column: status_cd, keep: ["12", "22"]}', rule)
    assert changed != text
    (tmp_path / f"{KEY}.yml").write_text(changed, "utf8")
    with pytest.raises(CallRejected, match="either values or keep"):
        load_contract(KEY, tmp_path)

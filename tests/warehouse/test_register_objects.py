"""Objects, places and histories; the register's own checks; explanations; and the rebuild."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from expectations.errors import CallRejected
from expectations.register_rules import load_register_rules
from tests.warehouse.registered import Hall, guest, resident, room
from warehouse.decisions.access_log import AccessLog
from warehouse.decisions.store import open_decisions
from warehouse.engine import open_warehouse
from warehouse.engine.__main__ import main
from warehouse.engine.carry import register_again
from warehouse.engine.checked import check_register, verdict_of
from warehouse.engine.cluster import Space, cluster
from warehouse.engine.explain import explain, told
from warehouse.engine.rebuild import rebuild
from warehouse.publish.history import key_of

NIGHT = date(2022, 11, 30)
SQUARE = "POLYGON ((113.2 23.2, 113.3 23.2, 113.3 23.3, 113.2 23.3, 113.2 23.2))"
CELL = "440111017001001"
CODES = (Space("code", exclusive=True), Space("ref"), Space("text", text=True))


@pytest.fixture
def hall(tmp_path: Path) -> Hall:
    return Hall(tmp_path)


def test_a_device_keeps_its_states_and_stands_in_the_cell_its_point_lies_in(hall: Hall) -> None:
    lamp = {"pk": "44011101001327000040", "on": "1", "lng": "113.25", "lat": "23.25", "moved": "2022-11-01 08:00:00"}
    hall.night(
        3,
        cell=[{"pk": CELL, "border": SQUARE}],
        lamp=[lamp, {**lamp, "on": "0", "moved": "2022-11-02 08:00:00"}, {**lamp, "moved": "2022-11-03 08:00:00"},
              {"pk": "4401110301000092", "grid": "440111-017-001-001", "on": "1", "lng": "9", "lat": "9"}],
    )  # fmt: skip
    states = (
        "select known.state, day(valid_from), day(valid_to) from register.device_state as known "
        "join register.device using (device_id) where code_is_sound order by valid_from"
    )
    assert hall.ask(states) == [("on", 1, 2), ("off", 2, 3), ("on", 3, None)]
    assert hall.ask(
        "select object_kind, count(*) from register.object_location join register.grid_cell using (grid_cell_id) "
        "where is_current group by 1 order by 1"
    ) == [("device", 1), ("facility", 1)]
    assert hall.ask("select part_code, code_is_sound from register.facility order by 2") == [
        ("44011101001327000040", False), ("4401110301000092", True),
    ]  # fmt: skip


def test_an_organisation_code_is_lifted_and_a_name_alone_finds_its_one_owner(hall: Hall) -> None:
    shop = {"pk": "1", "code": "91440111MA5ABC120H", "name": "白云（一）店", "home": None, "month": None}
    hall.night(
        1,
        shop=[shop, {**shop, "pk": "2", "code": "MA5ABC12-0"}, {**shop, "pk": "3", "code": None, "name": "白云一店"},
              {**shop, "pk": "4", "code": None, "name": "别家"},
              {**shop, "pk": "5", "code": "91440111MA5ABC1200", "name": "另一家"}],
    )  # fmt: skip
    assert hall.ask("select credit_code, code_is_sound, records from register.organisation order by all") == [
        ("91440111MA5ABC1200", False, 1), ("91440111MA5ABC120H", True, 3), (None, None, 1),
    ]  # fmt: skip


def test_a_house_has_its_building_and_its_grid_both_ways(hall: Hall) -> None:
    home = "广州市白云区鹤龙街道鹤龙一路1号{}房"
    here: dict[str, Any] = {"guid": "CC03-aa", "lng": "113.25", "lat": "23.25", "grid": CELL}
    hall.night(
        1,
        cell=[{"pk": CELL, "border": SQUARE}],
        room=[room("a", ref="R1", home=home.format(101), **here), room("b", ref="R2", home=home.format(102), **here),
              room("c", ref="R3", home=home.format(103), guid="dd04")],
    )  # fmt: skip
    assert hall.ask("select count(distinct building_id), count(building_id) from register.house") == [(1, 3)]
    grids = "select known_by, count(*) from register.house_grid where grid_cell_id is not null group by 1 order by 1"
    assert hall.ask(grids) == [("point", 2), ("stated", 2)]


def test_the_union_keeps_what_is_exclusive_apart_whatever_joins_it() -> None:
    nodes = [
        ("1", None, "x"),
        ("2", None, None),
        (None, "r", "y"),
        ("1", "r", None),
        ("2", "r", None),
        (None, None, "x"),
    ]
    found = cluster(nodes, CODES)
    assert found.cluster == [0, 1, 0, 0, 1, 0] and [r.space for r in found.refusals] == ["ref"]
    assert cluster(nodes, CODES, same=[(0, 1)]).cluster == [0] * 6
    parted = cluster(nodes, CODES, different=[(0, 5)])
    assert parted.cluster[5] == 5 and [r.space for r in parted.refusals] == ["ref", "text"]


def test_a_sound_register_passes_and_every_rule_can_fail(hall: Hall) -> None:
    hall.land(1, resident=[resident("1"), resident("2")], guest=[guest("v", 1, 1), guest("w", 1, 1, 2, ref="R2")],
              room=[room("a", ref="R1", visit="1"), room("b", 2, ref="R1", visit="3")])  # fmt: skip
    hall.build()
    spoil = {
        "one_valid_number": "update register.person_member set person_id = 'P'",
        "no_orphan": "delete from register.house where house_ref = 'R2'",
        "ordered": "update register.person_house_link set valid_to = date '1900-01-01'",
        "one_current": "update register.person_house_link set is_current = true",
        "seamless": "update register.house_state set valid_to = null",
    }
    with open_warehouse(hall.file) as connection:
        connection.execute(
            "create temp table judged_person_pair (left_key varchar, right_key varchar, verdict varchar)"
        )
        connection.execute("create temp table churn as select 'person' as thing, 0 as changed, 100 as ids")
        assert verdict_of(check_register(connection, NIGHT)) == "pass"
        kinds = {r.rule: r.kind for r in load_register_rules().rules}
        for kind, text in spoil.items():
            connection.execute(text)
            failed = {kinds[o.rule] for o in check_register(connection, NIGHT) if o.outcome == "held"}
            assert kind in failed
        connection.execute("update churn set changed = 3")
        assert [o.rule for o in check_register(connection, NIGHT) if "ids_stay" in o.rule and o.failing] == [
            "person_ids_stay"
        ]
        written = connection.execute("select verdict, code from quality.run where source = 'register'").fetchall()
        assert written == [("held", "RE-HELD")]


def test_an_explanation_names_the_winner_and_resolves_an_old_id(hall: Hall) -> None:
    hall.night(1, room=[room("a", code="C1", area="10"), room("b", 2, code="C1", area="20")])
    [(now,)] = hall.ask("select house_id from register.house")
    old = {h for (h,) in hall.ask("select house_id from register.house_alias")} - {now}
    with open_warehouse(hall.file) as connection:
        found = explain(connection, old.pop())
        with pytest.raises(CallRejected) as refused:
            explain(connection, "H" + "0" * 20)
    assert refused.value.code == "RE-NONE" and found["id"] == now
    [area] = [a for a in found["attributes"] if a["attribute"] == "area_m2"]
    assert [(s["value"], s["wins"]) for s in area["said"]] == [("20.000000", True), ("10.000000", False)]
    assert "面积（平方米） / floor area in m2" in list(told(found))


def test_a_look_at_a_person_is_on_record_or_is_refused(
    hall: Hall, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("REGISTER_TOKEN_KEY", bytes(32).hex())
    monkeypatch.setenv("REGISTER_DECISIONS_URL", hall.decisions)
    hall.night(1, resident=[resident("1")])
    [(who,)] = hall.ask("select person_id from register.person")
    call = ["explain", who, "--warehouse", str(hall.file)]
    assert main(call) == 2 and "张**" not in capsys.readouterr().out
    assert main([*call, "--by", "steward", "--role", "registrar", "--purpose", "a question"]) == 0
    shown = capsys.readouterr().out
    assert "张**" in shown and "440197************" in shown
    engine = open_decisions(hall.decisions)
    assert [(e.who, e.action, e.purpose) for e in AccessLog(engine).entries()] == [("steward", "explain", "a question")]
    engine.dispose()


def test_no_person_is_near_a_case_in_the_register(hall: Hall) -> None:
    hall.night(1, resident=[resident("1")], matter=[{"pk": "m1", "opened": "2022-11-01 09:00:00", "rating": "1"}])
    assert hall.ask("select count(*) from claims.case") == [(1,)]
    columns = "select count(*) from duckdb_columns() where schema_name = 'register' and column_name like '%case_ref%'"
    assert hall.ask(columns) == [(0,)]
    assert hall.ask("select count(*) from register.provenance where entity = 'matter'") == [(0,)]


def test_a_rebuild_carries_the_verdicts_and_makes_the_same_register(hall: Hall) -> None:
    hall.land(1, resident=[resident("1"), resident("2")], room=[room("a", code="C1")])
    hall.release("2")
    hall.build()
    before = hall.digest()
    with open_warehouse(hall.file) as connection:
        key = key_of(connection)
    report = rebuild(hall.landing, hall.file, [hall.contract], then=register_again)
    assert report.swapped and report.register["carried"] is True and report.register["verdict"] == "pass"
    assert hall.digest() == before
    with open_warehouse(hall.file) as connection:
        assert key_of(connection) == key, "earlier releases are still told by their marks"
    assert report.register["marts"]["held"] == [] and report.exit_status == 0
    assert hall.ask("select sum(things) from marts.register_matching where thing = 'person'") == [(1,)], "whole"
    assert hall.ask("select source_record_id from claims.person") == [("1",)]

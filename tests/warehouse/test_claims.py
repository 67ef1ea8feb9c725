"""Claims: a contract's columns under the names of the vocabulary, one row per accepted version, incremental as full."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from expectations.claims import DEIDENTIFIED, vocabulary
from expectations.contract import load_contract
from expectations.errors import CallRejected
from expectations.model import IDENTITY_COLUMNS
from extractors import discover
from tests.warehouse.landed import SOURCE
from tests.warehouse.registered import ENTITIES, Hall, guest, resident, room
from warehouse.engine.claimed import claim_columns
from warehouse.engine.digest import digest_table


@pytest.fixture
def hall(tmp_path: Path) -> Hall:
    return Hall(tmp_path)


def refused(tmp_path: Path, entity: str, claims: dict[str, Any]) -> CallRejected:
    with pytest.raises(CallRejected) as error:
        Hall(tmp_path, **{entity: claims})
    return error.value


def digests(hall: Hall) -> dict[str, str]:
    from warehouse.engine import open_warehouse

    with open_warehouse(hall.file) as connection:
        return {claim: digest_table(connection, "claims", claim) for claim in vocabulary()}


@pytest.mark.parametrize(
    ("entity", "claims", "code", "said"),
    [
        ("room", {"house": {"trust": 1, "adress": "home"}}, "CT-SPEC", "did you mean 'address'"),
        ("room", {"hose": {"trust": 1}}, "CT-SPEC", "did you mean 'house'"),
        ("room", {"house": {"trust": 1, "address": "hom"}}, "CT-SPEC", "did you mean 'home'"),
        ("room", {"house": {"address": "home"}}, "CT-SPEC", "trust"),
        ("room", {"house": {"trust": 100}}, "CT-SPEC", "0 to 99"),
        (
            "room",
            {"house": {"trust": 1, "address": {"colum": "home"}}},
            "CT-SPEC",
            "a column, a constant or what is given",
        ),
        ("room", {"house": {"trust": 1, "ended": {"op": "C"}}}, "CT-SPEC", "a list of codes"),
        ("room", {"house": {"trust": 1, "of": "guest"}}, "CT-SPEC", "'of' is a word of residence only"),
        ("guest", {"residence": {"trust": 1, "lists_all": {"op": ["A"]}}}, "CT-SPEC", "a word of house only"),
        ("guest", {"residence": {"trust": 1, "confirmed_for": "2y"}}, "CT-SPEC", "a number of days such as 730d"),
        ("room", {"person": {"trust": 1}}, "CT-SPEC", "identity block"),
        ("room", {"residence": {"trust": 1}}, "CT-SPEC", "of no entity of persons"),
        ("guest", {"case": {"trust": 1}}, "CT-DENIED", "a case never carries a person key"),
        ("guest", {"service_count": {"trust": 1}}, "CT-DENIED", "never carries a person key"),
    ],
)
def test_a_wrong_claim_is_refused_with_the_nearest_name(
    tmp_path: Path, entity: str, claims: dict[str, Any], code: str, said: str
) -> None:
    error = refused(tmp_path, entity, claims)
    assert error.code == code and said in error.detail


def test_a_zone_without_persons_claims_no_person(tmp_path: Path) -> None:
    path = Hall(tmp_path).home / "contracts" / "0" / f"{SOURCE}.yml"
    (tmp_path / "w").mkdir()
    (tmp_path / "w" / path.name).write_text(path.read_text("utf8").replace("zone: R", "zone: W"), "utf8")
    with pytest.raises(CallRejected) as error:
        load_contract(SOURCE, tmp_path / "w")
    assert error.value.code == "CT-DENIED"


def test_no_case_or_count_has_a_person_key() -> None:
    for name in DEIDENTIFIED:
        columns = {*claim_columns(vocabulary()[name])}
        assert columns.isdisjoint({*IDENTITY_COLUMNS, "person_key", "household_token", "address"})
    for source in discover().values():
        for entity in source.contract().entities.values():
            claims = {c.entity for c in entity.claims}
            assert claims, f"{source.key}: {entity.name} claims nothing"
            assert entity.identity is None or claims.isdisjoint(DEIDENTIFIED)
            assert claims.isdisjoint({"person", "residence"}) or claims.isdisjoint(DEIDENTIFIED)


def test_every_accepted_version_is_one_claim_with_what_its_source_says(hall: Hall) -> None:
    hall.land(1, resident=[resident("1"), resident("2"), resident("3", status="22")])
    hall.land(2, resident=[resident("1", 2, sex="2"), resident("2", 2, deleted_at="2022-11-02 10:00:00")])
    hall.release("3")
    hall.claim()
    assert hall.ask("select source_record_id, sex, op, ended, trust from claims.person order by all") == [
        ("1", "1", "upsert", False, 80),
        ("1", "2", "upsert", False, 80),
        ("2", "1", "delete", False, 80),
        ("2", "1", "upsert", False, 80),
    ]
    [(key, person)] = hall.ask("select distinct obs_key, person_key from claims.residence where source_record_id = '1'")
    assert key == person == hall.ask("select md5($r)", r=f"{SOURCE}|resident|1")[0][0]
    hall.refused.clear()
    hall.release()
    hall.claim()
    assert hall.ask("select ended from claims.person where source_record_id = '3'") == [(True,)]


def test_values_are_brought_into_one_form(hall: Hall) -> None:
    hall.land(
        1,
        room=[room("1", guid="{CC030FF0-23b0}", grid="440111-017-014-00199", code="  C1 ", op="C")],
        shop=[{"pk": "1", "code": "MA50H8KB-8", "name": "店", "home": None, "month": "2022-11", "moved": None}],
        lamp=[{"pk": "D", "on": "0", "moved": None}],
    )
    hall.release()
    hall.claim()
    assert hall.ask("select building_ref from claims.building") == [("cc030ff023b0",)]
    assert hall.ask("select house_code, grid_code, ended from claims.house where entity = 'room'") == [
        ("C1", "440111017014001", True)
    ]
    assert hall.ask("select credit_code, head_count_month::varchar from claims.organisation") == [
        ("MA50H8KB8", "2022-11-01")
    ]
    assert hall.ask("select state, kind from claims.device") == [("off", "camera")]


def test_an_incremental_build_equals_a_full_one(hall: Hall) -> None:
    hall.land(2, resident=[resident("1"), resident("2")], guest=[guest("v", 1, 1)])
    hall.release()
    assert hall.claim().added["person"] == 3
    assert sum(hall.claim().added.values()) == 0
    # A backfill knew record 1 earlier; record 2 turns out to be bad; a new one comes.
    hall.land(1, resident=[resident("1")])
    hall.land(3, resident=[resident("3", 3)])
    hall.release("2")
    report = hall.claim()
    assert (report.added["person"], report.removed["person"]) == (2, 2)
    before = digests(hall)
    hall.claim(full=True)
    assert digests(hall) == before
    assert hall.ask("select source_record_id, known_from::date::varchar from claims.person order by all") == [
        ("1", "2022-11-02"), ("3", "2022-11-04"), ("v|1", "2022-11-03"),
    ]  # fmt: skip


def test_a_claim_is_made_anew_when_what_is_emptied_changes_and_only_then(hall: Hall) -> None:
    hall.land(1, resident=[resident("1"), resident("2")])
    hall.release()
    hall.claim()
    hall.emptied = {("1", "sex")}
    hall.release()
    report = hall.claim()
    assert (report.added["person"], report.removed["person"]) == (1, 1)
    assert hall.ask("select source_record_id, sex from claims.person order by all") == [("1", None), ("2", "1")]
    before = digests(hall)
    hall.claim(full=True)
    assert digests(hall) == before
    hall.emptied.clear()
    hall.release()
    assert hall.claim().added["person"] == 1
    assert hall.ask("select source_record_id, sex from claims.person order by all") == [("1", "1"), ("2", "1")]


def test_what_was_stated_is_told_from_what_never_was_though_both_are_empty(tmp_path: Path) -> None:
    claims = {
        "case": {"trust": 1, "kind": {"constant": "event"}, "closed_at": "moved", "is_closed": {"given": ["visit"]}},
        "house": {"trust": 1, "ended": {"op": ["C"], "lng": "emptied"}, "house_ref": "ref"},
    }
    hall = Hall(tmp_path, room=claims)
    hall.land(1, room=[room("a", visit="1", lng="1"), room("b", visit="1", lng="1"), room("c")])
    hall.emptied = {("a", "visit"), ("a", "lng"), ("c", "code")}
    hall.release()
    hall.claim()
    assert hall.ask('select source_record_id, is_closed from claims."case" order by all') == [
        ("a", "1"), ("b", "1"), ("c", None),
    ]  # fmt: skip
    assert hall.ask("select source_record_id, ended from claims.house where entity = 'room' order by all") == [
        ("a", True), ("b", False), ("c", False),
    ]  # fmt: skip


def test_a_contract_that_claims_otherwise_is_claimed_anew_and_no_other(hall: Hall) -> None:
    hall.land(1, resident=[resident("1")], room=[room("1")])
    hall.release()
    hall.claim()
    claims = ENTITIES["resident"]["claims"]
    hall.rules(resident={**claims, "person": {**claims["person"], "trust": 81, "sex": {"column": "sex", "trust": 9}}})
    assert hall.claim().anew == [f"person/{SOURCE}/resident"]
    assert hall.ask("select trust from claims.person") == [(81,)]
    assert hall.ask("select attribute, trust from claims.trust where claim = 'person' and entity = 'resident'") == [
        ("sex", 9)
    ]
    hall.rules(resident={"person": claims["person"]})
    assert hall.claim().removed["residence"] == 1
    assert hall.ask("select count(*) from claims.residence where entity = 'resident'") == [(0,)]

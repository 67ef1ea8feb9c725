"""Lineage read off the SQL, and the boundary of privacy.md proved on it; every proof is shown something it refuses."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from importlib.util import find_spec

import pytest

from expectations.marts import load_marts
from expectations.strict import read_yaml
from warehouse.lineage import Column, Lineage, boundary, read_lineage
from warehouse.lineage.__main__ import main
from warehouse.lineage.expressions import UnknownColumn
from warehouse.lineage.graph import BY_HAND, add_by_hand
from warehouse.lineage.parts import ROWS
from warehouse.lineage.statements import Edges
from warehouse.lineage.told import tell

MARTS = load_marts()


@pytest.fixture(scope="module")
def lineage() -> Lineage:
    return read_lineage()


def fields(lineage: Lineage, column: str, *, values: bool = True) -> set[str]:
    return {str(c) for c in lineage.upstream(column, values=values) if lineage.is_field(c)}


def shown(broken: Iterable[boundary.Broken]) -> str:
    return "\n".join(map(str, broken))


# What the lineage says.


def test_a_figure_goes_back_through_claim_register_and_winner_to_the_fields(lineage: Lineage) -> None:
    found = fields(lineage, "marts.residents_by_grid.age_band")
    assert {c.rpartition(".")[2] for c in found} == {"birth_date", "date_birth", "birth"}
    assert "register.person_winner.birth_date" in map(str, lineage.upstream("marts.residents_by_grid.age_band"))


def test_a_count_goes_back_to_the_records_that_are_counted(lineage: Lineage) -> None:
    assert {c.rpartition(".")[2] for c in fields(lineage, "marts.residents_by_grid.residents")} == {ROWS}


def test_what_decides_is_told_apart_from_what_is_in_the_value(lineage: Lineage) -> None:
    told = tell(lineage, "marts.wage_recovery.amount_recovered")
    assert [f.column.name for f in told.fields] == ["paid_amt"]
    assert "submit_time" in {f.column.name for f in told.deciding}
    assert not set(told.fields) & set(told.deciding)


def test_a_key_that_is_only_joined_on_is_seen(lineage: Lineage) -> None:
    joined = lineage.extended("create table marts.seen as select p.sex, c.kind from register.person p "
                              'join claims."case" c on c.case_ref = p.person_id')  # fmt: skip
    assert "register.person.person_id" not in map(str, joined.upstream("marts.seen.kind"))
    assert "register.person.person_id" in map(str, joined.upstream("marts.seen.kind", values=False))


def test_a_field_is_followed_to_the_marts(lineage: Lineage) -> None:
    [field] = [c for c in lineage.fields() if str(c) in fields(lineage, "marts.wage_recovery.amount_recovered")]
    assert "marts.yearly_report.value" in map(str, lineage.downstream(field))
    path = lineage.paths(field, "marts.yearly_report.value")
    assert [str(c).partition(".")[0] for c, _ in path][2:5] == ["accepted", "claims", "prepared"]


def test_columns_are_those_that_the_engine_has(lineage: Lineage) -> None:
    """The reader derives names of columns from the SQL; the marts declare them."""
    for mart in MARTS.marts.values():
        assert set(lineage.columns[f"marts.{mart.name}"]) == set(mart.columns), mart.name


def test_star_exclude_unpivot_by_name_and_lateral_are_understood(lineage: Lineage) -> None:
    more = lineage.extended(
        "create table prepared.a as select p.* exclude (sex), h.address "
        "from register.person p join register.house h on true",
        "create table prepared.b as (select birth_date from prepared.a) union all by name "
        "(select address from prepared.a)",
        "create table prepared.c as select said.v from (unpivot (select address, birth_date::varchar as birth_date "
        "from prepared.a) on address, birth_date into name n value v) as said",
        "create table prepared.d as select t.m from prepared.a "
        "cross join lateral (values ('x', birth_date)) as t(k, m)",
    )
    assert "sex" not in more.columns["prepared.a"] and "address" in more.columns["prepared.a"]
    assert more.columns["prepared.b"] == ("birth_date", "address")
    assert {str(c) for c in more.upstream("prepared.c.v")} >= {"register.house.address", "register.person.birth_date"}
    assert "register.person.birth_date" in map(str, more.upstream("prepared.d.m"))


def test_sql_that_is_not_understood_is_an_error_and_no_gap(lineage: Lineage) -> None:
    with pytest.raises(UnknownColumn, match="no_such_column"):
        lineage.extended("create table marts.x as select no_such_column from register.person")


def test_what_python_makes_must_be_declared_and_must_exist() -> None:
    columns = {"temp.made": ("a", "b"), "temp.base": ("a", "c")}
    edges: Edges = {}
    made = {"by": "warehouse.engine.houses", "same": "temp.base", "of": ["temp.base.c"]}
    add_by_hand(edges, columns, {"temp.made": made}, {"temp.made"})
    assert {str(d.column) for d in edges[Column("temp.made", "b")]} == {"temp.base.c"}
    with pytest.raises(LookupError, match=r"temp\.made"):
        add_by_hand(edges, columns, {}, {"temp.made"})
    with pytest.raises(LookupError, match=r"temp\.gone"):
        add_by_hand(edges, columns, {"temp.gone": made}, set())
    with pytest.raises(LookupError, match=r"temp\.base\.z"):
        add_by_hand(edges, columns, {"temp.made": {**made, "of": ["temp.base.z"]}}, set())


def test_the_modules_that_make_relations_are_there() -> None:
    for made in read_yaml(BY_HAND)["made"].values():
        assert find_spec(made["by"]), made["by"]


def test_every_relation_comes_from_somewhere_or_is_a_declared_origin(lineage: Lineage) -> None:
    filled = {c.relation for c in lineage.edges}
    built = {r for r in lineage.columns if r.startswith((*(f"{s}." for s in boundary.BUILT), "temp."))}
    scratch = {
        r for r in built if r.startswith("temp.") and r not in filled and not lineage.downstream(Column(r, ROWS))
    }
    assert {r for r in built - filled - scratch if not lineage.origin(Column(r, ROWS))} == set()


def test_a_mart_of_one_kind_names_the_systems_of_that_kind_only(lineage: Lineage) -> None:
    told = tell(lineage, "marts.wage_recovery.clues")
    assert {lineage.contracts[f.column.relation.partition(".")[0]].zone for f in told.fields} == {"W"}
    assert len({f.system for f in told.fields}) == 1
    assert len({f.system for f in tell(lineage, "marts.case_timeliness.received").fields}) > 3


# (a) No path from a zone without persons to a person.


def test_no_field_of_a_zone_without_persons_reaches_a_person(lineage: Lineage) -> None:
    assert shown(boundary.no_path_to_persons(lineage)) == ""


def test_the_zones_without_persons_and_the_person_keys_are_there(lineage: Lineage) -> None:
    """A proof over nothing proves nothing."""
    assert {c.zone for c in lineage.contracts.values()} == {"R", "W", "A", "I"}
    keyed = {c.relation for c in boundary.person_keys(lineage)}
    assert keyed >= {"register.person", "register.person_member", "register.person_house_link", "temp.present_person",
                     "register.provenance[person]", "claims.person"}  # fmt: skip
    assert not keyed & {"register.house", "register.device", "claims.case", "register.provenance[house]"}


@pytest.mark.parametrize(
    "statement",
    [
        "create table register.visit as select p.person_id, c.received_at from register.person p "
        'join claims."case" c on c.case_ref = p.registered_division',
        "create table register.visit as select p.person_id from register.person p "
        'where exists (select 1 from claims."case" c where c.area_code = p.community_code)',
        'create table register.visit as select p.person_id, (select count(*) from claims."case") as n '
        "from register.person p",
        "insert into register.person_alias select s.kind, s.kind, s.area_code, null from claims.service_count s",
        "update register.person set origin = s.service_type from claims.service_count s "
        "where s.area_code = community_code",
        "create table register.visit as select p.person_id, d.state from register.person p "
        "join claims.device d on d.source = p.origin",
    ],
    ids=["join", "filter", "count", "insert", "update", "inventory"],
)
def test_a_path_to_a_person_is_found_in_whatever_way(lineage: Lineage, statement: str) -> None:
    assert "reaches a person" in shown(boundary.no_path_to_persons(lineage.extended(statement)))


def test_a_join_on_the_source_does_not_excuse_a_fold_over_all_sources(lineage: Lineage) -> None:
    """`own` holds only where every row stays with its source: a window over all of them breaks it."""
    folded = lineage.extended(
        'create table temp.share as select source, case_ref, count(*) over () as n from claims."case"',
        "create table register.visit as select p.person_id, s.n from register.person p, temp.present_person q "
        "join temp.share s on s.source = q.source",
    )
    assert "reaches a person" in shown(boundary.no_path_to_persons(folded))


def test_a_join_on_the_source_does_not_excuse_what_was_mixed_before(lineage: Lineage) -> None:
    mixed = lineage.extended(
        'create table temp.mixed as select d.source, c.kind from claims.device d join claims."case" c '
        "on c.case_ref = d.device_code",
        "create table register.visit as select q.obs_key, m.kind from temp.present_person q "
        "join temp.mixed m on m.source = q.source",
    )
    assert "zone W reaches a person" in shown(boundary.no_path_to_persons(mixed))


def test_an_inventory_comes_near_persons_through_dwellings_only(
    lineage: Lineage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The exception is needed, and it is the only one: it lets nothing of a work order or an aggregate through."""
    rules = {**boundary.rules(), "through": {}}
    monkeypatch.setattr(boundary, "rules", lambda: rules)
    zones = {b.what for b in boundary.no_path_to_persons(lineage)}
    assert zones == {"zone I reaches a person"}


# (b) to (f).


def test_no_denied_attribute_is_in_what_is_built(lineage: Lineage) -> None:
    assert shown(boundary.no_denied_attribute(lineage, MARTS)) == ""


@pytest.mark.parametrize("column", ["religion", "face_capture", "是否重点人员", "drug_type"])
def test_a_denied_attribute_is_refused_wherever_it_is_made(lineage: Lineage, column: str) -> None:
    more = lineage.extended(f'create table register.more as select obs_key, 1 as "{column}" from claims.house')
    assert column in shown(boundary.no_denied_attribute(more, MARTS))


def test_a_title_of_a_mart_is_read_too(lineage: Lineage) -> None:
    column = next(iter(MARTS.marts["residents_by_grid"].measures))
    titles = {**MARTS.titles, column: replace(MARTS.titles[column], zh="重点人员数")}
    assert column in shown(boundary.no_denied_attribute(lineage, replace(MARTS, titles=titles)))


def test_no_person_key_stands_where_cases_are_or_in_a_mart(lineage: Lineage) -> None:
    assert shown(boundary.no_person_key_where_cases_are(lineage)) == ""


@pytest.mark.parametrize(
    "statement",
    [
        "create table marts.more as select person_id, count(*) as n from register.person group by person_id",
        "create table marts.more as select max(person_id) as anything from register.person",
        'create table prepared.more as select c.kind, p.obs_key as who from claims."case" c, claims.person p',
        'create table prepared.more as select kind, case_ref as name_token from claims."case"',
    ],
    ids=["mart", "renamed", "cases", "named"],
)
def test_a_person_key_is_refused_under_any_name(lineage: Lineage, statement: str) -> None:
    assert "person key" in shown(boundary.no_person_key_where_cases_are(lineage.extended(statement)))


def test_marts_only_count_people(lineage: Lineage) -> None:
    assert shown(boundary.people_are_counted(lineage, MARTS)) == ""


@pytest.mark.parametrize(
    "statement",
    [
        "create table marts.listed as select sex, registration_kind, 1 as residents from register.person",
        "create table marts.listed as select p.sex, g.residents from marts.residents_by_community g "
        "join register.person p on p.sex = g.sex",
        "create table marts.listed as select sex, count(*) over (partition by sex) as residents from register.person",
    ],
    ids=["rows", "joined", "window"],
)
def test_a_mart_that_lists_people_is_refused(lineage: Lineage, statement: str) -> None:
    listed = replace(MARTS, marts={"listed": replace(MARTS.marts["residents_by_grid"], name="listed")})
    assert "does not count them" in shown(boundary.people_are_counted(lineage.extended(statement), listed))


def test_nothing_judges_a_person(lineage: Lineage) -> None:
    assert shown(boundary.no_verdict_on_persons(lineage)) == ""


@pytest.mark.parametrize(
    "column", ["score", "risk_level", "tags", "rank", "重点人员", "标签", "风险等级", "watch_list"]
)
def test_a_column_that_judges_is_refused_on_persons_and_allowed_on_things(lineage: Lineage, column: str) -> None:
    on_person = lineage.extended(
        f'create table register.more as select person_id, 1 as "{column}" from register.person'
    )
    assert column in shown(boundary.no_verdict_on_persons(on_person))
    on_device = lineage.extended(
        f'create table register.more as select device_id, 1 as "{column}" from register.device'
    )
    assert shown(boundary.no_verdict_on_persons(on_device)) == ""


def test_every_figure_has_an_origin(lineage: Lineage) -> None:
    assert shown(boundary.every_figure_has_an_origin(lineage, MARTS)) == ""
    made_up = replace(MARTS.marts["residents_by_grid"], name="made_up", grain=("a",), attributes=(), measures=())
    more = lineage.extended("create table marts.made_up as select 1 as a")
    assert "made_up.a" in shown(boundary.every_figure_has_an_origin(more, replace(MARTS, marts={"made_up": made_up})))


def test_fields_kept_as_evidence_only_are_listed(lineage: Lineage) -> None:
    """They land, are checked and are shown by nobody: no claim says anything of them."""
    kept = set(boundary.kept_as_evidence_only(lineage))
    assert kept
    assert not {c for c in kept if any(x.relation.startswith("marts.") for x in lineage.downstream(c))}
    assert not kept & set(lineage.upstream("marts.residents_by_grid.age_band"))


# The command.


def test_the_command_answers_in_both_directions(
    lineage: Lineage, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    assert main(["marts.wage_recovery.amount_recovered", "--json"]) == 0
    [told] = json.loads(capsys.readouterr().out)
    [field] = told["fields"]
    assert field["title"]["zh"] and field["zone"] == "W"
    assert main(["--field", field["field"], "--json"]) == 0
    assert "marts.wage_recovery.amount_recovered" in json.loads(capsys.readouterr().out)
    assert main(["marts.wage_recovery"]) == 0
    assert "marts.wage_recovery.amount_recovered" in capsys.readouterr().out


@pytest.mark.parametrize("call", [["marts.nothing.here"], ["x"], ["--field", "a.b.c"], []])
def test_a_question_about_nothing_is_a_bad_call(lineage: Lineage, call: list[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        main(call)
    assert refused.value.code == 2

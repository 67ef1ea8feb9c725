"""The checks of a contract: read strictly, compiled for all twelve sources, and showing nothing they may not show."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from expectations.code_lists import calendar, code_list, divisions
from expectations.contract import Contract, contracts_folder, load_contract
from expectations.errors import CallRejected
from expectations.masks import masked
from expectations.relations import LINEAGE, staged_column
from expectations.sql import Sql, fill, joined, lookup, name, read_from, value, values
from expectations.suite import build_suite
from tests.expectations.world import WORDS, World
from warehouse.engine.staged import LINEAGE as ENGINE_LINEAGE
from warehouse.engine.staged import TYPES, staged_entities, staged_name

NO_SOURCES = ("errors", "denied", "cross", "claims", "register", "marts")
ALL = sorted(p.stem for p in contracts_folder().glob("*.yml") if p.stem not in NO_SOURCES)
GOOD = {"check": "between", "column": "n", "min": 0}


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, {"n": "integer", "code": "code"}, zone="W")


@pytest.mark.parametrize(
    ("check", "told"),
    [
        ({**GOOD, "check": "betwen"}, "unknown check 'betwen'; did you mean 'between'?"),
        ({**GOOD, "mni": 1}, "unknown key 'mni'; did you mean 'min'?"),
        ({**GOOD, "min": "0"}, "min: a number is wanted"),
        ({**GOOD, "column": "nn"}, "'nn' is no column of thing; did you mean 'n'?"),
        ({**GOOD, "columns": ["n"]}, "a check names either column or columns"),
        ({"check": "coordinates_given", "columns": ["n"]}, "coordinates_given speaks of 2 column(s)"),
        ({"check": "matches", "column": "code", "pattern": "[0-9]+"}, "a pattern anchored"),
        ({"check": "matches", "column": "code", "pattern": "^\\u4e00$"}, "a pattern anchored"),
        ({"check": "matches", "column": "code"}, "matches needs 'pattern'"),
        ({"check": "in_codes", "column": "code", "codes": "sexx"}, "codes/lists.yml holds no list 'sexx'"),
        ({**GOOD, "severity": "fatal"}, "'fatal' is not one of critical, warning"),
        ({**GOOD, "tolerance": 0.1}, "only a critical rule has a tolerance"),
        ({**GOOD, "severity": "critical", "tolerance": 2}, "a number from 0 to 1"),
        ({**GOOD, "effect": "drop"}, "'drop' is not one of blank, quarantine, note"),
        ({**GOOD, "effect": "quarantine"}, "needs because"),
        ({**GOOD, "effect": "note", "because": WORDS}, "needs because"),
        ({**GOOD, "effect": "quarantine", "because": "so"}, "a text needs zh and en"),
        ({**GOOD, "effect": "note", "blanks": ["n"]}, "note empties nothing"),
        ({**GOOD, "blanks": ["nn"]}, "'nn' is no column of thing; did you mean 'n'?"),
        ({**GOOD, "blanks": ["pk"]}, "pk names the record or orders its versions and is never emptied"),
        ({**GOOD, "blanks": []}, "blanks: a list of columns is wanted"),
        ({"check": "present", "column": "n"}, "what is not there cannot be emptied"),
        ({**GOOD, "nulls": "maybe"}, "'maybe' is not one of pass, fail"),
        ({**GOOD, "when": {"code": "1"}}, "a list of codes in quotes"),
        ({**GOOD, "when": {"cod": ["1"]}}, "did you mean 'code'?"),
        ({**GOOD, "fix_hint": "call them"}, "a text needs zh and en"),
    ],
)
def test_what_a_check_cannot_say_is_refused_by_name(world: World, check: dict[str, Any], told: str) -> None:
    with pytest.raises(CallRejected) as refused:
        world.with_checks({"the_rule": check})
    assert refused.value.code == "CT-SPEC" and told in refused.value.detail


@pytest.mark.parametrize(
    "entity",
    [{"rows": {"mini": 1}}, {"rows": {"min": 2, "max": 1}}, {"rows": {"min": -1}}, {"rows": 3}, {"fresh": "2 days"}],
)
def test_bounds_are_read_strictly(world: World, entity: dict[str, Any]) -> None:
    with pytest.raises(CallRejected):
        world.with_checks({}, **entity)


def test_a_name_of_a_rule_is_a_name(world: World) -> None:
    with pytest.raises(CallRejected):
        world.with_checks({"Robert'); drop table": GOOD})


@pytest.mark.parametrize("key", ALL)
def test_every_rule_of_a_contract_binds_to_its_staged_tables(key: str) -> None:
    contract = load_contract(key)
    connection = duckdb.connect()
    connection.execute(
        "create schema staging; create schema ledger; create temp table superseded (content_hash varchar)"
    )
    connection.execute("create table ledger.load (source varchar, entity varchar, window_begin timestamp)")
    for other in ALL:
        _tables(connection, load_contract(other))
    rules = build_suite(contract).rules
    assert rules
    for rule in rules:
        table = name("staging", f"{key}__{rule.entity}")
        text = fill("select {{bad}}, {{shown}} from {{table}}", bad=rule.bad, shown=rule.shown, table=table)
        assert connection.execute(text).fetchall() == [], rule.check.rule
        assert rule.check.title.zh and rule.check.title.en.isascii() and rule.owner.zh and rule.hint.zh


@pytest.mark.parametrize("key", ALL)
def test_a_row_is_set_aside_as_a_whole_only_with_a_reason(key: str) -> None:
    for entity in load_contract(key).entities.values():
        for check in entity.checks:
            if check.effect == "quarantine":
                assert check.because and check.because.zh and check.because.en.isascii(), check.rule
            else:
                assert check.because is None and bool(check.blanks) == (check.effect == "blank"), check.rule
            assert {*entity.key, entity.changed_at}.isdisjoint(check.blanks), check.rule


def test_a_rule_empties_what_it_speaks_of_unless_it_names_something_else(world: World) -> None:
    def blanks(**check: Any) -> tuple[str, ...]:
        return world.with_checks({"the_rule": {**GOOD, **check}}).entities["thing"].checks[0].blanks

    assert (blanks(), blanks(blanks=["code", "n"]), blanks(effect="note")) == (("n",), ("code", "n"), ())


@pytest.mark.parametrize("key", ALL)
def test_every_entity_is_judged_and_every_reference_is_to_something(key: str) -> None:
    contract = load_contract(key)
    assert [e.name for e in contract.entities.values() if not e.checks] == []
    for rule in build_suite(contract).rules:
        for target in rule.reads:
            entity = load_contract(str(target.source)).entities[target.entity]
            assert not target.column or target.column in {c.name for c in entity.landed()}, rule.check.rule


def _tables(connection: duckdb.DuckDBPyConnection, contract: Contract) -> None:
    for staged in staged_entities(contract).values():
        own = joined((Sql(f"{name(staged_column(c.name))} {TYPES[c.type]}") for c in staged.columns), ", ")
        connection.execute(
            f"create table {name('staging', f'{contract.source}__{staged.entity.name}')} (load_id varchar, "
            "source varchar, source_record_id varchar, seen_at timestamp, content_hash varchar, changed_at timestamp, "
            f"known_from timestamp, op varchar, {own}, untyped map(varchar, varchar))"
        )


def test_the_names_of_staging_are_those_of_the_engine() -> None:
    assert LINEAGE == ENGINE_LINEAGE
    for column in ("op", "source", "OP", "name", "changed_at"):
        assert staged_column(column) == staged_name(column)


def test_the_hash_of_a_suite_moves_with_its_rules_and_nothing_else(world: World) -> None:
    def hash_of(**change: Any) -> str:
        return build_suite(world.with_checks({"the_rule": {**GOOD, "severity": "critical", **change}})).hash

    assert hash_of() == hash_of() == hash_of(zh="另一个标题")
    moved = [
        hash_of(min=1),
        hash_of(tolerance=0.5),
        hash_of(severity="warning"),
        hash_of(nulls="fail"),
        hash_of(effect="note"),
        hash_of(blanks=["code"]),
    ]
    assert len({hash_of(), *moved}) == 7
    assert (
        build_suite(world.with_checks({"the_rule": GOOD}, rows={"min": 0.5})).hash
        != build_suite(world.with_checks({"the_rule": GOOD}, rows={"min": 0.4})).hash
    )


@pytest.mark.parametrize(
    ("zone", "column", "landed", "shown"),
    [
        ("W", "code", "44011101700100100000", "44011101700100100000"),
        ("W", "code", "440111-017", "440111-017"),
        ("W", "code", "13800138000", "99999999999"),
        ("W", "code", "440197199001013215", "999999999999999999"),
        ("W", "code", "ID 44019719900101321X", "AA 99999999999999999A"),
        ("W", "code", "张三", "汉汉"),
        ("W", "text", "张三 13800138000", "汉汉 99999999999"),
        ("R", "code", "440111-017", "999999-999"),
        ("R", "text", "三楼302", "汉汉999"),
        ("I", "text", "x" * 60, "a" * 40),
        ("W", "code", None, None),
    ],
)
def test_what_the_quarantine_shows(
    tmp_path: Path, zone: str, column: str, landed: str | None, shown: str | None
) -> None:
    world = World(tmp_path, {"code": "code", "text": "text"}, zone=zone)
    world.add({"pk": "1", column: landed})
    entity = world.contract.entities["thing"]
    text = fill("select {{shown}} from staging.town__thing", shown=masked(world.contract, entity, column))
    assert world.connection.execute(text).fetchall() == [(shown,)]


def test_a_token_says_only_that_it_is_one(tmp_path: Path) -> None:
    contract = load_contract("petitions")
    assert "(token)" in masked(contract, contract.entities["case"], "xfjid")
    person = load_contract("social_governance")
    assert "(token)" in masked(person, person.entities["registered_person"], "id_token")
    assert masked(person, person.entities["registered_person"], "id_mask") == '"id_mask"'


HOSTILE = ["'); drop table x; --", 'a"b', "$$", "\\", "“”", "{{table}}", "%s", ":name", "㛃"]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_constant_stays_a_constant(text: str) -> None:
    connection = duckdb.connect()
    assert connection.execute(f"select {value(text)}").fetchall() == [(text,)]
    connection.execute(f"create table {name(text)} ({name(text)} integer)")
    assert connection.execute(f"select count({name(text)}) from {name(text)}").fetchall() == [(0,)]


def test_only_what_was_quoted_becomes_sql() -> None:
    for wrong in ("x", 1):
        with pytest.raises(ValueError, match="plain string"):
            fill("select {{a}}", a=wrong)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="wants"):
        fill("select {{a}}")
    for nothing in ("", "a\0b"):
        with pytest.raises(ValueError, match="identifier"):
            name(nothing)
    assert values([]) == "(null)" and value(1.5) == "1.5"


def test_a_lookup_is_read_from_the_table_that_holds_its_answer() -> None:
    found = lookup("select a from {{t}}", t=name("t"))
    condition = fill("coalesce(x in {{found}}, {{no}})", found=found, no=value(False))
    assert condition.queries == (found,)
    assert read_from(condition, {found: name("answers")}) == 'coalesce(x in (select * from "answers"), false)'


def test_code_lists_name_their_standard_and_the_calendar_its_years() -> None:
    assert code_list("sex") == ("0", "1", "2", "9") and len(code_list("communities")) == 11
    assert "440197" in divisions().listed
    known = calendar()
    assert (known.first.year, known.last.year) == (2018, 2026)
    assert all(d.weekday() >= 5 for d in known.worked) and not set(known.off) & set(known.worked)

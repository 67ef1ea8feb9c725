"""A night judged: each row once, every failing row kept, nothing released that should not be, all of it repeatable."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from expectations import judge, label
from expectations.errors import CallRejected
from tests.warehouse.judged import CHECKS, WHOLLY, Office, person
from tests.warehouse.landed import SOURCE
from warehouse.decisions.store import open_decisions
from warehouse.decisions.waivers import add_waiver, revoke_waiver

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def counts(verdict: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(verdict[k] for k in ("verdict", "rows_new", "accepted", "quarantined", "withdrawn"))


def test_two_reasons_are_one_quarantined_row_and_an_empty_row_is_somewhere(office: Office) -> None:
    verdict = office.night(
        1,
        person("1"),
        person("2", name=None, age="x"),
        person("3", age="200"),
        person("4", name=None, age=None),
        person("5", gone="2022-11-01 11:00:00"),
        person("6", name="甲乙丙丁"),
    )
    assert counts(verdict) == ("flagged", 6, 2, 3, 1)
    assert office.incidents("source_record_id", "rule", "status", "effect") == [
        ("2", "age_is_a_number", "open", "quarantine"),
        ("2", "name_is_given", "open", "quarantine"),
        ("3", "age_is_plausible", "open", "quarantine"),
        ("4", "name_is_given", "open", "quarantine"),
        ("6", "name_is_short", "open", "note"),
    ]
    labels = office.ask(f"select source_record_id, label from acceptance.{SOURCE}__person order by 1")
    assert labels == [
        ("1", "accepted"),
        ("2", "quarantined"),
        ("3", "quarantined"),
        ("4", "quarantined"),
        ("5", "withdrawn"),
        ("6", "accepted"),
    ]
    assert office.accepted() == {"1": "甲", "6": "甲乙丙丁"}


def test_every_failing_row_is_kept_and_great_expectations_counts_the_same(office: Office) -> None:
    rows = [person(str(i), name=None if i % 3 == 0 else "甲", age="x" if i % 4 == 0 else "30") for i in range(1, 1801)]
    verdict = office.night(1, *rows)
    found = {f["rule"]: (f["failing"], f["total"]) for f in verdict["failed"]}
    assert found == {"name_is_given": (600, 1800), "age_is_a_number": (450, 1800)}
    kept = dict(office.ask("select rule, count(*) from quality.quarantine group by rule"))
    assert kept == {"name_is_given": 600, "age_is_a_number": 450}
    assert verdict["quarantined"] == 900 and len(office.accepted()) == 900


def test_the_quarantine_shows_no_value_of_a_person(office: Office) -> None:
    office.night(1, person("1", name="司徒不透露"), person("2", age="约47岁"))
    assert office.incidents("source_record_id", "masked_value") == [("1", "汉汉汉汉汉"), ("2", "汉99汉")]
    stored = office.ask("select string_agg(columns(*)::varchar) from quality.quarantine")
    assert not any("司徒" in (v or "") or "47" in (v or "") for v in stored[0])


def test_a_night_run_again_changes_nothing(office: Office) -> None:
    tables = [
        "quality.entity",
        "quality.result",
        "quality.quarantine",
        "quality.volume",
        f"acceptance.{SOURCE}__person",
    ]
    office.night(1, person("1"), person("2", name=None))
    office.night(2, person("2", 2, name=None, age="31"), person("3", 2, age="999"))

    def state() -> list[Any]:
        return [sorted(map(repr, office.ask(f"select * from {t}"))) for t in tables]

    before = state()
    for _ in range(3):
        assert counts(office.check(2)) == ("flagged", 2, 0, 2, 0)
        assert state() == before
    assert office.ask("select run_id, attempts from quality.run order by run_no") == [
        (f"{SOURCE}:2022-11-01", 1),
        (f"{SOURCE}:2022-11-02", 4),
    ]


def test_a_corrected_record_leaves_the_quarantine_by_itself(office: Office) -> None:
    office.night(1, person("1", name=None), person("2", name=None), person("3", name=None))
    verdict = office.night(
        2, person("1", 2), person("2", 2, name=None, age="31"), {**person("3", 2), "deleted_at": "2022-11-02 11:00:00"}
    )
    assert counts(verdict) == ("flagged", 3, 1, 1, 1)
    columns = ("source_record_id", "status", "resolution", "first_seen", "last_seen", "times", "resolved_at")
    first, second = date(2022, 11, 1), date(2022, 11, 2)
    assert office.incidents(*columns) == [
        ("1", "resolved", "corrected", first, first, 1, second),
        ("2", "resolved", "replaced", first, first, 1, second),
        ("2", "open", None, first, second, 2, None),
        ("3", "resolved", "withdrawn", first, first, 1, second),
    ]
    assert office.accepted() == {"1": "甲"}


def test_an_incident_counts_the_nights_it_is_seen(office: Office) -> None:
    office.night(1, person("1", name=None))
    for day in (2, 3, 3):
        office.night(day, person(f"new {day}", day))
    assert office.incidents("first_seen", "last_seen", "times") == [(date(2022, 11, 1), date(2022, 11, 3), 3)]


def test_a_bad_update_does_not_take_the_last_good_version_away(office: Office) -> None:
    office.night(1, person("1", name="好"), person("2", name="好"))
    verdict = office.night(2, person("1", 2, name=None), person("2", 2, name="新"))
    assert counts(verdict) == ("flagged", 2, 1, 1, 0)
    assert office.accepted() == {"1": "好", "2": "新"}
    office.night(3, person("1", 3, name=None, gone="2022-11-03 12:00:00"))
    assert office.accepted() == {"2": "新"}
    office.night(4, person("1", 4, name=None))
    assert office.accepted() == {"2": "新"}, "what was withdrawn does not come back with a bad version"


def test_a_few_of_a_handful_are_no_share_yet(office: Office) -> None:
    assert office.night(1, person("1", age="200"), person("2", age="200"), person("3"))["verdict"] == "flagged"
    office.rules(age_is_plausible={"tolerance": 0.0})
    assert office.check(2)["verdict"] == "held", "without a tolerance one is too many"


def test_versions_replaced_before_anybody_judged_them_are_judged_too(office: Office) -> None:
    verdict = office.night(1, person("1", name=None), {**person("1"), "moved": "2022-11-01 11:00:00"}, person("2"))
    assert counts(verdict) == ("pass", 3, 2, 1, 0)
    assert office.incidents("source_record_id", "rule", "status", "resolution") == [
        ("1", "name_is_given", "resolved", "superseded")
    ]
    assert office.accepted() == {"1": "甲", "2": "甲"}
    assert office.ask(f"select count(*) from accepted.{SOURCE}__person__versions") == [(2,)]


def test_a_held_source_keeps_what_was_accepted(office: Office) -> None:
    office.night(1, *(person(str(i)) for i in range(10)))
    before = office.accepted()
    verdict = office.night(2, *(person(str(i), 2, age="200") for i in range(8)), person("new", 2))
    assert counts(verdict) == ("held", 9, 1, 8, 0)
    assert verdict["error"]["code"] == "CH-HELD" and "person.age_is_plausible 8/11" in verdict["error"]["detail"]
    assert office.accepted() == before
    assert len(office.incidents(where="status = 'open'")) == 8
    good = office.night(3, *(person(str(i), 3, name="新") for i in range(8)))
    assert counts(good) == ("pass", 17, 9, 8, 0), "what a held night brought is new until a night is released"
    assert office.accepted() == {**before, **{str(i): "新" for i in range(8)}, "new": "甲"}
    assert office.incidents(where="status = 'open'") == []


def test_an_entity_judged_before_the_one_that_holds_is_held_too(office: Office) -> None:
    watt = {"check": "between", "column": "watt", "min": 1, "severity": "critical", "zh": "字", "en": "word", **WHOLLY}
    office.rules(lamp={"checks": {"watt_is_positive": watt}})
    office.land(1, [person("1")])
    office.land(1, [{"pk": "l", "watt": "0", "moved": "2022-11-01 10:00:00"}], "lamp")
    assert counts(office.check(1)) == ("held", 2, 1, 1, 0)
    assert office.accepted() == {} and office.ask(f"select * from acceptance.{SOURCE}__person") == []


def test_a_bad_night_shows_although_it_drowns_in_good_records(office: Office) -> None:
    office.night(1, *(person(str(i)) for i in range(1000)))
    verdict = office.night(2, *(person(f"n{i}", 2, age="200" if i % 4 else "20") for i in range(100)))
    assert verdict["verdict"] == "held"
    rows = office.ask(
        "select failing, total, failing_new, total_new from quality.result where rule = 'age_is_plausible' "
        "and night = '2022-11-02'"
    )
    assert rows == [(75, 1100, 75, 100)]


def test_a_crash_of_the_engine_is_not_a_pass(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office.night(1, person("1"))

    def crash(*_: Any) -> None:
        raise RuntimeError("a value: 司徒")

    monkeypatch.setattr(judge.Judge, "judge", crash)
    verdict = office.night(2, person("2", 2))
    assert (verdict["verdict"], verdict["error"]["code"], verdict["error"]["detail"]) == (
        "error",
        "CH-ENGINE",
        "RuntimeError",
    )
    assert office.accepted() == {"1": "甲"}
    assert office.ask("select verdict, code, detail from quality.run order by night") == [
        ("pass", None, None),
        ("error", "CH-ENGINE", "RuntimeError"),
    ]
    monkeypatch.undo()
    assert counts(office.check(2)) == ("pass", 1, 1, 0, 0)


def test_a_rule_that_cannot_be_computed_is_not_a_pass(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    from expectations.checks import registry
    from expectations.sql import Sql

    office.night(1, person("1"))
    broken = registry.Kind("present", lambda *_: Sql("cast(name as integer) = 1"), (1, None))
    monkeypatch.setitem(registry._KINDS, "present", broken)
    verdict = office.check(2)
    assert (verdict["verdict"], verdict["error"]["code"]) == ("error", "CH-ENGINE")
    assert "甲" not in repr(verdict) + repr(office.ask("select * from quality.run"))


def test_other_rows_than_were_counted_are_critical(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    real = judge.Judge.judge

    def one_more(self: judge.Judge, relation: str, rules: Any) -> Any:
        found = real(self, relation, rules)
        return {n: judge.Judgement(j.failing + 1, j.total, j.passed) for n, j in found.items()}

    monkeypatch.setattr(judge.Judge, "judge", one_more)
    verdict = office.night(1, person("1"))
    assert (verdict["verdict"], verdict["error"]["code"]) == ("error", "CH-DIFF")


def test_a_row_that_nothing_explains_stops_the_night(office: Office) -> None:
    office.land(1, [person("1"), person("2")])
    office.ask(f"delete from staging.{SOURCE}__person where source_record_id = '2'")
    verdict = office.check(1)
    assert (verdict["verdict"], verdict["error"]["code"]) == ("error", "LO-LEDGER")


def test_a_waiver_lets_through_what_it_names_until_its_day(office: Office) -> None:
    engine = open_decisions(office.decisions)
    rows = [*(person(pk, age="200") for pk in "1245"), person("3")]
    assert office.night(1, *rows)["verdict"] == "held"
    waiver = add_waiver(
        engine, SOURCE, "person", "age_is_plausible", reason="已核实", until=date(2022, 11, 2), by="steward"
    )
    verdict = office.check(1)
    assert counts(verdict) == ("flagged", 5, 5, 0, 0)
    assert office.incidents("source_record_id", "status", "waiver") == [(pk, "waived", waiver) for pk in "1245"]
    assert set(office.accepted()) == {*"12345"}
    assert office.check(3)["verdict"] == "held", "the waiver has run out"
    revoke_waiver(engine, waiver, by="steward")
    with pytest.raises(CallRejected):
        revoke_waiver(engine, waiver, by="steward")
    assert office.check(2)["verdict"] == "held"


def test_a_waiver_of_one_record_leaves_the_others(office: Office) -> None:
    engine = open_decisions(office.decisions)
    add_waiver(
        engine,
        SOURCE,
        "person",
        "name_is_given",
        reason="无名氏",
        until=date(2022, 12, 1),
        by="steward",
        source_record_id="1",
    )
    verdict = office.night(1, person("1", name=None), person("2", name=None))
    assert counts(verdict) == ("flagged", 2, 1, 1, 0)
    assert office.incidents("source_record_id", "status") == [("1", "waived"), ("2", "open")]
    with pytest.raises(CallRejected):
        add_waiver(engine, SOURCE, "person", "name_is_given", reason=" ", until=date(2022, 12, 1), by="steward")


def test_rules_moved_in_the_night_that_failed_do_not_make_it_green(office: Office) -> None:
    office.night(1, person("0"))
    rows = [person(str(i), 2, age="200") for i in range(4)]
    assert office.night(2, *rows)["verdict"] == "held"
    office.rules(age_is_plausible={"tolerance": 1.0})
    verdict = office.check(2)
    assert (verdict["verdict"], verdict["error"]["code"]) == ("held", "CH-SUITE")
    assert set(office.accepted()) == {"0"}
    assert office.check(2)["error"]["code"] == "CH-SUITE", "also the second time"
    assert counts(office.check(3)) == ("flagged", 4, 0, 4, 0), "the next night goes by the new rules"


def test_a_new_suite_judges_everything_anew(office: Office) -> None:
    office.night(1, person("1", name="甲乙丙丁"), person("2"))
    office.rules(name_is_short={**CHECKS["name_is_short"], **WHOLLY})
    assert counts(office.check(2)) == ("flagged", 0, 0, 0, 0)
    assert office.accepted() == {"2": "甲"}
    office.rules(name_is_short=None)
    office.check(3)
    assert office.accepted() == {"1": "甲乙丙丁", "2": "甲"}
    assert office.incidents("status", "resolution") == [("resolved", "passes now")]


@pytest.mark.parametrize(
    ("rows", "zone", "verdict"), [(10, "R", "held"), (120, "R", "held"), (120, "W", "flagged"), (45, "R", "pass")]
)
def test_volume_is_held_against_the_last_good_loads(office: Office, rows: int, zone: str, verdict: str) -> None:
    office.rules(zone=zone, person={"rows": {"min": 0.5, "max": 2.0}})
    for day in (1, 2, 3):
        assert office.night(day, *(person(f"{day}-{i}", day) for i in range(40)))["verdict"] == "pass"
    found = office.night(4, *(person(f"4-{i}", 4) for i in range(rows)))
    assert found["verdict"] == verdict
    [(outcome, here, usual)] = office.ask(
        "select outcome, failing, total from quality.result where rule = 'rows_are_as_usual' and night = '2022-11-04'"
    )
    assert (outcome, usual) == (verdict, 40) and here in (None, rows)


def test_a_held_night_is_no_measure_for_the_next(office: Office) -> None:
    office.rules(person={"rows": {"min": 0.5}})
    for day in (1, 2, 3):
        office.night(day, *(person(f"{day}-{i}", day) for i in range(40)))
    for day in (4, 5, 6, 7):
        assert office.night(day, *(person(f"{day}-{i}", day) for i in range(10)))["verdict"] == "held"


def test_news_that_is_too_old_is_a_flag(office: Office) -> None:
    office.rules(person={"fresh": "2d"})
    assert office.night(1)["verdict"] == "pass", "nobody can be late who was never asked"
    assert office.night(1, person("1"))["verdict"] == "pass"
    assert office.night(2)["verdict"] == "pass"
    stale = office.night(4)
    assert stale["verdict"] == "flagged" and stale["failed"][0]["rule"] == "changes_are_recent"
    assert (stale["failed"][0]["failing"], stale["failed"][0]["total"]) == (3, 2)


def test_a_change_time_in_the_future_is_no_news_and_wins_nothing(office: Office) -> None:
    office.rules(person={"fresh": "2d"})
    office.night(1, {**person("1", name="旧"), "moved": "9999-09-09 00:00:00"})
    office.night(2, person("1", 2, name="新"))
    assert office.accepted() == {"1": "新"}
    assert office.ask(
        "select newest_change from quality.entity where entity = 'person' order by night desc limit 1"
    ) == [(datetime(2022, 11, 2, 10),)]


def test_a_rule_waits_for_the_source_it_refers_to(office: Office) -> None:
    rule = {
        "check": "refers_to",
        "column": "name",
        "to": {"source": "nowhere", "entity": "list", "column": "x"},
        "severity": "critical",
    }
    office.rules(name_is_listed=rule)
    verdict = office.night(1, person("1"))
    assert verdict["verdict"] == "pass"
    assert ("name_is_listed", "skipped") in office.ask("select rule, outcome from quality.result")


def test_a_night_caught_up_late_is_judged_as_things_stand(office: Office) -> None:
    office.night(5, person("1", 5, name=None))
    office.night(2, person("2", 2, name=None))
    assert office.incidents("source_record_id", "first_seen", "last_seen", "times") == [
        ("1", date(2022, 11, 5), date(2022, 11, 5), 2),
        ("2", date(2022, 11, 5), date(2022, 11, 5), 1),
    ]
    assert office.ask("select night, judged_as_of from quality.run order by night") == [
        (date(2022, 11, 2), date(2022, 11, 5)),
        (date(2022, 11, 5), date(2022, 11, 5)),
    ]


def test_a_source_without_rows_or_tables_is_judged_too(office: Office) -> None:
    from warehouse.engine import open_warehouse

    with open_warehouse(office.file):
        pass
    assert counts(office.check(1)) == ("pass", 0, 0, 0, 0)
    with pytest.raises(CallRejected):
        office.check_night = None  # type: ignore[attr-defined]
        from warehouse.engine.check import check_source

        check_source(office.contract, office.landing, office.file, "tonight")


def test_nothing_imports_great_expectations_before_a_check_runs() -> None:
    code = (
        "import sys, expectations.runner, expectations.contract, warehouse.engine.check\n"
        "expectations.contract.load_contract('petitions')\n"
        "print([m for m in ('great_expectations', 'pandas', 'scipy') if m in sys.modules])"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.strip() == "[]"


def test_judging_calls_nobody(tmp_path: Path) -> None:
    code = """
import socket, sys
def refused(*_, **__): raise AssertionError("a socket was opened")
socket.socket.connect = socket.socket.connect_ex = socket.create_connection = socket.getaddrinfo = refused
from pathlib import Path
from tests.warehouse.judged import Office, person
print(Office(Path(sys.argv[1])).night(1, person("1"), person("2", name=None))["verdict"])
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment,
        check=False,
    )
    assert done.stdout.strip() == "flagged", done.stderr[-2000:]


def test_the_label_and_the_judge_agree_on_every_kind_of_null(office: Office) -> None:
    values = [None, "", " ", "　", "甲", "无"]
    office.night(1, *(person(str(i), name=v, age=v) for i, v in enumerate(values)))
    [(rows, labelled)] = office.ask(
        f"select (select count(*) from staging.{SOURCE}__person), (select count(*) from acceptance.{SOURCE}__person)"
    )
    assert rows == labelled == 6
    assert label.SAMPLE > 0

"""The marts of a small register built by real code, beside figures counted by hand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlglot
from sqlglot import exp

from expectations.errors import SourceLater
from expectations.marts import load_marts
from expectations.sql import fill, name
from tests.warehouse.registered import Hall, guest, resident, room
from warehouse.engine import open_warehouse
from warehouse.engine.connection import Connection
from warehouse.engine.digest import digest_table
from warehouse.engine.marts import FOLDER, MartsReport, build_marts, build_order, marts_nightly, reads, verdict_of
from warehouse.engine.marts_check import Failure
from warehouse.engine.relation import relation
from warehouse.publish.control import TOTALS

NIGHT = date(2022, 11, 5)
HOME = "广州市白云区鹤龙街道鹤龙一路{}号{}房"
ONE, TWO, NONE = "440111017001", "440111017002", "440111017000"
MARTS = load_marts().marts
Case = dict[str, Any]

# What hand-made cases look like to the marts, by their own number; every one of them is judged in the tests below.
CASES: list[Case] = [
    # A petition accepted on the last day and closed on the last second of a due day that has no time of its own.
    {"ref": "p1", "kind": "petition", "received": "2022-09-01 09:00", "accepted": "2022-09-16", "due": "2022-10-31",
     "closed": "2022-10-31 23:59:59", "area": ONE, "office": "甲办", "channel": "100"},
    # Accepted a day late; closed a day late.
    {"ref": "p2", "kind": "petition", "received": "2022-09-01 09:00", "accepted": "2022-09-17", "due": "2022-10-31",
     "closed": "2022-11-01 00:00", "area": ONE, "office": "甲办", "channel": "100"},
    # No due time: 60 days from the acceptance are the law's, which were over on 3 November.
    {"ref": "p3", "kind": "petition", "received": "2022-08-30 09:00", "accepted": "2022-09-04", "area": "黄边村",
     "office": "乙办", "channel": "200"},
    # Thirty days more than the law allows: extended. Received before the new regulation, and known to the street only.
    {"ref": "p4", "kind": "petition", "received": "2022-04-01 09:00", "accepted": "2022-04-02",
     "due": "2022-07-01 09:00", "closed": "2022-06-30 09:00", "area": "440111017", "office": "甲办"},
    # Received after the night, and withdrawn: the first is not there, the second is judged by nothing.
    {"ref": "p5", "kind": "petition", "received": "2022-11-06 09:00", "area": ONE, "office": "甲办"},
    {"ref": "p6", "kind": "petition", "received": "2022-09-01 09:00", "area": ONE, "office": "甲办", "ended": True},
    # Five working days from 29 September 2022: the seven days of the holiday do not count, two worked Saturdays do.
    {"ref": "w1", "kind": "wage", "received": "2022-09-29 09:00", "accepted": "2022-10-11", "area": TWO,
     "office": "丙队", "people": 3, "amount": 9000, "settled": 2, "paid": 5000, "closed": "2022-10-20 09:00"},
    {"ref": "w2", "kind": "wage", "received": "2022-09-29 09:00", "accepted": "2022-10-12", "area": TWO,
     "office": "丙队", "people": 1, "closed": "2022-10-20 09:00"},
    # A due time before the receipt is impossible: the 30 days of mediation hold.
    {"ref": "d1", "kind": "dispute", "received": "2022-10-01", "accepted": "2022-10-01", "due": "2022-09-30",
     "closed": "2022-10-31", "area": "彭西居委", "grid": "440111017001001", "success": "1", "office": "丁会"},
    {"ref": "d2", "kind": "dispute", "received": "2022-10-01", "accepted": "2022-10-01", "closed": "2022-11-01",
     "area": None, "grid": f"{TWO}001", "success": "0", "office": "丁会"},
    # No limit; no time of closing.
    {"ref": "s1", "kind": "window", "received": "2022-10-03 09:00", "closed": "2022-10-03 10:00", "area": ONE},
    {"ref": "s2", "kind": "event", "received": "2022-10-03 09:00", "due": "2022-10-04 09:00", "is_closed": "1",
     "area": ONE},
]  # fmt: skip


def claim(connection: Connection, given: Case, version: int = 1, **more: Any) -> None:
    """One version of a case, written as the claims would hold it."""
    case = {**given, **more}
    known = {
        "claim_id": f"{case['ref']}/{case.get('entity', 'case')}/{version}", "source": "hall", "trust": 80,
        "obs_key": f"{case['ref']}/{case.get('entity', 'case')}", "entity": case.get("entity", "case"),
        "source_record_id": case["ref"], "content_hash": f"h{version}", "op": case.get("op", "upsert"),
        "changed_at": datetime(2022, 11, 4, version), "known_from": datetime(2022, 11, 5), "ended": "ended" in case,
        "kind": case["kind"], "case_ref": case["ref"], "channel": case.get("channel"), "area_code": case.get("area"),
        "received_at": case.get("received"), "accepted_at": case.get("accepted"), "due_at": case.get("due"),
        "closed_at": case.get("closed"), "is_closed": case.get("is_closed"), "is_success": case.get("success"),
        "handling_office": case.get("office"), "grid_code": case.get("grid"), "people_count": case.get("people"),
        "amount": case.get("amount"), "settled_count": case.get("settled"), "settled_amount": case.get("paid"),
        "satisfaction": case.get("unit_rating"), "satisfaction_intake": case.get("intake_rating"),
        "rated_at": case.get("rated"),
    }  # fmt: skip
    columns, marks = ", ".join(name(c) for c in known), ", ".join(f"${c}" for c in known)
    connection.execute(f'insert into claims."case" ({columns}) values ({marks})', known)


def loaded(connection: Connection, entity: str, begin: date, last: date, **more: Any) -> None:
    """A load of the hall's records of some days, as the ledger would hold it."""
    row = {
        "load_id": f"{entity}-{begin}", "source": "hall", "entity": entity, "file": "f", "window_begin": begin,
        "window_end": last + timedelta(days=1), "contract_version": "v", "token_key": "k", "source_total": 0,
        "landed": 0, "new": 0, "known": 0, "deletes": 0, "untyped": 0, "snapshot": False, "partial": False,
        "floor_held": False, "loaded_at": datetime(2022, 11, 5), "duration": 0, **more,
    }  # fmt: skip
    columns, marks = ", ".join(name(c) for c in row), ", ".join(f"${c}" for c in row)
    connection.execute(f"insert into ledger.load ({columns}) values ({marks})", row)


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Hall:
    made = Hall(tmp_path_factory.mktemp("hall"))
    cells = [{"pk": f"{c}001", "border": None, "moved": "2022-11-01 10:00:00"} for c in (ONE, TWO)]
    made.night(
        1,
        cell=cells,
        resident=[resident("1", home=HOME.format(1, 101), code="C1", born="2016-11-05"),
                  resident("2", home=HOME.format(2, 201), code="C2", born="2016-11-06", sex="2"),
                  resident("3", status="22")],
        room=[room("r1", code="C1", grid=f"{ONE}001", visit="1", area="50"),
              room("r2", code="C2", grid=f"{TWO}001", visit="1"), room("r3", code="C3", grid=f"{ONE}001", visit="3")],
        guest=[guest("v", 1, 5, ref="R9")],
        lamp=[{"pk": "L1", "on": "1", "grid": f"{ONE}001", "lng": None, "lat": None, "moved": "2022-10-11 12:00:00",
               "deleted_at": None},
              {"pk": "L2", "on": "0", "moved": "2022-10-12 12:00:00", "deleted_at": "2022-10-30 12:00:00"}],
    )  # fmt: skip
    with open_warehouse(made.file) as connection:
        connection.execute('delete from claims."case"')
        for case in CASES:
            claim(connection, case)
    return made


@pytest.fixture(scope="module")
def nightly(hall: Hall) -> tuple[dict[str, Any], int]:
    return marts_nightly(hall.file)


@pytest.fixture(scope="module")
def built(hall: Hall, nightly: object) -> Iterator[tuple[Connection, MartsReport]]:
    with open_warehouse(hall.file) as connection:
        loaded(connection, "case", date(2018, 1, 1), NIGHT)
        yield connection, build_marts(connection, NIGHT)


def timely(connection: Connection, kind: str, cut: str, *measures: str) -> list[tuple[Any, ...]]:
    """One cut by quarter, its quarters added up; the street's own mart must say the same of all of it."""
    column = {"office": "handling_office", "community": "community_code", "channel": "channel"}[cut]
    sums = ", ".join(f"sum({m})" for m in measures)
    found: list[tuple[Any, ...]] = connection.execute(
        f"select {column}, {sums} from marts.case_timeliness_by_{cut} where kind = $kind group by all order by all",
        {"kind": kind},
    ).fetchall()
    street = connection.execute(f"select {sums} from marts.case_timeliness where kind = $kind", {"kind": kind})
    assert [tuple(sum(column) for column in zip(*(row[1:] for row in found), strict=True))] == street.fetchall()
    return found


def test_each_indicator_of_the_yearly_report_is_the_sum_of_the_column_it_names(
    built: tuple[Connection, MartsReport],
) -> None:
    connection, _ = built
    rows = connection.execute(
        "select indicator, year, mart, kind, measure, of, value from marts.yearly_report where value is not null"
    ).fetchall()
    for indicator, year, mart, kind, measure, of, value in rows:
        year_of = {"case_outcome": "substr(quarter, 1, 4)::int", "case_year_end": "year"}.get(
            mart, "extract(year from month)"
        )
        where = f"{year_of} = {year}" + (f" and kind = '{kind}'" if kind else "")
        told = f"round(100 * sum({measure}) / sum({of}), 1)::decimal(18, 2)" if of else f"sum({measure})"
        assert connection.execute(f"select {told} from marts.{mart} where {where}").fetchall() == [(value,)], indicator
    by_name = {(r[0], r[1]): r[-1] for r in rows}
    assert by_name["petitions_received", 2022] == 5 and by_name["wage_amount_recovered", 2022] == 5000
    assert (by_name["petitions_open_at_year_end", 2022], by_name["petitions_overdue_at_year_end", 2022]) == (1, 1)
    assert by_name["petitions_closed_in_time_percent", 2022] == Decimal("66.7")
    assert ("petitions_received", 2018) not in by_name and len(rows) > 8


def test_every_mart_is_built_and_every_check_holds(built: tuple[Connection, MartsReport]) -> None:
    _, report = built
    assert (report.failures, report.held) == ([], ())
    assert set(report.rows) == set(MARTS)


def test_petitions_are_judged_by_the_source_and_else_by_the_law(built: tuple[Connection, MartsReport]) -> None:
    measures = ("received", "acceptance_judged", "accepted_in_time", "closed_in_time", "closed_late", "open_overdue",
                "extended", "withdrawn")  # fmt: skip
    assert timely(built[0], "petition", "office", *measures) == [
        ("乙办", 1, 1, 1, 0, 0, 1, 0, 0),
        ("甲办", 4, 3, 2, 2, 1, 0, 1, 1),
    ]
    assert timely(built[0], "petition", "community", *measures) == [
        (NONE, 1, 1, 1, 1, 0, 0, 1, 0),
        (ONE, 3, 2, 1, 1, 1, 0, 0, 1),
        (TWO, 1, 1, 1, 0, 0, 1, 0, 0),
    ]
    assert [row[:2] for row in timely(built[0], "petition", "channel", "received")] == [
        ("100", 2), ("200", 1), ("unknown", 2)
    ]  # fmt: skip


def test_a_limit_in_working_days_leaves_the_holiday_out(built: tuple[Connection, MartsReport]) -> None:
    # 30 September, 8, 9, 10 and 11 October 2022 are the five.
    measures = ("received", "acceptance_judged", "accepted_in_time", "closed_in_time")
    assert timely(built[0], "wage", "office", *measures) == [("丙队", 2, 2, 1, 2)]
    assert timely(built[0], "wage", "community", *measures) == [(TWO, 2, 2, 1, 2)]


def test_an_impossible_due_time_gives_way_to_the_law_and_names_lead_to_communities(
    built: tuple[Connection, MartsReport],
) -> None:
    found = timely(built[0], "dispute", "community", "received", "closed_in_time", "closed_late", "due_by_source")
    assert found == [(TWO, 1, 0, 1, 0), ("440111017008", 1, 1, 0, 0)]


def test_what_cannot_be_judged_is_counted_as_such(built: tuple[Connection, MartsReport]) -> None:
    for kind in ("window", "event"):
        assert timely(built[0], kind, "office", "closed", "closed_unjudged", "open") == [("unknown", 1, 1, 0)]


def test_wages_and_outcomes_add_up(built: tuple[Connection, MartsReport]) -> None:
    connection, _ = built
    for mart in ("wage_recovery", "wage_recovery_by_community", "wage_recovery_by_class"):
        found = connection.execute(
            "select clues, clues_recovered, clues_without_amount, workers, workers_recovered, amount_owed, "
            f"amount_recovered from marts.{mart}"
        ).fetchall()
        assert found == [(2, 1, 1, 4, 2, 9000, 5000)]
    outcomes = "select sum(cases), sum(succeeded), sum(failed), sum(undecided), sum(open) from marts.case_outcome"
    assert connection.execute(outcomes).fetchall() == [(10, 1, 1, 7, 1)]


def test_residents_are_counted_where_they_live_and_by_full_years(built: tuple[Connection, MartsReport]) -> None:
    connection, _ = built
    rows = "select grid_code, community_code, age_band, sex, residents from marts.residents_by_grid order by all"
    assert connection.execute(rows).fetchall() == [
        (f"{NONE}000", NONE, "18-34", "1", 1),
        (f"{ONE}001", ONE, "06-14", "1", 1),
        (f"{TWO}001", TWO, "00-05", "2", 1),
    ]


def test_dwellings_are_occupied_found_empty_or_neither(built: tuple[Connection, MartsReport]) -> None:
    connection, _ = built
    rows = ("select community_code, sum(houses), sum(houses_occupied), sum(houses_found_empty), sum(area_m2) "
            "from marts.house_occupancy group by all order by all")  # fmt: skip
    assert connection.execute(rows).fetchall()[1:] == [(ONE, 2, 1, 1, 50), (TWO, 1, 1, 0, 0)]


def test_lamps_are_counted_since_they_were_first_shown_and_nothing_is_told_of_before(
    built: tuple[Connection, MartsReport],
) -> None:
    """L1 says it is on since October, but was first shown on the night of 1 November; L2 has been taken away."""
    columns = "month, device_kind, basis, devices, devices_online, devices_offline, known_minutes, online_minutes"
    told = built[0].execute(f"select {columns} from marts.device_online order by 1 desc, 2").fetchall()
    assert told[:2] == [
        (date(2022, 11, 1), "camera", "shown", 1, 1, 0, 4 * 1440, 4 * 1440),
        (date(2022, 10, 1), "camera", "not_shown", None, None, None, None, None),
    ]
    assert {row[2:] for row in told[1:]} == {told[1][2:]}


@pytest.mark.parametrize("mart", [m for m in MARTS.values() if m.hierarchy and m.measures], ids=lambda m: m.name)
def test_communities_add_up_to_the_street(built: tuple[Connection, MartsReport], mart: Any) -> None:
    connection, _ = built
    for measure in mart.measures:
        total = fill("select sum({{m}}) from {{t}}", m=name(measure), t=name("marts", mart.name))
        apart = fill(
            "select sum(part) from (select sum({{m}}) as part from {{t}} where community_code in "
            "(select community_code from marts.dim_community) group by community_code)",
            m=name(measure), t=name("marts", mart.name),
        )  # fmt: skip
        assert connection.execute(apart).fetchall() == connection.execute(total).fetchall()


@pytest.mark.parametrize("mart", MARTS.values(), ids=lambda m: m.name)
def test_example_queries_read_what_is_published_alone(mart: Any) -> None:
    assert mart.examples  # test_publish_versions.py runs them on both targets
    for example in mart.examples:
        tables = {(t.db, t.name) for t in sqlglot.parse_one(example.sql, read="duckdb").find_all(exp.Table)}
        assert tables <= {("marts", published) for published in (*MARTS, TOTALS)}
        totalled = ("marts", TOTALS) in tables
        assert totalled or ("marts", mart.name) in tables


@pytest.mark.parametrize("file", build_order())
def test_the_sql_is_one_select_that_other_tools_can_read(file: str) -> None:
    tree = sqlglot.parse_one(relation(FOLDER, file), read="duckdb")
    assert isinstance(tree, (exp.Select, exp.Union))
    assert {t.db for t in tree.find_all(exp.Table) if t.db} <= {
        "register", "claims", "quality", "ledger", "reference", "prepared", "marts"
    }  # fmt: skip
    assert not list(tree.find_all(exp.CurrentDate, exp.CurrentTimestamp, exp.Rand))


def test_no_mart_bears_a_person_a_number_or_a_label() -> None:
    banned = re.compile(
        r"person_id|obs_key|token|mask|case_key|case_ref|claim|address|house_id|plate|(^|_)(score|risk|level|label|tag)(_|$)"
    )
    told = {c for m in MARTS.values() for c in m.columns}
    assert len(told) > 100 and {c for c in told if banned.search(c)} == set()
    texts = [load_marts().titles[c].zh for c in told]
    assert not [t for t in texts if "重点" in t or "风险" in t or "等级" in t]


def test_no_case_or_count_meets_a_person() -> None:
    def sources(file: str) -> set[str]:
        tree = sqlglot.parse_one(relation(FOLDER, file), read="duckdb")
        found = {f"{t.db}.{t.name}" for t in tree.find_all(exp.Table)}
        return found.union(*(sources(other) for other in reads()[file]))

    about_persons = {"register.person", "register.person_house_link", "claims.person", "claims.residence"}
    for file in build_order():
        found = sources(file)
        if found & {"claims.case", "claims.service_count"}:
            assert found & about_persons == set(), file


def test_equal_inputs_make_equal_marts(hall: Hall, built: tuple[Connection, MartsReport]) -> None:
    connection, _ = built
    before = {m: digest_table(connection, "marts", m) for m in MARTS}
    build_marts(connection, NIGHT)
    assert {m: digest_table(connection, "marts", m) for m in MARTS} == before


def test_the_night_is_the_last_one_loaded_unless_it_is_given(nightly: tuple[dict[str, Any], int]) -> None:
    told, status = nightly
    assert (status, told["error"], told["held"]) == (0, None, [])
    assert told["as_of_day"] == "2022-11-02" and set(told["rows"]) == set(MARTS)


def test_a_held_group_is_an_error_with_a_next_step() -> None:
    report = MartsReport(NIGHT, failures=[Failure("dim_grid", "reference", "grain_is_unique", 2)], held=("reference",))
    told, status = verdict_of(report)
    assert status == 4 and told["error"]["code"] == "RE-MART" and "dim_grid grain_is_unique 2" in str(told["error"])


def test_without_a_register_there_are_no_marts(tmp_path: Path) -> None:
    with pytest.raises(SourceLater, match="RE-EMPTY"):
        marts_nightly(tmp_path / "w.duckdb", "2022-11-05")

"""What single values, times, sums, other versions and other tables say against a row; and what an empty value is."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.expectations.world import ENTITY, World

NOON = datetime(2022, 11, 1, 12)


@pytest.fixture
def plain(tmp_path: Path) -> World:
    return World(tmp_path, {"code": "code", "count": "integer", "limit": "integer", "day": "date", "at": "datetime"})


@pytest.mark.parametrize(
    ("column", "values", "check", "bad"),
    [
        ("code", ["1", "3", "無"], {"check": "in_codes", "codes": "sex"}, [False, True, True]),
        (
            "code",
            ["440111017001", "鹤龙社区", "火星社区"],
            {"check": "in_codes", "codes": "communities", "or_codes": "community_names"},
            [False, False, True],
        ),
        (
            "code",
            ["302", "302房", "3021", "x302"],
            {"check": "matches", "pattern": "^[0-9]{3,4}$"},
            [False, True, False, True],
        ),
        ("count", [0, 1, 5, 6], {"check": "between", "min": 0, "max": 5, "open": True}, [True, False, False, True]),
        ("count", [-1, 0], {"check": "between", "min": 0}, [True, False]),
        (
            "day",
            [date(1899, 12, 31), date(1900, 1, 1), date(1900, 1, 2), date(9999, 9, 9)],
            {"check": "sentinel_date"},
            [True, True, False, True],
        ),
        ("at", [datetime(2022, 11, 5), datetime(2022, 11, 9)], {"check": "not_in_future"}, [False, True]),
        ("code", ["宏达店", "䶮达店", "\ue000店", "锟斤拷"], {"check": "plain_characters"}, [False, True, True, True]),
        ("code", ["x", None], {"check": "empty"}, [True, False]),
    ],
)
def test_values(plain: World, column: str, values: list[Any], check: dict[str, Any], bad: list[bool]) -> None:
    assert plain.verdicts(column, values, **check) == bad


# Kind, its arguments, a row that would be good, and the columns that may be empty.
NULLS = [
    ("in_codes", {"codes": "sex"}, "code"),
    ("matches", {"pattern": "^[0-9]$"}, "code"),
    ("between", {"min": 0, "max": 5}, "count"),
    ("sentinel_date", {}, "day"),
    ("not_in_future", {}, "day"),
    ("not_before", {"than": "at"}, "day"),
    ("days_apart", {"after": "at", "max": 3}, "day"),
    ("working_day_deadline", {"after": "at", "max": 3}, "day"),
    ("at_most", {"limit": "limit"}, "count"),
    ("credit_code", {}, "code"),
    ("organisation_code", {}, "code"),
    ("gb28181_id", {}, "code"),
    ("grid_code", {"district": "440111"}, "code"),
    ("part_code", {"district": "440111"}, "code"),
    ("plate", {}, "code"),
    ("division_known", {}, "code"),
    ("refers_to", {"to": {"entity": ENTITY, "column": "code"}}, "code"),
    ("plain_characters", {}, "code"),
]


@pytest.mark.parametrize(("kind", "arguments", "column"), NULLS, ids=[n[0] for n in NULLS])
@pytest.mark.parametrize("policy", ["pass", "fail"])
def test_an_empty_value_is_what_the_rule_declares(
    plain: World, kind: str, arguments: dict[str, Any], column: str, policy: str
) -> None:
    assert plain.verdicts(column, [None], check=kind, nulls=policy, **arguments) == [policy == "fail"]


@pytest.mark.parametrize(
    ("kind", "arguments", "column"), [n for n in NULLS if n[2] == "code"], ids=lambda n: str(n)[:12]
)
def test_a_blank_that_slipped_through_is_no_empty_value(
    plain: World, kind: str, arguments: dict[str, Any], column: str
) -> None:
    found = plain.verdicts(column, ["", " "], check=kind, nulls="pass", **arguments)
    assert found == ([False, False] if kind in ("plain_characters", "refers_to") else [True, True])


def test_present_and_typed_tell_nothing_from_something_unread(plain: World) -> None:
    plain.add(
        {"pk": "there", "count": 1},
        {"pk": "nothing"},
        {"pk": "unread", "untyped": {"count": "约12"}},
        {"pk": "small", "untyped": {"count": "<10"}},
    )
    assert plain.bad(check="present", column="count") == {"nothing"}
    assert plain.bad(check="present", columns=["count", "code"]) == {"there", "nothing", "unread", "small"}
    assert plain.bad(check="typed", column="count") == {"unread", "small"}
    assert plain.bad(check="typed", column="count", allow=["<10"]) == {"unread"}


def test_a_rule_concerns_only_the_rows_it_names(plain: World) -> None:
    plain.add({"pk": "1", "code": "open"}, {"pk": "2", "code": "closed"}, {"pk": "3", "code": None})
    assert plain.bad(check="present", column="at", when={"code": ["closed"]}) == {"2"}


def test_order_of_times(plain: World) -> None:
    plain.add(
        {"pk": "before", "day": date(2022, 10, 31), "at": NOON},
        {"pk": "same day", "day": date(2022, 11, 1), "at": NOON},
        {"pk": "after", "day": date(2022, 11, 5), "at": NOON},
    )
    assert plain.bad(check="not_before", column="day", than="at") == {"before"}
    assert plain.bad(check="days_apart", column="day", after="at", min=0, max=3) == {"before", "after"}


def test_a_twelve_hour_clock_shows_by_what_was_computed_from_it(tmp_path: Path) -> None:
    world = World(tmp_path, {"at": "datetime", "due": "datetime"})
    world.add(
        {"pk": "night", "at": datetime(2022, 1, 1, 12, 5, 7), "due": datetime(2022, 3, 2, 0, 5, 7)},
        {"pk": "noon", "at": datetime(2022, 1, 1, 12, 5, 7), "due": datetime(2022, 3, 2, 12, 5, 7)},
        {"pk": "morning", "at": datetime(2022, 1, 1, 9, 5, 7), "due": datetime(2022, 3, 2, 0, 0, 0)},
    )
    assert world.bad(check="same_clock", column="at", against="due") == {"night"}


def test_a_registration_after_the_first_change_is_a_wrong_clock(plain: World) -> None:
    first, later = datetime(2022, 11, 1, 0, 5), datetime(2022, 11, 3)
    plain.add({"pk": "1", "at": NOON, "changed_at": first}, {"pk": "1", "at": NOON, "changed_at": later})
    plain.add({"pk": "2", "at": first, "changed_at": first})
    assert plain.bad(check="not_after_first_change", column="at") == {"1"}


def test_sums(tmp_path: Path) -> None:
    world = World(tmp_path, {"total": "integer", "a": "integer", "b": "integer"})
    world.add({"pk": "1", "total": 3, "a": 1, "b": 2}, {"pk": "2", "total": 3, "a": 1, "b": 1}, {"pk": "3", "total": 3})
    assert world.bad(check="adds_up", columns=["total", "a", "b"]) == {"2"}
    assert world.bad(check="at_most", column="b", limit="a") == {"1"}
    assert world.bad(check="at_most", column="b", limit="a", times=2) == set()


def test_a_year_to_date_count_shows_in_its_year(tmp_path: Path) -> None:
    world = World(tmp_path, {"month": "date", "kind": "code", "done": "integer", "plan": "integer"})
    for month, done in enumerate((20, 45, 22, 85), 1):
        world.add({"pk": f"m{month}", "month": date(2022, month, 1), "kind": "01", "done": done, "plan": 25})
    world.add({"pk": "next", "month": date(2023, 1, 1), "kind": "01", "done": 60, "plan": 25})
    rule = {"check": "not_year_to_date", "column": "done", "month": "month", "group": ["kind"], "plan": "plan"}
    assert world.bad(**rule) == {"m2", "m4"}  # 85 is less than 20 + 45 + 22, and 45 was no month's count itself


def test_uniqueness_counts_records_in_force(plain: World) -> None:
    plain.add({"pk": "1", "code": "A"}, {"pk": "2", "code": "A"}, {"pk": "3", "code": "B"}, {"pk": "4"}, {"pk": "5"})
    plain.add({"pk": "6", "code": "B", "at": NOON}, {"pk": "6", "code": "C", "known_from": datetime(2022, 11, 9)})
    assert plain.bad(check="unique_within", column="code") == {"1", "2"}
    assert plain.bad(check="unique_within", column="code", when={"code": ["B"]}) == set()


def test_at_most_one_version_is_open(plain: World) -> None:
    plain.add({"pk": "1", "code": "A"}, {"pk": "2", "code": "A"}, {"pk": "3", "code": "A", "day": date(2022, 1, 1)})
    plain.add({"pk": "4", "code": "B"}, {"pk": "5", "code": "B", "day": date(2022, 1, 1)})
    assert plain.bad(check="one_open_version", column="code", until="day") == {"1", "2"}


def test_a_record_is_stated_once(plain: World) -> None:
    plain.add(
        {"pk": "1", "count": 1},
        {"pk": "1", "count": 2},
        {"pk": "2", "count": 1},
        {"pk": "3", "count": 1, "limit": 1},
        {"pk": "3", "count": 2, "limit": 2},
    )
    assert plain.bad(check="stated_once", column="code") == {"1", "3"}
    assert plain.bad(check="stated_once", column="code", within=["limit"]) == {"1"}


def test_the_minority_is_wrong_and_of_equals_all_are(plain: World) -> None:
    for pk, code, count in (("1", "A", 1), ("2", "A", 1), ("3", "A", 2), ("4", "B", 1), ("5", "B", 2), ("6", "C", 1)):
        plain.add({"pk": pk, "code": code, "count": count})
    assert plain.bad(check="one_value_per", column="count", key=["code"]) == {"3", "4", "5"}


def test_a_cancellation_cancels_something(tmp_path: Path) -> None:
    world = World(tmp_path, {"op": "code", "at": "datetime"})
    world.add(
        {"pk": "1", "source_op": "A", "at": NOON},
        {"pk": "1", "source_op": "C", "at": NOON},
        {"pk": "2", "source_op": "C", "at": NOON},
        {"pk": "3", "source_op": "C", "at": datetime(2017, 12, 31)},
    )
    assert world.bad(check="cancels_something", column="op", cancel="C", made="at") >= {"2"}
    assert world.bad(check="cancels_something", column="op", cancel="C", made="at") & {"1", "3"} == set()


def test_a_deletion_logged_before_its_record(plain: World) -> None:
    early, late = datetime(2022, 11, 1), datetime(2022, 11, 3)
    plain.add({"pk": "1", "op": "delete", "changed_at": early}, {"pk": "1", "changed_at": late})
    plain.add(
        {"pk": "2", "changed_at": early},
        {"pk": "2", "op": "delete", "changed_at": late},
        {"pk": "3", "changed_at": early},
    )
    assert plain.bad(check="not_deleted_before", column="code") == {"1"}


def test_one_dwelling_per_stay(tmp_path: Path) -> None:
    world = World(
        tmp_path,
        {"visit": "code", "house": "code", "since": "date"},
        zone="R",
        others={"person": {"visit": "code", "who": "code", "id_check": "code"}},
    )
    begin = date(2022, 1, 1)
    for visit, house, since in (
        ("a", "H1", begin),
        ("b", "H1", begin),
        ("c", "H2", begin),
        ("d", "H3", date(2022, 5, 1)),
    ):
        world.add({"pk": visit, "visit": visit, "house": house, "since": since})
        world.add({"pk": visit, "visit": visit, "who": "token", "id_check": "valid"}, entity="person")
    rule = {"check": "one_home_per_stay", "column": "house", "person": "person", "number": "who", "by": ["visit"]}
    assert world.bad(**rule, since="since") == {"c"}


@pytest.mark.parametrize(
    ("form", "ours", "theirs", "bad"),
    [
        ("plain", "A-1", "A1", True),
        ("hyphens", "A-1", "A1", False),
        ("guid", "AB-CD", "abcd", False),
        ("grid", "44011101700100100000", "440111017001001", False),
        ("organisation", "D2143569-X", "91440111D2143569XH", False),
        ("organisation", "D2143569-1", "91440111D2143569XH", True),
    ],
)
def test_references_by_the_form_of_the_code(tmp_path: Path, form: str, ours: str, theirs: str, bad: bool) -> None:
    world = World(tmp_path, {"code": "code"}, others={"list": {"key": "code"}})
    world.add({"pk": "known", "key": theirs}, {"pk": "none"}, entity="list")
    world.add({"pk": "gone", "op": "delete", "key": ours}, entity="list")
    rule = {"check": "refers_to", "to": {"entity": "list", "column": "key"}, "form": form}
    assert world.verdicts("code", [ours, None], **rule) == [bad, False]


def test_who_is_listed_here_is_not_listed_there(tmp_path: Path) -> None:
    columns = {"number": "code", "state": "code", "id_check": "code"}
    world = World(tmp_path, columns, others={"other": columns})
    world.add({"pk": "1", "number": "N1", "state": "12", "id_check": "valid"}, entity="other")
    world.add({"pk": "2", "number": "N2", "state": "22", "id_check": "valid"}, entity="other")
    world.add(*({"pk": n, "number": n, "id_check": "valid"} for n in ("N1", "N2", "N3")))
    world.add({"pk": "unsound", "number": "N1", "id_check": "invalid"})
    rule = {"check": "not_also_in", "column": "number", "other": {"entity": "other", "column": "number"}}
    assert world.bad(**rule, where={"state": ["12"]}) == {"N1"}


def test_nothing_is_rated_before_it_is_closed(tmp_path: Path) -> None:
    world = World(
        tmp_path, {"case": "code", "rated": "datetime"}, others={"file": {"case": "code", "closed": "datetime"}}
    )
    world.add({"pk": "1", "case": "c1", "closed": NOON}, {"pk": "2", "case": "c2"}, entity="file")
    early = datetime(2022, 10, 1)
    world.add(
        {"pk": "r1", "case": "c1", "rated": early},
        {"pk": "r2", "case": "c2", "rated": early},
        {"pk": "r3", "case": "c1"},
    )
    rule = {"check": "not_before_other", "column": "rated", "entity": "file", "by": ["case"], "than": "closed"}
    assert world.bad(**rule) == {"r1"}


def test_one_number_one_name(tmp_path: Path) -> None:
    columns = {"id_token": "code", "name_token": "code", "name_flag": "code", "id_check": "code"}
    world = World(tmp_path, columns, others={"other": columns})
    sound = {"id_check": "valid"}
    world.add(
        {"pk": "1", "id_token": "N1", "name_token": "A", **sound},
        {"pk": "2", "id_token": "N2", "name_token": "B", **sound},
        {"pk": "3", "id_token": "N2", "name_token": "C", **sound},
        entity="other",
    )
    world.add(
        {"pk": "same", "id_token": "N1", "name_token": "A", **sound},
        {"pk": "another", "id_token": "N1", "name_token": "X", **sound},
        {"pk": "one of two", "id_token": "N2", "name_token": "C", **sound},
        {"pk": "new", "id_token": "N9", "name_token": "X", **sound},
        {"pk": "masked", "id_token": "N1", "name_token": None, "name_flag": "masked", **sound},
    )
    assert world.bad(
        check="one_name_per_number", column="id_token", also={"entity": "other", "column": "id_token"}
    ) == {"another"}


def test_a_name_is_whole(tmp_path: Path) -> None:
    world = World(tmp_path, {"name_flag": "code"})
    assert world.verdicts("name_flag", [None, "masked", "one_char"], check="whole_name") == [False, True, True]

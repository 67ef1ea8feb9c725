"""Every kind of check against the vectors of its standard."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from expectations.checks.registry import all_kinds
from expectations.code_lists import calendar
from extractors._kit.identity import mask_plate, parse_number
from simulator.town.numbers import credit_code
from tests.expectations.world import World


@pytest.fixture
def codes(tmp_path: Path) -> World:
    return World(tmp_path, {"code": "code", "name": "text"})


@pytest.mark.parametrize(
    ("code", "bad"),
    [
        ("91440111MA5ABC120H", False),  # sources.md
        ("91350100M000100Y43", False),  # the published example of GB 32100
        ("91440111MA5ABC120J", True),
        ("91440111MA5ABC121H", True),
        ("91440111MA5ABCI20H", True),  # I is not of the alphabet
        ("91440111ma5abc120h", True),
        ("91440111MA5ABC120", True),
        ("MA5ABC120", True),
        ("", True),
        (None, False),
    ],
)
def test_credit_codes(codes: World, code: str | None, bad: bool) -> None:
    assert codes.verdicts("code", [code], check="credit_code") == [bad]


def test_credit_codes_of_the_town_pass_and_one_wrong_character_does_not(codes: World) -> None:
    right = [credit_code(n) for n in range(50)]
    assert codes.verdicts("code", right, check="credit_code") == [False] * 50
    wrong = [c[:-1] + ("1" if c[-1] != "1" else "2") for c in right]
    assert codes.verdicts("code", wrong, check="credit_code") == [True] * 50


@pytest.mark.parametrize(
    ("code", "bad"),
    [
        ("D2143569-X", False),  # the published example of GB 11714
        ("D2143569X", False),
        ("D21435691", True),
        ("D2143569", True),
        ("d2143569X", True),
        ("91440111MA5ABC120H", False),  # longer than an organisation code: not this rule's business
        (None, False),
    ],
)
def test_organisation_codes(codes: World, code: str | None, bad: bool) -> None:
    assert codes.verdicts("code", [code], check="organisation_code") == [bad]


def test_an_organisation_code_may_stand_beside_credit_codes(codes: World) -> None:
    values = ["D2143569X", "D2143569-X", "91440111MA5ABC120H", "91440111MA5ABC120J"]
    assert codes.verdicts("code", values, check="credit_code", or_organisation_code=True) == [False, False, False, True]


NUMBERS = [  # number, type, resident_id, foreign_permanent_resident, id_division_known, current form
    ("11010519491231002X", "111", False, False, False, False),  # the example of GB 11643
    ("110105194912310021", "111", True, False, False, False),
    ("440111197901011232", "111", False, False, False, False),
    ("440111790101123", "111", False, False, False, True),  # 15 digits, sound
    ("440111790231123", "111", True, False, False, False),  # no 31 February
    ("44011119790231123X", "111", True, False, False, False),
    ("440197199001013215", "111", False, False, False, False),  # a test division
    ("810000199003070015", "111", False, False, False, False),
    ("911124198108030024", "553", False, False, False, False),
    ("911124198108030025", "553", False, True, False, False),
    ("44O111197901011232", "111", True, False, False, False),  # an O for a 0
    ("44011119790101123", "111", True, False, False, False),  # the X lost
]


def person(folder: Path) -> World:
    return World(folder, {"at": "datetime", "pop": "code"}, person=True)


def facets(number: str | None, kind: str | None) -> dict[str, Any]:
    read = parse_number(number, kind)
    return {
        "id_type": read.id_type,
        "id_check": read.check,
        "id_birth": read.birth,
        "id_sex": read.sex,
        "id_division": read.division,
    }


@pytest.mark.parametrize(("number", "kind", "resident", "foreign", "division", "old"), NUMBERS)
def test_identity_numbers_by_their_facets(
    tmp_path: Path, number: str, kind: str, resident: bool, foreign: bool, division: bool, old: bool
) -> None:
    world = person(tmp_path)
    world.add({"pk": "1", **facets(number, kind)})
    found = [
        bool(world.bad(check=check, column="id_mask"))
        for check in ("resident_id", "foreign_permanent_resident", "id_division_known", "current_number_form")
    ]
    assert found == [resident, foreign, division, old]


@pytest.mark.parametrize("number", ["440199199001011234", "990101199001011234"])
def test_a_division_that_never_was_is_unknown(tmp_path: Path, number: str) -> None:
    from extractors._kit.identity import check_digit

    world = person(tmp_path)
    sound = number[:17] + check_digit(number[:17])
    world.add({"pk": "1", **facets(sound, "111"), "id_type": "111", "id_division": sound[:6]})
    assert world.bad(check="id_division_known", column="id_mask") == {"1"}


def test_birth_and_sex_agree_with_the_number(tmp_path: Path) -> None:
    world = person(tmp_path)
    read = facets("440111197901011232", "111")
    world.add(
        {"pk": "right", **read, "born": date(1979, 1, 1), "sex": "1"},
        {"pk": "birth", **read, "born": date(1979, 1, 2), "sex": "1"},
        {"pk": "sex", **read, "born": date(1979, 1, 1), "sex": "2"},
        {"pk": "unsaid", **read, "born": None, "sex": "9"},
        {"pk": "unsound", **read, "id_check": "invalid", "born": date(1950, 1, 1), "sex": "2"},
    )
    assert world.bad(check="id_birth_agrees", column="born") == {"birth"}
    assert world.bad(check="id_sex_agrees", column="sex") == {"sex"}


def test_a_number_is_missing_only_once_there_should_be_one(tmp_path: Path) -> None:
    world = person(tmp_path)
    none = facets("无", "111")
    world.add(
        {"pk": "adult", **none, "born": date(1979, 1, 1), "at": datetime(2022, 1, 1)},
        {"pk": "baby", **none, "born": date(2021, 9, 1), "at": datetime(2022, 1, 1)},
        {"pk": "unborn", **none, "born": None, "at": datetime(2022, 1, 1)},
        {"pk": "sound", **facets("440111197901011232", "111"), "born": date(1979, 1, 1), "at": None},
    )
    within = {"born": "born", "at": "at", "within": "365d"}
    assert world.bad(check="number_given", column="id_mask", **within) == {"adult", "unborn"}
    assert world.bad(check="number_given", column="id_mask") == {"adult", "baby", "unborn"}


def test_a_permit_of_hong_kong_macau_and_taiwan_begins_with_81_82_83(tmp_path: Path) -> None:
    world = person(tmp_path)
    world.add(
        {"pk": "permit", **facets("810000199003070015", "111"), "pop": "4"},
        {"pk": "mainland", **facets("440111197901011232", "111"), "pop": "4"},
        {"pk": "pass", **facets("H12345678", "516"), "pop": "4"},
        {"pk": "resident", **facets("440111197901011232", "111"), "pop": "1"},
    )
    assert world.bad(check="hk_mo_tw_permit", column="id_mask", status="pop", code="4") == {"mainland"}


@pytest.mark.parametrize(
    ("plate", "bad"),
    [
        ("粤A12345", False),
        ("粤AD12345", False),
        ("粤A12345D", False),
        ("粤Z1234港", False),
        ("粤A1234学", False),
        ("粤AI2345", True),
        ("粤A1234", True),
        ("粤A123456", True),
        ("粤112345", True),
        ("A12345", True),
        (None, False),
    ],
)
def test_plates(codes: World, plate: str | None, bad: bool) -> None:
    assert codes.verdicts("code", [plate], check="plate") == [bad]


@pytest.mark.parametrize(
    ("plate", "bad"), [("粤A12345", False), ("粤AD12345", False), ("粤Z1234港", False), ("A12345", True)]
)
def test_plates_by_their_mask(codes: World, plate: str, bad: bool) -> None:
    assert codes.verdicts("code", [mask_plate(plate)], check="plate_mask") == [bad]


@pytest.mark.parametrize(
    ("check", "value", "bad"),
    [
        ("gb28181_id", "44011101001317000001", False),
        ("gb28181_id", "4401110100131700000", True),
        ("gb28181_id", "44011101009997000001", True),  # no device type 999
        ("gb28181_id", "99011101001317000001", True),  # no province 99
        ("grid_code", "440111017001001", False),
        ("grid_code", "440111-017-001-001", True),
        ("grid_code", "44011101700100100000", True),
        ("grid_code", "440106017001001", True),
        ("part_code", "4401110101000001", False),
        ("part_code", "4401110901000001", True),  # no class 09
        ("part_code", "440111010100001", True),
        ("division_known", "440111", False),
        ("division_known", "440102", False),  # abolished in 2005
        ("division_known", "440199", True),
        ("division_known", "512221", False),  # abolished elsewhere: the province is one
        ("division_known", "990000", True),
        ("division_known", "44011", True),
    ],
)
def test_layouts(codes: World, check: str, value: str, bad: bool) -> None:
    arguments: dict[str, dict[str, Any]] = {
        "gb28181_id": {"types": ["131", "132"]},
        "grid_code": {"district": "440111"},
        "part_code": {"district": "440111"},
    }
    assert codes.verdicts("code", [value], check=check, **arguments.get(check, {})) == [bad]


def test_what_is_wrong_with_a_point_is_told_apart(tmp_path: Path) -> None:
    world = World(tmp_path, {"lng": "decimal", "lat": "decimal"})
    points = {
        "right": (113.28, 23.21),
        "zero": (0, 0),
        "swapped": (23.21, 113.28),
        "scaled": (113280000, 23210000),
        "beijing": (116.4, 39.9),
        "none": (None, None),
    }
    world.add(*({"pk": pk, "lng": lng, "lat": lat} for pk, (lng, lat) in points.items()))
    here = {"columns": ["lng", "lat"], "district": "440111"}
    assert world.bad(check="coordinates_given", columns=["lng", "lat"]) == {"zero"}
    assert world.bad(check="coordinates_unswapped", **here) == {"swapped"}
    assert world.bad(check="coordinates_unscaled", **here) == {"scaled"}
    assert world.bad(check="in_district", **here) == {"beijing"}


def gcj(lng: float, lat: float) -> tuple[float, float]:
    """The published approximation again, in another hand."""
    from math import cos, pi, radians, sin, sqrt

    x, y = lng - 105.0, lat - 35.0
    waves = (20 * sin(6 * x * pi) + 20 * sin(2 * x * pi)) * 2 / 3
    n = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x)) + waves
    n += (20 * sin(y * pi) + 40 * sin(y / 3 * pi)) * 2 / 3 + (160 * sin(y / 12 * pi) + 320 * sin(y * pi / 30)) * 2 / 3
    e = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x)) + waves
    e += (20 * sin(x * pi) + 40 * sin(x / 3 * pi)) * 2 / 3 + (150 * sin(x / 12 * pi) + 300 * sin(x / 30 * pi)) * 2 / 3
    m = 1 - 0.00669342162296594323 * sin(radians(lat)) ** 2
    n = n * 180 / ((6378245.0 * (1 - 0.00669342162296594323)) / (m * sqrt(m)) * pi)
    return lng + e * 180 / (6378245.0 / sqrt(m) * cos(radians(lat)) * pi), lat + n


def test_a_shifted_point_is_known_by_the_same_thing_elsewhere(tmp_path: Path) -> None:
    degrees = {"lng": "decimal", "lat": "decimal"}
    world = World(tmp_path, {"building": "code", **degrees}, others={"building": {"code": "code", **degrees}})
    shifted = gcj(113.28, 23.21)
    assert abs(shifted[0] - 113.2853) < 0.001 and abs(shifted[1] - 23.2073) < 0.001
    world.add({"pk": "b", "code": "B1", "lng": 113.28, "lat": 23.21}, entity="building")
    world.add(
        {"pk": "same", "building": "B1", "lng": 113.28005, "lat": 23.21002},
        {"pk": "shifted", "building": "B1", "lng": round(shifted[0], 6), "lat": round(shifted[1], 6)},
        {"pk": "away", "building": "B1", "lng": 113.30, "lat": 23.20},
        {"pk": "unknown", "building": "B2", "lng": 113.28, "lat": 23.21},
    )
    found = world.bad(
        check="not_gcj02", columns=["lng", "lat"], entity="building", by="building", key="code", point=["lng", "lat"]
    )
    assert found == {"shifted"}


@pytest.mark.parametrize(
    ("begin", "end", "days"),
    [
        (date(2022, 9, 30), date(2022, 10, 8), 1),  # a week off, then a Saturday that is worked
        (date(2022, 9, 30), date(2022, 10, 9), 2),
        (date(2020, 1, 23), date(2020, 2, 3), 1),  # extended because of the epidemic
        (date(2019, 4, 30), date(2019, 5, 6), 2),  # 5 May worked, 6 May a Monday
        (date(2018, 12, 28), date(2018, 12, 29), 1),  # a Saturday worked for the New Year of 2019
        (date(2022, 11, 7), date(2022, 11, 14), 5),
        (date(2022, 11, 11), date(2022, 11, 13), 0),
    ],
)
def test_working_days(tmp_path: Path, begin: date, end: date, days: int) -> None:
    world = World(tmp_path, {"begin": "date", "until": "date"})
    world.add({"pk": "1", "begin": begin, "until": end})
    due = {"check": "working_day_deadline", "column": "until", "after": "begin"}
    assert world.bad(min=days, max=days, **due) == set()
    assert world.bad(min=days + 1, **due) == {"1"}
    known = calendar()
    counted = sum(known.works(date.fromordinal(n)) for n in range(begin.toordinal() + 1, end.toordinal() + 1))
    assert counted == days


def test_nothing_is_said_of_days_beyond_the_notices(tmp_path: Path) -> None:
    world = World(tmp_path, {"begin": "date", "until": "date"})
    world.add({"pk": "1", "begin": date(2027, 1, 1), "until": date(2027, 1, 2)})
    assert world.bad(check="working_day_deadline", column="until", after="begin", min=10) == set()


def test_every_kind_names_its_standard_and_has_a_vector_here_or_beside() -> None:
    tests = "".join(p.read_text("utf8") for p in Path(__file__).parent.glob("test_*.py"))
    untested = [name for name in all_kinds() if f'"{name}"' not in tests]
    assert untested == []
    assert all(len(kind.standard) > 20 for kind in all_kinds().values())

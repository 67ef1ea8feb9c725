"""Identity numbers and names: the vectors of the source profiles, check digits, names as they occur, masks."""

import csv
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractors._kit import identity
from extractors._kit.identity import (
    canonical_name,
    canonical_number,
    check_digit,
    mask_name,
    mask_number,
    mask_plate,
    name_chars,
    name_flag,
    name_rarity,
    name_sound,
    parse_number,
    split_name,
)

# Two busy cores are no finding.
steady = settings(deadline=None)
births = st.dates(date(1900, 1, 1), date(2099, 12, 31))
# Division prefixes nobody was ever issued: the numbers are right and belong to nobody.
first17s = st.builds(
    lambda division, birth, serial: f"{division}{birth:%Y%m%d}{serial:03}",
    st.sampled_from(["440197", "430197", "450197"]), births, st.integers(1, 999),
)  # fmt: skip
numbers = first17s.map(lambda f: f + check_digit(f))


@pytest.mark.parametrize(
    ("raw", "declared", "id_type", "birth", "sex", "division", "tail"),
    [
        ("11010519491231002X", "111", "111", "1949-12-31", "2", "110105", "110105002"),
        (" １１０１０５-19491231-002ｘ ", None, "111", "1949-12-31", "2", "110105", "110105002"),
        ("11010519491231002\u00d7", "111", "111", "1949-12-31", "2", "110105", "110105002"),
        ("810000199003070015", "111", "111", "1990-03-07", "1", "810000", "810000001"),
        ("810000199003070015", "990", "111", "1990-03-07", "1", "810000", "810000001"),
        ("911124198108030024", "553", "553", "1981-08-03", "2", None, "911124002"),
        ("911124198108030024", "111", "553", "1981-08-03", "2", None, "911124002"),
    ],
)
def test_valid_numbers_of_the_profiles(
    raw: str, declared: str | None, id_type: str, birth: str, sex: str, division: str | None, tail: str
) -> None:
    number = parse_number(raw, declared)
    assert (number.check, number.id_type, number.lifted) == ("valid", id_type, False)
    assert (number.birth, number.sex, number.division, number.tail) == (birth, sex, division, tail)


def test_fifteen_digits_are_lifted() -> None:
    number = parse_number("440111790101123", "111")
    assert (number.text, number.check, number.lifted) == ("440111197901011232", "lifted", True)
    assert (number.birth, number.sex, number.division) == ("1979-01-01", "1", "440111")


@steady
@given(numbers.filter(lambda n: n[6:8] == "19"))
def test_an_old_number_lifts_to_its_new_one(number: str) -> None:
    old = parse_number(number[:6] + number[8:17], "111")
    new = parse_number(number, "111")
    assert (old.text, old.birth, old.sex, old.division, old.tail) == (
        new.text, new.birth, new.sex, new.division, new.tail
    )  # fmt: skip


@steady
@given(numbers)
def test_a_right_number_is_valid_whatever_its_case_and_width(number: str) -> None:
    wide = number.translate({ord(c): ord(c) + 0xFEE0 for c in "0123456789X"})
    assert parse_number(number, "111").check == "valid"
    assert parse_number(number.lower(), "111") == parse_number(wide, None) == parse_number(number, "111")


@steady
@given(numbers, st.integers(0, 17), st.sampled_from("0123456789X"))
def test_any_single_error_is_caught(number: str, at: int, other: str) -> None:
    wrong = number[:at] + other + number[at + 1 :]
    assert (parse_number(wrong, "111").check == "valid") == (wrong == number)


@steady
@given(numbers, st.integers(0, 16))
def test_any_swap_of_neighbours_is_caught(number: str, at: int) -> None:
    wrong = number[:at] + number[at + 1] + number[at] + number[at + 2 :]
    assert (parse_number(wrong, "111").check == "valid") == (wrong == number)


def test_a_date_that_is_none_makes_a_number_invalid_but_keeps_its_tail() -> None:
    first17 = "44019719900231321"
    number = parse_number(first17 + check_digit(first17), "111")
    assert (number.check, number.birth, number.sex, number.division) == ("invalid", None, None, None)
    assert number.tail == "440197321"
    assert parse_number("440197900231321", "111").check == "invalid"


def test_facets_survive_a_lost_x_and_a_wrong_check_digit() -> None:
    for raw in ("11010519491231002", "110105194912310021", "11010519491231002*"):
        number = parse_number(raw, "111")
        assert (number.check, number.birth, number.sex, number.tail) == ("invalid", "1949-12-31", "2", "110105002")


def test_letters_among_the_digits_leave_nothing_to_read() -> None:
    number = parse_number("44O197199001013216", "111")
    assert (number.check, number.birth, number.division, number.tail) == ("invalid", None, None, None)


@pytest.mark.parametrize(
    ("raw", "id_type"),
    [("e12345678", "414"), ("12345678", "511"), ("H12345678", "516"), ("USA440119900101", "553"), ("粤1234567", "990")],
)
def test_numbers_without_a_check_digit_are_unchecked(raw: str, id_type: str) -> None:
    number = parse_number(raw, id_type)
    assert (number.check, number.id_type, number.text) == ("unchecked", id_type, raw.upper())


def test_a_type_outside_the_list_is_other_and_never_repeated() -> None:
    assert parse_number("E12345678", "440197199001013215").id_type == "990"


@pytest.mark.parametrize(
    "raw",
    [None, "", "  ", "null", "NULL", "\\N", "无", "０", "0", "0" * 18, "1" * 18, "-", "------", "n/a", "不详",
     "无身份证", "123456789012345678", "440197********321X", "XXXXXXXX", "待补录", "\u200b"],
)  # fmt: skip
def test_junk_is_absent(raw: str | None) -> None:
    assert parse_number(raw, "111") == identity.IdNumber("", "111", "absent")


@steady
@given(st.text(max_size=24), st.none() | st.text(max_size=4))
def test_no_text_breaks_the_reader(raw: str, id_type: str | None) -> None:
    number = parse_number(raw, id_type)
    assert number.check in ("valid", "invalid", "lifted", "unchecked", "absent")
    assert (number.text == "") == (number.check == "absent")
    assert canonical_number(number.text) == number.text


def test_a_check_digit_needs_seventeen_digits() -> None:
    for wrong in ("", "1" * 16, "1" * 18, "4401971990010132X", "٤" * 17):
        with pytest.raises(ValueError, match="17 digits"):
            check_digit(wrong)


@pytest.mark.parametrize(
    ("raw", "name"),
    [(" 张　三 ", "张三"), ("阿依古丽\u2022买买提", "阿依古丽·买买提"), ("阿依古丽\u30fb买买提", "阿依古丽·买买提"),
     ("阿依古丽\uff65买买提", "阿依古丽·买买提"), ("Ｊohn Smith", "JOHNSMITH"), ("张\u200b三\ufeff", "张三"),
     ("葛\U000e0100城", "葛城"), ("null", ""), ("不详", ""), (None, ""), ("\\N", ""), ("·", "")],
)  # fmt: skip
def test_canonical_names(raw: str | None, name: str) -> None:
    assert canonical_name(raw) == name


@steady
@given(st.text(max_size=12))
def test_a_canonical_name_stays_as_it_is(raw: str) -> None:
    name = canonical_name(raw)
    assert canonical_name(name) == name
    assert "".join(split_name(name)) == name.replace("·", "", 1)
    for result in (name_sound(name), name_chars(name), name_flag(name)):
        assert isinstance(result, str)


@pytest.mark.parametrize(
    ("name", "parts"),
    [("张三丰", ("张", "三丰")), ("欧阳修", ("欧阳", "修")), ("欧阳", ("欧", "阳")), ("张", ("张", "")), ("", ("", "")),
     ("阿依古丽·买买提", ("阿依古丽", "买买提")), ("JOHNSMITH", ("", "JOHNSMITH")), ("司徒美堂", ("司徒", "美堂"))],
)  # fmt: skip
def test_names_split(name: str, parts: tuple[str, str]) -> None:
    assert split_name(name) == parts


@pytest.mark.parametrize(
    ("name", "sound"),
    [("张世杰", "zang si jie"), ("章诗杰", "zang si jie"), ("牛丽娜", "liu li la"), ("刘丽拉", "liu li la"),
     ("曾国藩", "zeng guo fan"), ("增国藩", "zeng guo fan"), ("长孙无忌", "zang sun wu ji"), ("JOHNSMITH", "JOHNSMITH"),
     ("阿依古丽·买买提", "a yi gu li mai mai ti"), ("阿依古丽买买提", "a yi gu li mai mai ti"), ("", "")],
)  # fmt: skip
def test_sounds(name: str, sound: str) -> None:
    assert name_sound(name) == sound


def test_sorted_characters_survive_order_and_dots() -> None:
    assert name_chars("JOHNSMITH") == name_chars("SMITHJOHN")
    assert name_chars("阿依古丽·买买提") == name_chars("阿依古丽买买提")


@pytest.mark.parametrize(
    ("name", "flag"),
    [("张*", "masked"), ("张某某", "masked"), ("张XX", "masked"), ("张×", "masked"), ("张", "one_char"), ("XAVIER", ""),
     ("张三", ""), ("", "")],
)  # fmt: skip
def test_flags(name: str, flag: str) -> None:
    assert name_flag(name) == flag


def test_rarity_rises_from_common_to_rare() -> None:
    assert [name_rarity(n) for n in ("张伟", "王建国", "冼文彬", "逄翀")] == ["1", "1", "3", "3"]
    assert name_rarity("逄翀翯") == "4"
    assert [name_rarity(n) for n in ("张*", "张", "JOHNSMITH", "阿依古丽·买买提", "")] == [None] * 5


def test_the_rarity_table_is_frozen() -> None:
    table = Path(identity.__file__).with_name("name_rarity.csv")
    rows = list(csv.DictReader(table.read_text("utf8").splitlines()))
    assert len({(r["kind"], r["text"]) for r in rows}) == len(rows)
    assert Counter((r["kind"], r["class"]) for r in rows) == {
        ("surname", "0"): 9, ("surname", "1"): 30, ("surname", "2"): 61,
        ("given", "0"): 40, ("given", "1"): 69, ("given", "2"): 172,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("raw", "mask"),
    [("44019719900101321x", "440197************"), ("440197900101321", "440197*********"), ("E12345678", "*******78"),
     ("A1234", "*****"), ("无", ""), (None, "")],
)  # fmt: skip
def test_number_masks(raw: str | None, mask: str) -> None:
    assert mask_number(raw) == mask


@steady
@given(st.text(st.sampled_from("0123456789ABCX -"), max_size=30))
def test_a_number_mask_shows_no_more_than_promised(raw: str) -> None:
    text, mask = canonical_number(raw), mask_number(raw)
    shown = 6 if len(text) > 14 else 2 if len(text) > 5 else 0
    assert len(mask) == len(text)
    assert sum(c != "*" for c in mask) <= shown
    assert all(m in ("*", c) for m, c in zip(mask, text, strict=True))


@pytest.mark.parametrize(
    ("raw", "mask"),
    [("张三", "张**"), ("张三丰", "张**"), ("欧阳修", "欧阳**"), ("欧阳", "欧**"), ("阿依古丽•买买提", "阿**"),
     ("John Smith", "J**"), ("张", "张**"), ("无", ""), (None, "")],
)  # fmt: skip
def test_name_masks(raw: str | None, mask: str) -> None:
    assert mask_name(raw) == mask


@steady
@given(st.text(max_size=12))
def test_a_name_mask_shows_a_surname_or_one_character(raw: str) -> None:
    name, mask = canonical_name(raw), mask_name(raw)
    surname, given_name = split_name(name)
    assert mask in ("", f"{name[:1]}**", f"{surname}**" if given_name and len(surname) < 3 else "")


@pytest.mark.parametrize(
    ("raw", "mask"),
    [("粤A12345", "粤A·***45"), ("粤a·12345", "粤A·***45"), ("粤AD12345", "粤A·****45"), ("粤Z1234港", "粤Z·***4港"),
     ("粤A1", "***"), ("", "")],
)  # fmt: skip
def test_plate_masks(raw: str, mask: str) -> None:
    assert mask_plate(raw) == mask

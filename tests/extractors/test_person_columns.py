"""Identity columns: what is comparable with what, what is missing when, and that nothing clear comes out."""

from collections.abc import Sequence
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expectations.contract import IDENTITY_COLUMNS
from extractors._kit import person_columns
from extractors._kit.identity import check_digit
from extractors._kit.person_columns import PersonTokeniser, birth_of
from extractors._kit.tokens import Tokeniser

# Two busy cores are no finding.
steady = settings(deadline=None)
TOKENISER = Tokeniser(bytes(range(32)))
Person = tuple[str | None, str | None, str | None, str | None, str | None]
NUMBER = "440197199001013215"
UNBOUND = ("name_token", "name_sound_token", "name_chars_token")
DATED = ("surname_birth_token", "given_sound_birth_token", "char1_birth_token", "char2_birth_token")
GUARDS = tuple(c for c in IDENTITY_COLUMNS if c.endswith("_id_token"))


def person(
    number: str | None = NUMBER,
    id_type: str | None = "111",
    name: str | None = "张三丰",
    birth: str | None = "19900101",
) -> Person:
    return (number, id_type, name, birth, "1")


def columns(people: Sequence[Person]) -> dict[str, list[str | None]]:
    numbers, types, names, births, sexes = zip(*people, strict=True)
    return PersonTokeniser(TOKENISER).columns(numbers, types, names, births, sexes)


def one(who: Person) -> dict[str, str | None]:
    return {column: cells[0] for column, cells in columns([who]).items()}


def same(a: Person, b: Person) -> set[str]:
    """The token columns in which two persons have an equal value."""
    left, right = one(a), one(b)
    return {c for c in IDENTITY_COLUMNS if c.endswith("token") and left[c] is not None and left[c] == right[c]}


def test_the_example_number_is_right() -> None:
    assert check_digit(NUMBER[:17]) == NUMBER[17]


def test_a_whole_person() -> None:
    got = one(person())
    assert tuple(got) == IDENTITY_COLUMNS
    assert {c: v for c, v in got.items() if not c.endswith("token")} == {
        "id_mask": "440197************", "id_type": "111", "id_check": "valid", "id_birth": "1990-01-01", "id_sex": "1",
        "id_division": "440197", "name_mask": "张**", "name_flag": "", "name_rarity": "4",
    }  # fmt: skip
    tokens = {c: v for c, v in got.items() if c.endswith("token")}
    assert all(v is not None and v.startswith(f"P1.{TOKENISER.kid}.") and len(v) == 43 for v in tokens.values())


def test_no_rows_and_uneven_rows() -> None:
    persons = PersonTokeniser(TOKENISER)
    assert persons.columns([], [], [], [], []) == {c: [] for c in IDENTITY_COLUMNS}
    with pytest.raises(ValueError, match="equally long"):
        persons.columns([NUMBER], ["111"], ["张三"], ["19900101"], [])


def test_record_birth_compares_with_id_birth_of_another() -> None:
    by_record, by_id = one(person(number=None)), one(person(birth=None))
    assert [by_record[c] for c in DATED] == [by_id[c.replace("_birth", "_idbirth")] for c in DATED]
    assert [by_id[c] for c in DATED] == [None] * 4


def test_two_birth_dates_are_two_spaces() -> None:
    got = one(person(birth="1990-01-02"))
    assert all(got[c] and got[c] != got[c.replace("_birth", "_idbirth")] for c in DATED)


def test_old_and_new_number_agree_and_a_wrong_birth_keeps_the_tail() -> None:
    old = one(person(number="440197900101321"))
    assert (old["id_token"], old["id_check"]) == (one(person())["id_token"], "lifted")
    other = NUMBER[:6] + "19900102" + NUMBER[14:17]
    shared = same(person(), person(number=other + check_digit(other)))
    assert "id_tail_token" in shared
    assert "id_token" not in shared


def test_layout_not_the_clerk_decides_the_type() -> None:
    assert same(person(), person(id_type="990")) >= {"id_token", *GUARDS}
    assert "id_token" not in same(person("E12345678", "414"), person("E12345678", "990"))


def test_a_homophone_a_swap_and_a_wrong_character_meet_the_guard() -> None:
    assert {"name_sound_token", "sound_id_token", "given_sound_id_token"} <= same(person(), person(name="章三峰"))
    assert {"name_chars_token", "chars_id_token"} <= same(person(), person(name="张丰三"))
    assert same(person(), person(name="张三水")) >= {
        "surname_birth_token",
        "char1_birth_token",
        "surname_char1_id_token",
    }
    assert "surname_char2_id_token" in same(person(), person(name="张四丰"))
    assert not {"surname_birth_token", *UNBOUND} & same(person(), person(name="李四光"))


def test_partial_names_are_bound_to_date_and_number() -> None:
    assert same(person(number=None), person(number=None, birth="19900102")) == set(UNBOUND)
    free = {c: v for c, v in one(person(number=None, birth=None)).items() if c.endswith("token") and v}
    assert set(free) == set(UNBOUND)
    assert not set(GUARDS) & same(person(), person(number="440197199001013222"))


@pytest.mark.parametrize("name", ["张**", "张某某", "张X", "张", "*三丰", "某"])
def test_a_name_that_is_only_a_surname_has_no_unbound_token(name: str) -> None:
    got = one(person(name=name))
    assert [got[c] for c in UNBOUND] == [None] * 3
    assert got["name_flag"] in ("masked", "one_char")
    assert got["name_rarity"] is None
    assert got["sound_id_token"] is None


def test_known_characters_of_a_masked_name_still_count() -> None:
    assert same(person(), person(name="张*丰")) >= {
        "surname_birth_token",
        "char2_birth_token",
        "surname_char2_id_token",
    }
    assert same(person(), person(name="*三丰")) >= {"char1_birth_token", "given_sound_birth_token"}
    assert one(person(name="*三丰"))["surname_birth_token"] is None


@pytest.mark.parametrize("junk", [None, "", "null", "无", "000000000000000000"])
def test_no_number_no_id_columns(junk: str | None) -> None:
    got = one(person(number=junk))
    assert got["id_check"] == "absent"
    assert [got[c] for c in ("id_token", "id_mask", "id_birth", "id_sex", "id_division", "id_tail_token")] == [None] * 6
    assert [got[c] for c in GUARDS] == [None] * 5


def test_no_name_no_name_columns() -> None:
    got = one(person(name="\\N"))
    assert [v for c, v in got.items() if c.startswith(("name_", "surname", "given", "char", "sound"))] == [
        None, None, None, None, *[None] * 8, *[None] * 5, "", None
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("raw", "birth"),
    [("19900101", "1990-01-01"), ("1990-01-01", "1990-01-01"), (" 1990/01/01 00:00:00", "1990-01-01"), (None, None),
     ("19900101000000", "1990-01-01"), ("19900231", None), ("1990", None), ("无", None), ("19000101", None), ("", None),
     ("99990909", None)],
)  # fmt: skip
def test_birth_dates(raw: str | None, birth: str | None) -> None:
    assert birth_of(raw) == birth


names = st.text(st.sampled_from("张李王欧阳建国英华丽娜曾司马鑫"), min_size=2, max_size=4)
first17s = st.builds(
    lambda birth, serial: f"440197{birth:%Y%m%d}{serial:03}",
    st.dates(date(1930, 1, 1), date(2022, 12, 31)),
    st.integers(1, 999),
)
numbers = first17s.map(lambda f: f + check_digit(f))


@steady
@given(st.lists(st.tuples(numbers, names), min_size=1, max_size=5))
def test_no_column_holds_a_clear_name_or_number(people: list[tuple[str, str]]) -> None:
    got = columns([person(number, "111", name, number[6:14]) for number, name in people])
    for row, (number, name) in enumerate(people):
        cells = {c: got[c][row] or "" for c in IDENTITY_COLUMNS}
        for cell in cells.values():
            assert number not in cell
            assert name not in cell
            assert number[6:17] not in cell
        assert all(c in cells["name_mask"] for c in name[:1])
        for column, cell in cells.items():
            if column != "name_mask":
                assert not set(name) & set(cell), column


@steady
@given(st.lists(st.tuples(numbers | st.none(), names | st.none()), max_size=6))
def test_a_row_does_not_depend_on_its_neighbours(people: list[tuple[str | None, str | None]]) -> None:
    rows = [person(number, "111", name, "19800101") for number, name in people]
    if rows:
        together = columns(rows)
        assert [{c: together[c][i] for c in IDENTITY_COLUMNS} for i in range(len(rows))] == [one(r) for r in rows]


def test_the_vault_gets_each_clear_text_with_its_token() -> None:
    kept: list[tuple[str, str, str]] = []
    persons = PersonTokeniser(TOKENISER, lambda token, kind, clear: kept.append((token, kind, clear)))
    got = persons.columns(
        ["440197900101321", NUMBER, "无"], ["111"] * 3, ["张 三丰", "张三丰", "张*"], ["19900101"] * 3, ["1"] * 3
    )
    assert set(kept) == {(got["id_token"][0], "id", NUMBER), (got["name_token"][0], "name", "张三丰")}


def test_caches_stay_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(person_columns, "CACHED", 100)
    persons = PersonTokeniser(TOKENISER)
    for page in range(20):
        batch = [f"张{chr(0x4E00 + page * 50 + i)}" for i in range(50)]
        persons.columns([f"E{page:04}{i:04}" for i in range(50)], ["414"] * 50, batch, [None] * 50, ["1"] * 50)
    assert max(len(persons._names), len(persons._numbers)) <= 150

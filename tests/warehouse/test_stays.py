"""When a stay begins, ends, is open or unconfirmed; and whoever is present at the source is present in the register."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.warehouse.staying import NIGHT, Told, Visit, current, stays

DAY = timedelta(days=1)
MAY, JUNE, JULY = date(2022, 5, 10), date(2022, 6, 10), date(2022, 7, 10)
BEGAN = date(2021, 3, 1)


def ends(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [(row["house_id"], row["valid_from"], row["valid_to"], row["ended_by"], row["state"]) for row in rows]


def test_a_stay_ends_on_the_day_its_source_names() -> None:
    told = [Told("a", "R1", MAY, BEGAN), Told("a", "R1", JULY, BEGAN, JUNE)]
    assert ends(stays(told)) == [("R1", BEGAN, JUNE, "told", "ended")]


def test_an_end_that_lies_ahead_has_not_come() -> None:
    assert ends(stays([Told("a", "R1", MAY, BEGAN, JULY)])) == [("R1", BEGAN, None, None, "open")]


def test_an_end_before_the_begin_is_an_end_on_the_day_it_was_said() -> None:
    told = [Told("a", "R1", MAY, BEGAN), Told("a", "R1", JULY, BEGAN, BEGAN - DAY)]
    assert ends(stays(told)) == [("R1", BEGAN, JULY, "told", "ended")]


def test_a_later_sighting_outlives_an_end_that_was_told_before() -> None:
    told = [Told("a", "R1", MAY, BEGAN, MAY - DAY), Told("a", "R1", JULY, BEGAN, source="desk")]
    assert ends(stays(told)) == [("R1", BEGAN, None, None, "open")]


def test_a_withdrawn_record_of_a_place_nobody_finds_ends_the_stay_of_its_begin() -> None:
    told = [Told("a", "R1", MAY, BEGAN), Told("a", None, JULY, BEGAN, JUNE, source="desk", ended=True)]
    assert ("R1", BEGAN, JUNE, "told", "ended") in ends(stays(told)) and current(stays(told)) == {}


def test_the_next_stay_by_the_same_source_ends_the_one_before() -> None:
    told = [Told("a", "R1", MAY, BEGAN), Told("a", "R2", JULY, JUNE)]
    assert ends(stays(told)) == [("R1", BEGAN, JUNE, "followed", "ended"), ("R2", JUNE, None, None, "open")]


def test_another_sources_next_stay_ends_nothing_but_is_where_the_person_is() -> None:
    told = [Told("a", "R1", MAY, BEGAN), Told("a", "R2", JULY, JUNE, source="desk")]
    assert [row["state"] for row in stays(told)] == ["open", "open"] and current(stays(told)) == {"a": "R2"}


def test_a_stay_that_is_seen_after_the_next_began_goes_on() -> None:
    told = [Told("a", "R1", JULY, BEGAN), Told("a", "R2", MAY, MAY)]
    assert [row["state"] for row in stays(told)] == ["open", "open"]


def test_a_visit_that_lists_all_and_not_this_person_ends_the_stay() -> None:
    told = [Told("a", "R1", MAY, BEGAN), Told("b", "R1", JULY, BEGAN)]
    assert current(stays(told, [Visit("R1", MAY), Visit("R1", JULY)])) == {"b": "R1"}
    assert ends(stays(told, [Visit("R1", JULY)]))[0] == ("R1", BEGAN, JULY, "missed", "ended")
    assert current(stays(told)) == {"a": "R1", "b": "R1"}, "a visit that lists nobody tells nothing"


def test_who_was_seen_after_the_visit_was_not_missed_for_good() -> None:
    told = [Told("a", "R1", MAY, BEGAN), Told("a", "R1", JULY, BEGAN, source="desk")]
    assert current(stays(told, [Visit("R1", JUNE)])) == {"a": "R1"}


def test_what_nobody_confirmed_for_long_is_unconfirmed_and_not_current() -> None:
    told = [Told("a", "R1", MAY, BEGAN, stands=30)]
    assert ends(stays(told, night=MAY + 30 * DAY))[0][-1] == "open"
    [row] = stays(told, night=MAY + 31 * DAY)
    assert (row["state"], row["is_latest"], row["is_current"]) == ("unconfirmed", True, False)
    assert row["confirmed_until"] == MAY + 30 * DAY


def test_a_source_that_needs_no_confirming_keeps_a_stay_open() -> None:
    told = [Told("a", "R1", MAY, BEGAN, stands=30), Told("a", "R1", MAY, BEGAN, source="desk")]
    assert current(stays(told)) == {"a": "R1"}


def test_whoever_comes_back_is_parted_by_begin_though_one_visit_tells_both() -> None:
    for keys in (("x", "y"), ("y", "x")):
        told = [Told("a", "R1", JULY, BEGAN, MAY, key=keys[0]), Told("a", "R1", JULY, JUNE, key=keys[1])]
        assert ends(stays(told)) == [("R1", BEGAN, MAY, "told", "ended"), ("R1", JUNE, None, None, "open")]


def test_overlapping_stays_of_two_sources_in_one_room_are_one() -> None:
    told = [Told("a", "R1", MAY, BEGAN), Told("a", "R1", JULY, BEGAN + 90 * DAY, source="desk", kind="registered")]
    [row] = stays(told)
    assert (row["valid_from"], row["sources"], row["state"]) == (BEGAN, 2, "open")


def test_what_was_cancelled_was_never_said() -> None:
    seen, cancelled = Told("a", "R1", MAY, BEGAN), Told("a", "R1", JULY, BEGAN, JUNE, void=True)
    assert current(stays([seen, cancelled])) == {"a": "R1"}
    assert ends(stays([cancelled]))[0][-1] == "ended"


def test_a_record_without_a_begin_speaks_of_the_stay_before_it() -> None:
    told = [Told("a", "R1", MAY, BEGAN), Told("a", "R1", JULY, None, JUNE)]
    assert ends(stays(told)) == [("R1", BEGAN, JUNE, "told", "ended")]


# A town of three people and three rooms over two years: each moves, leaves and comes back; one source visits and lists
# all it finds and who has left since, another keeps a record per stay. Some visits meet a closed door.
PEOPLE, ROOMS, FIRST = ("a", "b", "c"), ("R1", "R2", "R3"), date(2021, 1, 1)
lives = st.lists(
    st.tuples(st.sampled_from(ROOMS), st.integers(0, 60), st.integers(1, 200)), min_size=1, max_size=4
)  # room, days away before, days there
towns = st.tuples(
    st.tuples(lives, lives, lives),
    st.lists(st.tuples(st.sampled_from(ROOMS), st.integers(0, 670), st.booleans()), max_size=12),
    st.sets(st.sampled_from(PEOPLE)),
    st.randoms(use_true_random=False),
)


def lived(life: list[tuple[str, int, int]]) -> list[tuple[str, date, date]]:
    """Room, begin and end, in the order of time."""
    found, day = [], FIRST
    for room, away, there in life:
        begin = day + away * DAY
        day = begin + there * DAY
        found.append((room, begin, day))
    return found


def told_by(town: dict[str, list[tuple[str, date, date]]], round_of: list[tuple[str, date]]) -> list[Told]:
    """What visits tell: who is there, and who has left since the visit before."""
    told, before = [], dict.fromkeys(ROOMS, FIRST)
    for room, day in sorted(round_of, key=lambda visit: visit[1]):
        for person, life in town.items():
            for place, begin, end in life:
                if place == room and begin <= day < end:
                    told.append(Told(person, room, day, begin))
                elif place == room and before[room] < end <= day:
                    told.append(Told(person, room, day, begin, end))
        before[room] = day
    return told


@settings(max_examples=20, deadline=None)
@given(towns)
def test_whoever_is_present_at_the_source_is_present_in_the_register_in_any_order(drawn: Any) -> None:
    lives_of, visits, listed, random = drawn
    town = {person: lived(life) for person, life in zip(PEOPLE, lives_of, strict=True)}
    made = [(room, FIRST + day * DAY) for room, day, opened in visits if opened] + [(room, NIGHT) for room in ROOMS]
    made = sorted({(day, room): (room, day) for room, day in made}.values(), key=lambda visit: visit[1])
    told = told_by(town, made)
    for person in sorted(listed):
        for place, begin, end in town[person]:
            if begin <= NIGHT:
                told.append(Told(person, place, min(end, NIGHT), begin, end if end <= NIGHT else None, "desk",
                                 ended=end <= NIGHT))  # fmt: skip
    told = [Told(**{**vars(row), "key": f"k{n}"}) for n, row in enumerate(told)]
    truth = {p: r for p, life in town.items() for r, b, e in life if b <= NIGHT < e}
    seen = [Visit(room, day) for room, day in made]
    rows = stays(told, seen)
    assert current(rows) == truth
    random.shuffle(told)
    random.shuffle(seen)
    assert stays(told, seen) == rows, "any order = any other"

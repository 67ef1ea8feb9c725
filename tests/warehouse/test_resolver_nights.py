"""A night that recomputes only what was touched gives, row for row, what everything computed anew gives."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.warehouse.resolving import Register, Seen, number, register_of

NAMES = ("陈嘉豪", "陈佳豪", "陈嘉明", "欧阳静", "陈**", "李伟", "")
BIRTHS = ("1988-03-05", "1988-03-06", "2014-05-05")
NUMBERS = (
    "", number(), number(serial=13), number("2014-05-05", 22), number("2014-05-05", 24), number()[:14],
    number()[:16] + "9" + number()[17], "ZZ00000001",
)  # fmt: skip
RECORDS = [f"r{i}" for i in range(14)]

seen = st.builds(
    Seen,
    record=st.sampled_from(RECORDS),
    name=st.sampled_from(NAMES),
    number=st.sampled_from(NUMBERS),
    birth=st.sampled_from(BIRTHS),
    sex=st.sampled_from(("1", "1", "2")),
    house=st.sampled_from((None, "h1", "h2")),
    at=st.sampled_from(("2022-01-01 08:00:00", "2022-02-01 08:00:00", "2022-02-01 08:00:00.5")),
)
pair = st.lists(st.sampled_from(RECORDS), min_size=2, max_size=2, unique=True)
change = st.one_of(
    st.tuples(st.just("put"), seen),
    st.tuples(st.just("put"), seen),
    st.tuples(st.just("take"), st.sampled_from(RECORDS)),
    st.tuples(st.just("judge"), pair, st.sampled_from(("same", "different"))),
    st.tuples(st.just("revoke")),
)
history = st.lists(st.lists(change, min_size=1, max_size=6), min_size=1, max_size=3)


Change = tuple[Any, ...]


class World:
    """What is true now, beside a register that only hears of changes."""

    def __init__(self) -> None:
        self.records: dict[str, Seen] = {}
        self.judged: dict[str, tuple[str, str, str]] = {}
        self.register = Register()
        self.register.build()

    def apply(self, number: int, change: Change) -> None:
        if change[0] == "put":
            self.records[change[1].record] = change[1]
            self.register.put([change[1]])
        elif change[0] == "take":
            self.records.pop(change[1], None)
            self.register.take([change[1]])
        elif change[0] == "judge":
            self.judged[f"j{number}"] = (*change[1], change[2])
            left, right = change[1]
            self.register.judge(f"j{number}", left, right, change[2])
        elif self.judged:
            taken_back = min(self.judged)
            del self.judged[taken_back]
            self.register.revoke(taken_back)

    def anew(self) -> Register:
        """The same world told at once, in another order."""
        made = Register()
        made.put(reversed([*self.records.values()]))
        for judgement, (left, right, verdict) in reversed(self.judged.items()):
            made.judge(judgement, left, right, verdict)
        made.build()
        return made


def check(nights: list[list[Change]]) -> None:
    world, count = World(), 0
    for night in nights:
        for one in night:
            count += 1
            world.apply(count, one)
        report = world.register.night()
        assert report.mode == "touched"
    assert world.register.digest() == world.anew().digest()


TOO_SLOW = [HealthCheck.too_slow]


@settings(
    max_examples=6, deadline=None, derandomize=True, suppress_health_check=TOO_SLOW,
    phases=(Phase.explicit, Phase.generate),
)  # fmt: skip
@given(history)
def test_nights_equal_the_rebuild(nights: list[list[Change]]) -> None:
    check(nights)


@pytest.mark.slow
@settings(max_examples=400, deadline=None, suppress_health_check=TOO_SLOW)
@given(history)
def test_many_nights_equal_the_rebuild(nights: list[list[Change]]) -> None:
    check(nights)


def crowd(first: int, count: int) -> list[Seen]:
    """People who have nothing in common."""
    made = []
    for i in range(first, first + count):
        birth = f"19{60 + i % 40}-0{1 + i % 9}-11"
        name = "张王李赵"[i % 4] + "伟芳军敏"[i // 4 % 4]
        made.append(Seen(f"c{i}", name, number(birth, 11 + 2 * i), birth))
    return made


def test_new_rows_leave_the_ids_of_untouched_persons_alone_and_recompute_little() -> None:
    register = register_of(*crowd(0, 100))
    before = register.ids()
    register.put(crowd(100, 1))
    report = register.night()
    after = register.ids()
    assert {r: after[r] for r in before} == before
    assert report.recomputed < 10


def test_another_model_recomputes_everything() -> None:
    register = register_of(*crowd(0, 5))
    register.model = replace(register.model, digest="another")
    assert register.night().mode == "full"


def hub() -> list[Seen]:
    """Just as many names under one number as make it a stand-in value."""
    names = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高梁宋郑谢"
    return [Seen(f"h{i}", f"{n}嘉豪", number(), f"{1950 + i}-01-01") for i, n in enumerate(names)]


@pytest.mark.parametrize(
    "last",
    [
        ("put", Seen("x", "王嘉豪", "", "1950-01-01")),  # meets one of them, and does not touch the number
        ("put", Seen("h5", "杨嘉豪", "", "1955-01-01")),  # one name fewer: no hub any longer
        ("put", Seen("y", "唐嘉豪", number(), "1990-01-01")),
        ("take", "h3"),
    ],
)
def test_a_night_knows_the_hubs_it_does_not_look_at_and_judges_those_it_touches(last: Change) -> None:
    check([[("put", one) for one in hub()], [last]])

"""Who is who in the cases a steward would call out by heart."""

from __future__ import annotations

import random

import pytest

from tests.warehouse.resolving import Seen, groups, number, register_of

CHEN = Seen("a", "陈嘉豪", number())


def test_records_with_one_number_and_name_are_one_person() -> None:
    assert register_of(CHEN, CHEN.but("b"), Seen("c", "李伟", number(serial=13))).persons() == set(groups("ab c"))


def test_fifteen_digits_and_eighteen_are_one_number() -> None:
    old = CHEN.number[:6] + CHEN.number[8:17]
    assert register_of(CHEN, CHEN.but("b", number=old)).persons() == set(groups("ab"))


def test_a_name_typed_by_its_sound_is_the_same_person_under_the_number_and_without_one() -> None:
    typed = CHEN.but("b", name="陈佳豪")
    assert register_of(CHEN, typed).persons() == set(groups("ab"))
    assert register_of(CHEN.but("a", house="h1"), typed.but("b", number="", house="h1")).persons() == set(groups("ab"))


def test_a_missing_number_is_found_by_name_birth_and_dwelling() -> None:
    assert register_of(CHEN.but("a", house="h"), CHEN.but("b", number="", house="h")).persons() == set(groups("ab"))


def test_the_childs_number_with_the_fathers_name_leaves_each_record_with_its_own_person() -> None:
    child = Seen("c", "陈子轩", number("2015-06-01", 31), "2015-06-01", house="h")
    father = CHEN.but("a", house="h")
    slip = father.but("b", number=child.number)
    register = register_of(father, child, child.but("d"), slip)
    assert register.persons() == set(groups("ab cd"))
    held = register.connection.execute("select why, obs_key from register.person_contested").fetchall()
    assert held == [("contested", slip.key)]


def test_a_number_under_two_names_that_both_fit_its_birth_date_is_nobodys_evidence() -> None:
    other = CHEN.but("b", name="欧阳静")
    register = register_of(CHEN, other)
    assert register.persons() == set(groups("a b"))
    assert len(register.connection.execute("select * from register.person_contested").fetchall()) == 2


def test_twins_stay_two_and_the_record_without_a_number_goes_to_the_one_it_names() -> None:
    anna = Seen("a", "陈梓涵", number("2014-05-05", 22), "2014-05-05", "2", "h")
    berta = Seen("b", "陈梓萱", number("2014-05-05", 24), "2014-05-05", "2", "h")
    register = register_of(anna, berta, berta.but("c", number=""))
    assert register.persons() == set(groups("a bc"))
    assert register.reviews() == []


def test_a_twin_never_seen_with_a_number_goes_to_review_and_is_not_merged() -> None:
    anna = Seen("a", "陈梓涵", number("2014-05-05", 22), "2014-05-05", "2", "h")
    register = register_of(anna, anna.but("b", name="陈梓萱", number=""))
    assert register.persons() == set(groups("a b"))
    [(record, evidence)] = register.reviews()
    assert record == "b"
    assert "姓和名中一字相同、另一字不同" in evidence
    assert "同一房屋或同一户" in evidence


def test_a_masked_name_that_fits_both_twins_goes_to_review() -> None:
    anna = Seen("a", "陈梓涵", number("2014-05-05", 22), "2014-05-05", "2", "h")
    berta = Seen("b", "陈梓萱", number("2014-05-05", 24), "2014-05-05", "2", "h")
    register = register_of(anna, berta, anna.but("c", name="陈**", number=""))
    assert register.persons() == set(groups("a b c"))
    assert [record for record, _ in register.reviews()] == ["c", "c"]


def test_a_masked_name_alone_proves_nothing() -> None:
    assert register_of(CHEN, CHEN.but("b", name="陈**", number="")).persons() == set(groups("a b"))


def test_three_of_one_name_in_one_building_stay_three() -> None:
    births = ("1980-01-01", "1985-02-02", "1990-03-03")
    seen = [Seen(r, "张伟", number(b), b, house=f"h{r}") for r, b in zip("abc", births, strict=True)]
    again = [s.but(s.record.upper(), number="") for s in seen]
    assert register_of(*seen, *again).persons() == set(groups("aA bB cC"))


def test_two_valid_numbers_of_one_type_are_never_one_person() -> None:
    other = CHEN.but("b", number=number(serial=33))
    bridge = [CHEN.but(r, number="", house="h") for r in "cd"]
    register = register_of(CHEN.but("a", house="h"), other.but("b", house="h"), *bridge)
    assert not any({"a", "b"} <= person for person in register.persons())


def test_stand_in_numbers_join_nobody() -> None:
    seen = [
        Seen(r, n, "111111111111111111", b) for r, n, b in (("a", "陈嘉豪", "1980-01-01"), ("b", "李伟", "1981-01-01"))
    ]
    assert register_of(*seen).persons() == set(groups("a b"))


def test_a_number_under_dozens_of_names_is_a_hub_and_listed() -> None:
    names = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高梁宋郑谢韩唐冯于董萧"
    seen = [Seen(f"r{i}", f"{n}嘉豪", number(), f"{1950 + i}-01-01") for i, n in enumerate(names)]
    register = register_of(*seen)
    assert register.connection.execute("select distinct why from register.person_contested").fetchall() == [("hub",)]
    assert len(register.persons()) == len(names)


def test_a_permit_counts_as_a_number_when_seen_twice() -> None:
    permit = Seen("a", "黄志明", "H90000001", kind="516")
    other = permit.but("c", number="H90000002")
    register = register_of(permit, permit.but("b"), other, other.but("d"))
    assert register.persons() == set(groups("ab cd"))


def test_letters_of_a_foreign_name_in_another_order_are_the_same_name() -> None:
    passport = Seen("a", "JOHNSON MICHAEL", "ZZ00000001", kind="414")
    visit = passport.but("b", name="MICHAEL JOHNSON", kind="990")
    assert register_of(passport, visit).persons() == set(groups("ab"))


def test_shuffled_records_give_the_same_ids() -> None:
    seen = [CHEN.but(f"r{i}", house=f"h{i % 3}", number="" if i % 4 == 0 else CHEN.number) for i in range(12)]
    seen += [Seen(f"s{i}", "李伟", number("1990-01-01", 51), "1990-01-01") for i in range(5)]
    expected = register_of(*seen).digest()
    random.Random(3).shuffle(seen)
    assert register_of(*seen).digest() == expected


@pytest.mark.parametrize("verdict", ["same", "different"])
def test_a_judgement_taken_back_restores_exactly_what_was(verdict: str) -> None:
    register = register_of(
        CHEN.but("a", house="h"), CHEN.but("b", number="", house="h"), Seen("c", "李伟", birth="1970-01-01")
    )
    before = register.digest()
    register.judge("j1", "a", "b" if verdict == "different" else "c", verdict)
    register.night()
    assert register.persons() == set(groups("a b c" if verdict == "different" else "abc"))
    register.revoke("j1")
    register.night()
    assert register.digest() == before


def test_a_negative_judgement_blocks_the_chain() -> None:
    chain = [CHEN.but(r, house="h", number="") for r in "abc"]
    register = register_of(*chain)
    assert register.persons() == set(groups("abc"))
    register.judge("j1", "a", "c", "different")
    register.night()
    assert not any({"a", "c"} <= person for person in register.persons())


def test_two_records_with_one_number_can_be_judged_apart() -> None:
    register = register_of(CHEN, CHEN.but("b"), CHEN.but("c"))
    register.judge("j1", "a", "b", "different")
    register.night()
    assert len(register.persons()) == 2

"""Ids are kept for ever: what merges, splits or goes keeps resolving."""

from __future__ import annotations

from tests.warehouse.resolving import Seen, number, register_of
from warehouse.resolver.ids import current_id
from warehouse.resolver.model import salt_in_use

CHEN = Seen("a", "陈嘉豪", number(), house="h", at="2021-01-01 08:00:00")
LOOSE = CHEN.but("b", number="", house=None, name="陈**", at="2021-06-01 08:00:00")


def test_a_merge_is_a_row_and_the_old_id_resolves() -> None:
    register = register_of(CHEN, LOOSE)
    old = register.ids()
    register.judge("j", "a", "b", "same")
    assert register.night().merged == 1
    aliases = register.connection.execute("select person_id, current_person_id, reason from register.person_alias")
    assert aliases.fetchall() == [(old["b"], old["a"], "merged")]
    assert current_id(register.connection, old["b"], salt_in_use()) == old["a"]


def test_a_split_leaves_the_id_with_the_anchor_and_gives_the_rest_a_new_one() -> None:
    register = register_of(CHEN, CHEN.but("c", at="2022-01-01 08:00:00"))
    old = register.ids()
    register.judge("j", "a", "c", "different")
    register.night()
    now = register.ids()
    assert now["a"] == old["a"]
    assert now["c"] != old["a"]


def test_an_earlier_record_moves_the_anchor_and_the_published_id_still_resolves() -> None:
    register = register_of(CHEN)
    old = register.ids()["a"]
    register.put([CHEN.but("z", at="2019-01-01 08:00:00")])
    register.night()
    new = register.ids()["a"]
    assert new != old
    assert current_id(register.connection, old, salt_in_use()) == new
    register.connection.execute("delete from register.person_alias")
    assert current_id(register.connection, old, salt_in_use()) == new


def test_an_id_whose_records_are_all_gone_resolves_to_nobody() -> None:
    register = register_of(CHEN, Seen("x", "李伟", number(serial=13)))
    old = register.ids()["x"]
    register.take(["x"])
    register.night()
    assert current_id(register.connection, old, salt_in_use()) is None
    assert register.connection.execute("select reason from register.person_alias").fetchall() == [("withdrawn",)]


def test_edges_tell_why_records_are_one_person() -> None:
    register = register_of(CHEN, CHEN.but("b", number="", at="2021-06-01 08:00:00"))
    edges = register.connection.execute("select rule, levels from register.person_edge").fetchall()
    [(rule, levels)] = edges
    assert rule == "score"
    assert {"birth:same", "home:same"} <= set(levels.split())

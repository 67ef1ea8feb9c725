"""Ids that were given out: they stay while things do, and survive whatever becomes of the warehouse."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from expectations.errors import SourceChanged
from tests.warehouse.registered import Hall, guest, number, resident, room
from warehouse.engine import open_warehouse
from warehouse.engine.issued import forget_issued, issue, issued_folder, load_issued
from warehouse.engine.naming import former_id
from warehouse.engine.past import ask_past
from warehouse.engine.register import RegisterReport
from warehouse.engine.winners import PERSON

HOME = "广州市白云区鹤龙街道鹤龙一路{}号{}房"
TOLD = ("person_member", "house_member", "building_member", "organisation_member", "person_alias", "house_alias",
        "building_alias", "issued_alias", "change", "person_house_link", "person_review")  # fmt: skip


class Office(Hall):
    """A town hall that gives out what it has built."""

    def build(self, **how: Any) -> RegisterReport:
        with open_warehouse(self.file) as connection:
            load_issued(connection, issued_folder(self.landing))
        report = super().build(**how)
        with open_warehouse(self.file) as connection:
            issue(connection, issued_folder(self.landing))
        return report

    def ids(self, thing: str = "person") -> dict[str, str]:
        return dict(self.ask(f"select obs_key, {thing}_id from register.{thing}_member"))

    def anew(self) -> Office:
        """The same office, its warehouse lost and made anew from the landing zone."""
        self.file.unlink()
        self.landed = True
        self.build(full=True)
        return self

    def told(self) -> dict[str, list[tuple[Any, ...]]]:
        return {table: self.ask(f"select * from register.{table} order by all") for table in TOLD}

    def resolved(self, asked: str) -> str | None:
        with open_warehouse(self.file) as connection:
            return former_id(connection, PERSON, asked)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def test_an_id_stays_when_its_anchor_record_goes_and_another_one_is_older(office: Office) -> None:
    office.night(1, resident=[resident("1", home=HOME.format(1, 101))], guest=[guest("v", 1, 1)])
    [before] = set(office.ids().values())
    office.night(2, resident=[resident("1", 2, deleted_at="2022-11-02 10:00:00")])
    assert set(office.ids().values()) == {before}
    report = office.night(3, guest=[guest("u", 1, 1, 3, moved="2022-10-01 10:00:00")])
    assert set(office.ids().values()) == {before} and report.changes == {}
    assert office.ask("select count(*) from register.change where reason = 'renamed'") == [(0,)]


def test_a_past_day_knows_the_id_that_was_given_out(office: Office, tmp_path: Path) -> None:
    office.night(1, resident=[resident("1", home=HOME.format(1, 101))], guest=[guest("v", 1, 1)])
    [before] = set(office.ids().values())
    office.night(2, resident=[resident("1", 2, deleted_at="2022-11-02 10:00:00")])
    ask_past(office.file, "2022-11-02", out=tmp_path / "past.duckdb")
    with open_warehouse(tmp_path / "past.duckdb") as past:
        assert past.execute("select distinct person_id from register.person_member").fetchall() == [(before,)]


def test_a_house_keeps_its_id_when_a_known_key_makes_another_record_its_anchor(office: Office) -> None:
    office.night(1, resident=[resident("1", home=HOME.format(1, 101), code=None)])
    [before] = set(office.ids("house").values())
    report = office.night(2, room=[room("a", 2, ref="R1", home=HOME.format(1, 101))])
    assert set(office.ids("house").values()) == {before} and len(office.ids("house")) == 2
    assert report.changes == {}


def test_a_lost_warehouse_finds_every_id_its_merges_and_its_splits_again(office: Office) -> None:
    office.night(1, resident=[resident("1"), resident("2", name="李四光", born="1991-02-02")], room=[room("a")])
    office.night(2, resident=[resident("2", 2, no=number(1), code="C1")])
    office.night(3, resident=[resident("3", 3, name="王小五", born="1980-05-05"), resident("1", 3, sex="2")])
    office.night(4, resident=[resident("2", 4, name="李四光", born="1991-02-02"),
                              resident("3", 4, deleted_at="2022-11-04 10:00:00")])  # fmt: skip
    before = office.told()
    assert {reason for _, _, _, reason, *_ in before["change"]} >= {"merged", "ended"}
    assert office.anew().told() == before


def test_an_id_of_a_merge_follows_its_record_out_of_it_again(office: Office) -> None:
    office.night(1, resident=[resident("1"), resident("2", name="李四光", born="1991-02-02")])
    first = office.ids()
    office.night(2, resident=[resident("2", 2, no=number(1), code="C1")])
    [kept] = set(office.ids().values())
    [gone] = set(first.values()) - {kept}
    assert office.resolved(gone) == kept
    office.night(3, resident=[resident("2", 3, name="李四光", born="1991-02-02")])
    assert office.ids() == first and office.resolved(gone) is None


def test_a_record_that_returns_bears_the_id_it_bore(office: Office) -> None:
    office.night(1, resident=[resident("1")], guest=[guest("v", 1, 1)])
    [before] = set(office.ids().values())
    office.night(2, resident=[resident("1", 2, deleted_at="2022-11-02 10:00:00")], guest=[guest("v", 1, 1, 2, op="C")])
    office.night(3, guest=[guest("v", 1, 1, 3, op="C")], resident=[resident("1", 3)])
    assert set(office.ids().values()) == {before}


def test_a_night_that_recomputes_a_part_names_persons_as_a_full_build_does(office: Office) -> None:
    office.night(1, resident=[resident(str(i)) for i in range(1, 5)], guest=[guest("v", 1, 1)])
    office.night(2, resident=[resident("1", 2, deleted_at="2022-11-02 10:00:00")])
    assert not office.night(3, guest=[guest("u", 1, 2, 3, moved="2022-10-01 10:00:00")]).full
    before = office.told()
    assert office.build(full=True).full and office.told() == before


def test_what_nobody_was_given_is_told_of_what_was_given_last(office: Office) -> None:
    office.night(1, resident=[resident("1"), resident("2", name="李四光", born="1991-02-02")])
    office.land(2, resident=[resident("2", 2, no=number(1), code="C1")])
    assert Hall.build(office).changes == {"person merged": 1, "house merged": 1}
    office.land(3, resident=[resident("2", 3, name="李四光", born="1991-02-02")])
    assert Hall.build(office).changes == {} and office.ask("select count(*) from register.change") == [(0,)]


def test_a_night_without_news_writes_no_file_and_a_changed_file_is_refused(office: Office) -> None:
    office.night(1, resident=[resident("1")])
    office.build()
    [file] = issued_folder(office.landing).glob("issued-*.parquet")
    file.rename(file.with_name(file.name.replace("000001", "000002")))
    with open_warehouse(office.file) as connection:
        load_issued(connection, issued_folder(office.landing))
    file = next(issued_folder(office.landing).glob("issued-*.parquet"))
    file.rename(file.with_name("issued-000002-0000000000000000.parquet"))
    with open_warehouse(office.file) as connection, pytest.raises(SourceChanged, match="LA-CORRUPT"):
        load_issued(connection, issued_folder(office.landing))


def test_an_erased_record_is_in_no_file_any_more(office: Office) -> None:
    office.night(1, resident=[resident("1"), resident("2", name="李四光", born="1991-02-02")])
    [(key,)] = office.ask("select obs_key from register.person_observation where source_record_id = '1'")
    assert forget_issued(issued_folder(office.landing), [key], Path.unlink) == 2  # as a person, and as a dwelling
    with open_warehouse(office.file) as connection:
        load_issued(connection, issued_folder(office.landing))
    assert office.ask("select count(*) from register.issue where obs_key = $key", key=key) == [(0,)]

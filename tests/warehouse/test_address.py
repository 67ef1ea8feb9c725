"""Addresses down to the room: one key for one room however it is written, no key where the text leaves it open."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import warehouse.address.read as reading
from bench._addresses import read_labelled, score
from expectations.errors import CallRejected
from simulator.town.addresses import standard, write_room
from simulator.town.buildings import make_layout
from simulator.town.profiles import PROFILES, Town
from simulator.town.seeding import stream
from warehouse.address import address_table, normalise, parse
from warehouse.address.bulk import COLUMNS
from warehouse.address.elements import KINDS
from warehouse.address.places import aliases_of

steady = settings(deadline=None)
ROOM = "黄边村东坊三巷|12-2|||501"


@pytest.mark.parametrize(
    "text",
    [
        "广东省广州市白云区鹤龙街道黄边社区黄边村东坊三巷12号之二501房",
        "白云区鹤龙街黄边村东坊3巷12号之二501",
        "黄边东坊三巷12之二号五楼501室",
        "黄边村东坊3巷１２-2号501房",
        "黃邊村東坊三巷12號之二501",
        "黄边村东坊三巷12号附2号 501号房",
        " 黄边村 东坊三巷 12号之二 501（后楼）",
    ],
)
def test_one_room_has_one_key_however_it_is_written(text: str) -> None:
    assert parse(text).key == ROOM


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("鹤龙二路125号岭南花园1栋一单元201室", "鹤龙二路|125|1|1|201"),
        ("鹤龙二路125号1座1单元201", "鹤龙二路|125|1|1|201"),
        ("鹤龙二路125号岭南花园1-1-201", "鹤龙二路|125|1|1|201"),
        ("云鹤花园十二幢501", "云鹤花园||12||501"),
        ("黄边自编１２號302", "黄边村自编|12|||302"),
        ("黄边一横路12号302", "黄边一横路|12|||302"),
        ("黄边村一横路12号302", "黄边村一横路|12|||302"),
        ("黄边北路12号首层A铺", "黄边北路|12|||1/A"),
        ("黄边北路12号负一层B12", "黄边北路|12|||B1/B12"),
    ],
)
def test_the_key_is_road_door_building_unit_room(text: str, key: str) -> None:
    assert parse(text).key == key


def test_the_same_road_elsewhere_is_another_road() -> None:
    places = (
        "",
        "天河区",
        "浙江省杭州市西湖区",
        "江西省南昌市西湖区",
        "西湖区",
        "贵州省贵阳市白云区",
        "白云区景泰街道",
    )
    keys = {parse(f"{place}黄边北路12号301").key for place in places}
    assert len(keys) == len(places) and None not in keys
    assert parse("广州市天河区黄边北路12号301").key == parse("天河区黄边北路12号301").key


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("黄边北路12号之13幢501", "sub_or_building", "13"),
        ("黄边北路12号之3207", "sub_or_room", "3207"),
        ("黄边村北坊十巷45号之二十一楼", "sub_or_floor", "二十一"),
        ("黄边北路12号五楼301", "floor_not_of_room", "五楼301"),
        ("黄边北路12号3栋8号", "number_or_room", "8号"),
        ("黄边北路12号203-1", "dashes", "203-1"),
        ("黄边北路12号601、602房", "two_rooms", "601、602房"),
        ("鹤龙二路125号岭南花园201", "no_building", "岭南花园"),
        ("黄边北路12号(3栋)501", "brackets", "(3栋)"),
        ("黄边北路12号501房（B座）", "brackets", "（B座）"),
        ("黄边北路12号对面301", "relative", "对面"),
        ("黄边北路12号3栋A座501", "two_buildings", "3栋A座"),
    ],
)
def test_what_two_readings_fit_is_reported_and_gets_no_key(text: str, code: str, words: str) -> None:
    address = parse(text)
    assert address.key is None and address.building_key is None
    found = {a.code: text[a.start : a.end] for a in address.ambiguities}
    assert found[code] == words
    assert all(a.zh and a.en for a in address.ambiguities)


def test_elements_say_what_they_mean() -> None:
    said = {e.kind: (e.text, e.value) for e in parse("黄边村东坊３巷12號之二岭南花园十二栋首层501房").elements}
    assert said["road"] == ("东坊３巷", "东坊三巷")
    assert (said["door"], said["house"], said["floor"]) == (("12號之二", "12-2"), ("十二栋", "12"), ("首层", "1"))


def test_the_room_decides_where_the_sub_number_ends() -> None:
    assert parse("黄边村北坊十巷45号之二十一楼1101").key == "黄边村北坊十巷|45-2|||1101"
    assert parse("黄边村北坊十巷45号之二二楼202").key == "黄边村北坊十巷|45-2|||202"
    assert parse("黄边村北坊十巷45号之二二楼302").key is None


def test_another_name_of_a_road_rests_on_a_judgement() -> None:
    entry = {"name": "黃邊大路", "means": "黄边北路", "judgement": "J-1", "since": "2022-01-01"}
    assert aliases_of([entry]) == {"黄边大路": "黄边北路"}
    with pytest.raises(CallRejected, match="without a judgement"):
        aliases_of([entry | {"judgement": ""}])


def test_an_urban_village_has_a_block_of_its_own() -> None:
    address = parse("黄边社区黄边东坊3巷12号之二501")
    assert (address.village_key, address.block, address.door_key) == (
        "黄边村|12",
        "黄边村东坊三巷|12",
        "黄边村东坊三巷|12-2",
    )


@pytest.mark.parametrize(
    "text", ["", "　", "无", "null", "鹤龙街道办事处", "广东省广州市", "号" * 50, "1" * 500, "(((("]
)
def test_what_is_no_address_has_no_key_and_raises_nothing(text: str) -> None:
    address = parse(text)
    assert (address.key, address.building_key) == (None, None)


@steady
@given(st.text(st.sampled_from("黄边村北路东坊巷12３0号之二-栋座单元楼房室（）( 附A、自编鹤龙街道白云區"), max_size=30))
def test_elements_lie_in_the_text_in_order_and_never_overlap(text: str) -> None:
    end = 0
    for element in parse(text).elements:
        assert end <= element.start < element.end <= len(text)
        assert element.text == text[element.start : element.end] and element.kind in KINDS
        end = element.end
    assert len(normalise(text)) == len(text)


def test_every_room_of_a_grid_has_its_own_key_and_keeps_it_in_every_writing() -> None:
    town, random = Town(PROFILES["small"], 11), stream(11, "addresses")
    keys: dict[str, str | None] = {}
    for room in (room for grid in (1, 5) for room in make_layout(town, grid).rooms):
        key = keys[room.room] = parse(standard(room.building, room)).key
        assert {parse(write_room(random, room)).key for _ in range(3)} == {key}
    assert None not in keys.values() and len(set(keys.values())) == len(keys) > 100


def test_the_scanner_reads_local_addresses_as_the_fast_path_does(monkeypatch: pytest.MonkeyPatch) -> None:
    town, random = Town(PROFILES["small"], 12), stream(12, "addresses")
    texts = [write_room(random, room) for room in make_layout(town, 1).rooms[:80]]
    fast = [reading.read(text).keys for text in texts]
    elements = [parse(text).elements for text in texts]
    monkeypatch.setattr(reading, "match_local", lambda text: None)
    assert [reading.read(text).keys for text in texts] == fast
    assert [parse(text).elements for text in texts] == elements


def test_a_column_is_read_once_per_distinct_text() -> None:
    texts = pa.chunked_array([["黄边北路12号301", None, "黄边北路12号之13幢501"], ["黄边北路12号301"]])
    table = address_table(texts)
    assert tuple(table.column_names) == COLUMNS
    assert table.select(["raw", "key", "door", "room", "ambiguous", "reason"]).to_pylist() == [
        {"raw": "黄边北路12号301", "key": "黄边北路|12|||301", "door": "12", "room": "301", "ambiguous": False,
         "reason": None},
        {"raw": "黄边北路12号之13幢501", "key": None, "door": "12", "room": "501", "ambiguous": True,
         "reason": "sub_or_building"},
    ]  # fmt: skip
    assert address_table(pa.array([], pa.string())).num_rows == 0


def test_addresses_of_other_provinces_are_cut_into_their_parts() -> None:
    kinds = [(e.kind, e.text) for e in parse("某省杭州市余杭区五常街道文一西路1256号银杏花园3幢2单元1893室").elements]
    assert kinds[-6:] == [
        ("road", "文一西路"), ("door", "1256号"), ("home", "银杏花园"), ("house", "3幢"), ("cell", "2单元"),
        ("room", "1893室"),
    ]  # fmt: skip


def test_a_labelled_file_is_scored_by_exact_spans(tmp_path: Path) -> None:
    rows = [("文", "B-road"), ("三", "I-road"), ("路", "I-road"), ("12", "B-roadno"), ("号", "I-roadno"), ("", ""),
            ("文", "B-road"), ("三", "I-road"), ("路", "I-road"), ("7", "B-houseno"), ("号", "I-houseno")]  # fmt: skip
    file = tmp_path / "labelled.txt"
    file.write_text("\n".join(f"{token} {label}".strip() for token, label in rows) + "\n", "utf8")
    found = score(read_labelled(file))
    assert (found.with_door, found.door_to_room, found.f1) == (2, 1, 0.75)


def test_the_command_prints_elements_keys_and_doubts() -> None:
    command = [sys.executable, "-m", "warehouse.address"]
    text = "黄边北路12号之13幢501"
    said = json.loads(subprocess.run([*command, "--json", text], capture_output=True, check=True, text=True).stdout)
    assert (said["door_key"], said["key"], said["ambiguities"][0]["code"]) == ("黄边北路|12", None, "sub_or_building")
    people = subprocess.run([*command, text], capture_output=True, check=True, text=True).stdout
    assert "门牌号" in people and "待判" in people

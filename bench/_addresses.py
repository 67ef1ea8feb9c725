"""What bench.addresses measures on: addresses of the town with their rooms, other ways to write them, labelled files.

Flow: store of a town -> `written_rooms` -> (text, room); labelled file -> `read_labelled` -> text and its spans.
"""

from __future__ import annotations

import importlib.resources
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any, NamedTuple

import pyarrow as pa

from bench._measure import Work
from simulator.store import Store
from warehouse.address.elements import Element

# Where rooms are written, and under which field. Of the street a year is enough: more only repeats it.
FIELDS = (
    ("social_governance", "registered_person", ("residence_addr",)),
    ("social_governance", "floating_person", ("residence_addr",)),
    ("social_governance", "overseas_person", ("residence_addr",)),
    ("social_governance", "rental_house", ("house_addr",)),
    ("cloud_shield", "rental_room", ("address",)),
    ("mobile_collection", "collection", ("house", "address")),
)
SINCE = {"small": None, "street": "2022-10-01"}
_WIDE = str.maketrans("0123456789", "０１２３４５６７８９")
_TRADITIONAL = str.maketrans("东号边广云楼单龙鹤长联启", "東號邊廣雲樓單龍鶴長聯啟")
_BLOCK = re.compile(r"(?<!\d)(\d+)(?:栋|幢|座|号楼)(\d)单元(\d+)(?:房|室)?$")
_SUB = re.compile(r"号之([一二三四])(\d+)")
LABELS = {
    "province": "prov", "city": "city", "county": "district", "town": "town", "community": "community", "road": "road",
    "group": "road", "door": "roadno", "lane": "roadno", "house": "houseno", "cell": "cellno", "floor": "floorno",
    "room": "roomno",
}  # fmt: skip
DOOR_TO_ROOM = frozenset(("roadno", "houseno", "cellno", "floorno", "roomno"))
Span = tuple[str, int, int]


def written_rooms(store: Store) -> list[tuple[str, str]]:
    """Distinct (text, room) of every system that writes a room's address, as the truth of the town has them."""
    found: dict[tuple[str, str], None] = {}
    for system, entity, path in FIELDS:
        texts = {(r.key, r.seq): text for r in store.iterate(system, entity, SINCE[store.profile])
                 if (text := _at(r.fields, path))}  # fmt: skip
        for truth in store.truth().rooms(system, entity):
            if (text := texts.get((truth.key, truth.seq))) is not None:
                found[text, truth.room] = None
    return list(found)


def _at(fields: dict[str, Any], path: tuple[str, ...]) -> str | None:
    """The text at a path; None for what the town's defects put there instead of an address."""
    value: Any = fields
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, str) and any(char.isdigit() for char in value) else None


def rewrite(random: Random, text: str) -> str:
    """Write an address otherwise: width, blanks, traditional characters, 附 for 之, dashes, a remark, doubts."""
    way = int(random.random() * 8)
    if way == 0:
        return text.translate(_WIDE)
    if way == 1:
        return text.translate(_TRADITIONAL)
    if way == 2:
        return text.replace("路", "路 ").replace("号", "号 ")
    if way == 3:
        return f"{text}（后楼）"
    if way == 4:
        return text.replace("号之一", "号附1号").replace("号之二", "号附2号").replace("室", "号房")
    if way == 5:
        return _BLOCK.sub(r"\1-\2-\3", text)
    if way == 6:  # what nobody can tell: is 之2501 door 2 and room 501, or room 2501
        return _SUB.sub(lambda found: f"号之{'一二三四'.index(found[1]) + 1}{found[2]}", text)
    return f"　{text} "


def read_labelled(path: Path) -> list[tuple[str, list[Span]]]:
    """Labelled addresses: a token and its BIO label per line, a blank line between addresses."""
    found: list[tuple[str, list[Span]]] = []
    text = ""
    spans: list[Span] = []
    for line in [*path.read_text("utf8").splitlines(), ""]:
        if not line.strip():
            if text:
                found.append((text, spans))
            text, spans = "", []
            continue
        token, _, label = line.rpartition(" ")
        start, text = len(text), text + token
        if label.startswith("B-"):
            spans.append((label[2:], start, len(text)))
        elif label.startswith("I-") and spans:
            spans[-1] = (*spans[-1][:2], len(text))
    return found


class Score(NamedTuple):
    """How well labels were found: by label (right, claimed, true), and how many were right from door to room."""

    by_label: dict[str, tuple[int, int, int]]
    door_to_room: int
    with_door: int

    @property
    def f1(self) -> float:
        """Micro-averaged over the labels."""
        right, claimed, true = (sum(counts[i] for counts in self.by_label.values()) for i in range(3))
        return 2 * right / (claimed + true)


def claimed_spans(elements: tuple[Element, ...]) -> Iterator[Span]:
    """Our elements in the borders such files draw: 126-6号 is roadno 126 and houseno 6号, 37号商铺 is roomno 37号."""
    for element in elements:
        kind, start, end, text, _ = element
        split = re.fullmatch(r"(\d+)[-_一](\d+)号", text) if kind == "door" else None
        if split and int(split[2]) < int(split[1]):
            yield "roadno", start, start + len(split[1])
            yield "houseno", end - len(split[2]) - 1, end
        elif kind == "room":
            yield "roomno", start, start + len(re.sub(r"(?<=\d)房间$", "", text))
        elif kind in LABELS:
            yield LABELS[kind], start, end


def score(labelled: list[tuple[str, list[Span]]]) -> Score:
    """Score the parser on labelled addresses, exact spans only."""
    from warehouse.address import parse

    names = set(LABELS.values())
    right, claimed, true = Counter[str](), Counter[str](), Counter[str]()
    door_to_room = with_door = 0
    for text, spans in labelled:
        gold = {span for span in spans if span[0] in names}
        found = set(claimed_spans(parse(text).elements))
        for counter, chosen in ((right, gold & found), (claimed, found), (true, gold)):
            counter.update(span[0] for span in chosen)
        wanted = {span for span in gold if span[0] in DOOR_TO_ROOM}
        with_door += bool(wanted)
        door_to_room += bool(wanted) and wanted == {span for span in found if span[0] in DOOR_TO_ROOM}
    by_label = {name: (right[name], claimed[name], true[name]) for name in sorted(names)}
    return Score(by_label, door_to_room, with_door)


def ours(place: str, limit: int) -> Work:
    """A side: our parser over distinct texts, warmed by ten others."""
    from warehouse.address import address_table

    texts = pa.array(_lines(place, limit))
    address_table(pa.array([f"黄边北路{number}号" for number in range(10)]))
    return lambda: {"rows": address_table(texts).num_rows}


def jionlp(place: str, limit: int) -> Work:
    """A side: jionlp, down to town and village, which is as far as it goes."""
    import jionlp as peer  # type: ignore[import-untyped]

    texts = _lines(place, limit)
    peer.parse_location("广东省广州市白云区鹤龙街道", town_village=True)
    return lambda: {"rows": sum(1 for text in texts if peer.parse_location(text, town_village=True))}


def cpca(place: str, limit: int) -> Work:
    """A side: cpca, down to the county, which is as far as it goes."""
    _shim_pkg_resources()
    import cpca as peer  # type: ignore[import-untyped]

    texts = _lines(place, limit)
    peer.transform(["广东省广州市白云区鹤龙街道"])
    return lambda: {"rows": len(peer.transform(texts))}


def _shim_pkg_resources() -> None:
    """cpca opens its table by a module that setuptools no longer has."""
    shim = ModuleType("pkg_resources")
    shim.resource_stream = lambda package, name: importlib.resources.files(package).joinpath(name).open("rb")  # type: ignore[attr-defined]
    sys.modules["pkg_resources"] = shim


def _lines(place: str, limit: int) -> list[str]:
    return Path(place).read_text("utf8").split("\n")[:limit]

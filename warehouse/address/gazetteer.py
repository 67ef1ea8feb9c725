"""Divisions, communities and villages by name: data with provenance (data/README.md), read once.

Flow: data/divisions.csv, data/local.yml, the contract's community list -> lookups by name.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import lru_cache

from warehouse.address.normal import DATA

PROVINCE, CITY, COUNTY = 0, 1, 2
_SHORT_PROVINCES = {"内蒙古自治区": "内蒙古", "广西壮族自治区": "广西", "西藏自治区": "西藏"} | {
    "宁夏回族自治区": "宁夏", "新疆维吾尔自治区": "新疆"
}  # fmt: skip
_TAILS = ("特别行政区", "自治州", "自治县", "自治旗", "地区", "新区", "省", "市", "区", "县", "盟")
_PEOPLES = re.compile(
    "回族|藏族|苗族|彝族|壮族|布依族|朝鲜族|满族|侗族|瑶族|白族|土家族|哈尼族|哈萨克族|傣族|黎族|傈僳族|佤族|畲族|拉祜族|"
    "水族|东乡族|纳西族|景颇族|柯尔克孜|土族|达斡尔族|仫佬族|羌族|布朗族|撒拉族|毛南族|仡佬族|锡伯族|塔吉克|怒族|独龙族|"
    "保安族|裕固族|鄂温克族|各族|蒙古族|蒙古|哈萨克"
)


@dataclass(frozen=True, slots=True)
class Division:
    """A province, city or county by GB/T 2260: its six digits, full name, level 0 to 2."""

    code: str
    name: str
    level: int


def level_of(code: str) -> int:
    """0 province, 1 city, 2 county. Of the four municipalities the code of the province serves for the city, too."""
    return PROVINCE if code.endswith("0000") else CITY if code.endswith("00") else COUNTY


def stem_of(name: str) -> str:
    """The name people say: 浙江 for 浙江省, 石柱 for 石柱土家族自治县; empty where one character is left."""
    if name in _SHORT_PROVINCES:
        return _SHORT_PROVINCES[name]
    tail = next((tail for tail in _TAILS if name.endswith(tail)), "")
    stem = name[: len(name) - len(tail)] if tail else name
    if tail.startswith("自治"):
        people = _PEOPLES.search(stem, 2)
        stem = stem[: people.start()] if people else stem
    return stem if len(stem) >= 2 and tail else ""


@lru_cache(maxsize=1)
def divisions() -> dict[str, Division]:
    """All divisions by code, those no longer in force among them."""
    found = {}
    for name in ("divisions.csv", "former.csv"):
        with (DATA / name).open(encoding="utf8", newline="") as rows:
            for row in csv.DictReader(rows):
                found[row["code"]] = Division(row["code"], row["name"], level_of(row["code"]))
    return found


@lru_cache(maxsize=1)
def by_name() -> dict[str, tuple[Division, ...]]:
    """Full names to the divisions that bear them."""
    names: dict[str, list[Division]] = {}
    for division in divisions().values():
        names.setdefault(division.name, []).append(division)
    return {name: tuple(found) for name, found in names.items()}


@lru_cache(maxsize=1)
def by_stem() -> dict[str, tuple[Division, ...]]:
    """Names without 省, 市, 区, 县 to the divisions they may mean."""
    stems: dict[str, list[Division]] = {}
    for division in divisions().values():
        if stem := stem_of(division.name):
            stems.setdefault(stem, []).append(division)
    return {stem: tuple(found) for stem, found in stems.items()}

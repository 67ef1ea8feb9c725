"""The register's own ground: its divisions, communities, villages and roads, and the one spelling of a street.

Flow: data/local.yml, data/aliases.yml, the contract's list of communities -> `local()` -> `street_of`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from expectations.code_lists import code_list
from expectations.errors import CallRejected
from expectations.strict import read_yaml, take
from warehouse.address.gazetteer import by_name, by_stem, divisions, stem_of
from warehouse.address.normal import DATA, normalise
from warehouse.address.numerals import value_of, written

_NUMBERED = re.compile(r"(\d{1,2})(?=巷|横路|横巷|街|坊|里|路|道)")
_IN_VILLAGE = re.compile(r"(?:巷|里|坊|街|自编|队|社|组|约|围|庄)$|^$")


@dataclass(frozen=True)
class Local:
    """Names of the register's own ground, normalised. villages: the name without 村 to the name with it."""

    codes: tuple[str, str, str]
    divisions: tuple[str, str, str]
    town: str
    towns: tuple[str, ...]
    communities: tuple[str, ...]
    villages: dict[str, str]
    roads: frozenset[str]
    aliases: dict[str, str]


@lru_cache(maxsize=1)
def local() -> Local:
    """Read it once. Raises CallRejected CT-SPEC for a file that is not what it must be."""
    raw, learnt = read_yaml(DATA / "local.yml"), read_yaml(DATA / "aliases.yml")
    home = raw["home"]
    codes = (home["province"], home["city"], home["county"])
    names = sorted((normalise(name) for name in code_list("community_names")), key=len, reverse=True)
    villages = {name[:-1]: name for name in names if name.endswith("村")}
    return Local(
        codes, tuple(divisions()[code].name for code in codes), home["town"], tuple(raw["town_names"]),  # type: ignore[arg-type]
        tuple(name for name in names if not name.endswith("村")), villages,
        frozenset(road for line in raw["roads"] for road in line.split()),
        aliases_of(learnt["roads"]),
    )  # fmt: skip


def aliases_of(entries: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Other names of roads to the names in use. Raises CallRejected CT-SPEC for one that rests on no judgement."""
    names = {}
    for entry in entries:
        take(entry, "aliases.yml", required=("name", "means", "judgement", "since"))
        if not entry["judgement"]:
            raise CallRejected("CT-SPEC", detail="aliases.yml: a name without a judgement")
        names[normalise(entry["name"])] = normalise(entry["means"])
    return names


def prefix_pattern() -> str:
    """A pattern for the divisions, the street and the community in front of a local address."""
    known = local()
    province, city, county = known.divisions
    parts = [
        f"(?P<province>{stem_of(province)}省?)?", f"(?P<city>{stem_of(city)}市?)?", f"(?P<county>{county})?",
    ]  # fmt: skip
    long, short = known.towns[:-1], known.towns[-1]
    town = rf"(?P<town>{'|'.join(long)}|{short}(?![\d一二三四五六七八九十]))?"
    communities = "|".join([*known.communities, *(rf"{name}(?={stem})" for stem, name in known.villages.items())])
    return "".join(parts) + town + f"(?P<community>{communities})?"


_PLAIN = re.compile(
    r"(?:[一-龥]{1,4}村)?[一-龥]{1,3}?[东西南北中新上下]?[一二三四五六七八九十]{0,3}\d{0,2}"
    r"(?:大道|大街|横路|横巷|公路|[路街巷里坊]|自编)"
)
_LARGER = re.compile(r"街道|社区|[路街村].*[路街]")


@lru_cache(maxsize=65536)
def is_plain(name: str) -> bool:
    """Whether a name is a street's and nothing else: one of ours, or built as streets are and no division before it."""
    known = local()
    if name in known.roads or any(name.startswith(stem) for stem in known.villages):
        return not _LARGER.search(name.removeprefix(next((s for s in known.villages if name.startswith(s)), "")))
    if _PLAIN.fullmatch(name) is None or _LARGER.search(re.sub(r"^[一-龥]{1,4}村", "", name)):
        return False
    return not any(name[:width] in by_stem() or name[:width] in by_name() for width in (2, 3, 4))


def is_ours(name: str) -> bool:
    """Whether a street is one of the register's own ground: listed, or in one of its villages."""
    known = local()
    return name in known.roads or (is_plain(name) and any(name.startswith(stem) for stem in known.villages))


@lru_cache(maxsize=65536)
def street_of(name: str) -> tuple[str, str]:
    """(village, street) in their one spelling: 黄边东坊3巷, 黄边村东坊三巷 -> 黄边村, 黄边村东坊三巷.

    黄边一横路 without 村 is a road and not the 横路 of the village: where 村 decides, its absence is kept.
    """
    known = local()
    name = _NUMBERED.sub(lambda found: written(int(found[1])), name)
    name = known.aliases.get(name, name)
    if name in known.roads:
        return "", name
    for stem, village in known.villages.items():
        if name.startswith(village):
            return village, name
        if name.startswith(stem) and _IN_VILLAGE.search(name[len(stem) :]):
            return village, village + name[len(stem) :]
    inner = re.match(r"[一-龥]{1,4}村(?=.)", name)
    return (inner[0] if inner else ""), name


def number_of(text: str) -> str:
    """The canonical spelling of a number: 十二 is 12, 0012 is 12, A座's A stays A."""
    value = value_of(text)
    return text if value is None else str(value)

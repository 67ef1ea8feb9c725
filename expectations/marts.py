"""What a mart is, as declared in `marts.yml`: grain, measures, who may be counted in it, its checks, example queries.

`load_marts` reads the file strictly; the engine evaluates the checks, the docs and the release step read the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from expectations.checks.reading import read_text
from expectations.errors import CallRejected
from expectations.model import ZONES, Text
from expectations.strict import read_yaml, take

FILE = Path(__file__).with_name("marts.yml")
_REQUIRED = ("zh", "en", "rule", "owner", "group", "grain")
_OPTIONAL = (
    "zone",
    "measures",
    "people",
    "services",
    "work",
    "amounts",
    "attributes",
    "hierarchy",
    "may_be_empty",
    "refers",
    "adds_up",
    "codes",
    "at_most",
    "agrees",
    "examples",
    "version",
    "earlier",
)
CLASSES = ("people", "services", "work")  # fmt: skip


@dataclass(frozen=True)
class Figure:
    """A sum of a column, or with none a count of rows, of `schema.table`, where columns hold one of some values.

    less: a column whose sum is taken off. since: columns and the least value that counts.
    """

    table: str
    column: str | None
    when: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    less: str | None = None
    since: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Agreement:
    """Two figures that must be equal: one of the mart, one of where it comes from. Readers know it, the release too."""

    here: Figure
    there: Figure


@dataclass(frozen=True)
class Example:
    """A question an analyst asks, and the query that answers it."""

    question: Text
    sql: str


@dataclass(frozen=True)
class Earlier:
    """A version that saved queries still use: until which night it is made, and the select that gives its shape."""

    version: int
    until: date
    sql: str


@dataclass(frozen=True)
class Mart:
    """One table of schema `marts`.

    rule: one sentence from which anybody can count it again. grain: the columns that name a row; attributes: what
    follows from them; measures: additive figures. Three exclusive
    lists of them go through disclosure control, each by a rule of its own: `people` (residents, workers, insured),
    `services` (health and drug services), `work` (cases, events, deadlines, ratings); the
    others (objects, houses, quality) are shown as they are. hierarchy: geography from the finest column to the
    coarsest below the street. zone: of the sources behind it, None when no source sends what it tells. may_be_empty:
    columns that may be null. refers: columns whose values stand in the first column of another mart. adds_up: a measure
    and the ones it is the sum of, row by row. at_most: a measure and the one that bounds it. amounts: a sum of money
    and the count of people or cases it is over. codes: a column of codes and the list of `dim_code` that names them; of
    two words, the column that tells the lists apart and what they begin with (`channel_petition`). version: of its
    columns; a change of these raises it, and `earlier` gives the old shape for a while.
    """

    name: str
    title: Text
    rule: Text
    owner: Text
    group: str
    zone: str | None
    grain: tuple[str, ...]
    attributes: tuple[str, ...]
    measures: tuple[str, ...]
    people: tuple[str, ...]
    hierarchy: tuple[str, ...]
    may_be_empty: tuple[str, ...]
    refers: Mapping[str, str]
    adds_up: Mapping[str, tuple[str, ...]]
    amounts: Mapping[str, str]
    at_most: Mapping[str, str]
    agrees: tuple[Agreement, ...]
    examples: tuple[Example, ...]
    version: int = 1
    earlier: tuple[Earlier, ...] = ()
    codes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    services: tuple[str, ...] = ()
    work: tuple[str, ...] = ()

    @property
    def counts(self) -> tuple[str, ...]:
        """The measures that go through disclosure control, in the order of the declaration."""
        if self.is_traced:
            return ("value",)
        return tuple(m for m in self.measures if m in (*self.people, *self.services, *self.work))

    @property
    def is_cut(self) -> bool:
        """Whether its rows say more than when and of which kind."""
        return bool(set(self.grain) - {"day", "month", "quarter", "year", "kind"})

    @property
    def rounded(self) -> tuple[str, ...]:
        """The measures whose figures nobody may add up: all that are protected but the street's own work."""
        return tuple(m for m in self.counts if self.is_cut or m not in self.work)

    @property
    def is_traced(self) -> bool:
        """Whether its rows name the mart and the measure each of them sums up: each is of the class of that measure."""
        return {"mart", "measure", "value", "year"} <= set(self.columns)

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column, in the order of the declaration."""
        return (*self.grain, *self.attributes, *self.measures)


@dataclass(frozen=True)
class Marts:
    """The whole file: marts by name, the title of each column name (it means the same everywhere), group titles."""

    marts: Mapping[str, Mart]
    titles: Mapping[str, Text]
    groups: Mapping[str, Text]


@cache
def load_marts(path: Path = FILE) -> Marts:
    """Read and validate the file. Raises CallRejected CT-SPEC naming what is unknown or missing."""
    raw = read_yaml(path)
    take(raw, path.name, required=("owners", "groups", "titles", "marts"))
    owners, groups, titles = ({k: read_text(v, path.name) for k, v in raw[part].items()}
                              for part in ("owners", "groups", "titles"))  # fmt: skip
    marts = {n: _mart(n, body, f"{path.name}: {n}", owners) for n, body in raw["marts"].items()}
    for mart in marts.values():
        _consistent(mart, marts, groups, titles, f"{path.name}: {mart.name}")
    if unused := sorted(set(titles) - {c for m in marts.values() for c in m.columns}):
        raise CallRejected("CT-SPEC", detail=f"{path.name}: titles of no column: {', '.join(unused)}")
    return Marts(marts, titles, groups)


def _mart(mart: str, raw: Mapping[str, Any], where: str, owners: Mapping[str, Text]) -> Mart:
    take(raw, where, required=_REQUIRED, optional=_OPTIONAL)
    lists = {
        k: tuple(raw.get(k, ())) for k in ("grain", "attributes", "measures", *CLASSES, "hierarchy", "may_be_empty")
    }
    return Mart(
        name=mart, title=Text(raw["zh"], raw["en"]), rule=read_text(raw["rule"], where),
        owner=_known(raw["owner"], owners, where), group=raw["group"], zone=raw.get("zone"),
        **lists, refers=dict(raw.get("refers", {})),
        adds_up={k: tuple(v) for k, v in raw.get("adds_up", {}).items()}, at_most=dict(raw.get("at_most", {})),
        amounts=dict(raw.get("amounts", {})),
        codes={c: (v,) if isinstance(v, str) else tuple(v) for c, v in raw.get("codes", {}).items()},
        agrees=tuple(_agreement(mart, a, where) for a in raw.get("agrees", ())),
        examples=tuple(_example(e, where) for e in raw.get("examples", ())), version=raw.get("version", 1),
        earlier=tuple(_earlier(v, e, where) for v, e in raw.get("earlier", {}).items()),
    )  # fmt: skip


def _known(key: str, among: Mapping[str, Text], where: str) -> Text:
    if key not in among:
        raise CallRejected("CT-SPEC", detail=f"{where}: {key!r} is not one of {', '.join(among)}")
    return among[key]


def _agreement(mart: str, raw: Mapping[str, Any], where: str) -> Agreement:
    take(raw, where, required=("with",), optional=("sum", "less", "when", "since"))
    other = raw["with"]
    take(other, where, required=("table",), optional=("sum", "less", "when", "since"))
    return Agreement(_figure(f"marts.{mart}", raw), _figure(other["table"], other))


def _figure(table: str, raw: Mapping[str, Any]) -> Figure:
    when = {c: tuple(v) for c, v in raw.get("when", {}).items()}
    return Figure(table, raw.get("sum"), when, raw.get("less"), dict(raw.get("since", {})))


def _example(raw: Mapping[str, Any], where: str) -> Example:
    take(raw, where, required=("zh", "en", "sql"))
    return Example(Text(raw["zh"], raw["en"]), raw["sql"].strip())


def _earlier(version: int, raw: Mapping[str, Any], where: str) -> Earlier:
    take(raw, where, required=("until", "sql"))
    return Earlier(version, date.fromisoformat(str(raw["until"])), raw["sql"].strip())


def _consistent(
    mart: Mart, marts: Mapping[str, Mart], groups: Mapping[str, Text], titles: Mapping[str, Text], where: str
) -> None:
    """What one mart alone cannot say: names that stand elsewhere in the file. Raises CallRejected CT-SPEC."""
    columns = set(mart.columns)
    problems: list[tuple[str, set[Any]]] = [
        ("group", {mart.group} - set(groups)),
        ("zone", {mart.zone} - {None, *ZONES}),
        ("title", columns - set(titles)),
        ("column twice", {c for c in columns if mart.columns.count(c) > 1}),
        *((kind, set(getattr(mart, kind)) - set(mart.measures)) for kind in CLASSES),
        ("two classes", {c for c in mart.measures if sum(c in getattr(mart, kind) for kind in CLASSES) > 1}),
        ("hierarchy", set(mart.hierarchy) - {*mart.grain, *mart.attributes}),
        ("may_be_empty", set(mart.may_be_empty) - columns),
        ("refers", (set(mart.refers) - columns) | (set(mart.refers.values()) - set(marts))),
        ("adds_up", {m for k, v in mart.adds_up.items() for m in (k, *v)} - set(mart.measures)),
        ("codes", {c for column, told in mart.codes.items() for c in (column, *told[:-1])} - columns),
        ("version", {e.version for e in mart.earlier} - set(range(1, mart.version))),
        ("amounts", set(mart.amounts) - set(mart.measures) | set(mart.amounts.values()) - set(mart.counts)),
        ("at_most", {m for pair in mart.at_most.items() for m in pair} - set(mart.measures)),
    ]
    for what, wrong in problems:
        if wrong:
            raise CallRejected("CT-SPEC", detail=f"{where}: {what}: {', '.join(sorted(map(str, wrong)))} is not known")

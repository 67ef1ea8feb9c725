"""What the pages show of a mart, put together from its declaration, its SQL, the lineage and what is published."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import sqlglot
from sqlglot import exp

from docs.dictionary.picture import Picture, picture_of
from docs.dictionary.published import Answer, Generation, Published
from docs.marts import header
from expectations.marts import Example, Mart, Marts
from expectations.model import ZONES, Text
from warehouse.engine.reference import DATA
from warehouse.lineage import Column, Lineage
from warehouse.lineage.told import ColumnTold, FieldTold, tell
from warehouse.publish.rounding import BASE, SENSITIVE_BASE

LIMITS = ("marts.ref_sla", "reference.sla")  # who reads one of these judges by the limits of the law
KEY, ATTRIBUTE, MEASURE = "key", "attribute", "measure"


@dataclass(frozen=True)
class ColumnLine:
    """One column: its role, how it is released (`as_is`, `rounded`, `street`, `money`), and its lineage by system."""

    name: str
    title: Text
    role: str
    release: str
    may_be_empty: bool
    refers: str
    told: ColumnTold
    systems: tuple[tuple[Text, str, tuple[tuple[Text, tuple[FieldTold, ...]], ...]], ...]


@dataclass(frozen=True)
class MartPage:
    """Everything about one mart."""

    mart: Mart
    group: Text
    base: int
    columns: tuple[ColumnLine, ...]
    deciding: tuple[FieldTold, ...]
    sources: tuple[str, ...]
    picture: Picture
    examples: tuple[tuple[Example, Answer | None], ...]
    summed: tuple[bool, ...]  # per example: whether it adds up rounded figures
    generation: Generation | None
    limits: bool
    made_from: str

    @property
    def zone(self) -> str:
        """The zone and what it means, or nothing."""
        return f"{self.mart.zone} ({ZONES[self.mart.zone]})" if self.mart.zone else ""


def mart_pages(declared: Marts, lineage: Lineage, published: Published) -> list[MartPage]:
    """All marts in the order of their declaration."""
    return [_page(mart, declared, lineage, published) for mart in declared.marts.values()]


def _page(mart: Mart, declared: Marts, lineage: Lineage, published: Published) -> MartPage:
    columns = tuple(_line(mart, name, declared, lineage) for name in mart.columns)
    in_values = {f.column for line in columns for f in line.told.fields}
    deciding = {f.column: f for line in columns for f in line.told.deciding if f.column not in in_values}
    everything = {c.relation.partition(".")[0] for c in in_values}
    upstream = {c.relation for name in mart.columns for c in lineage.upstream(Column(f"marts.{mart.name}", name))}
    return MartPage(
        mart=mart, group=declared.groups[mart.group], base=SENSITIVE_BASE if mart.zone == "A" else BASE,
        columns=columns,
        deciding=tuple(deciding[c] for c in sorted(deciding)),
        sources=tuple(sorted(everything)), picture=picture_of(lineage, mart.name),
        examples=tuple((e, published.answers.get((mart.name, i))) for i, e in enumerate(mart.examples)),
        summed=tuple(_sums(e.sql, mart, published.answers.get((mart.name, i))) for i, e in enumerate(mart.examples)),
        generation=published.generations.get(mart.name), limits=bool(upstream & set(LIMITS)),
        made_from=header(mart.name, "From"),
    )  # fmt: skip


def _line(mart: Mart, name: str, declared: Marts, lineage: Lineage) -> ColumnLine:
    role = KEY if name in mart.grain else MEASURE if name in mart.measures else ATTRIBUTE
    street = mart.zone == "A" and bool(mart.hierarchy)
    counted = "street" if street else "rounded"
    release = counted if name in mart.counts else "money" if name in mart.amounts else "as_is"
    told = tell(lineage, Column(f"marts.{mart.name}", name))
    return ColumnLine(
        name, declared.titles[name], role, release, name in mart.may_be_empty, mart.refers.get(name, ""), told,
        tuple(_by_system(told)),
    )  # fmt: skip


def _sums(sql: str, mart: Mart, answer: Answer | None) -> bool:
    if answer is None or answer.failed:
        return False
    added = {column.name for total in sqlglot.parse_one(sql, read="duckdb").find_all(exp.Sum)
             for column in total.find_all(exp.Column)}  # fmt: skip
    return bool(added & set(mart.rounded))


def _by_system(told: ColumnTold) -> Iterator[tuple[Text, str, tuple[tuple[Text, tuple[FieldTold, ...]], ...]]]:
    """(system, zone, ((records, fields), …)) of each system whose fields are in the value."""
    for _, of_system in groupby(told.fields, key=lambda f: f.column.relation.partition(".")[0]):
        records = [tuple(fields) for _, fields in groupby(of_system, key=lambda f: f.column.relation)]
        first = records[0][0]
        yield first.system, first.zone, tuple((fields[0].entity, fields) for fields in records)


def codes() -> dict[str, dict[str, Text]]:
    """What the codes of a column mean, by column and code: the lists of `dim_code`."""
    found: dict[str, dict[str, Text]] = {}
    with (DATA / "code.csv").open(encoding="utf8", newline="") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["list"], {})[row["code"]] = Text(row["zh"], row["en"])
    return found


def as_json(pages: list[MartPage], declared: Marts) -> Mapping[str, Any]:
    """The dictionary as data: what other tools may read."""
    return {
        "groups": {k: vars(t) for k, t in declared.groups.items()},
        "fields": {str(f.column): f.as_dict() for p in pages for f in _all_fields(p)},
        "marts": [
            {
                "mart": p.mart.name, "title": vars(p.mart.title), "group": p.mart.group, "owner": vars(p.mart.owner),
                "zone": p.mart.zone, "grain": list(p.mart.grain), "rule": vars(p.mart.rule),
                "columns": [
                    {"column": c.name, "title": vars(c.title), "role": c.role, "release": c.release,
                     "may_be_empty": c.may_be_empty, "refers": c.refers or None,
                     "fields": [str(f.column) for f in c.told.fields],
                     "origins": [r for r, _ in c.told.origins], "through": list(c.told.through)}
                    for c in p.columns
                ],
                "deciding": [str(f.column) for f in p.deciding],
                "examples": [{"question": vars(e.question), "sql": e.sql} for e, _ in p.examples],
                "published": vars(p.generation) if p.generation else None,
            }
            for p in pages
        ],
    }  # fmt: skip


def _all_fields(page: MartPage) -> list[FieldTold]:
    return [*page.deciding, *(f for c in page.columns for f in c.told.fields)]

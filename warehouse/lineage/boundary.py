"""The boundary of privacy.md as proofs over the lineage: each function returns what breaks it, in words, or nothing.

A proof names no system, table or column that may pass: zones come from the contracts, person keys from where they
begin, exceptions from the structure, with their reason in boundary.yml.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from expectations.denied import denied_attributes
from expectations.marts import Marts
from expectations.model import Text
from expectations.strict import read_yaml
from warehouse.lineage.graph import Keep, Lineage, as_column
from warehouse.lineage.parts import FILTER, JOIN, ROW, ROWS, VALUE, Column, Dep

FILE = Path(__file__).with_name("boundary.yml")
BUILT = ("claims", "register", "prepared", "marts")
CASES = "claims.case"
NO_TITLE = Text("", "")


@dataclass(frozen=True)
class Broken:
    """One thing that must not be: what, and the path or name that shows it."""

    what: str
    shown: str

    def __str__(self) -> str:
        return f"{self.what}: {self.shown}"


@cache
def rules() -> Mapping[str, Any]:
    """boundary.yml."""
    return read_yaml(FILE)


def person_keys(lineage: Lineage) -> set[Column]:
    """Every column that is a copy of a person's key, or bears the name of one."""
    names = set(rules()["keys"]["names"])
    begin = {as_column(c) for c in rules()["keys"]["begin"]}
    begin |= {Column(r, c) for r, columns in lineage.columns.items() for c in columns if c in names}
    found = begin | {c for b in begin for c in lineage.downstream(b, values=False, keep=_copied)}
    # A relation that keeps kinds of things apart is judged by its parts. What is staged is evidence, not the register.
    split = {c.relation.partition("[")[0] for c in lineage.edges if "[" in c.relation}
    return {c for c in found if c.relation.partition(".")[0] in (*BUILT, "temp") and c.relation not in split}


def of_persons(lineage: Lineage) -> set[str]:
    """The relations with a person key, and those that are of persons whatever they hold."""
    keyed = {c.relation for c in person_keys(lineage)}
    return keyed | {r for r in lineage.columns if r.startswith(tuple(rules()["keys"]["relations"]))}


def no_path_to_persons(lineage: Lineage) -> Iterator[Broken]:
    """No field of a zone without persons, nor that its record exists, reaches a relation with a person key, in whatever
    way: value, row, join or filter. Two kinds of step are left out, for they carry nothing of a record: a join on the
    source of both rows (a source without persons has no such row there), and a relation of labels alone (see `labels`).
    An inventory may come near persons through a dwelling: then without that step there is no path."""
    keyed = of_persons(lineage)
    bare = labels(lineage)
    for contract in lineage.contracts.values():
        if contract.zone not in rules()["zones"]:
            continue
        through = set(rules()["through"].get(contract.zone, {}).get("relations", ()))
        keep = _without(bare | through)
        mine = [f for f in lineage.fields() if f.relation.partition(".")[0] == contract.source]
        for field in mine:
            reached = {c.relation for c in lineage.downstream(field, values=False, keep=keep)} & keyed
            for relation in sorted(reached):
                path = lineage.paths(field, Column(relation, ROWS), keep) or _to_any(lineage, field, relation, keep)
                shown = " > ".join(f"{c} ({kind})" if kind else str(c) for c, kind in path)
                yield Broken(f"zone {contract.zone} reaches a person", shown)


def labels(lineage: Lineage) -> set[str]:
    """Relations none of whose columns is made of or decided by a field: names of sources and entities. That such a row
    is there tells that something was claimed at all, and nothing of a record."""
    told = {f for f in lineage.fields() if f.name != ROWS}
    fed: set[Column] = set()
    for field in told:
        if field not in fed:
            fed |= lineage.downstream(field, values=False, keep=lambda c, _: c.name != ROWS)
    made = {r for r in lineage.columns if r.startswith(("temp.", "register."))}
    sorted_out = {c.relation for c, deps in lineage.edges.items()
                  if c.name == ROWS and any(d.column in fed and d.kind in (FILTER, JOIN) for d in deps)}  # fmt: skip
    return {r for r in made - sorted_out if not any(Column(r, c) in fed for c in lineage.columns[r])}


def no_denied_attribute(lineage: Lineage, declared: Marts) -> Iterator[Broken]:
    """No column of what is built bears the name of a denied attribute, and none of a mart its title."""
    for relation, columns in sorted(lineage.columns.items()):
        for column in columns if relation.partition(".")[0] in BUILT else ():
            title = declared.titles.get(column, NO_TITLE) if relation.startswith("marts.") else NO_TITLE
            words = column.replace("_", " ")
            for denied in denied_attributes():
                if words not in denied.allow and denied.words.search(f"{words}\n{title.zh}\n{title.en.lower()}"):
                    yield Broken(f"denied attribute {denied.name}", f"{relation}.{column}")


def no_person_key_where_cases_are(lineage: Lineage) -> Iterator[Broken]:
    """No relation made of cases, and no mart, has a column that is a person key."""
    fed = {c.relation for c in lineage.downstream(Column(CASES, ROWS), values=False, keep=_not_labels(lineage))}
    cases = {r for r in fed if r.startswith(("prepared.", "marts."))} | {CASES}
    for key in sorted(person_keys(lineage)):
        if key.relation in cases or key.relation.startswith("marts."):
            yield Broken("person key", str(key))


def people_are_counted(lineage: Lineage, declared: Marts) -> Iterator[Broken]:
    """Every mart that is made of persons counts them: between its rows and theirs lies a sum, and it has a measure."""
    keyed = of_persons(lineage)
    for mart in declared.marts.values():
        target = Column(f"marts.{mart.name}", ROWS)
        every = {c.relation for c in (target, *lineage.upstream(target))}
        if every & keyed and not mart.measures:
            yield Broken("a mart of persons without a measure", target.relation)
        if reached := sorted(_unfolded(lineage, target) & keyed):
            yield Broken("a mart of persons that does not count them", f"{target.relation} from {', '.join(reached)}")


def _unfolded(lineage: Lineage, start: Column) -> set[str]:
    """The relations whose rows come into those of another one by one."""
    found, queue = set[str](), [start]
    while queue:
        here = queue.pop()
        if here.relation in found or here.relation in lineage.folded:
            continue
        found.add(here.relation)
        queue += [d.column for d in lineage.into(here) if d.column.name == ROWS and d.kind in (ROW, JOIN)]
    return found


def no_verdict_on_persons(lineage: Lineage) -> Iterator[Broken]:
    """No column of a relation with a person key bears a name that judges people."""
    excused = rules()["said_of_records"]
    for relation in sorted(of_persons(lineage)):
        if relation.startswith("temp."):
            continue  # gone when the build ends
        for column in lineage.columns.get(relation, ()):
            for rule in rules()["refused"]:
                if column not in excused and any(_says(column, word) for word in rule["words"]):
                    yield Broken(rule["en"], f"{relation}.{column}")


def every_figure_has_an_origin(lineage: Lineage, declared: Marts) -> Iterator[Broken]:
    """Every column of every mart goes back to a field of a contract or to a declared origin."""
    for mart in declared.marts.values():
        for name in mart.columns:
            column = Column(f"marts.{mart.name}", name)
            everything = lineage.upstream(column, values=False)
            if not any(lineage.is_field(c) or lineage.origin(c) for c in everything):
                yield Broken("no origin", str(column))


def kept_as_evidence_only(lineage: Lineage) -> list[Column]:
    """Fields that are taken, land, are checked, and go no further: into no claim."""
    return [
        field for field in lineage.fields()
        if field.name != ROWS
        and not any(c.relation.startswith("claims.") and c.name not in _VERSION for c in lineage.downstream(field))
    ]  # fmt: skip


_VERSION = ("claim_id", "content_hash")


def _says(column: str, word: str) -> bool:
    if not word.isascii():
        return word in column
    return re.search(rf"(?:^|_){word}(?:$|_)", column) is not None


def _copied(_: Column, dep: Dep) -> bool:
    return dep.copied and dep.kind == VALUE


def _without(relations: set[str]) -> Keep:
    return lambda column, dep: not dep.own and column.relation not in relations


def _not_labels(lineage: Lineage) -> Keep:
    return _without(labels(lineage))


def _to_any(lineage: Lineage, field: Column, relation: str, keep: Keep) -> list[tuple[Column, str]]:
    for name in lineage.columns.get(relation, ()):
        if path := lineage.paths(field, Column(relation, name), keep):
            return path
    return [(field, ""), (Column(relation, ROWS), "?")]

"""A contract's checks as a suite: every rule with its condition of a bad row, and one hash over all of them.

Built in memory for each run. The hash covers conditions, limits, tolerances and bounds, so that a run says under
which suite it judged, and a suite that was loosened to make a red night green can be told.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

from expectations.checks.arguments import Reference
from expectations.checks.registry import all_kinds
from expectations.checks.scope import Scope
from expectations.masks import masked
from expectations.model import Check, Contract, Entity, Text
from expectations.relations import staged_column
from expectations.sql import Sql, fill, joined, name, value, values


@dataclass(frozen=True)
class Rule:
    """One check of one entity. place: its number in the entity. bad: true for a row that fails, else false."""

    source: str
    entity: str
    place: int
    check: Check
    bad: Sql
    shown: Sql
    owner: Text
    hint: Text

    @property
    def reads(self) -> tuple[Reference, ...]:
        """The other tables the condition needs, each with its source."""
        found = [a for a in self.check.args.values() if isinstance(a, Reference)]
        siblings = [a for n, a in self.check.args.items() if n in ("entity", "person")]
        own = [Reference(self.source, entity, "") for entity in siblings]
        return (*(replace(r, source=r.source or self.source) for r in found), *own)


@dataclass(frozen=True)
class Suite:
    """All rules of a source."""

    contract: Contract
    rules: tuple[Rule, ...]
    hash: str

    def of(self, entity: str) -> list[Rule]:
        """The rules of one entity, in the contract's order."""
        return [r for r in self.rules if r.entity == entity]


def build_suite(contract: Contract) -> Suite:
    """The suite of a contract."""
    rules = tuple(r for e in contract.entities.values() for r in _rules(contract, e))
    facts = [
        *(
            (r.entity, r.check.rule, r.bad, r.check.severity, r.check.tolerance, r.check.effect, r.check.blanks)
            for r in rules
        ),
        *((e.name, e.rows, e.fresh) for e in contract.entities.values()),
    ]
    return Suite(contract, rules, hashlib.sha256(repr(facts).encode()).hexdigest())


def _rules(contract: Contract, entity: Entity) -> Iterator[Rule]:
    scope = Scope(contract.source, entity)
    for place, check in enumerate(entity.checks):
        yield Rule(
            source=contract.source,
            entity=entity.name,
            place=place,
            check=check,
            bad=_bad(scope, check),
            shown=masked(contract, entity, check.columns[0]),
            owner=check.owner or contract.owner,
            hint=check.fix_hint or contract.fix_hint,
        )


def _bad(scope: Scope, check: Check) -> Sql:
    """The kind's condition with its NULLs decided, for the rows the check concerns."""
    predicate = all_kinds()[check.kind].predicate(scope, check)
    decided = fill("coalesce({{predicate}}, {{policy}})", predicate=predicate, policy=value(check.nulls == "fail"))
    if not check.when:
        return decided
    asked = joined((_one_of(column, codes) for column, codes in check.when.items()), " and ")
    return fill("(coalesce({{asked}}, false) and {{decided}})", asked=asked, decided=decided)


def _one_of(column: str, codes: tuple[str, ...]) -> Sql:
    return fill("{{column}} in {{codes}}", column=name(staged_column(column)), codes=values(codes))

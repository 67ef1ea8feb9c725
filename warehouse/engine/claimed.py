"""One claim of one contract entity as SQL: the template of `2_claims/` is the same for all, the columns are not."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from expectations.claims import HOUSE, ORGANISATION, RESIDENCE, ClaimEntity, vocabulary
from expectations.contract import Contract
from expectations.model import IDENTITY_COLUMNS, Claim, Entity, Said
from expectations.relations import accepted_versions, staged_column
from expectations.sql import Sql, fill, joined, name, value, values
from warehouse.engine.relation import CLAIMS, relation
from warehouse.engine.sql import call, cast, listing, typed
from warehouse.engine.staged import TYPES

SCHEMA = "claims"
COMMON = (
    "claim_id", "obs_key", "source", "entity", "source_record_id", "content_hash", "whole_id", "trust", "changed_at",
    "known_from", "op", "ended",
)  # fmt: skip
# What the words of a contract add to a claim. person_key: the obs_key of the person's record; is_void: the source took
# it back as if never said; lists_all: whoever the record does not list does not live there; confirmed_for: days that it
# stands.
ADDED = {
    RESIDENCE: {"person_key": "VARCHAR", "is_void": "BOOLEAN", "confirmed_for": "INTEGER"},
    HOUSE: {"lists_all": "BOOLEAN"},
    ORGANISATION: {"confirmed_for": "INTEGER"},
}
_KINDS = {**TYPES, "token": "VARCHAR", "guid": "VARCHAR", "grid": "VARCHAR", "credit": "VARCHAR", "month": "DATE"}
_IDENTITY_KINDS = {"id_birth": "DATE"}


def claim_table(claim: str) -> Sql:
    """`claims.<claim entity>`."""
    return name(SCHEMA, claim)


def claim_columns(claim: ClaimEntity) -> dict[str, str]:
    """The columns of a claim entity after the common ones, each with its DuckDB type, in order."""
    columns = dict(ADDED.get(claim.name, {}))
    columns |= {a.name: _KINDS[a.type] for a in claim.attributes.values()}
    if claim.identified:
        columns |= {c: _IDENTITY_KINDS.get(c, "VARCHAR") for c in IDENTITY_COLUMNS}
    return columns


def table_of(claim: ClaimEntity) -> Sql:
    """The statement that makes its table."""
    declared = listing(typed(name(c), kind) for c, kind in claim_columns(claim).items())
    return relation(CLAIMS, "claim_table", table=claim_table(claim.name), declarations=declared)


@dataclass(frozen=True)
class Claimed:
    """One claim of one entity of one source."""

    source: str
    entity: Entity
    claim: Claim

    @cached_property
    def kind(self) -> ClaimEntity:
        return vocabulary()[self.claim.entity]

    @property
    def table(self) -> Sql:
        return claim_table(self.claim.entity)

    @property
    def versions(self) -> Sql:
        """The view the claim is made from."""
        return accepted_versions(self.source, self.entity.name)

    @property
    def scope(self) -> dict[str, str]:
        return {"source": self.source, "entity": self.entity.name}

    def shape(self, staged: str) -> str:
        """SHA-256 over all that decides what the claims look like; staged: the shape of the entity's table."""
        facts = (staged, self.claim.trust, self.insert(), table_of(self.kind), relation(CLAIMS, "_forms"))
        return hashlib.sha256("\x1f".join(map(str, facts)).encode()).hexdigest()

    def stale(self) -> Sql:
        """Takes back what is no longer accepted."""
        return relation(CLAIMS, "claim_stale", table=self.table, versions=self.versions)

    def insert(self) -> Sql:
        """Claims what is not claimed yet."""
        return relation(
            CLAIMS, "claim_insert",
            table=self.table, versions=self.versions, whole=self._whole(), ended=self._ended(),
            attributes=listing(self._columns()),
        )  # fmt: skip

    def trusts(self) -> list[tuple[str, int]]:
        """The attributes with a trust of their own."""
        return [(n, s.trust) for n, s in self.claim.attributes.items() if s.trust is not None]

    def _columns(self) -> Iterable[Sql]:
        yield from (cast(self._added(word), kind) for word, kind in ADDED.get(self.kind.name, {}).items())
        for attribute in self.kind.attributes.values():
            said = self.claim.attributes.get(attribute.name)
            kind = _KINDS[attribute.type]
            yield cast(call(f"claim_{attribute.type}", _said(said)) if said else Sql("null"), kind)
        if self.kind.identified:
            yield from (cast(name("versions", c), _IDENTITY_KINDS.get(c, "VARCHAR")) for c in IDENTITY_COLUMNS)

    def _whole(self) -> Sql:
        return call("claim_text", _column(self.claim.whole)) if self.claim.whole else Sql("null")

    def _ended(self) -> Sql:
        said = (_coded(self.claim.ended), *(_emptied(column) for column in self.claim.emptied))
        return joined(said, " or ")

    def _added(self, word: str) -> Sql:
        if word == "person_key":
            whose = value(self.claim.of or self.entity.name)
            return call("claim_key", Sql("$source"), whose, name("versions", "source_record_id"))
        if word == "confirmed_for":
            return value(self.claim.confirmed_for.days if self.claim.confirmed_for else None)
        return _coded(self.claim.void if word == "is_void" else self.claim.lists_all)


def claims_of(contract: Contract) -> list[Claimed]:
    """All claims of a contract."""
    return [Claimed(contract.source, e, c) for e in contract.entities.values() for c in e.claims]


def _coded(codes_of: Mapping[str, tuple[str, ...]]) -> Sql:
    """Whether one of the columns holds one of its codes."""
    said = (
        fill("coalesce({{column}} in {{codes}}, false)", column=_column(column), codes=values(codes))
        for column, codes in codes_of.items()
    )
    return joined([*said] or [Sql("false")], " or ")


def _column(column: str) -> Sql:
    return name("versions", staged_column(column))


def _emptied(column: str) -> Sql:
    """Whether the source stated the column and a check emptied it."""
    return fill("coalesce(list_contains(versions.blanked, {{c}}), false)", c=value(staged_column(column)))


def _said(said: Said) -> Sql:
    if said.given:
        stated = (fill("{{c}} is not null or {{e}}", c=_column(c), e=_emptied(c)) for c in said.given)
        return fill("case when {{stated}} then '1' end", stated=joined(stated, " or "))
    if said.column is None:
        return value(said.constant)
    if not said.codes:
        return _column(said.column)
    cases = joined((fill("when {{a}} then {{b}}", a=value(a), b=value(b)) for a, b in said.codes.items()), " ")
    if said.digits is None:
        return fill("case {{column}} {{cases}} else {{column}} end", column=_column(said.column), cases=cases)
    first, last = said.digits
    part = call("substr", _column(said.column), value(first), value(last - first + 1))
    return fill("case {{part}} {{cases}} end", part=part, cases=cases)

"""Survivorship and provenance, made from the vocabulary: who wins an attribute, and what every source says of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from expectations.claims import vocabulary
from expectations.sql import Sql, fill, joined, name, value
from warehouse.engine.connection import Connection
from warehouse.engine.relation import REGISTER, make_table, relation
from warehouse.engine.sql import listing

STEP = 2**114  # of register_order: what one point of trust is worth
# What provenance tells of a person beside the attributes: never a token, never anything in clear.
_SHOWN_OF_IDENTITY = ("id_type", "id_check", "id_mask", "name_mask")


@dataclass(frozen=True)
class Thing:
    """One kind of thing in the register; key: the expression over its claims that names it, where it has such a key."""

    name: str
    letter: str
    key: str | None = None
    stated: bool = False  # its records state a state of their own

    @property
    def id(self) -> Sql:
        return name(f"{self.name}_id")

    @property
    def member(self) -> Sql:
        return name("register", f"{self.name}_member")

    @property
    def winner(self) -> Sql:
        return name("register", f"{self.name}_winner")

    @property
    def present(self) -> Sql:
        return name("temp", f"present_{self.name}")

    @property
    def claims(self) -> Sql:
        return name("claims", self.name)


PERSON = Thing("person", "P")
HOUSE = Thing("house", "H", stated=True)
BUILDING = Thing("building", "B")
GRID_CELL = Thing("grid_cell", "G", key="grid_code")
DEVICE = Thing("device", "D", key="device_code", stated=True)
VEHICLE = Thing("vehicle", "V", key="plate || '|' || coalesce(kind, '')")
ORGANISATION = Thing("organisation", "O")
FACILITY = Thing("facility", "F", key="part_code", stated=True)
THINGS = (PERSON, HOUSE, BUILDING, GRID_CELL, DEVICE, VEHICLE, ORGANISATION, FACILITY)


def make_winner(connection: Connection, thing: Thing) -> None:
    """Make `register.<thing>_winner`: per attribute the value that holds and the claim that says it."""
    overrides = _overrides(connection, thing)
    winners = listing(
        fill(
            "arg_min(present.{{a}}, {{place}}) filter (where present.{{a}} is not null) as {{a}},\n"
            "    arg_min(present.claim_id, {{place}}) filter (where present.{{a}} is not null) as {{claim}}",
            a=name(a), claim=name(f"{a}_claim"), place=_place(overrides.get(a)),
        )
        for a in vocabulary()[thing.name].attributes
    )  # fmt: skip
    select = relation(REGISTER, "winner", id=thing.id, member=thing.member, present=thing.present, winners=winners)
    make_table(connection, thing.winner, select)


def make_provenance(connection: Connection) -> None:
    """Make the view `register.provenance` over all things."""
    corrected = (
        relation(REGISTER, "provenance_corrected", thing=value(t.name), id=t.id, member=t.member)
        for t in (PERSON, HOUSE)
    )
    parts = joined((*(_provenance(thing) for thing in THINGS), *corrected), "\nunion all\n")
    connection.execute(fill("create or replace view register.provenance as\n{{parts}}", parts=parts))


def _provenance(thing: Thing) -> Sql:
    attributes = list(vocabulary()[thing.name].attributes)
    shown = [*attributes, *(_SHOWN_OF_IDENTITY if thing == PERSON else ())]
    return relation(
        REGISTER, "provenance", thing=value(thing.name), id=thing.id, member=thing.member, claims=thing.claims,
        winner=thing.winner,
        values=listing(fill("{{c}}::varchar as {{c}}", c=name(c)) for c in shown),
        columns=joined(map(name, shown), ", "),
        winners=listing(fill("{{c}} as {{a}}", c=name(f"{a}_claim"), a=name(a)) for a in attributes),
        won=joined(map(name, attributes), ", "),
    )  # fmt: skip


def _overrides(connection: Connection, thing: Thing) -> dict[str, list[tuple[str, str, int]]]:
    rows = connection.execute(
        "select attribute, source, entity, trust from claims.trust where claim = $claim order by all",
        {"claim": thing.name},
    ).fetchall()
    found: dict[str, list[tuple[str, str, int]]] = {}
    for attribute, source, entity, trust in rows:
        found.setdefault(attribute, []).append((source, entity, trust))
    return found


def _place(rows: Iterable[tuple[str, str, int]] | None) -> Sql:
    """Where a claim stands among those of its attribute; rows: the entities that are trusted otherwise about it."""
    if rows is None:
        return name("present", "place")
    cases = joined((
        fill("when present.source = {{s}} and present.entity = {{e}} then {{t}}", s=value(s), e=value(e), t=value(t))
        for s, e, t in rows
    ), " ")  # fmt: skip
    # The trust is the leading part of the place: moved by as much as it differs.
    return fill(
        "present.place + (present.trust - case {{cases}} else present.trust end)::hugeint * {{step}}",
        cases=cases, step=value(STEP),
    )  # fmt: skip

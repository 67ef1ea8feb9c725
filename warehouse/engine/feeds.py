"""Which records feed which figures: a subject of the marts, and the source entities whose loads it rests on.

Subjects: a thing of the register (`person`, `device`, …), `resident` (person and residence), `dwelling` (those and the
house), `employer` (an organisation with a number of the employers' register), a kind of case, its ratings
(`petition_rating`), a kind of count. Read off the contracts of what is staged, and off the claims for what has none.
Made here and not in SQL, for no mart may read cases and persons together.
"""

from __future__ import annotations

from collections.abc import Iterator

from expectations.claims import vocabulary
from expectations.model import Claim
from expectations.sql import Sql, fill, name, value
from warehouse.engine.connection import Connection
from warehouse.engine.nightly import staged_contracts

Feed = tuple[str, str, str]  # subject, source, entity
RATED = ("satisfaction", "satisfaction_intake", "feedback_score")
MIXED = {"person": ("resident", "dwelling"), "residence": ("resident", "dwelling"), "house": ("dwelling",)}
CASE, COUNT, ORGANISATION = "case", "service_count", "organisation"


def feeds(connection: Connection) -> list[Feed]:
    """Every feed, in order."""
    declared = {
        (subject, contract.source, entity.name)
        for contract in staged_contracts(connection)
        for entity in contract.entities.values()
        for claim in entity.claims
        for subject in _subjects(claim)
    }
    return sorted(declared | set(_found(connection)))


def _subjects(claim: Claim) -> Iterator[str]:
    kind = claim.attributes["kind"].constant if "kind" in claim.attributes else None
    if claim.entity == CASE:
        if kind and "received_at" in claim.attributes:
            yield kind
        if kind and ({"received_at", *RATED} & set(claim.attributes)):
            yield f"{kind}_rating"
    elif claim.entity == COUNT:
        yield from (kind,) if kind else ()
    else:
        yield claim.entity
        yield from MIXED.get(claim.entity, ())
        if claim.entity == ORGANISATION and "number" in claim.attributes:
            yield "employer"


def _found(connection: Connection) -> Iterator[Feed]:
    """What the claims hold, whoever said it."""
    for claim in vocabulary():
        kind = name("kind") if claim in (CASE, COUNT) else value(claim)
        when = name("received_at") if claim == CASE else kind
        yield from _told(connection, claim, kind, when)
        if claim == CASE:
            yield from _told(connection, claim, fill("{{k}} || '_rating'", k=kind), kind)
        for mixed in MIXED.get(claim, ()):
            yield from _told(connection, claim, value(mixed), kind)
        if claim == ORGANISATION:
            yield from _told(connection, claim, value("employer"), name("number"))


def _told(connection: Connection, claim: str, subject: Sql, told: Sql) -> list[Feed]:
    query = fill(
        "select distinct {{subject}}, source, entity from {{table}} where {{told}} is not null",
        subject=subject, table=name("claims", claim), told=told,
    )  # fmt: skip
    return [(found, source, entity) for found, source, entity in connection.execute(query).fetchall()]

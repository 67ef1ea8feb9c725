"""Claims: what every accepted version of every source says of the things in the register.

Flow: accepted versions -> `claims.<claim entity>`, one row per version. Only what is new is claimed, and what is no
longer accepted is taken back, so that an incremental build equals a full one. An entity whose table is behind its
contract, or was staged anew and not judged since, waits: its claims stay as they were. No file here names a source.
"""

from __future__ import annotations

import time
from collections.abc import Container, Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from expectations.claims import vocabulary
from expectations.contract import Contract
from expectations.faultpoint import faultpoint, register
from expectations.relations import acceptance, table_name
from expectations.sql import Sql, fill, name
from warehouse.engine.claimed import COMMON, SCHEMA, Claimed, claim_columns, claims_of, table_of
from warehouse.engine.connection import Connection, transaction
from warehouse.engine.relation import CLAIMS, relation, scripts
from warehouse.engine.staged import StagedEntity, staged_entities

register("claims.before_insert", "claims.before_commit")


@dataclass
class ClaimsReport:
    """Rows added and taken back per claim entity.

    anew: what was claimed from the beginning. waiting: the entities whose claims stay, each with the reason.
    """

    added: dict[str, int] = field(default_factory=dict)
    removed: dict[str, int] = field(default_factory=dict)
    anew: list[str] = field(default_factory=list)
    waiting: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {**asdict(self), "seconds": round(self.seconds, 3)}


def build_claims(connection: Connection, contracts: Iterable[Contract], *, full: bool = False) -> ClaimsReport:
    """Bring `claims.*` in line with what is accepted; an entity that no check has released claims nothing.

    full: claim everything anew. Each claim of an entity is one transaction.
    """
    started = time.monotonic()
    report = ClaimsReport()
    scripts(connection, CLAIMS, "_schema")
    scripts(connection, CLAIMS, "_forms")
    _ensure_tables(connection)
    _take_origins(connection)
    listed, released = list(contracts), _released(connection)
    waiting = _waiting(connection, listed, released)
    report.waiting = {"/".join(entity): why for entity, why in sorted(waiting.items())}
    wanted = [c for contract in listed for c in claims_of(contract) if _view(c) in released]
    _drop_unwanted(connection, wanted, waiting, report)
    known = _known(connection)
    for claimed in (c for c in wanted if (c.source, c.entity.name) not in waiting):
        key = (claimed.claim.entity, claimed.source, claimed.entity.name)
        shape = claimed.shape(released[_view(claimed)])
        anew = full or known.get(key) != shape
        if anew:
            report.anew.append("/".join(key))
        with transaction(connection):
            _claim(connection, claimed, shape, anew, report)
            faultpoint("claims.before_commit")
    report.seconds = time.monotonic() - started
    return report


def _waiting(connection: Connection, contracts: list[Contract], released: dict[str, str]) -> dict[tuple[str, str], str]:
    """The entities that cannot be claimed from now, with the reason; on record for the register's own checks."""
    found = {}
    for staged in (s for contract in contracts for s in staged_entities(contract).values()):
        shape = released.get(table_name(staged.source, staged.entity.name))
        if shape is None:
            continue
        if shape != staged.shape:
            found[staged.source, staged.entity.name] = "behind"
        elif connection.execute(_unjudged(staged)).fetchall() != [(0,)]:
            found[staged.source, staged.entity.name] = "unjudged"
    with transaction(connection):
        connection.execute("delete from claims.waiting")
        for (source, entity), why in sorted(found.items()):
            connection.execute("insert into claims.waiting values ($1, $2, $3)", [source, entity, why])
    return found


def _unjudged(staged: StagedEntity) -> Sql:
    labels = acceptance(staged.source, staged.entity.name)
    return relation(CLAIMS, "unjudged", acceptance=labels, staged=staged.table)


def _claim(connection: Connection, claimed: Claimed, shape: str, anew: bool, report: ClaimsReport) -> None:
    claim, scope = claimed.claim.entity, claimed.scope
    if anew:
        _forget(connection, claim, scope)
        facts = {**scope, "claim": claim, "trust": claimed.claim.trust, "shape": shape}
        connection.execute("insert into claims.shape values ($claim, $source, $entity, $trust, $shape)", facts)
        for attribute, trust in claimed.trusts():
            connection.execute(
                "insert into claims.trust values ($claim, $source, $entity, $attribute, $trust)",
                {**scope, "claim": claim, "attribute": attribute, "trust": trust},
            )
    else:
        _count(report.removed, claim, connection.execute(claimed.stale(), scope).fetchall())
    faultpoint("claims.before_insert")
    added = connection.execute(claimed.insert(), {**scope, "trust": claimed.claim.trust}).fetchall()
    _count(report.added, claim, added)


def _count(counts: dict[str, int], claim: str, rows: list[tuple[Any, ...]]) -> None:
    counts[claim] = counts.get(claim, 0) + int(rows[0][0])


def _forget(connection: Connection, claim: str, scope: dict[str, str]) -> int:
    """Take back all that an entity claims of one kind of thing."""
    where = "delete from {{table}} where source = $source and entity = $entity"
    rows = connection.execute(fill(where, table=name(SCHEMA, claim)), scope).fetchall()
    for table in ("shape", "trust"):
        text = fill("{{delete}} and claim = $claim", delete=fill(where, table=name(SCHEMA, table)))
        connection.execute(text, {**scope, "claim": claim})
    return int(rows[0][0])


def _ensure_tables(connection: Connection) -> None:
    """Make the tables; one whose columns changed is made anew, and with it all that was claimed in it."""
    for claim in vocabulary().values():
        rows = connection.execute(
            "select column_name from duckdb_columns() where schema_name = 'claims' and table_name = $claim "
            "order by column_index",
            {"claim": claim.name},
        ).fetchall()
        if rows and [r for (r,) in rows][len(COMMON) :] != list(claim_columns(claim)):
            connection.execute(fill("drop table {{table}}", table=name(SCHEMA, claim.name)))
            connection.execute("delete from claims.shape where claim = $claim", {"claim": claim.name})
        connection.execute(table_of(claim))


def _take_origins(connection: Connection) -> None:
    """How old the records are that lost versions to a purge."""
    with transaction(connection):
        connection.execute("delete from claims.origin")
        connection.execute(relation(CLAIMS, "origin_insert"))


def _view(claimed: Claimed) -> str:
    return table_name(claimed.source, claimed.entity.name)


def _released(connection: Connection) -> dict[str, str]:
    """The entities that have an acceptance, each with the shape of its staged table."""
    rows = connection.execute(Sql(
        "select views.view_name, shape.shape from ledger.shape "
        "join duckdb_views() as views on views.view_name = shape.source || '__' || shape.entity "
        "where views.schema_name = 'accepted'"
    )).fetchall()  # fmt: skip
    return dict(rows)


def _known(connection: Connection) -> dict[tuple[str, str, str], str]:
    rows = connection.execute("select claim, source, entity, shape from claims.shape").fetchall()
    return {(claim, source, entity): shape for claim, source, entity, shape in rows}


def _drop_unwanted(
    connection: Connection, wanted: list[Claimed], waiting: Container[tuple[str, str]], report: ClaimsReport
) -> None:
    """What a contract no longer claims, and what a source that left had claimed."""
    keep = {(c.claim.entity, c.source, c.entity.name) for c in wanted}
    gone = sorted(key for key in set(_known(connection)) - keep if key[1:] not in waiting)
    for claim, source, entity in gone:
        with transaction(connection):
            rows = _forget(connection, claim, {"source": source, "entity": entity})
        report.removed[claim] = report.removed.get(claim, 0) + rows

"""Who is meant: all records of one resident, from one observation or from a person of the register.

The identity number of the record's newest version is the bridge to the others; one that fails its check digit is not,
for it may be somebody else's. Where the register is built, its person adds the records that bear no number. Records
that speak of a found one under the same key (a stay) belong to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from expectations.errors import CallRejected
from expectations.model import Contract
from expectations.relations import staged, table_name
from expectations.sql import Sql, fill
from warehouse.decisions.judgements import Record
from warehouse.decisions.keys import Keyed
from warehouse.decisions.tombstones import RECORD, TOKEN, Stone, companions
from warehouse.engine.connection import Connection

NEWEST = """
select source_record_id, id_token
from {{table}}
where op = 'upsert'
qualify row_number() over (
    partition by source_record_id order by changed_at desc nulls last, content_hash desc
) = 1 and id_token is not null and coalesce(id_check, '') <> 'invalid'
"""
SHARING = "select source_record_id from ({{newest}}) where id_token in (select unnest($tokens::varchar[])) order by 1"
TOKENS = "select id_token from ({{newest}}) where source_record_id = $record"
HELD = "select 1 from {{table}} where source_record_id = $record limit 1"
MEMBERS = """
select distinct source_record_id
from {{table}}
where md5(concat($source, '|', $entity, '|', source_record_id)) in (
    select member.obs_key
    from register.person_member as member
    where member.person_id in (select unnest($persons::varchar[]))
)
order by 1
"""


@dataclass(frozen=True)
class Subject:
    """One resident as the warehouse knows them: records in order, and the tokens that bind them."""

    records: tuple[Record, ...]
    tokens: tuple[str, ...]

    def stones(self, keyed: Keyed) -> list[Stone]:
        """The tombstones that keep all of it out."""
        records = [Stone(keyed.record(*r), "", RECORD, r.source, r.entity) for r in self.records]
        return [*records, *(Stone(keyed.token(t), "", TOKEN, None, None) for t in self.tokens)]

    def digests(self, keyed: Keyed) -> list[str]:
        """How the access log names the resident: one short digest per record and token."""
        records = [keyed.record(*r) for r in self.records]
        return sorted(digest[:32] for digest in [*records, *(keyed.token(t) for t in self.tokens)])


def no_record(record: Record) -> CallRejected:
    """DS-NONE: a record that is not there, or not in the scope of who asks."""
    return CallRejected("DS-NONE", detail=f"{record.source}: {record.entity} has no such record")


def no_person() -> CallRejected:
    """DS-NONE: a person who is not there, or not in the scope of who asks."""
    return CallRejected("DS-NONE", detail="the register has no person of this id")


def find_subject(
    connection: Connection, contracts: Sequence[Contract], record: Record, *, records_only: bool = False
) -> Subject:
    """The resident of an observation. records_only: no further than the record and what shares its key.

    Raises: CallRejected DS-NONE for a record that was never staged or whose entity speaks of no person.
    """
    contract = _contract(contracts, record)
    there = _tables(connection)
    if table_name(record.source, record.entity) not in there:
        raise CallRejected("DS-NONE", detail=f"{record.source}: nothing of {record.entity} is staged")
    if not connection.execute(fill(HELD, table=_table(record)), {"record": record.record_id}).fetchall():
        raise no_record(record)
    person = record._replace(entity=_person_entity(contract, record.entity))
    if records_only:
        return _with_companions(connection, contracts, {record, person}, set())
    # The register also knows the records that bear no number; it may not be built yet.
    members = _members(connection, contracts, _persons_of(connection, person))
    return _whole(connection, contracts, {record, person, *members})


def subject_of_person(connection: Connection, contracts: Sequence[Contract], person_id: str) -> Subject:
    """All observations the register holds of a person, and what shares their numbers. Raises CallRejected DS-NONE."""
    members = _members(connection, contracts, [person_id] if _has_register(connection) else [])
    if not members:
        raise no_person()
    return _whole(connection, contracts, members)


def _whole(connection: Connection, contracts: Sequence[Contract], records: set[Record]) -> Subject:
    """The records, their tokens, what shares these, and what speaks of all of it."""
    there, tokens = _tables(connection), set[str]()
    for record in records:
        entity = next(c.entities[record.entity] for c in contracts if c.source == record.source)
        if entity.identity is not None and table_name(record.source, record.entity) in there:
            found = connection.execute(fill(TOKENS, newest=_newest(record)), {"record": record.record_id})
            tokens |= {token for (token,) in found.fetchall()}
    return _with_companions(connection, contracts, records | _sharing(connection, contracts, tokens), tokens)


def _has_register(connection: Connection) -> bool:
    return bool(
        connection.execute(
            "select 1 from duckdb_tables() where schema_name = 'register' and table_name = 'person_member'"
        ).fetchall()
    )


def _persons_of(connection: Connection, record: Record) -> list[str]:
    if not _has_register(connection):
        return []
    rows = connection.execute(
        "select distinct person_id from register.person_member "
        "where obs_key = md5(concat($source, '|', $entity, '|', $record))",
        {"source": record.source, "entity": record.entity, "record": record.record_id},
    ).fetchall()
    return [person_id for (person_id,) in rows]


def _members(connection: Connection, contracts: Sequence[Contract], persons: Sequence[str]) -> set[Record]:
    found: set[Record] = set()
    for contract, entity in _person_tables(connection, contracts) if persons else []:
        place = {"source": contract.source, "entity": entity, "persons": list(persons)}
        rows = connection.execute(fill(MEMBERS, table=staged(contract.source, entity)), place).fetchall()
        found |= {Record(contract.source, entity, record_id) for (record_id,) in rows}
    return found


def _sharing(connection: Connection, contracts: Sequence[Contract], tokens: set[str]) -> set[Record]:
    found: set[Record] = set()
    for contract, entity in _person_tables(connection, contracts) if tokens else []:
        newest = _newest(Record(contract.source, entity, ""))
        rows = connection.execute(fill(SHARING, newest=newest), {"tokens": sorted(tokens)}).fetchall()
        found |= {Record(contract.source, entity, record_id) for (record_id,) in rows}
    return found


def _with_companions(
    connection: Connection, contracts: Sequence[Contract], records: set[Record], tokens: set[str]
) -> Subject:
    there = _tables(connection)
    by_source = {contract.source: contract for contract in contracts}
    found = set()
    for record in records:
        names = [record.entity, *companions(by_source[record.source], record.entity)]
        for candidate in (record._replace(entity=name) for name in names):
            held = (
                table_name(candidate.source, candidate.entity) in there
                and connection.execute(fill(HELD, table=_table(candidate)), {"record": candidate.record_id}).fetchall()
            )
            # A companion that never came is named all the same: its tombstone keeps it from coming later.
            if held or candidate.entity != record.entity:
                found.add(candidate)
    return Subject(tuple(sorted(found)), tuple(sorted(tokens)))


def _contract(contracts: Sequence[Contract], record: Record) -> Contract:
    for contract in contracts:
        if contract.source == record.source and record.entity in contract.entities and contract.zone == "R":
            return contract
    raise CallRejected("DS-NONE", detail=f"no source {record.source} of zone R with an entity {record.entity}")


def _person_entity(contract: Contract, entity: str) -> str:
    """The entity itself, or the one whose record of the same key it speaks of."""
    spoken = [c.of for c in contract.entities[entity].claims if c.of]
    if not spoken and contract.entities[entity].identity is None:
        raise CallRejected("DS-NONE", detail=f"{contract.source}: {entity} speaks of no person")
    return spoken[0] if spoken else entity


def _person_tables(connection: Connection, contracts: Sequence[Contract]) -> list[tuple[Contract, str]]:
    there = _tables(connection)
    pairs = [(c, n) for c in contracts for n, e in sorted(c.entities.items()) if e.identity is not None]
    return [(c, n) for c, n in pairs if table_name(c.source, n) in there]


def _tables(connection: Connection) -> set[str]:
    rows = connection.execute("select table_name from duckdb_tables() where schema_name = 'staging'").fetchall()
    return {name for (name,) in rows}


def _table(record: Record) -> Sql:
    return staged(record.source, record.entity)


def _newest(record: Record) -> Sql:
    return fill(NEWEST, table=_table(record))

"""The warehouse without the erased: versions, their labels, findings and claims, and what the register made of them.

Flow: versions that a tombstone names (`temp.gone`) -> rows of the quality, claims and register schemas -> the entity is
staged anew from the swept landing zone, since only that keeps the ledger exact -> the file is copied and the old one
destroyed, because DuckDB leaves deleted rows in its free blocks.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from expectations.errors import SourceChanged
from expectations.faultpoint import faultpoint, register
from expectations.manifest import PREFIX, Manifest
from expectations.model import Contract
from expectations.relations import acceptance, staged, staged_column, table_name
from expectations.sql import Sql, fill, joined, name, statement, value
from warehouse.decisions.landing_sweep import shred, vault_columns
from warehouse.decisions.tombstones import RULE, Tombstones
from warehouse.engine.confirmed import confirmed_loads
from warehouse.engine.connection import Connection, opened, transaction
from warehouse.engine.erased import find_erased_versions
from warehouse.engine.evidence import sha256_of
from warehouse.engine.issued import forget_issued, issued_folder
from warehouse.engine.origins import PURGED
from warehouse.engine.shapes import clear_table
from warehouse.engine.staged import StagedEntity
from warehouse.engine.staging import stage_into

register("erase.before_forget", "erase.forgotten", "erase.before_swap", "erase.linked", "erase.swapped")

KEYS = ("obs_key", "left_key", "right_key")  # columns of the register that name an observation
DERIVED = ("claims", "register")
OLD = ".erased-old"

MADE_KEYS = """
create or replace temp table gone_key as
select distinct md5(concat(gone.source, '|', gone.entity, '|', gone.source_record_id)) as obs_key, gone.source,
    gone.entity, gone.source_record_id
from gone
where not exists (
    select 1
    from {{table}} as staged
    where staged.source_record_id = gone.source_record_id
        and staged.content_hash not in (select content_hash from gone)
)
"""
LONELY = """
create or replace temp table gone_person as
select member.person_id
from register.person_member as member
group by member.person_id
having bool_and(member.obs_key in (select obs_key from gone_key))
"""
TOKENS = "select distinct unnest([{{columns}}]) from {{table}} where content_hash in (select content_hash from gone)"
IN_USE = """
select distinct token
from (select unnest([{{columns}}]) as token from {{table}})
where token in (select unnest($t))
"""


@dataclass
class Versions:
    """What the warehouse holds of one entity: counts by table, and the vault's tokens of these rows."""

    contract: Contract
    entity: str
    counts: dict[str, int]
    tokens: set[str] = field(repr=False)


def scan_warehouse(connection: Connection, contracts: Sequence[Contract], tombstones: Tombstones) -> list[Versions]:
    """Per entity what a tombstone names; nothing is changed."""
    found = []
    for contract in contracts:
        for entity in sorted(contract.entities):
            if _is_staged(connection, contract, entity):
                shape = StagedEntity(contract.source, contract.entities[entity])
                versions = find_erased_versions(connection, shape, tombstones)
                if versions:
                    found.append(_describe(connection, contract, entity, versions))
    return found


def demand_evidence(connection: Connection, landing: Path, entities: Collection[tuple[str, str]]) -> None:
    """What is staged anew must still be landed, to the byte. Raises SourceChanged LO-MIGRATION, nothing lost yet."""
    rows = connection.execute("select source, entity, load_id, file, source_total from ledger.load").fetchall()
    for source, entity, load_id, file, total in rows:
        if (source, entity) in entities and not _evident(landing / source / file, load_id, total):
            raise SourceChanged("LO-MIGRATION", detail=f"{entity}, load {load_id}: its landed file is gone or broken")


def sweep_entity(
    connection: Connection, contract: Contract, entity: str, tombstones: Tombstones, landing: Path
) -> None:
    """Forget an entity's erased rows everywhere and empty its table, in one transaction; `restage` fills it again.

    An entity that holds none, and whose ledger names only files that are there, stays as it is.
    """
    if not _is_staged(connection, contract, entity):
        return
    shape = StagedEntity(contract.source, contract.entities[entity])
    if not find_erased_versions(connection, shape, tombstones) and not is_stale(connection, shape, landing):
        return
    connection.execute(fill(MADE_KEYS, table=shape.table))
    keys = [key for (key,) in connection.execute("select obs_key from gone_key order by obs_key").fetchall()]
    forget_issued(issued_folder(landing), keys, shred)
    with transaction(connection):
        _forget_derived(connection)
        for table, condition in _quality(connection, contract, entity):
            connection.execute(fill("delete from {{table}} where {{condition}}", table=table, condition=condition))
        clear_table(connection, shape)
        faultpoint("erase.before_forget")
    faultpoint("erase.forgotten")


def restage(connection: Connection, contract: Contract, landing: Path, tombstones: Tombstones) -> None:
    """Stage what the ledger does not hold, and drop the labels of versions that are no more. Raises a load's error."""
    [(file,)] = connection.execute(
        "select path from duckdb_databases() where database_name = current_database()"
    ).fetchall()
    confirmed = confirmed_loads(Path(file), contract.source)
    report = stage_into(connection, contract, landing, confirmed, tombstones)
    if lost := [e for e in report.errors if e.code != "EX-FLOOR"]:
        raise lost[0]
    for entity in sorted(contract.entities):
        labels = acceptance(contract.source, entity)
        if _there(connection, "acceptance", table_name(contract.source, entity)):
            connection.execute(statement("accept_gone", acceptance=labels, staged=staged(contract.source, entity)))


def tokens_in_use(connection: Connection, contracts: Sequence[Contract], wanted: frozenset[str]) -> set[str]:
    """Which of the vault's tokens some staged version still holds."""
    left: set[str] = set()
    for contract in contracts:
        for entity in sorted(contract.entities):
            columns = _vault_columns(contract, entity)
            if columns and wanted and _is_staged(connection, contract, entity):
                text = fill(IN_USE, columns=joined(columns, ", "), table=staged(contract.source, entity))
                left |= {token for (token,) in connection.execute(text, {"t": sorted(wanted)}).fetchall()}
    return left


def compact(warehouse: Path) -> None:
    """Copy what is left into a new file, put it in the old one's place and destroy the old one. The lock is held."""
    old = warehouse.with_name(warehouse.name + OLD)
    fresh = warehouse.with_name(f"{warehouse.name}.fresh")
    if old.exists() and old.samefile(warehouse):  # killed between the second name and the swap
        old.unlink()
    for path in (old, fresh):
        if path.exists():
            shred(path)
    with opened(warehouse) as connection:
        [(present,)] = connection.execute("select current_database()").fetchall()
        connection.execute(fill("attach {{file}} as fresh", file=value(str(fresh))))
        connection.execute(fill("copy from database {{present}} to fresh", present=name(present)))
        connection.execute("checkpoint fresh")
        connection.execute("detach fresh")
    fresh.chmod(0o600)
    faultpoint("erase.before_swap")
    os.link(warehouse, old)
    faultpoint("erase.linked")
    fresh.replace(warehouse)
    faultpoint("erase.swapped")
    shred(old)


def remove_copies(warehouse: Path) -> int:
    """Destroy the older warehouses that rebuilds have kept: they hold the erased. Returns how many there were."""
    kept = sorted(warehouse.parent.glob(f"{warehouse.name}.kept-*"))
    for folder in (f"{warehouse.name}.rebuild", f"{warehouse.name}.anew", f"{warehouse.name}.tmp"):
        kept += [p for p in sorted((warehouse.parent / folder).glob("*")) if p.is_file()]
    for path in kept:
        shred(path)
    return len(kept)


def _describe(connection: Connection, contract: Contract, entity: str, versions: int) -> Versions:
    shape = StagedEntity(contract.source, contract.entities[entity])
    counts = {f"staging.{table_name(contract.source, entity)}": versions}
    connection.execute(fill(MADE_KEYS, table=shape.table))
    for table, condition in [*_quality(connection, contract, entity), *_derived(connection)]:
        text = fill("select count(*) from {{table}} where {{condition}}", table=table, condition=condition)
        [(rows,)] = connection.execute(text).fetchall()
        if rows:
            counts[table.replace('"', "")] = rows
    columns = _vault_columns(contract, entity)
    tokens: set[str] = set()
    if columns:
        text = fill(TOKENS, columns=joined(columns, ", "), table=shape.table)
        tokens = {token for (token,) in connection.execute(text).fetchall() if token}
    return Versions(contract, entity, counts, tokens)


def _quality(connection: Connection, contract: Contract, entity: str) -> list[tuple[Sql, Sql]]:
    """Labels and findings of the versions in `temp.gone`."""
    hashes = Sql("content_hash in (select content_hash from gone)")
    found: list[tuple[Sql, Sql]] = []
    if _there(connection, "acceptance", table_name(contract.source, entity)):
        found.append((acceptance(contract.source, entity), hashes))
    if _there(connection, "quality", "quarantine"):
        where = fill("source = {{s}} and entity = {{e}} and {{h}}", s=value(contract.source), e=value(entity), h=hashes)
        found.append((name("quality", "quarantine"), where))
    return found


def _forget_derived(connection: Connection) -> None:
    for table, condition in _derived(connection):
        connection.execute(fill("delete from {{table}} where {{condition}}", table=table, condition=condition))


def _derived(connection: Connection) -> list[tuple[Sql, Sql]]:
    """The tables that claims and register have by now, each with what in it speaks of the erased."""
    if _there(connection, "register", "person_member"):
        connection.execute(LONELY)
    else:
        connection.execute("create or replace temp table gone_person (person_id varchar)")
    columns: dict[tuple[str, str], set[str]] = {}
    rows = connection.execute(
        "select schema_name, table_name, column_name from duckdb_columns() join duckdb_tables() "
        "using (database_name, schema_name, table_name) where list_contains($schemas, schema_name)",
        {"schemas": list(DERIVED)},
    ).fetchall()
    for schema, table, column in rows:
        columns.setdefault((schema, table), set()).add(column)
    made = [(name(*table), _speaks(names)) for table, names in sorted(columns.items())]
    return [(table, joined(conditions, " or ")) for table, conditions in made if conditions]


def _speaks(columns: set[str]) -> list[Sql]:
    keyed: Callable[[str], Sql] = lambda c: fill("{{c}} in (select obs_key from gone_key)", c=name(c))  # noqa: E731
    found = [keyed(c) for c in KEYS if c in columns]
    if columns >= {"source", "entity", "source_record_id", "content_hash"}:
        found.append(Sql("(source, entity, content_hash) in (select source, entity, content_hash from gone)"))
    if "person_id" in columns:
        found.append(Sql("person_id in (select person_id from gone_person)"))
    return found


def _vault_columns(contract: Contract, entity: str) -> list[Sql]:
    return [name(staged_column(c)) for c in vault_columns(contract.entities[entity])]


def _evident(file: Path, load_id: str, total: int) -> bool:
    """Whether a load's file is there as its manifest says, or was replaced by the sweep of an erasure or a purge."""
    if file.exists():
        note = file.with_name(f"{PREFIX}{load_id}.json")
        return note.exists() and Manifest.from_bytes(note.read_bytes()).sha256 == sha256_of(file)
    heirs = (Manifest.from_bytes(p.read_bytes()) for p in sorted(file.parent.glob(f"{PREFIX}*.json")))
    return any({RULE, PURGED} & set(heir.dropped) and heir.source_total == total for heir in heirs)


def is_stale(connection: Connection, shape: StagedEntity, landing: Path) -> bool:
    """Whether the ledger names a file that a sweep has replaced."""
    files = connection.execute(
        "select file from ledger.load where source = $source and entity = $entity",
        {"source": shape.source, "entity": shape.entity.name},
    ).fetchall()
    return any(not (landing / shape.source / file).exists() for (file,) in files)


def _is_staged(connection: Connection, contract: Contract, entity: str) -> bool:
    """Whether the table is there in the shape of this contract; one of another shape is staged anew anyhow."""
    shape = StagedEntity(contract.source, contract.entities[entity]).shape
    found = connection.execute(
        "select 1 from ledger.shape where source = $source and entity = $entity and shape = $shape",
        {"source": contract.source, "entity": entity, "shape": shape},
    ).fetchall()
    return bool(found)


def _there(connection: Connection, schema: str, table: str) -> bool:
    found = connection.execute(
        "select 1 from duckdb_tables() where schema_name = $schema and table_name = $table",
        {"schema": schema, "table": table},
    ).fetchall()
    return bool(found)

"""Dwellings and buildings: addresses through the parser, signatures into clusters, records into houses.

Flow: distinct new address texts -> `register.address` -> signatures (keys under which a thing is known) -> cluster ->
`register.house_member`, `register.building_member`, `register.house_review`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from expectations.sql import Sql, fill, joined, name, value
from warehouse import address
from warehouse.address import address_table
from warehouse.engine.cluster import Clustering, Keys, Space, cluster
from warehouse.engine.connection import Connection
from warehouse.engine.relation import REGISTER, make_table, register_table, relation

HOUSE_SPACES = (
    Space("house_code", exclusive=True), Space("house_ref", exclusive=True), Space("room_code", exclusive=True),
    Space("plate_code", exclusive=True), Space("address", text=True),
)  # fmt: skip
BUILDING_SPACES = (Space("building_code", exclusive=True), Space("building_ref"), Space("address", text=True))
_ADDRESS = ("raw", "key", "block", "village_key", "building_key", "door_key", "road", "door", "building", "unit",
            "floor", "room", "ambiguous", "reason")  # fmt: skip
_TEXTS = ("house", "building", "device", "organisation")  # claim entities with an address
_LETTERS = {"house": "H", "building": "B"}


@dataclass(frozen=True)
class Resolved:
    """What resolving one kind of thing came to."""

    signatures: int
    clusters: int
    refusals: int


def parse_addresses(connection: Connection) -> int:
    """Parse the texts not parsed before, all of them when the parser changed; how many were."""
    digest = rules_digest()
    known = connection.execute("select facts from register.build where state = 'address'").fetchall()
    if known != [(digest,)]:
        connection.execute("delete from register.address")
        connection.execute("delete from register.build where state = 'address'")
        connection.execute("insert into register.build values ('address', $digest)", {"digest": digest})
    texts = connection.sql(relation(REGISTER, "new_address")).to_arrow_table()
    if texts.num_rows:
        parsed: pa.Table = address_table(texts.column("raw").combine_chunks()).select(list(_ADDRESS))
        connection.register("parsed_address", parsed)
        connection.execute("insert into register.address select * from parsed_address")
        connection.unregister("parsed_address")
    return int(texts.num_rows)


def rules_digest() -> str:
    """SHA-256 over the parser's code and data: when they change, every text is parsed again."""
    home = Path(address.__file__).parent
    files = sorted(p for p in home.rglob("*") if p.suffix in (".py", ".csv", ".yml", ".json"))
    return hashlib.sha256(b"\0".join(p.read_bytes() for p in files)).hexdigest()


def resolve_things(connection: Connection, thing: str, spaces: Sequence[Space]) -> Resolved:
    """Make `register.<thing>_member` and the temporary tables of refusals, for `house` or `building`."""
    keyed, columns = name("temp", f"{thing}_keyed"), [name(f"k{i}") for i in range(len(spaces))]
    make_temp(connection, f"{thing}_keyed", relation(REGISTER, f"{thing}_keyed"))
    signature = relation(REGISTER, "signature", keyed=keyed, keys=joined(columns, ", "))
    rows = connection.execute(signature).fetchall()
    # Most supported first, then by content: what wins a conflict must not depend on the order of rows.
    rows.sort(key=lambda r: (-r[-1], tuple(k or "" for k in r[:-1])))
    nodes: list[Keys] = [row[: len(spaces)] for row in rows]
    judged = {row[-2]: node for node, row in enumerate(rows) if row[-2] is not None}
    found = cluster(nodes, spaces, same=_pairs(connection, thing, judged, "same"),
                    different=_pairs(connection, thing, judged, "different"))  # fmt: skip
    _write_clusters(connection, thing, spaces, rows, found)
    same = "cluster.{{c}} is not distinct from keyed.{{c}}"
    alike = joined((fill(same, c=c) for c in [*columns, name("judged")]), " and ")
    node = relation(REGISTER, "node", keyed=keyed, cluster=name("temp", f"{thing}_cluster"), alike=alike)
    make_temp(connection, f"{thing}_node", node)
    make_table(
        connection, name("register", f"{thing}_member"),
        relation(REGISTER, "clustered_member", nodes=name(f"{thing}_node"), letter=value(_LETTERS[thing]),
                 id=name(f"{thing}_id")),
    )  # fmt: skip
    _write_refusals(connection, thing, found)
    return Resolved(len(nodes), len(set(found.cluster)), len(found.refusals))


def review_houses(connection: Connection) -> None:
    """Make `register.house_review`: what text alone cannot decide, with the evidence in both languages."""
    register_table(connection, "house_review")


def _pairs(connection: Connection, thing: str, judged: dict[str, int], verdict: str) -> list[tuple[int, int]]:
    if thing != "house":
        return []
    rows = connection.execute(
        "select left_key, right_key from temp.judged_house_pair where verdict = $verdict order by all",
        {"verdict": verdict},
    ).fetchall()
    return [(judged[a], judged[b]) for a, b in rows if a in judged and b in judged]


def _write_clusters(
    connection: Connection, thing: str, spaces: Sequence[Space], rows: Sequence[tuple[Any, ...]], found: Clustering
) -> None:
    known = [any(k is not None for k, s in zip(row, spaces, strict=False) if not s.text) for row in rows]
    columns: dict[str, Any] = {f"k{i}": pa.array([r[i] for r in rows], pa.string()) for i in range(len(spaces))}
    columns["judged"] = pa.array([r[-2] for r in rows], pa.string())
    columns["node"] = pa.array(range(len(rows)), pa.int64())
    columns["cluster"] = pa.array(found.cluster, pa.int64())
    columns["is_known"] = pa.array(known, pa.bool_())
    _write(connection, f"{thing}_cluster", pa.table(columns))


def _write_refusals(connection: Connection, thing: str, found: Clustering) -> None:
    """One row per node that a refused key touches."""
    rows = [
        (r.space, r.value, found.cluster[node], stranded)
        for r in found.refusals
        for nodes, stranded in ((r.nodes, False), (r.stranded, True))
        for node in nodes
    ]
    space, key, node, stranded = zip(*rows, strict=True) if rows else ((), (), (), ())
    _write(connection, f"{thing}_refusal", pa.table({
        "space": pa.array(space, pa.string()), "key": pa.array(key, pa.string()),
        "cluster": pa.array(node, pa.int64()), "stranded": pa.array(stranded, pa.bool_()),
    }))  # fmt: skip


def _write(connection: Connection, table: str, rows: pa.Table) -> None:
    connection.register("written", rows)
    make_temp(connection, table, Sql("select * from written"))
    connection.unregister("written")


def make_temp(connection: Connection, table: str, select: Sql, parameters: dict[str, Any] | None = None) -> None:
    """Make a temporary table of ours from a select."""
    made = fill("create or replace temp table {{table}} as\n{{select}}", table=name(table), select=select)
    connection.execute(made, parameters or {})

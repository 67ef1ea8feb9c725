"""Which profiles are compared at all: those that share a block key, one side of them open."""

from __future__ import annotations

from expectations.sql import Sql, fill, joined, name, value
from warehouse.engine.connection import Connection
from warehouse.resolver.model import Block, Model
from warehouse.resolver.sql import statement

HOME = "home"


def build_candidates(connection: Connection, model: Model) -> None:
    """Make r_key, r_pair and r_side."""
    build_keys(connection, model)
    connection.execute(statement("pair"), {"exclusive": list(model.exclusive)})
    connection.execute(statement("side"))


def build_keys(connection: Connection, model: Model) -> None:
    """Make r_key."""
    keys = joined([_key(block, key) for block in model.blocks for key in block.keys], "\nunion all\n")
    connection.execute(statement("key", keys=keys))


def _key(block: Block, columns: tuple[str, ...]) -> Sql:
    at_home = HOME in columns
    parts = [name("h" if column == HOME else "e", column) for column in columns]
    return fill(
        "select hash({{block}}, {{parts}}) as key, e.node, e.label from r_evidence as e{{home}} where {{given}}",
        block=value(block.name),
        parts=joined(parts, ", "),
        home=Sql(" inner join r_home as h on e.node = h.node") if at_home else Sql(""),
        given=joined([fill("{{part}} is not null", part=part) for part in parts], " and "),
    )

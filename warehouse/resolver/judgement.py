"""What people decided, number and score put together: every reason to join two groups, to part them or to ask."""

from __future__ import annotations

from expectations.sql import Sql
from warehouse.engine.connection import Connection
from warehouse.resolver.model import Model
from warehouse.resolver.sql import statement


def build_edges(connection: Connection, model: Model, judgements: Sql) -> None:
    """Make r_judged and r_edge."""
    connection.execute(statement("judged", judgements=judgements))
    connection.execute(statement("edge"), {"exclusive": list(model.exclusive), "margin": model.margin})

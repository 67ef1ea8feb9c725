"""A shadow run: the same observations under another model, and what it would do to the published ids.

Nothing of the register changes: the other model resolves in a database of its own.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import duckdb

from expectations.sql import Sql, fill
from warehouse.engine.connection import Connection
from warehouse.resolver.model import Model
from warehouse.resolver.resolve import JUDGEMENTS, OBSERVATIONS, resolve
from warehouse.resolver.sql import statement


@dataclass(frozen=True)
class Churn:
    """Ids that would change, merge or split; observations that would change hands; cases before and after."""

    persons_before: int
    persons_after: int
    ids_kept: int
    ids_changed: int
    merged: int
    split: int
    observations_moved: int
    cases_before: int
    cases_after: int

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self)


def compare(connection: Connection, before: Model, after: Model) -> Churn:
    """Resolve register.person_observation of an open warehouse under both models, aside, and count the differences."""
    shadow = duckdb.connect(":memory:")
    try:
        _copy(connection, shadow)
        cases = []
        for table, model in (("before", before), ("after", after)):
            cases.append(resolve(shadow, model).review_cases)
            shadow.execute(statement("shadow_keep", table=Sql(f"shadow_{table}")))
        [counted] = shadow.execute(statement("churn")).fetchall()
    finally:
        shadow.close()
    return Churn(*counted, *cases)


def _copy(connection: Connection, shadow: Connection) -> None:
    shadow.execute("create schema register")
    for table in (OBSERVATIONS, JUDGEMENTS):
        rows = connection.sql(fill("select * from {{table}}", table=table)).to_arrow_table()
        shadow.register("r_rows", rows)
        shadow.execute(fill("create table {{table}} as select * from r_rows", table=table))
        shadow.unregister("r_rows")

"""What must be recomputed when some observations changed: their components, who shares a number, block neighbours.

A component that holds nothing changed, and neither shares a number nor a block key with anything changed, comes out
as it is: leaving it alone equals the rebuild.
"""

from __future__ import annotations

import duckdb

from expectations.sql import Sql, fill, name
from warehouse.engine.connection import Connection
from warehouse.resolver.candidates import build_keys
from warehouse.resolver.evidence import build_told
from warehouse.resolver.model import Model
from warehouse.resolver.sql import statement

SCOPE, SOURCE = name("r_scope"), name("r_source")


def state_of(connection: Connection, model: Model) -> bool:
    """Whether the tables of the register were made by this model on this engine, whose hashes they hold."""
    held = connection.execute("select model, engine from register.person_state").fetchall()
    return bool(held == [(model.digest, duckdb.__version__)])


def keep_state(connection: Connection, model: Model, judgements: Sql) -> None:
    """Note what the tables were made with, for the next time."""
    connection.execute("delete from register.person_state")
    connection.execute("insert into register.person_state values ($model, $engine)",
                       {"model": model.digest, "engine": duckdb.__version__})  # fmt: skip
    connection.execute("delete from register.person_judged")
    connection.execute(fill(_JUDGED, judgements=judgements))


_JUDGED = (
    "insert into register.person_judged select judgement_id::varchar, left_key, right_key, verdict from {{judgements}}"
)


def build_scope(connection: Connection, model: Model, observations: Sql, judgements: Sql, touched: Sql) -> int:
    """Make r_scope (components to recompute) and r_source (the observations in them). Returns how many."""
    connection.execute(statement("touched", touched=touched, judgements=judgements))
    connection.execute(fill(_TOUCHED_NOW, observations=observations))
    build_told(connection, SOURCE, judgements)
    build_keys(connection, model, "told")
    connection.execute(statement("scope"))
    connection.execute(statement("scope_source", observations=observations))
    return int(connection.execute("select count(*) from r_source").fetchall()[0][0])


_TOUCHED_NOW = (
    "create or replace temp table r_source as "
    "select * from {{observations}} where obs_key in (select obs_key from r_touched)"
)

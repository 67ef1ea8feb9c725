"""What the observations say: profiles of equal content, guarded groups by number, numbers that are no evidence.

Flow: observations in scope -> r_obs, r_profile -> pairs with one number whose names fit -> r_guard -> who owns the
number -> r_evidence, r_home, r_group.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from expectations.sql import Sql, fill, name
from warehouse.engine.connection import Connection
from warehouse.resolver.components import components, keep
from warehouse.resolver.model import Model
from warehouse.resolver.sql import statement

# The other tokens follow from name, birth and number, so these tell profiles apart.
_PROFILE = (
    "hash(id_token, id_check, id_type, name_token, name_flag, birth_date, sex, surname_birth_token, char1_birth_token,"
    " char2_birth_token, surname_idbirth_token,"
    " case when {{judged}} then obs_key"
    " when id_check in ('valid', 'lifted') then null"
    " when name_token is null or birth_date is null then obs_key"
    " when id_token is not null then null"
    " else coalesce(house_key, household_token, obs_key) end)"
)
_JUDGED = "(obs_key in (select left_key from {{judgements}}) or obs_key in (select right_key from {{judgements}}))"


def build_evidence(connection: Connection, model: Model, source: Sql, judgements: Sql) -> None:
    """Make r_obs, r_profile, r_evidence, r_home and r_group of all observations, which are in `source`."""
    observe(connection, source, judgements, name("r_obs"), name("r_profile"))
    connection.execute(statement("hub", given=Sql("false")))
    weigh(connection, model)


def weigh(connection: Connection, model: Model) -> None:
    """Make r_evidence, r_home and r_group of r_obs, r_profile and r_hub."""
    connection.execute(statement("number"), {"hub": model.hub})
    connection.execute(statement("same_number"), {"seen_twice": list(model.seen_twice)})
    _label(connection)
    connection.execute(statement("owner"), {"seen_twice": list(model.seen_twice)})
    connection.execute(statement("evidence"))
    connection.execute(statement("home"))
    connection.execute(statement("group"))


def observe(connection: Connection, source: Sql, judgements: Sql, observed: Sql, profiles: Sql) -> None:
    """Make the tables `observed` and `profiles` of the observations in `source`: tokens as 64 bits."""
    judged = fill(_JUDGED, judgements=judgements)
    if not connection.execute(fill("select 1 from {{judgements}} limit 1", judgements=judgements)).fetchall():
        judged = Sql("false")
    profile = fill(_PROFILE, judged=judged)
    connection.execute(statement("observe", target=observed, source=source, profile=profile))
    connection.execute(statement("profile", target=profiles, source=source, profile=profile, judged=judged))


def _label(connection: Connection) -> None:
    """r_guard: who fits whom under a number. r_label: the same, but a judged profile stays in a group of its own."""
    nodes = connection.execute("select coalesce(max(node), 0) from r_profile").fetchall()[0][0] + 1
    pairs = connection.sql("select l, r, judged from r_same_number").to_arrow_table()
    keep(connection, "r_guard", _numbered(nodes, "guard", components(nodes, pairs["l"], pairs["r"])))
    free = pairs.filter(pc.invert(pairs["judged"]))
    keep(connection, "r_label", _numbered(nodes, "label", components(nodes, free["l"], free["r"])))


def _numbered(nodes: int, column: str, values: pa.Array) -> pa.Table:
    return pa.table({"node": pa.array(np.arange(nodes, dtype=np.int32)), column: values})

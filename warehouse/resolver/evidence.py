"""What the observations say: profiles of equal content, guarded groups by number, numbers that are no evidence.

Flow: observations in scope -> r_obs, r_profile -> pairs with one number whose names fit -> r_guard -> who owns the
number -> r_evidence, r_home, r_group.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from expectations.sql import Sql, fill
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
_SILENCED = Sql(
    "inner join r_evidence as evidence on profile.node = evidence.node and (evidence.hub or evidence.contested)"
)
_JUDGED = "(obs_key in (select left_key from {{judgements}}) or obs_key in (select right_key from {{judgements}}))"


def build_evidence(connection: Connection, model: Model, source: Sql, judgements: Sql) -> None:
    """Make r_obs, r_profile, r_evidence, r_home and r_group of the observations in `source`."""
    _profile(connection, source, judgements)
    connection.execute(statement("number"), {"hub": model.hub})
    connection.execute(statement("same_number"), {"seen_twice": list(model.seen_twice)})
    _label(connection)
    connection.execute(statement("owner"), {"seen_twice": list(model.seen_twice)})
    connection.execute(statement("evidence"))
    connection.execute(statement("home"))
    connection.execute(statement("group"))
    connection.execute(statement("told", only=_SILENCED))


def build_told(connection: Connection, source: Sql, judgements: Sql) -> None:
    """Make r_obs, r_profile, r_home and r_told, in which every number counts; each profile for itself."""
    _profile(connection, source, judgements)
    connection.execute("create or replace temp table r_label as select node, node as label from r_profile")
    connection.execute(statement("home"))
    connection.execute(statement("told", only=Sql("")))


def _profile(connection: Connection, source: Sql, judgements: Sql) -> None:
    judged = fill(_JUDGED, judgements=judgements)
    if not connection.execute(fill("select 1 from {{judgements}} limit 1", judgements=judgements)).fetchall():
        judged = Sql("false")
    profile = fill(_PROFILE, judged=judged)
    connection.execute(statement("observe", source=source, profile=profile))
    connection.execute(statement("profile", source=source, profile=profile, judged=judged))


def _label(connection: Connection) -> None:
    """r_guard: who fits whom under a number. r_label: the same, but a judged profile stays in a group of its own."""
    nodes = connection.execute("select coalesce(max(node), 0) from r_profile").fetchall()[0][0] + 1
    pairs = connection.sql("select l, r, judged from r_same_number").to_arrow_table()
    keep(connection, "r_guard", _numbered(nodes, "guard", components(nodes, pairs["l"], pairs["r"])))
    free = pairs.filter(pc.invert(pairs["judged"]))
    keep(connection, "r_label", _numbered(nodes, "label", components(nodes, free["l"], free["r"])))


def _numbered(nodes: int, column: str, values: pa.Array) -> pa.Table:
    return pa.table({"node": pa.array(np.arange(nodes, dtype=np.int32)), column: values})

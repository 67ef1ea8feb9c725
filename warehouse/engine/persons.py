"""Persons: the observations of the register through the resolver, all of them or those that were touched.

Flow: temp.present_person -> `register.person_observation` (one row per record, only what changed is written) ->
warehouse.resolver -> `person_member`, `person_contested`, `person_review`, `person_alias`.
"""

from __future__ import annotations

from datetime import datetime

from expectations.model import IDENTITY_COLUMNS
from expectations.sql import Sql, fill, joined, name
from warehouse.engine.connection import Connection
from warehouse.engine.decided import correct_observations
from warehouse.engine.houses import make_temp
from warehouse.engine.relation import REGISTER, make_table, relation
from warehouse.resolver import Model, ResolveReport, resolve

OBSERVATIONS, FRESH = name("register", "person_observation"), name("temp", "fresh_observation")
_NOTHING = Sql("(select null::varchar as obs_key, null::ubigint as mark where false)")


def resolve_persons(connection: Connection, model: Model, since: datetime | None, *, full: bool) -> ResolveReport:
    """Bring the persons in line with the present observations; `full` recomputes all of them.

    since: when aliases of this build begin.
    """
    make_temp(connection, "observation_key", relation(REGISTER, "observation_key"))
    known = _NOTHING if full else OBSERVATIONS
    make_temp(connection, "touched_observation", relation(REGISTER, "touched", known=known))
    identity = joined((fill("person.{{c}}", c=name(c)) for c in IDENTITY_COLUMNS), ",\n    ")
    fresh = relation(REGISTER, "observation", identity=identity)
    if full:
        make_table(connection, OBSERVATIONS, fresh)
        correct_observations(connection, OBSERVATIONS)
    else:
        make_temp(connection, "fresh_observation", fresh)
        correct_observations(connection, FRESH)
        connection.execute(
            "delete from register.person_observation where obs_key in (select obs_key from temp.touched_observation)"
        )
        text = "insert into {{table}} by name select * from {{fresh}}"
        connection.execute(fill(text, table=OBSERVATIONS, fresh=FRESH))
    return resolve(
        connection, model, touched=None if full else name("temp", "touched_observation"),
        fresh=None if full else FRESH, observations=OBSERVATIONS, judgements=name("temp", "judged_person_pair"),
        since=since,
    )  # fmt: skip

"""What must be recomputed when some observations changed: their components, who shares a number, whom they now meet.

Evidence depends on nothing but who bears the same number, so that of the touched components is made first, and final.
Then only those come in with whom it is compared: pairs between all others stand as they were, and what joined them
lies within one component. So leaving the rest alone equals the rebuild.
"""

from __future__ import annotations

import duckdb

from expectations.sql import Sql, fill, name
from warehouse.engine.connection import Connection
from warehouse.resolver.candidates import build_keys
from warehouse.resolver.evidence import observe, weigh
from warehouse.resolver.model import Model
from warehouse.resolver.sql import statement

OWN, SCOPE = name("r_own"), name("r_scope")
# Another number whenever the tables that a night reads back change.
LAYOUT = 3


def state_of(connection: Connection, model: Model) -> bool:
    """Whether the tables of the register were made by this model on this engine, whose hashes they hold."""
    held = connection.execute("select model, engine from register.person_state").fetchall()
    return bool(held == [(_made_with(model), duckdb.__version__)])


def _made_with(model: Model) -> str:
    return f"{model.digest} {LAYOUT}"


def keep_state(connection: Connection, model: Model, judgements: Sql) -> None:
    """Note what the tables were made with, for the next time."""
    connection.execute("delete from register.person_state")
    connection.execute("insert into register.person_state values ($model, $engine)",
                       {"model": _made_with(model), "engine": duckdb.__version__})  # fmt: skip
    connection.execute("delete from register.person_judged")
    connection.execute(fill(_JUDGED, judgements=judgements))


_JUDGED = (
    "insert into register.person_judged select judgement_id::varchar, left_key, right_key, verdict from {{judgements}}"
)


def load_touched(connection: Connection, observations: Sql, judgements: Sql, touched: Sql, fresh: Sql | None) -> Sql:
    """Make r_touched, r_fresh_obs and r_fresh_profile. Returns the observations among the touched that there are now.

    fresh: the caller's own; those it cannot know of, being judged, are read from `observations`.
    """
    connection.execute(statement("touched", touched=touched, judgements=judgements))
    known = _NOBODY if fresh is None else touched
    judged = connection.execute(fill("{{unread}} limit 1", unread=fill(_UNREAD, known=known))).fetchall()
    source = fresh
    if source is None or judged:
        select = fill("select * from {{t}} where obs_key in ({{u}})", t=observations, u=fill(_UNREAD, known=known))
        if fresh is not None:
            select = fill("select * from {{fresh}} union all by name {{select}}", fresh=fresh, select=select)
        connection.execute(fill("create or replace temp table r_source as {{select}}", select=select))
        source = name("r_source")
    observe(connection, source, judgements, name("r_fresh_obs"), name("r_fresh_profile"))
    return source


_NOBODY = Sql("(select null::varchar as obs_key where false)")
_UNREAD = "select obs_key from r_touched where obs_key not in (select obs_key from {{known}})"


def build_scope(connection: Connection, model: Model) -> int:
    """Make r_scope (components to recompute), and r_obs, r_profile and r_hub of them. Returns how many observations."""
    connection.execute(statement("retold"))
    connection.execute(statement("own"))
    connection.execute(statement("hub", given=Sql("id not in (select id from r_retold)")))
    _take(connection, OWN)
    # All who bear a touched number are at hand, so this evidence is final: it tells with whom they compare.
    weigh(connection, model)
    build_keys(connection, model)
    connection.execute(statement("scope"))
    _take(connection, SCOPE)
    return int(connection.execute("select count(*) from r_obs").fetchall()[0][0])


def _take(connection: Connection, scope: Sql) -> None:
    connection.execute(statement("taken_obs", scope=scope))
    connection.execute(statement("taken_profile", scope=scope))

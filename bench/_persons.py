"""The resolver over a file of observations in a child process: full, a night of 1 %, and Splink alone beside it.

Each function prepares (opens a warehouse file, loads the observations) and returns the work that is timed.
"""

from __future__ import annotations

from pathlib import Path
from time import monotonic
from typing import Any

import duckdb

from bench._measure import Work, cpu_seconds, peak_memory_mb
from bench._score import score
from expectations.sql import name
from warehouse.engine.sql import statement as typing_macros
from warehouse.resolver import model_in_use, resolve

NIGHT = 100  # one observation in so many is touched
_VALID_TWICE = """
with evidence as (
    select member.person_id, o.id_type, o.id_token
    from register.person_member as member join register.person_observation as o using (obs_key)
    where o.id_check in ('valid', 'lifted') and (o.birth_date is null or o.birth_date = o.id_birth)
    and not exists (select 1 from register.person_contested as c where c.obs_key = o.obs_key)
)
select count(*) from (select person_id from evidence group by person_id, id_type having count(distinct id_token) > 1)
"""


def night(path: str) -> Work:
    """Resolve all but 1 % beforehand; timed is the night that brings the rest: new rows, and changed ones."""
    connection = _warehouse(path)
    connection.execute(
        f"create table touched as select obs_key from register.person_observation where hash(obs_key) % {NIGHT} = 0"
    )
    connection.execute(
        "create table held as select o.* from register.person_observation as o join touched using (obs_key)"
    )
    # Half of them are new that night; the others are there already, under another sex, and change.
    connection.execute(
        "delete from register.person_observation "
        "where obs_key in (select obs_key from held where hash(obs_key) % 200 = 0)"
    )
    connection.execute(
        "update register.person_observation set sex = null, house_key = null "
        "where obs_key in (select obs_key from touched)"
    )
    resolve(connection, model_in_use())
    connection.execute("delete from register.person_observation where obs_key in (select obs_key from touched)")
    connection.execute("insert into register.person_observation from held")
    connection.execute("checkpoint")
    return lambda: resolve(connection, model_in_use(), touched=name("touched"), fresh=name("held")).as_dict()


def splink_alone(path: str) -> Work:
    """The same records, nothing but Splink."""
    from bench._splink import prepare

    return prepare(path)


def _warehouse(path: str) -> duckdb.DuckDBPyConnection:
    # The child works in a scratch folder of its own, which is removed afterwards.
    folder = Path.cwd()
    connection = duckdb.connect(
        str(folder / "w.duckdb"),
        config={"threads": 2, "memory_limit": "4GB", "preserve_insertion_order": False,
                "temp_directory": str(folder / "tmp")},
    )  # fmt: skip
    connection.execute(typing_macros("_types"))
    connection.execute("create schema register")
    connection.execute(
        "create table register.person_judgement "
        "(judgement_id varchar, left_key varchar, right_key varchar, verdict varchar)"
    )
    connection.execute(f"create table register.person_observation as select * exclude (person) from '{path}'")
    connection.execute(f"create table truth as select obs_key, person from '{path}'")
    connection.execute("checkpoint")
    return connection


def measured(path: str) -> Work:
    """Full, with its own cost, and what came of it against the truth."""
    connection = _warehouse(path)

    def work() -> dict[str, Any]:
        cpu, wall = cpu_seconds(), monotonic()
        report = resolve(connection, model_in_use())
        spent = {"cpu": cpu_seconds() - cpu, "wall": monotonic() - wall, "peak_mb": peak_memory_mb()}
        [(twice,)] = connection.execute(_VALID_TWICE).fetchall()
        found = score(connection, "register.person_member", "truth")
        return {**report.as_dict(), **found, **spent, "valid_twice": twice}

    return work

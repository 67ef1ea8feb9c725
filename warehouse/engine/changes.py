"""What became of ids between what was given out last and what a build has made.

Flow: the ids of the records before -> a build -> `register.change`, one row per id that merged, split, moved or ended,
and `temp.churn` for the register's own checks. Before is what was given out last; where nothing was, the last build.
"""

from __future__ import annotations

from datetime import datetime

from expectations.sql import fill, name
from warehouse.engine.connection import Connection
from warehouse.engine.houses import make_temp
from warehouse.engine.issued import is_issued, remember_issued
from warehouse.engine.relation import REGISTER, relation
from warehouse.engine.winners import THINGS, Thing

_CHANGES = {
    "merged": ("并入另一登记号：来源数据或人工裁定认为是同一对象", "merged: the sources or a judgement say it is one"),
    "split": ("拆分：来源数据或人工裁定认为不是同一对象", "split: the sources or a judgement say it is not one"),
    "renamed": ("登记号的依据记录已变更，旧号仍可查到现号", "the anchoring record changed; the old id resolves"),
    "ended": ("所依据的来源记录均已撤销", "every record it stood for was withdrawn"),
}


def remember_ids(connection: Connection) -> None:
    """Keep the ids that were given out last, else the members of the last build, until the changes are told."""
    there, issued = _tables(connection), is_issued(connection)
    for thing in THINGS:
        if issued:
            remember_issued(connection, thing)
            before = fill("select obs_key, id as {{id}} from temp.issued where stands", id=thing.id)
        elif f"{thing.name}_member" in there:
            before = fill("select obs_key, {{id}} from {{member}}", id=thing.id, member=thing.member)
        else:
            before = fill("select null::varchar as obs_key, null::varchar as {{id}} where false", id=thing.id)
        make_temp(connection, f"before_{thing.name}", before)


def tell_changes(connection: Connection) -> dict[str, int]:
    """Tell what became of the ids that were given out last, or, where none ever was, of those of the last build."""
    counts: dict[str, int] = {}
    if is_issued(connection):
        _tell_issued(connection)
    connection.execute("create or replace temp table churn (thing varchar, changed bigint, ids bigint)")
    moment = known_at(connection)
    for thing in THINGS:
        select = relation(REGISTER, "changes", id=thing.id, before=name("temp", f"before_{thing.name}"),
                          after=thing.member)  # fmt: skip
        rows = connection.execute(select).fetchall()
        told = [[thing.name, old, new, why, *_CHANGES[why], moment] for old, new, why in rows]
        if told:
            connection.executemany("insert into register.change values ($1, $2, $3, $4, $5, $6, $7)", told)
        for _, _, why in rows:
            counts[f"{thing.name} {why}"] = counts.get(f"{thing.name} {why}", 0) + 1
        _churn(connection, thing, len({old for old, _, why in rows if why != "ended"}))
    return counts


def _tell_issued(connection: Connection) -> None:
    """What the files tell; what builds have told since was told of ids that nobody was given, and is told anew."""
    connection.execute("delete from register.change")
    for reason, (zh, en) in _CHANGES.items():
        connection.execute(
            "insert into register.change select thing, id, new_id, reason, $zh, $en, known_at from register.issue "
            "where what = 'change' and reason = $reason",
            {"reason": reason, "zh": zh, "en": en},
        )


def _churn(connection: Connection, thing: Thing, changed: int) -> None:
    ids, table = "select count(distinct {{id}}) from {{before}}", name("temp", f"before_{thing.name}")
    [(before,)] = connection.execute(fill(ids, id=thing.id, before=table)).fetchall()
    connection.execute("insert into temp.churn values ($1, $2, $3)", [thing.name, changed, before])


def known_at(connection: Connection) -> datetime | None:
    """When the newest version became known: the register's own time, which no clock of ours decides."""
    [(moment,)] = connection.execute("select max(known_from) from claims.house").fetchall()
    return moment if isinstance(moment, datetime) else None


def _tables(connection: Connection) -> set[str]:
    rows = connection.execute("select table_name from duckdb_tables() where schema_name = 'register'").fetchall()
    return {table for (table,) in rows}

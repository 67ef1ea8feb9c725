"""Ids that were given out, as evidence: which record stood under which id, and what became of it.

Flow: `landing/_register/issued-*.parquet`, read into `register.issue` -> clusters of a build keep the ids their records
bore -> what a released build changed is written as one more file. They lie in the landing zone, because an id that
somebody holds in hand cannot be worked out again from what the sources say: a rebuild, a restore and a lost warehouse
find them there. Without such files an id is what its anchor record makes it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from expectations.errors import SourceChanged
from expectations.faultpoint import faultpoint, register
from expectations.sql import fill, value
from warehouse.engine.connection import Connection, transaction
from warehouse.engine.houses import make_temp
from warehouse.engine.relation import REGISTER, relation, scripts
from warehouse.engine.winners import THINGS, Thing

FOLDER = "_register"
SCHEMA = pa.schema([
    *((n, pa.string()) for n in ("what", "thing", "obs_key", "id", "new_id", "reason")),
    ("known_at", pa.timestamp("us")),
])  # fmt: skip

register("issue.before_file", "issue.file_written")


def issued_folder(landing: Path) -> Path:
    """Where they lie in a landing zone."""
    return landing / FOLDER


def load_issued(connection: Connection, folder: Path) -> None:
    """Bring `register.issue` in line with the files. Raises SourceChanged LA-CORRUPT for one that was changed."""
    scripts(connection, REGISTER, "_schema")
    files = sorted(p.name for p in folder.glob("issued-*.parquet"))
    known = connection.execute("select file from register.issue_file order by file").fetchall()
    if files == [file for (file,) in known]:
        return
    rows = [(int(f.split("-")[1]), _read(folder / f)) for f in files]
    with transaction(connection):
        connection.execute("delete from register.issue")
        connection.execute("delete from register.issue_file")
        for seq, table in rows:
            _insert(connection, seq, table)
        for file in files:
            connection.execute("insert into register.issue_file values ($file)", {"file": file})


def is_issued(connection: Connection) -> bool:
    """Whether any id was ever given out."""
    return bool(connection.execute("select 1 from register.issue limit 1").fetchall())


def remember_issued(connection: Connection, thing: Thing) -> None:
    """Make `temp.issued`: the records of a thing, each with the id it bore last."""
    make_temp(connection, "issued", relation(REGISTER, "issue_latest", thing=value(thing.name)))


def issue(connection: Connection, folder: Path) -> str | None:
    """Give out what the register of this connection says: write what is new of it. The file's name, if there is one."""
    if not is_issued(connection):
        connection.execute(_FIRST)
    news = _news(connection)
    if not news.num_rows:
        return None
    [(last,)] = connection.execute("select coalesce(max(seq), 0) from register.issue").fetchall()
    file = _write(folder, last + 1, news)
    with transaction(connection):
        _insert(connection, last + 1, news)
        connection.execute("insert into register.issue_file values ($file)", {"file": file})
    return file


def forget_issued(folder: Path, keys: Sequence[str], shred: Callable[[Path], None]) -> int:
    """Write the files anew without some records (an erasure) and destroy the old ones. Returns how many rows went."""
    gone = 0
    for path in sorted(folder.glob("issued-*.parquet")):
        rows = _read(path)
        stays = pa.array([key not in set(keys) for key in rows["obs_key"].to_pylist()], pa.bool_())
        left = rows.filter(stays)
        if left.num_rows < rows.num_rows:
            gone += rows.num_rows - left.num_rows
            _write(folder, int(path.name.split("-")[1]), left)
            shred(path)
    return gone


def _news(connection: Connection) -> pa.Table:
    """Records, changes and aliases that no file holds yet, in a stable order."""
    parts = []
    for thing in THINGS:
        remember_issued(connection, thing)
        text = fill(
            "select what, {{thing}} as thing, obs_key, id, null as new_id, null as reason, null as known_at "
            "from ({{n}})",
            thing=value(thing.name), n=relation(REGISTER, "issue_news", member=thing.member, id=thing.id),
        )  # fmt: skip
        parts.append(connection.sql(text).to_arrow_table().cast(SCHEMA))
    parts += [connection.sql(text).to_arrow_table().cast(SCHEMA) for text in (_CHANGES, _ALIASES)]
    order = [(n, "ascending") for n in ("what", "thing", "id", "obs_key", "new_id", "reason", "known_at")]
    return pa.concat_tables(parts).sort_by(order)


# What a register knew of former ids before any of it was evidence.
_FIRST = """
insert into register.issued_alias
select 'person', person_id, current_person_id, reason, since
from register.person_alias
where person_id not in (select id from register.issued_alias)
"""
_CHANGES = """
select 'change' as what, thing, null as obs_key, old_id as id, new_id, reason, known_at
from register.change
except
select what, thing, obs_key, id, new_id, reason, known_at from register.issue where what = 'change'
"""
_ALIASES = """
with latest as (
    select thing, id, arg_max({'to': new_id, 'why': reason, 'at': known_at}, seq) as said
    from register.issue
    where what = 'alias'
    group by thing, id
)
select 'alias' as what, alias.thing, null as obs_key, alias.id, alias.current_id as new_id, alias.reason,
    alias.since as known_at
from register.issued_alias as alias
left join latest on latest.thing = alias.thing and latest.id = alias.id
where latest.id is null or latest.said.to is distinct from alias.current_id or latest.said.why <> alias.reason
    or latest.said.at is distinct from alias.since
"""


def _insert(connection: Connection, seq: int, table: pa.Table) -> None:
    connection.register("issue_rows", table)
    connection.execute(
        "insert into register.issue select $seq, what, thing, obs_key, id, new_id, reason, known_at from issue_rows",
        {"seq": seq},
    )
    connection.unregister("issue_rows")


def _read(path: Path) -> pa.Table:
    digest = path.stem.rpartition("-")[2]
    try:
        table: pa.Table = pq.read_table(path).cast(SCHEMA)
    except (pa.ArrowInvalid, OSError, ValueError) as error:
        raise SourceChanged("LA-CORRUPT", detail=f"{FOLDER}: {path.name} cannot be read") from error
    if hashlib.sha256(path.read_bytes()).hexdigest()[:16] != digest:
        raise SourceChanged("LA-CORRUPT", detail=f"{FOLDER}: {path.name} was changed")
    return table


def _write(folder: Path, seq: int, rows: pa.Table) -> str:
    """Put one file in place, durable, for this user alone."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    faultpoint("issue.before_file")
    temp = folder / f".tmp-{os.getpid()}"
    pq.write_table(rows, temp, compression="zstd")
    temp.chmod(0o600)
    with temp.open("rb+") as handle:
        os.fsync(handle.fileno())
    file = folder / f"issued-{seq:06d}-{hashlib.sha256(temp.read_bytes()).hexdigest()[:16]}.parquet"
    temp.replace(file)
    place = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(place)
    finally:
        os.close(place)
    faultpoint("issue.file_written")
    return file.name

"""The tombstones in force: which rows must not come back, asked at the edge, by staging and by the sweep.

A row is erased when its record has a tombstone or its identity number has one. Where a record comes in by its number,
the records that speak of it under the same key, such as its stay, get tombstones of their own (`follow`): they hold no
number. The record itself gets none, for the number may be a clerk's mistake that the source mends.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from sqlalchemy import Connection, Engine, Insert, inspect, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

from expectations.errors import CallRejected, SourceLater
from expectations.model import Contract
from warehouse.decisions.access_log import AccessLog
from warehouse.decisions.keys import ERASURE, Keyed
from warehouse.decisions.models import Erasure, ScopeRow, Tombstone
from warehouse.decisions.scope import demand_whole
from warehouse.decisions.store import is_there, open_engine, refuse_newer

RECORD: Final = "record"
TOKEN: Final = "token"  # noqa: S105 - the kind of a tombstone
VAULT: Final = "vault"
RULE: Final = "erased"  # the named drop that explains what is missing

_ASCII: Final = {full: full - 0xFEE0 for full in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_BLANKS: Final = " \t\n\v\f\r\xa0\u2007\u200b\u202f\u3000\ufeff"


class Stone(NamedTuple):
    """One tombstone; source and entity are None for a token, which is meant wherever it occurs.

    Kind `vault` names an entry the vault no longer holds. It keeps nobody out, for a name is shared, but tells
    `reapply` what a restored vault must lose again.
    """

    digest: str
    erasure_id: str
    kind: str
    source: str | None
    entity: str | None


@dataclass
class Tombstones:
    """All tombstones in force, by what they name: digest -> erasure. `found` are those made on the way (`follow`)."""

    keyed: Keyed | None = None
    tokens: dict[str, str] = field(default_factory=dict)
    records: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    vault: set[str] = field(default_factory=set)
    found: list[Stone] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.tokens or self.records)

    def add(self, stones: Iterable[Stone]) -> None:
        """Take more tombstones."""
        for stone in stones:
            if stone.kind == VAULT:
                self.vault.add(stone.digest)
            elif stone.kind == TOKEN:
                self.tokens[stone.digest] = stone.erasure_id
            else:
                self.records.setdefault((str(stone.source), str(stone.entity)), {})[stone.digest] = stone.erasure_id

    def concern(self, source: str, entity: str, *, person: bool) -> bool:
        """Whether a row of the entity can be erased at all; `person`: its rows have identity tokens."""
        return bool((person and self.tokens) or self.records.get((source, entity)))

    def erased_token(self, token: str | None) -> bool:
        """Whether an identity token is erased."""
        return bool(token and self.tokens and self._keyed().token(token) in self.tokens)

    def spares(self, source: str, entity: str, record_id: str) -> bool:
        """Whether a record has no tombstone of its own."""
        records = self.records.get((source, entity))
        return not records or self._keyed().record(source, entity, record_id) not in records

    def stays(
        self, contract: Contract, entity: str, record_ids: Sequence[str], tokens: Sequence[str | None] | None
    ) -> list[bool]:
        """Row for row whether it may stay; what speaks of a record that goes by its token is followed."""
        keyed, records = self._keyed(), self.records.get((contract.source, entity), {})
        stays = [not records or keyed.record(contract.source, entity, r) not in records for r in record_ids]
        for place, token in enumerate(tokens or ()):
            if token and self.tokens and (digest := keyed.token(token)) in self.tokens:
                stays[place] = False
                self.follow(contract, entity, record_ids[place], self.tokens[digest])
        return stays

    def follow(self, contract: Contract, entity: str, record_id: str, erasure_id: str) -> None:
        """Give the records that speak of one under the same key a tombstone."""
        for name in companions(contract, entity):
            digest = self._keyed().record(contract.source, name, record_id)
            if digest not in self.records.get((contract.source, name), {}):
                stone = Stone(digest, erasure_id, RECORD, contract.source, name)
                self.add([stone])
                self.found.append(stone)

    def _keyed(self) -> Keyed:
        if self.keyed is None:
            self.keyed = Keyed.from_env(ERASURE)
        return self.keyed


def companions(contract: Contract, entity: str) -> list[str]:
    """The entities whose record of the same key speaks of the same person (`of:` in the contract's claims)."""
    return [n for n, e in sorted(contract.entities.items()) if n != entity and any(c.of == entity for c in e.claims)]


def canonical_record_id(parts: Sequence[str]) -> str:
    """The record id as staging makes it (`stage_key` in _types.sql): width and blanks folded, parts joined."""
    clean = [part.translate(_ASCII).strip(_BLANKS) for part in parts]
    if len(clean) == 1:
        return clean[0]
    return "|".join(part.replace("\\", "\\\\").replace("|", "\\|") for part in clean)


def load_tombstones(url: str) -> Tombstones:
    """Those of the store at a URL; none where no store was ever made.

    Raises: SourceLater DS-STORE when it cannot be asked, since loading without asking would bring people back;
    CallRejected DS-KEY, SC-KEY when its tombstones cannot be compared.
    """
    if not is_there(url):
        return Tombstones()
    engine = open_engine(url)
    try:
        refuse_newer(engine)
        return tombstones_in_force(engine)
    except DBAPIError as error:
        raise SourceLater("DS-STORE", detail=type(error).__name__) from error
    finally:
        engine.dispose()


def tombstones_in_force(engine: Engine, erasures: Sequence[str] | None = None) -> Tombstones:
    """Of all erasures that were not readmitted, or of the given ones.

    Raises: CallRejected DS-KEY when tombstones were made under another REGISTER_TOKEN_KEY, SC-KEY without one; for all
    of them also SourceChanged OP-STALE and CallRejected DS-SCOPE where the store would not tell all of them.
    """
    made = Tombstones()
    if not inspect(engine).has_table(Tombstone.__tablename__):
        return made
    if erasures is None:
        AccessLog(engine).refuse_stale()
        if inspect(engine).has_table(ScopeRow.__tablename__):  # a store of before is not divided
            demand_whole(engine)
    columns = Tombstone.__table__.c
    asked = select(*columns).join(Erasure, Erasure.erasure_id == columns.erasure_id)
    asked = asked.where(Erasure.readmitted_at.is_(None) if erasures is None else columns.erasure_id.in_(erasures))
    with engine.connect() as connection:
        rows = connection.execute(asked).all()
    if not rows:
        return made
    made.keyed = Keyed.from_env(ERASURE)
    if other := sorted({r.key_id for r in rows} - {made.keyed.key_id}):
        raise CallRejected("DS-KEY", detail=f"tombstones under key {', '.join(other)}, given is {made.keyed.key_id}")
    made.add(Stone(r.digest, r.erasure_id, r.kind, r.source, r.entity) for r in rows)
    return made


def add_stones(connection: Connection, stones: Iterable[Stone], key_id: str) -> None:
    """Write tombstones; one that is there already stays as it is."""
    rows = [{**stone._asdict(), "key_id": key_id} for stone in stones]
    if rows:
        connection.execute(_insert(connection.dialect.name).values(rows))


def _insert(dialect: str) -> Insert:
    if dialect == "postgresql":
        return postgresql.insert(Tombstone).on_conflict_do_nothing()
    return sqlite.insert(Tombstone).on_conflict_do_nothing()

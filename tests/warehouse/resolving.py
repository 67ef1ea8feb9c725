"""A handful of persons, written as a clerk writes them, through the edge's own tokeniser into a real DuckDB."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import duckdb
import pyarrow as pa

from expectations.model import IDENTITY_COLUMNS
from expectations.sql import name as identifier
from extractors._kit.identity import check_digit
from extractors._kit.person_columns import PersonTokeniser, birth_of
from extractors._kit.tokens import Tokeniser
from warehouse.engine.digest import digest_table
from warehouse.engine.sql import statement as typing_macros
from warehouse.resolver import ResolveReport, model_in_use, resolve

TABLES = (
    "person_member",
    "person_edge",
    "person_review",
    "person_contested",
    "person_block",
    "person_said",
    "person_profile",
    "person_hub",
)
_IDENTITY = ", ".join(f"{c} {'date' if c == 'id_birth' else 'varchar'}" for c in IDENTITY_COLUMNS)
_TABLES = f"""
create schema if not exists register;
create table register.person_observation (
    obs_key varchar, source varchar, entity varchar, source_record_id varchar, changed_at timestamp, birth_date date,
    sex varchar, {_IDENTITY}, house_key varchar, household_token varchar
);
create table register.person_judgement (judgement_id varchar, left_key varchar, right_key varchar, verdict varchar);
create table touched (obs_key varchar);
"""


@dataclass(frozen=True)
class Seen:
    """One record in clear."""

    record: str
    name: str = "陈嘉豪"
    number: str = ""
    birth: str = "1988-03-05"
    sex: str = "1"
    house: str | None = None
    kind: str | None = "111"
    at: str = "2022-01-01 08:00:00"
    household: str | None = None

    @property
    def key(self) -> str:
        return hashlib.md5(f"s|e|{self.record}".encode()).hexdigest()

    def but(self, record: str, **other: Any) -> Seen:
        """The same person in another record."""
        return replace(self, record=record, **other)


def number(birth: str = "1988-03-05", serial: int = 11, division: str = "440197") -> str:
    """A sound number of a division that was never issued."""
    first17 = f"{division}{birth.replace('-', '')}{serial:03d}"
    return first17 + check_digit(first17)


@cache
def _tokeniser() -> PersonTokeniser:
    return PersonTokeniser(Tokeniser(bytes(range(32))))


class Register:
    """A register of persons that takes records, judgements and nights."""

    def __init__(self) -> None:
        self.connection = duckdb.connect(":memory:", config={"threads": 2})
        self.connection.execute(typing_macros("_types"))
        self.connection.execute(_TABLES)
        self.model = model_in_use()

    def put(self, seen: Iterable[Seen]) -> None:
        """Add records, or new versions of them."""
        rows = list(seen)
        self.take(s.record for s in rows)
        made = _tokeniser().columns(
            [s.number for s in rows], [s.kind for s in rows], [s.name for s in rows], [s.birth for s in rows],
            [s.sex for s in rows],
        )  # fmt: skip
        columns: dict[str, list[Any]] = {
            "obs_key": [s.key for s in rows], "source": ["s"] * len(rows), "entity": ["e"] * len(rows),
            "source_record_id": [s.record for s in rows], "changed_at": [s.at for s in rows],
            "birth_date": [birth_of(s.birth) for s in rows], "sex": [s.sex for s in rows], **made,
            "house_key": [s.house for s in rows], "household_token": [s.household for s in rows],
        }  # fmt: skip
        table = pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})
        self.connection.register("new_rows", table)
        self.connection.execute("insert into register.person_observation by name select * from new_rows")
        self.connection.unregister("new_rows")

    def take(self, records: Iterable[str]) -> None:
        """Take records away; they and what is put next are what the next night has touched."""
        keys = [Seen(record).key for record in records]
        self.connection.execute("delete from register.person_observation where list_contains(?, obs_key)", [keys])
        self.connection.execute("insert into touched select unnest(?)", [keys])

    def judge(self, judgement: str, left: str, right: str, verdict: str) -> None:
        """A steward's word on two records."""
        a, b = sorted((Seen(left).key, Seen(right).key))
        self.connection.execute("insert into register.person_judgement values (?, ?, ?, ?)", [judgement, a, b, verdict])

    def revoke(self, judgement: str) -> None:
        """It is taken back."""
        self.connection.execute("delete from register.person_judgement where judgement_id = ?", [judgement])

    def build(self) -> ResolveReport:
        """Everything anew."""
        self.connection.execute("delete from touched")
        return resolve(self.connection, self.model)

    def night(self) -> ResolveReport:
        """Only what was touched."""
        report = resolve(self.connection, self.model, touched=identifier("touched"))
        self.connection.execute("delete from touched")
        return report

    def persons(self) -> set[frozenset[str]]:
        """Which records are one person."""
        rows = self.connection.execute(
            "select list(source_record_id) from register.person_member "
            "join register.person_observation using (obs_key) group by person_id"
        ).fetchall()
        return {frozenset(records) for (records,) in rows}

    def ids(self) -> dict[str, str]:
        """Record -> person."""
        return dict(
            self.connection.execute(
                "select source_record_id, person_id from register.person_member "
                "join register.person_observation using (obs_key)"
            ).fetchall()
        )

    def reviews(self) -> list[tuple[str, str]]:
        """Record and candidate's evidence of each case."""
        rows: list[tuple[str, str]] = self.connection.execute(
            "select source_record_id, evidence_zh from register.person_review "
            "join register.person_observation using (obs_key) order by 1, 2"
        ).fetchall()
        return rows

    def digest(self) -> list[str]:
        """Of every table that is a function of observations and judgements."""
        return [digest_table(self.connection, "register", table) for table in TABLES]


def register_of(*seen: Seen) -> Register:
    """A register built of these records."""
    made = Register()
    made.put(seen)
    made.build()
    return made


def groups(text: str) -> Iterator[frozenset[str]]:
    """`ab c` -> {a, b}, {c}."""
    return map(frozenset, text.split())

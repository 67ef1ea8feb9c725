"""A small world for checks: one source of a few columns, staged by hand in a DuckDB of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import yaml

from expectations.contract import Contract, load_contract
from expectations.desk import Desk, prepare
from expectations.label import open_entity
from expectations.relations import LINEAGE, staged_column
from expectations.sql import name, statement
from expectations.suite import build_suite
from warehouse.engine.staged import TYPES

SOURCE, ENTITY = "town", "thing"
WORDS = {"zh": "字", "en": "word"}
SEEN = datetime(2022, 11, 6)
Row = Mapping[str, Any]


class World:
    """entities: per entity its columns by type. A person entity has the facets of an identity, written by hand."""

    def __init__(
        self,
        folder: Path,
        columns: Mapping[str, str],
        *,
        person: bool = False,
        zone: str = "R",
        others: Mapping[str, Mapping[str, str]] | None = None,
        entity: Mapping[str, Any] | None = None,
    ) -> None:
        self.folder, self.zone, self.person = folder, zone, person
        self.columns = {ENTITY: dict(columns), **{n: dict(c) for n, c in (others or {}).items()}}
        self.extra = dict(entity or {})
        self.contract = self.with_checks({})
        self.connection = duckdb.connect()
        self.connection.execute("create schema staging")
        self.connection.execute(
            "create schema ledger; create table ledger.load (load_id varchar, source varchar, entity varchar, "
            '"new" bigint, closed bigint, "returned" bigint, landed bigint, window_begin timestamp, '
            "window_end timestamp, partial boolean)"
        )
        for entity_name in self.columns:
            self._table(entity_name)
        prepare(self.connection)
        self.added = 0

    def with_checks(self, checks: Mapping[str, Mapping[str, Any]], **entity: Any) -> Contract:
        """The contract of this world with these checks."""
        body = {
            n: {"title": WORDS, "key": ["pk"], "changed_at": None, "columns": self._declared(n)} for n in self.columns
        }
        body[ENTITY] |= {**self.extra, **entity, "checks": {n: _check(c) for n, c in checks.items()}}
        if self.person:
            body[ENTITY]["identity"] = {"number": "no", "name": "called", "birth": "born", "sex": "sex"}
        raw = {
            "source": SOURCE,
            "zone": self.zone,
            "title": WORDS,
            "owner": WORDS,
            "fix_hint": WORDS,
            "retention": "5y",
            "entities": body,
        }
        digest = hashlib.sha256(yaml.safe_dump(raw).encode()).hexdigest()[:12]
        folder = self.folder / digest
        folder.mkdir(exist_ok=True)
        (folder / f"{SOURCE}.yml").write_text(yaml.safe_dump(raw, allow_unicode=True), "utf8")
        return load_contract(SOURCE, folder)

    def _declared(self, entity: str) -> dict[str, Any]:
        found: dict[str, Any] = {"pk": {**WORDS}}
        found |= {c: {**WORDS, "type": t} for c, t in self.columns[entity].items()}
        if self.person and entity == ENTITY:
            found |= {
                "no": {**WORDS, "edge": "identity"},
                "called": {**WORDS, "edge": "identity"},
                "born": {**WORDS, "type": "date"},
                "sex": {**WORDS, "type": "code"},
            }
        return found

    def _table(self, entity: str) -> None:
        landed = self.contract.entities[entity].landed()
        own = ", ".join(f"{name(staged_column(c.name))} {TYPES[c.type]}" for c in landed)
        self.connection.execute(
            f"create table staging.{SOURCE}__{entity} (load_id varchar, source varchar, source_record_id varchar, "
            f"seen_at timestamp, content_hash varchar, changed_at timestamp, known_from timestamp, op varchar, {own}, "
            "untyped map(varchar, varchar))"
        )

    def add(self, *rows: Row, entity: str = ENTITY) -> None:
        """Stage rows; `pk` names the record, lineage columns may be given, everything else is NULL."""
        for row in rows:
            self.added += 1
            facts: dict[str, Any] = {
                "load_id": "L1",
                "source": SOURCE,
                "source_record_id": str(row.get("pk", self.added)),
                "seen_at": SEEN,
                "content_hash": f"{self.added:032x}",
                "changed_at": None,
                "known_from": SEEN,
                "op": "upsert",
            }
            facts |= {k if k in (*LINEAGE, "untyped") else staged_column(k): v for k, v in row.items()}
            facts["pk"] = facts["source_record_id"]
            columns = ", ".join(str(name(c)) for c in facts)
            marks = ", ".join("?" * len(facts))
            self.connection.execute(
                f"insert into staging.{SOURCE}__{entity} ({columns}) values ({marks})", list(facts.values())
            )
        self.load(entity, len(rows))

    def load(self, entity: str, new: int, begin: datetime = datetime(2018, 1, 1), end: datetime = SEEN) -> None:
        """A line of the ledger for rows that came."""
        [(number,)] = self.connection.execute("select count(*) from ledger.load").fetchall()
        row = [f"L{number + 1}", SOURCE, entity, new, None, None, new, begin, end, False]
        self.connection.execute("insert into ledger.load values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)

    def bad(self, **check: Any) -> set[str]:
        """The records whose newest version a check calls bad, by the predicate alone."""
        [rule] = build_suite(self.with_checks({"the_rule": {"effect": "note", **check}})).rules
        desk = Desk(self.connection, {"run_no": 1})
        desk.clear("superseded")
        open_entity(desk, SOURCE, self.contract.entities[ENTITY])
        table = name("staging", f"{SOURCE}__{ENTITY}")
        desk.run(statement("superseded_insert", staged=table))
        text = (
            f"select source_record_id, {rule.bad} from {table} where op = 'upsert' "
            "and content_hash not in (select content_hash from superseded)"
        )
        rows = self.connection.execute(text).fetchall()
        assert all(answer in (True, False) for _, answer in rows), "a condition must be decided"
        return {record for record, answer in rows if answer}

    def verdicts(self, column: str, values: Sequence[Any], **check: Any) -> list[bool]:
        """Per value of one column whether a row with it is bad."""
        first = self.added + 1
        self.add(*({"pk": f"v{i}", column: v} for i, v in enumerate(values, first)))
        bad = self.bad(column=column, **check)
        return [f"v{i}" in bad for i in range(first, first + len(values))]


def _check(check: Mapping[str, Any]) -> dict[str, Any]:
    return {"zh": "规则", "en": "rule", "severity": "warning", **check}

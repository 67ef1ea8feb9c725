"""A source of two entities with checks, landed, staged and judged as a night would."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from expectations.contract import Contract, load_contract
from tests.warehouse.landed import SOURCE, land
from warehouse.engine import open_warehouse, stage_source
from warehouse.engine.check import check_source

WORDS = {"zh": "字", "en": "word"}
WHOLLY: dict[str, Any] = {"effect": "quarantine", "because": WORDS}
CHECKS: dict[str, dict[str, Any]] = {
    "name_is_given": {"check": "present", "column": "name", "severity": "warning", **WHOLLY},
    "age_is_a_number": {"check": "typed", "column": "age", "severity": "warning", **WHOLLY},
    "age_is_plausible": {
        "check": "between",
        "column": "age",
        "min": 0,
        "max": 120,
        "severity": "critical",
        "tolerance": 0.5,
        **WHOLLY,
    },
    "name_is_short": {
        "check": "matches",
        "column": "name",
        "pattern": "^.{0,3}$",
        "severity": "warning",
        "effect": "note",
    },
}
PERSON = {"pk": "text", "name": "text", "age": "integer", "moved": "datetime", "deleted_at": "datetime"}
LAMP = {"pk": "text", "watt": "integer", "moved": "datetime"}
Row = Mapping[str, str | None]


class Office:
    """One warehouse; `night` lands, stages and judges."""

    def __init__(self, home: Path) -> None:
        self.home, self.landing, self.file = home, home / "landing", home / "w.duckdb"
        self.decisions = f"sqlite:///{home / 'decisions.db'}"
        self.contract = self.rules()

    def rules(
        self,
        *,
        zone: str = "R",
        person: Mapping[str, Any] | None = None,
        lamp: Mapping[str, Any] | None = None,
        **checks: Mapping[str, Any] | None,
    ) -> Contract:
        """Make and use a contract: the checks above with changes by name (None takes one away)."""
        of_person = {k: _rule({**CHECKS.get(k, {}), **v}) for k, v in {**CHECKS, **checks}.items() if v is not None}
        entities = {
            "person": {
                "title": WORDS,
                "key": ["pk"],
                "changed_at": "moved",
                "columns": _columns(PERSON),
                "checks": {n: {**WORDS, **c} for n, c in of_person.items()},
                **(person or {}),
            },
            "lamp": {"title": WORDS, "key": ["pk"], "changed_at": "moved", "columns": _columns(LAMP), **(lamp or {})},
        }
        raw = {
            "source": SOURCE,
            "zone": zone,
            "title": WORDS,
            "owner": WORDS,
            "fix_hint": WORDS,
            "retention": "5y",
            "entities": entities,
        }
        folder = self.home / "contracts" / hashlib.sha256(repr(raw).encode()).hexdigest()[:12]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{SOURCE}.yml").write_text(yaml.safe_dump(raw, allow_unicode=True), "utf8")
        self.contract = load_contract(SOURCE, folder)
        return self.contract

    def land(self, day: int, rows: Sequence[Row], entity: str = "person", **over: Any) -> None:
        """Land and stage one day of November 2022."""
        land(self.landing, self.contract.entities[entity], rows, day, version=self.contract.version, **over)
        report = stage_source(self.contract, self.landing, self.file)
        assert report.errors == []

    def check(self, day: int) -> dict[str, Any]:
        """Judge the night of a day."""
        return check_source(self.contract, self.landing, self.file, f"2022-11-{day:02d}", self.decisions)

    def night(self, day: int, *rows: Row) -> dict[str, Any]:
        """Land, stage, judge."""
        self.land(day, rows)
        return self.check(day)

    def ask(self, text: str) -> list[tuple[Any, ...]]:
        """Rows of the warehouse."""
        with open_warehouse(self.file) as connection:
            rows: list[tuple[Any, ...]] = connection.execute(text).fetchall()
        return rows

    def accepted(self) -> dict[str, Any]:
        """Name by record of what is accepted."""
        return dict(self.ask(f"select source_record_id, name from accepted.{SOURCE}__person"))

    def incidents(self, *columns: str, where: str = "true") -> list[tuple[Any, ...]]:
        """Columns of the quarantine, in order."""
        listed = ", ".join(columns or ("source_record_id", "rule", "status"))
        return self.ask(
            f"select {listed} from quality.quarantine where {where} order by source_record_id, rule, opened_run"
        )


def person(pk: str, day: int = 1, *, name: str | None = "甲", age: str | None = "30", gone: str | None = None) -> Row:
    """One row of a person, changed at ten on a day."""
    return {"pk": pk, "name": name, "age": age, "moved": f"2022-11-{day:02d} 10:00:00", "deleted_at": gone}


def _rule(check: Mapping[str, Any]) -> dict[str, Any]:
    """Only what goes wholly has a reason for it."""
    said = {k: v for k, v in check.items() if v is not None}
    return {k: v for k, v in said.items() if k != "because" or said.get("effect") == "quarantine"}


def _columns(types: Mapping[str, str]) -> dict[str, Any]:
    return {name: {**WORDS, "type": kind} for name, kind in types.items()}

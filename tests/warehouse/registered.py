"""A town hall whose records feed persons, houses and objects: landed, staged, released and registered by hand.

`release` writes the acceptance through the real statements of the checks, without the seconds that the judge takes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from expectations.contract import Contract, load_contract
from expectations.desk import Desk, prepare
from expectations.label import open_entity
from expectations.model import Entity
from expectations.relations import acceptance, staged
from expectations.sql import Sql, fill, statement, values
from extractors._kit.person_columns import PersonTokeniser
from extractors._kit.tokens import Tokeniser
from tests.warehouse.landed import SOURCE, land
from warehouse.engine import open_warehouse, stage_source
from warehouse.engine.claims import ClaimsReport, build_claims
from warehouse.engine.connection import Connection
from warehouse.engine.register import RegisterReport, build_register, register_digest
from warehouse.resolver import model_in_use

WORDS = {"zh": "字", "en": "word"}
Row = Mapping[str, str | None]
ENTITIES: dict[str, dict[str, Any]] = {
    "resident": {
        "identity": {"number": "no", "name": "name", "birth": "born", "sex": "sex"},
        "columns": {"pk": "text", "no": "identity", "name": "identity", "born": "date", "sex": "code", "home": "text",
                    "code": "code", "since": "date", "status": "code", "moved": "datetime", "deleted_at": "datetime"},
        "claims": {
            "person": {"trust": 80, "ended": {"status": ["22"]}, "birth_date": "born", "sex": "sex"},
            "residence": {"trust": 60, "ended": {"status": ["22"]}, "kind": {"constant": "registered"},
                          "valid_from": "since", "verified_at": "moved"},
            "house": {"trust": 40, "house_code": "code", "address": "home"},
        },
    },
    "room": {
        "columns": {"pk": "text", "code": "code", "ref": "code", "guid": "code", "home": "text", "area": "decimal",
                    "grid": "code", "lng": "decimal", "lat": "decimal", "visit": "code", "op": "code",
                    "moved": "datetime", "deleted_at": "datetime"},
        "claims": {
            "house": {"trust": 70, "ended": {"op": ["C"]}, "whole": "pk", "house_code": "code", "house_ref": "ref",
                      "lists_all": {"visit": ["3"]}, "verified_at": "moved", "address": "home",
                      "area_m2": {"column": "area", "trust": 20}, "state": "visit",
                      "grid_code": "grid", "lng": "lng", "lat": "lat"},
            "building": {"trust": 50, "whole": "pk", "building_ref": "guid", "address": "home"},
        },
    },
    "guest": {
        "key": ["visit", "place"],
        "identity": {"number": "no", "name": "name", "birth": "born", "sex": "sex"},
        "columns": {"visit": "text", "place": "integer", "no": "identity", "name": "identity", "born": "date",
                    "sex": "code", "ref": "code", "since": "date", "until": "date", "found": "datetime", "op": "code",
                    "moved": "datetime"},
        "claims": {
            "person": {"trust": 75, "ended": {"op": ["C"]}, "whole": "visit", "birth_date": "born",
                       "sex": {"column": "sex", "trust": 90}},
            "residence": {"trust": 80, "void": {"op": ["C"]}, "confirmed_for": "730d", "whole": "visit",
                          "kind": {"constant": "found"},
                          "valid_from": "since", "valid_to": "until", "verified_at": "found"},
            "house": {"trust": 20, "whole": "visit", "house_ref": "ref"},
        },
    },
    "lamp": {
        "columns": {"pk": "code", "on": "code", "grid": "code", "lng": "decimal", "lat": "decimal", "moved": "datetime",
                    "deleted_at": "datetime"},
        "claims": {
            "device": {"trust": 50, "device_code": "pk", "kind": {"constant": "camera"},
                       "state": {"column": "on", "codes": {"1": "on", "0": "off"}}, "lng": "lng", "lat": "lat"},
            "facility": {"trust": 50, "part_code": "pk", "grid_code": "grid"},
        },
    },
    "cell": {
        "columns": {"pk": "code", "border": "text", "moved": "datetime"},
        "claims": {"grid_cell": {"trust": 90, "grid_code": "pk", "polygon": "border"}},
    },
    "shop": {
        "columns": {"pk": "text", "code": "code", "name": "text", "home": "text", "month": "code", "moved": "datetime"},
        "claims": {
            "organisation": {"trust": 60, "credit_code": "code", "number": "pk", "name": "name", "address": "home",
                             "head_count_month": "month"},
            "house": {"trust": 10, "address": "home"},
        },
    },
    "matter": {
        "columns": {"pk": "text", "opened": "datetime", "rating": "code", "moved": "datetime"},
        "claims": {"case": {"trust": 80, "kind": {"constant": "petition"}, "case_ref": "pk", "received_at": "opened",
                            "satisfaction": "rating"}},
    },
}  # fmt: skip
TOKENS = PersonTokeniser(Tokeniser(bytes(32)))


def number(serial: int, born: str = "19900101") -> str:
    """A resident number of a division that was never issued, with its check digit."""
    body = f"440197{born}{serial:03d}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(int(d) * w for d, w in zip(body, weights, strict=True)) % 11]


class Hall:
    """One warehouse with its contract."""

    def __init__(self, home: Path, **changes: Mapping[str, Any]) -> None:
        self.home, self.landing, self.file = home, home / "landing", home / "w.duckdb"
        self.decisions = f"sqlite:///{home / 'decisions.db'}"
        self.contract = self.rules(**changes)
        self.refused: set[str] = set()
        self.emptied: set[tuple[str, str]] = set()  # record and column
        self.landed = False  # since the last build

    def rules(self, **changes: Mapping[str, Any]) -> Contract:
        """Make and use a contract: the entities above, with other claims by entity."""
        entities = {n: _entity(n, {**e, "claims": changes.get(n, e["claims"])}) for n, e in ENTITIES.items()}
        raw = {"source": SOURCE, "zone": "R", "title": WORDS, "owner": WORDS, "fix_hint": WORDS, "retention": "5y",
               "entities": entities}  # fmt: skip
        folder = self.home / "contracts" / str(len(list(self.home.glob("contracts/*"))))
        folder.mkdir(parents=True)
        (folder / f"{SOURCE}.yml").write_text(yaml.safe_dump(raw, allow_unicode=True), "utf8")
        self.contract = load_contract(SOURCE, folder)
        return self.contract

    def land(self, day: int, **rows: Sequence[Row]) -> None:
        """Land rows by entity in the window of a day of November 2022, as an extractor would."""
        for entity, listed in rows.items():
            of = self.contract.entities[entity]
            tokenised = _tokenised(listed) if of.identity else listed
            land(self.landing, of, tokenised, day, version=self.contract.version)
        self.landed = True

    def release(self, *refused: str) -> None:
        """Stage what is landed and accept every version but those of the refused records."""
        assert stage_source(self.contract, self.landing, self.file).errors == []
        self.refused |= set(refused)
        with open_warehouse(self.file) as connection:
            release(connection, self.contract, self.refused, self.emptied)

    def claim(self, *, full: bool = False) -> ClaimsReport:
        """Bring the claims in line."""
        with open_warehouse(self.file) as connection:
            return build_claims(connection, [self.contract], full=full)

    def build(self, *, full: bool = False, known: datetime | None = None) -> RegisterReport:
        """Release and claim what was landed since, and register."""
        if self.landed:
            self.release()
            self.claim()
            self.landed = False
        with open_warehouse(self.file) as connection:
            return build_register(connection, self.decisions, model_in_use(), known=known, full=full)

    def night(self, day: int, **rows: Sequence[Row]) -> RegisterReport:
        """Land and register."""
        self.land(day, **rows)
        return self.build()

    def digest(self) -> dict[str, str]:
        """The digest of the register, table by table."""
        with open_warehouse(self.file) as connection:
            return register_digest(connection)

    def ask(self, text: str, **parameters: Any) -> list[tuple[Any, ...]]:
        """Rows of the warehouse."""
        with open_warehouse(self.file) as connection:
            rows: list[tuple[Any, ...]] = connection.execute(text, parameters).fetchall()
        return rows


def release(
    connection: Connection, contract: Contract, refused: Collection[str] = (), emptied: Collection[tuple[str, str]] = ()
) -> None:
    """Accept every staged version but those of the refused records, without what was emptied, as a check would."""
    prepare(connection)
    desk = Desk(connection, {"run_no": 1})
    for entity in contract.entities.values():
        _accept(desk, contract.source, entity, refused, emptied)


def resident(pk: str, day: int = 1, **over: str | None) -> Row:
    """A registered resident, the same person as every other of that serial."""
    row = {"pk": pk, "no": number(int(pk)), "name": "张三丰", "born": "1990-01-01", "sex": "1", "home": None,
           "code": f"C{pk}", "since": "2020-01-01", "status": "12", "moved": f"2022-11-{day:02d} 10:00:00",
           "deleted_at": None}  # fmt: skip
    return {**row, **over}


def guest(visit: str, place: int, serial: int, day: int = 1, **over: str | None) -> Row:
    """Somebody found at home by a visit."""
    row = {"visit": visit, "place": str(place), "no": number(serial), "name": "张三丰", "born": "1990-01-01",
           "sex": "1", "ref": "R1", "since": "2021-01-01", "until": None, "found": f"2022-11-{day:02d} 11:00:00",
           "op": "A", "moved": f"2022-11-{day:02d} 12:00:00"}  # fmt: skip
    return {**row, **over}


def room(pk: str, day: int = 1, **over: str | None) -> Row:
    """A dwelling as visited."""
    row = {"pk": pk, "code": None, "ref": None, "guid": None, "home": None, "area": None, "grid": None, "lng": None,
           "lat": None, "visit": None, "op": "A", "moved": f"2022-11-{day:02d} 12:00:00",
           "deleted_at": None}  # fmt: skip
    return {**row, **over}


def _entity(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    columns = {
        c: {**WORDS, **({"edge": "identity"} if kind == "identity" else {"type": kind})}
        for c, kind in given["columns"].items()
    }
    extra = {"identity": given["identity"]} if "identity" in given else {}
    return {"title": WORDS, "key": given.get("key", ["pk"]), "changed_at": "moved", "columns": columns, **extra,
            "claims": given["claims"]}  # fmt: skip


def _tokenised(rows: Sequence[Row]) -> list[Row]:
    made = TOKENS.columns(
        *([r[c] for r in rows] if c else ["111"] * len(rows) for c in ("no", None, "name", "born", "sex"))
    )
    return [{**row, **{c: v[i] for c, v in made.items()}} for i, row in enumerate(rows)]


def _accept(
    desk: Desk, source: str, of: Entity, refused: Collection[str], emptied: Collection[tuple[str, str]]
) -> None:
    open_entity(desk, source, of)
    table, versions = acceptance(source, of.name), staged(source, of.name)
    desk.clear("superseded", "rejected", "emptied")
    desk.run(statement("superseded_insert", staged=versions))
    desk.run(fill(
        "insert into rejected select content_hash from {{v}} where source_record_id in {{r}}",
        v=versions, r=values(sorted(refused)),
    ))  # fmt: skip
    there = {c.name for c in of.landed()}
    for record in {r for r, _ in emptied}:
        columns = sorted(c for r, c in emptied if r == record and c in there)
        if columns:
            desk.run(
                fill(
                    "insert into emptied select content_hash, $columns from {{v}} where source_record_id = $record",
                    v=versions,
                ),
                columns=columns, record=record,
            )  # fmt: skip
    desk.run(fill("delete from {{table}}", table=table))
    desk.run(statement("accept_new", acceptance=table, staged=versions, is_fresh=Sql("true")))
    open_entity(desk, source, of)  # the contract has no rules that would name what was emptied

"""Injected against caught: every kind of defect the town knows, and the named rule that must catch it.

A spoiled town and its clean twin are read over their real wires from 2018 to 2022, staged and judged as one night. Per
kind: how many records were spoiled (and reached staging), how many of them a rule named in `defects.yml` caught, and how many
records of the clean town the same rules raise. A kind that edge or staging reads as what it means leaves no trace to catch;
it says where it is mended.

    python -m bench.defects [--profile small|street] [--seed N] [--json FILE]
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

from bench._common import Line, Result, command, none_of, told
from bench._measure import scratch
from expectations.contract import load_contract
from expectations.runner import check_source
from extractors import Source, Window, discover
from extractors._kit.connection import Connection
from extractors._kit.edge import canonical_code
from extractors._kit.run import run_source
from extractors._kit.tokens import Tokeniser
from simulator.store import Store, build
from simulator.town.defects import DEFECTS
from simulator.wires import discover_wires
from warehouse.engine import open_warehouse, stage_source

NIGHT, AT = "2022-12-31", "2023-01-01 00:00:00"
MAP = Path(__file__).with_name("defects.yml")
KEYS = {"REGISTER_TOKEN_KEY": bytes(range(32)).hex(), "REGISTER_VAULT_KEY": bytes(range(32, 64)).hex()}
_FILE_MONTH = re.compile(r"(\d{6})(?:_\d+)?\.")
Seen = dict[tuple[str, str], dict[str, set[str]]]  # (source, entity) -> rule -> records; "" -> all records


@dataclass
class Caught:
    """One kind of defect."""

    system: str
    entity: str
    defect: str
    rules: list[str]
    mended: str | None = None
    injected: int = 0
    caught: int = 0
    clean_alarms: int = 0

    @property
    def recall(self) -> float | None:
        """Share of the spoiled records that a named rule caught."""
        return self.caught / self.injected if self.injected else None


def run(profile: str, seed: int) -> Result:
    """Both towns, side by side."""
    os.environ.update(KEYS)
    with scratch() as folder:
        spoiled, clean = (_judge(profile, seed, folder / name, clean=name == "clean") for name in ("spoiled", "clean"))
        table = list(_compare(Store.open(folder / "spoiled" / "town.db"), spoiled, clean))
    missed = [c for c in table if not c.mended and c.injected and not c.caught]
    alarms = _alarms(clean)
    lines: list[Line] = [
        none_of("kinds of defect no rule catches", len(missed)),
        none_of("false alarms on the clean town", sum(alarms.values())),
    ]
    details = {"table": [{**asdict(c), "recall": c.recall} for c in table], "alarms": alarms,
               "missed": [f"{c.system}.{c.entity}.{c.defect}" for c in missed]}  # fmt: skip
    return Result("defects", profile, seed, lines, details)


def _judge(profile: str, seed: int, home: Path, *, clean: bool) -> Seen:
    """Build a town, read it, stage it, judge it; which records each rule raised."""
    home.mkdir(mode=0o700)
    os.environ["REGISTER_DECISIONS_URL"] = f"sqlite:///{home / 'decisions.db'}"
    told(f"building the {'clean' if clean else 'spoiled'} town")
    store = build(profile, seed, home / "town.db", clean=clean)
    for source in discover().values():
        told(f"reading {source.key}")
        _land(source, store, home / "landing")
        stage_source(source.contract(), home / "landing", home / "w.duckdb")
    seen: Seen = {}
    with open_warehouse(home / "w.duckdb") as connection:
        for key in discover():
            contract = load_contract(key)
            verdict = check_source(contract, connection, NIGHT)
            told(f"{key}: {verdict.verdict}")
            for entity in contract.entities:
                raised = seen[key, entity] = {"": set()}
                ids = f'select distinct source_record_id from staging."{key}__{entity}"'
                raised[""] = {_plain(key, entity, r) for (r,) in connection.execute(ids).fetchall()}
                found = connection.execute(
                    "select rule, source_record_id from quality.quarantine where source = $s and entity = $e",
                    {"s": key, "e": entity},
                ).fetchall()
                for rule, record in found:
                    raised.setdefault(rule, set()).add(_plain(key, entity, record))
    return seen


def _land(source: Source, store: Store, landing: Path) -> None:
    """Five years of a source; by the month where a source limits how much it gives."""
    [found] = discover_wires([source.key])
    wire = found.make(store, at=AT)
    wire.start()
    connection = Connection.from_json(source.key, json.dumps(wire.connection()))
    try:
        summary = run_source(source, Window.parse("2018-01-01", "2023-01-01"), landing, connection)
        if summary.exit_status == 0:
            return
        for year in range(2018, 2023):
            for month in range(1, 13):
                end = f"{year + month // 12}-{month % 12 + 1:02d}-01"
                summary = run_source(source, Window.parse(f"{year}-{month:02d}-01", end), landing, connection)
                if summary.errors:
                    raise summary.errors[0]
    finally:
        wire.stop()


def _compare(store: Store, spoiled: Seen, clean: Seen) -> Iterator[Caught]:
    """Hold the truth of the spoiled town against what was raised."""
    expected = yaml.safe_load(MAP.read_text("utf8"))
    truth: dict[tuple[str, str, str], set[str]] = {}
    for row in store.truth().defects():
        truth.setdefault((row.system, row.entity, row.defect), set()).add(_key(store, row.system, row.entity, row))
    for defect in DEFECTS:
        said = expected[f"{defect.system}.{defect.entity}"][defect.name]
        entities = said.get("entities", [defect.entity])
        line = Caught(defect.system, defect.entity, defect.name, said.get("rules", []), said.get("mended"))
        present = set[str]().union(*(spoiled[defect.system, e][""] for e in entities if (defect.system, e) in spoiled))
        injected = truth.get((defect.system, defect.entity, defect.name), set()) & present
        raised, alarms = set[str](), set[str]()
        for entity in entities:
            for rule in line.rules:
                raised |= spoiled[defect.system, entity].get(rule, set())
                alarms |= clean[defect.system, entity].get(rule, set())
        line.injected, line.caught, line.clean_alarms = len(injected), len(injected & raised), len(alarms)
        yield line


def _alarms(clean: Seen) -> dict[str, int]:
    """Records that any rule raised in the clean town, by rule."""
    counted: Counter[str] = Counter()
    for (source, entity), rules in clean.items():
        for rule, records in rules.items():
            if rule:
                counted[f"{source}.{entity}.{rule}"] += len(records)
    return dict(counted)


_tokens: list[Tokeniser] = []


def _key(store: Store, system: str, entity: str, row: Any) -> str:
    """The record a truth row speaks of, in the words of staging."""
    if entity == "delete_log":
        return str(row.key).rsplit("/", 1)[-1]
    if system in ("petitions", "mediation", "wage_arrears"):
        _tokens[:] = _tokens or [Tokeniser.from_env()]
        return str(_tokens[0].tokens("case", [canonical_code(row.key)])[0])
    if entity in ("service_count", "enrolment_task"):
        fields = _line(store, system, entity, row.key, row.seq)
        if entity == "enrolment_task":
            return f"{fields['task_batch']}|{fields['community_code']}|{fields['task_type']}"
        found = _FILE_MONTH.search(row.key)
        return f"{found[1] if found else ''}|{fields['area_code']}|{fields['service_type']}"
    return str(row.key)


_files: dict[tuple[str, str], dict[tuple[str, int], dict[str, Any]]] = {}


def _line(store: Store, system: str, entity: str, key: str, seq: int) -> dict[str, Any]:
    if (system, entity) not in _files:
        rows = store.page(system, entity, limit=10_000_000)
        _files[system, entity] = {(r.key, r.seq): r.fields for r in rows}
    return _files[system, entity][key, seq]


def _plain(source: str, entity: str, record: str) -> str:
    """A staged record id in the words of the truth."""
    if entity == "grid":
        return record.replace("-", "")
    if source == "mobile_collection":
        return record.split("|", 1)[0]
    return record


if __name__ == "__main__":
    raise SystemExit(command("defects", run))

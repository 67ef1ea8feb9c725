"""Injected against caught: every kind of defect the town knows, and the named rule that must catch it.

A spoiled town and its clean twin are read over their real wires from 2018 to 2022, staged and judged as one night. Per
kind: how many records were spoiled, how many of them never reached staging and why, how many a rule meant for the kind
(`defects.yml`) named, and by which; and how many rows of the clean town any rule raises. A kind that edge or staging
reads as what it means leaves no trace to catch; it says where it is mended.

    python -m bench.defects [--profile small|street] [--seed N] [--json FILE]    (writes docs/defects.md, too)
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import yaml

from bench._common import Line, Result, command, console, none_of
from bench._measure import ROOT, scratch
from bench._quality_doc import recall_table, write_document
from bench._quality_towns import BEGIN, END, Night, Place, judged
from expectations.contract import load_contract
from extractors._kit.edge import canonical_code
from extractors._kit.tokens import Tokeniser
from simulator.store import Store
from simulator.town.defects import DEFECTS, Defect
from simulator.town.truth import DefectTruth

MAP = Path(__file__).with_name("defects.yml")
DOCUMENT = ROOT / "docs" / "defects.md"
BY_TOKEN = ("petitions", "mediation", "wage_arrears")
BY_LINE = ("service_count", "enrolment_task")
_FILE_MONTH = re.compile(r"(\d{6})(?:_\d+)?\.")


@dataclass
class Caught:
    """One kind of defect, in records.

    injected = dropped + absent + overwritten + emptied + judged. dropped: by a rule of the edge, which is named.
    absent: not in staging and no rule says why. overwritten: the source had replaced the spoiled version before it was
    read. emptied: the text was read as the empty field it means, in a column that may be empty. caught: named by a rule
    that is meant for the kind; named: by any rule.
    """

    system: str
    entity: str
    defect: str
    does: str
    rules: dict[str, int]
    mended: str | None = None
    how: str | None = None
    injected: int = 0
    dropped: dict[str, int] = field(default_factory=dict)
    absent: int = 0
    overwritten: int = 0
    emptied: int = 0
    caught: int = 0
    named: int = 0
    others: dict[str, int] = field(default_factory=dict)
    clean_alarms: int = 0

    @property
    def name(self) -> str:
        """`petitions.case.twelve_hour_clock`."""
        return f"{self.system}.{self.entity}.{self.defect}"

    @property
    def judged(self) -> int:
        """Spoiled records that a rule could see."""
        return self.injected - sum(self.dropped.values()) - self.absent - self.overwritten - self.emptied

    @property
    def recall(self) -> float | None:
        """Share of the spoiled records a rule could see that one caught; None where none was, or where it is mended."""
        return self.caught / self.judged if self.judged and not self.mended else None

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready; `of_all`: the share of everything injected, whatever became of it."""
        of_all = self.caught / self.injected if self.injected and not self.mended else None
        return {**asdict(self), "judged": self.judged, "recall": self.recall, "of_all": of_all}


def run(profile: str, seed: int) -> Result:
    """Both towns, side by side."""
    with scratch() as folder:
        spoiled, clean = (judged(profile, seed, folder / n, clean=n == "clean") for n in ("spoiled", "clean"))
        kinds = sorted(compare(Store.open(folder / "spoiled" / "town.db"), spoiled, clean), key=_order)
    return result_of(profile, seed, kinds, spoiled, clean)


def result_of(profile: str, seed: int, kinds: list[Caught], spoiled: Night, clean: Night) -> Result:
    """The lines that must hold, and the table behind them."""
    missed = [k.name for k in kinds if not k.mended and k.injected and not k.caught]
    alarms = dict(sorted(clean.failing.items()))
    seen, caught = (sum(getattr(k, part) for k in kinds if not k.mended) for part in ("judged", "caught"))
    lines = [
        none_of("kinds of defect no rule catches", len(missed), f"of {sum(not k.mended for k in kinds)}"),
        none_of("kinds of defect that were not injected", sum(not k.injected for k in kinds), f"of {len(kinds)}"),
        none_of("failing rows on the clean town", sum(alarms.values())),
        Line("spoiled records a meant rule names", caught, "", "records a rule could see", seen, caught / max(seen, 1)),
    ]
    details = {
        "table": [k.as_dict() for k in kinds], "missed": missed, "alarms": alarms,
        "edge": {"spoiled": dict(sorted(spoiled.edge.items())), "clean": dict(sorted(clean.edge.items()))},
        "verdicts": {"spoiled": spoiled.verdicts, "clean": clean.verdicts},
        "skipped": {"spoiled": spoiled.skipped, "clean": clean.skipped},
    }  # fmt: skip
    return Result("defects", profile, seed, lines, details)


def _order(kind: Caught) -> tuple[bool, bool, float, str]:
    """Least caught first, what is mended last."""
    return kind.mended is not None, kind.recall is None, kind.recall or 0.0, kind.name


def compare(store: Store, spoiled: Night, clean: Night) -> Iterator[Caught]:
    """Hold the truth of the spoiled town against what was raised."""
    expected = yaml.safe_load(MAP.read_text("utf8"))
    truth: dict[tuple[str, str, str], list[DefectTruth]] = {}
    for row in store.truth().defects():
        truth.setdefault((row.system, row.entity, row.defect), []).append(row)
    town = _Town(store)
    for defect in DEFECTS:
        said = expected[f"{defect.system}.{defect.entity}"][defect.name]
        rows = truth.get((defect.system, defect.entity, defect.name), [])
        yield _kind(defect, said, rows, town, spoiled, clean)


def _kind(
    defect: Defect, said: Mapping[str, Any], rows: list[DefectTruth], town: _Town, spoiled: Night, clean: Night
) -> Caught:
    """One kind of defect: what became of each of its records."""
    held = load_contract(defect.system).entities
    own = [defect.entity] if defect.entity in held else list(held)
    places = [(defect.system, entity) for entity in said.get("entities", own)]
    meant = dict.fromkeys(said.get("rules", []), 0)
    kind = Caught(defect.system, defect.entity, defect.name, defect.does, meant, said.get("mended"), said.get("how"))
    records: dict[str, list[DefectTruth]] = {}
    for row in rows:
        records.setdefault(town.record(row), []).append(row)
    kind.injected = len(records)
    dropped: Counter[str] = Counter()
    for record, hits in records.items():
        named = {rule for place in places for rule, found in spoiled.raised.get(place, {}).items() if record in found}
        for rule in named:
            counted = kind.rules if rule in kind.rules else kind.others
            counted[rule] = counted.get(rule, 0) + 1
        kind.named += bool(named)
        kind.caught += bool(named & kind.rules.keys())
        versions = max(spoiled.staged.get(place, {}).get(record, 0) for place in places)
        if versions == 0:
            rule = town.dropped_by(hits[-1], [entity for _, entity in places])
            kind.absent += not rule
            dropped.update([rule] if rule else [])
        elif not named & kind.rules.keys():
            overwritten = town.overwritten(hits, versions)
            kind.overwritten += overwritten
            kind.emptied += not overwritten and town.emptied(hits[-1])
    kind.dropped = dict(dropped)
    kind.clean_alarms = sum(clean.failing[f"{s}.{e}.{rule}"] for s, e in places for rule in kind.rules)
    return kind


class _Town:
    """What the town's file says of the spoiled records."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._tokens = Tokeniser.from_env()
        self._seqs: dict[Place, dict[str, list[int]]] = {}
        self._rows: dict[Place, dict[tuple[str, int], dict[str, Any]]] = {}

    def record(self, row: DefectTruth) -> str:
        """The record a truth row speaks of, in the words of staging."""
        if row.entity == "delete_log":
            return row.key.rsplit("/", 1)[-1]
        if row.system in BY_TOKEN:
            return str(self._tokens.tokens("case", [canonical_code(row.key)])[0])
        if row.entity == "enrolment_task":
            fields = self._fields(row)
            return f"{fields['task_batch']}|{fields['community_code']}|{fields['task_type']}"
        if row.entity == "service_count":
            fields, month = self._fields(row), _FILE_MONTH.search(row.key)
            return f"{month[1] if month else ''}|{fields['area_code']}|{fields['service_type']}"
        return row.key

    def dropped_by(self, row: DefectTruth, entities: list[str]) -> str:
        """The edge's rule by which the contract leaves the record out; empty if none does."""
        contract, fields = load_contract(row.system), self._fields(row)
        for entity in entities:
            for rule in contract.entities[entity].drops:
                if rule.column in fields and rule.drops(str(fields[rule.column])):
                    return f"{entity}: dropped, {rule.name}"
        return ""

    def overwritten(self, hits: list[DefectTruth], staged: int) -> bool:
        """Whether the source gave fewer versions than there were, and the last one is not spoiled any more."""
        row = hits[0]
        if row.entity in (*BY_LINE, "delete_log"):
            return False
        versions = self._numbers(row.system, row.entity).get(row.key, [])
        return staged < len(versions) and max(versions) not in {hit.seq for hit in hits}

    def emptied(self, row: DefectTruth) -> bool:
        """Whether a null word stands in the record, in columns alone that no rule wants filled."""
        held = load_contract(row.system).entities.get(row.entity)
        if held is None:
            return False
        fields, wanted = (
            self._fields(row),
            {c for check in held.checks if check.kind == "present" for c in check.columns},
        )
        told = {c.name for c in held.columns if fields.get(c.name) and fields[c.name] in c.nulls}
        return bool(told) and not told & wanted

    def _fields(self, row: DefectTruth) -> dict[str, Any]:
        return self._versions(row.system, row.entity).get((row.key, row.seq), {})

    def _numbers(self, system: str, entity: str) -> dict[str, list[int]]:
        """The numbers of the versions of each record that lie in the window."""
        if (system, entity) not in self._seqs:
            seqs = self._seqs[system, entity] = {}
            for row in self.store.iterate(system, entity, BEGIN, END):
                seqs.setdefault(row.key, []).append(row.seq)
        return self._seqs[system, entity]

    def _versions(self, system: str, entity: str) -> dict[tuple[str, int], dict[str, Any]]:
        if (system, entity) not in self._rows:
            self._rows[system, entity] = {(r.key, r.seq): r.fields for r in self.store.iterate(system, entity)}
        return self._rows[system, entity]


def _documented(profile: str, seed: int) -> Result:
    """Run, show the table, write the document."""
    result = run(profile, seed)
    console.print(recall_table(result.details["table"]))
    write_document(DOCUMENT, result.as_dict())
    return result


if __name__ == "__main__":
    raise SystemExit(command("defects", _documented))

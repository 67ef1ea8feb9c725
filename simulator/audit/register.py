"""The register against the town: how many things of each kind, matched how well, and where they stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import duckdb

from simulator.audit.compare import Line, Shown
from simulator.audit.evidence import evidence
from simulator.audit.matching import Matched, matched
from simulator.audit.objects import employers, lines_of_objects
from simulator.audit.places import locations, premises
from simulator.audit.residents import Agreement, days, lived, residences, residents
from simulator.audit.stocks import lines_of_stocks
from simulator.audit.things import spoken
from simulator.audit.town import Loads, TownFile

PLURAL = {"facility": "facilities"}
THINGS = ("person", "house", "building", "device", "vehicle", "organisation", "facility")


@dataclass
class Register:
    """Lines of numbers of things, the matching of each kind, and how pairs and days agree."""

    lines: list[Line] = field(default_factory=list)
    marts: list[Line] = field(default_factory=list)
    matched: Mapping[str, Matched] = field(default_factory=dict)
    agreed: dict[str, Agreement] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "lines": [line.as_dict() for line in self.lines],
            "matched": {
                thing: {"precision": m.precision, "recall": m.recall, "mixed": m.mixed, "split": m.split}
                for thing, m in self.matched.items()
            },
            "agreed": {
                name: {
                    "found": a.found, "true": a.true, "right": a.right, "precision": a.precision, "recall": a.recall,
                    "precision_bound": a.precision_bound, "recall_bound": a.recall_bound,
                }
                for name, a in self.agreed.items()
            },
        }  # fmt: skip


def register(connection: duckdb.DuckDBPyConnection, town: TownFile, loads: Loads, shown: Shown) -> Register:
    """Hold the register against the town, and the marts that are counted from it."""
    of = spoken(town, loads)
    found = {thing: matched(connection, thing, of[thing]) for thing in THINGS}
    life, told = lived(town, loads.night.isoformat()), evidence(town, loads)
    true = _true_numbers(town, loads)
    made = Register([_number(thing, found[thing], true[thing]) for thing in THINGS], matched=found)
    people, houses = found["person"], found["house"]
    made.lines.append(residents(connection, people, life, told, loads))
    made.agreed = {
        **residences(connection, people, houses, life, told, loads),
        **days(connection, people, houses, life),
        "locations": locations(connection, found, town, loads),
        "premises": premises(connection, found, town),
    }
    made.marts = [
        *lines_of_stocks(connection, made.lines[-1], town, life, shown),
        *lines_of_objects(connection, found, of, town, loads, shown),
        *employers(town, loads, shown),
    ]
    return made


def _number(thing: str, found: Matched, true: int) -> Line:
    """How many there are. A thing told of and absent, or one that no record speaks of, is unexplained."""
    line = Line("register", PLURAL.get(thing, f"{thing}s"), true, found.told, found.ids, None)
    if true != found.told:
        line.say("not told", "", abs(true - found.told))
    if found.mixed or found.split:
        line.say("matching", "", found.mixed + found.split)
    for absent in found.missing:
        line.say("unexplained", f"{absent} was told of and is not there")
    for strange in found.strange:
        line.say("unexplained", f"{strange} rests on no record of the town")
    return line


def _true_numbers(town: TownFile, loads: Loads) -> dict[str, int]:
    """How many there truly were by the night, whether any record speaks of them or not."""
    after = loads.after
    asked = {
        "person": "select count(distinct person) from truth_stay where begin < ?",
        "house": "select count(*) from truth_dwelling where ? <> ''",
        "building": "select count(*) from truth_building where ? <> ''",
        "device": "select count(*) from truth_device where begin < ?",
        "vehicle": "select count(distinct plate) from truth_vehicle where begin < ?",
        "organisation": "select count(*) from truth_employer where opened < ?",
        "facility": "select count(*) from truth_facility where ? <> ''",
    }
    return {thing: int(town.rows(question, (after,))[0][0]) for thing, question in asked.items()}

"""The register as it was known and as it was true on past days, against who truly lived where on those days."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb

from simulator.audit.matching import matched
from simulator.audit.residents import lived
from simulator.audit.things import spoken
from simulator.audit.town import Loads, TownFile
from warehouse.engine.as_of import as_of
from warehouse.engine.connection import opened
from warehouse.resolver import model_in_use

DAYS = ("2022-03-31", "2022-06-30", "2022-09-30")


@dataclass(frozen=True)
class Past:
    """One past day: pairs of person and dwelling that the register gives for it, and those that are true."""

    day: str
    found: int
    true: int
    known: int
    right: int

    @property
    def precision(self) -> float:
        """The share of what it gives that is true."""
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        """The share it gives of the true pairs of persons that are in the register."""
        return self.right / self.known if self.known else 1.0

    @property
    def holds(self) -> bool:
        """Whether the day could be asked at all."""
        return self.found > 0

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self) | {"precision": self.precision, "recall": self.recall}


def pasts(warehouse: Path, town: TownFile, folder: Path, days: Sequence[str] = DAYS) -> list[Past]:
    """Each day as it is known today."""
    return [_past(warehouse, town, folder / f"as-of-{day}.duckdb", day) for day in days]


def _past(warehouse: Path, town: TownFile, target: Path, day: str) -> Past:
    with opened(warehouse) as connection:
        now = datetime.fromisoformat("2100-01-01")
        as_of(
            connection,
            target,
            os.environ["REGISTER_DECISIONS_URL"],
            model_in_use(),
            known=now,
            valid=date.fromisoformat(day),
        )
    of = spoken(town, Loads.of("2022-12-31", ("2018-01-01", "2023-01-01")))
    with duckdb.connect(str(target), read_only=True) as past:
        people, houses = (matched(past, thing, of[thing]).of for thing in ("person", "house"))
        rows = past.execute("select person_id, house_id from valid.person_house_link").fetchall()
    pairs = {(people.get(p, p), houses.get(h, h)) for p, h in rows}
    true = lived(town, day).pairs()
    known = {pair for pair in true if pair[0] in set(people.values())}
    target.unlink()
    return Past(day, len(pairs), len(true), len(known), len(pairs & true))

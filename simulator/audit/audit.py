"""The whole comparison of a home with its town: every mart it can make anew, and the register.

Flow: `audit(home, town, loads)` -> lines, each with its true, told, held and published figure and the causes between.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from simulator.audit.compare import Line, Shown
from simulator.audit.marts import lines_of_cases, lines_of_counts
from simulator.audit.register import Register, register
from simulator.audit.totals import totals
from simulator.audit.town import Loads, TownFile


@dataclass
class Audit:
    """What was found: marts, and the register."""

    marts: list[Line] = field(default_factory=list)
    register: Register = field(default_factory=Register)

    @property
    def lines(self) -> list[Line]:
        """Every line there is."""
        return [*self.marts, *self.register.lines]

    @property
    def unexplained(self) -> int:
        """What nothing explains; 0 is wanted."""
        return sum(line.unexplained for line in self.lines)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "unexplained": self.unexplained,
            "marts": [line.as_dict() for line in self.marts],
            "register": self.register.as_dict(),
        }


def audit(warehouse: Path, published: Path | None, town: Path, loads: Loads) -> Audit:
    """Hold a warehouse, and what was published of it, against the town; both are only read."""
    with ExitStack() as stack:
        held = stack.enter_context(duckdb.connect(str(warehouse), read_only=True))
        out = stack.enter_context(duckdb.connect(str(published), read_only=True)) if published else None
        file, shown = TownFile(town), Shown(held, out)
        found = register(held, file, loads, shown)
        return Audit([*_marts(file, loads, shown), *found.marts], found)


def _marts(town: TownFile, loads: Loads, shown: Shown) -> Iterator[Line]:
    yield from lines_of_cases(town, loads, shown)
    yield from lines_of_counts(town, loads, shown)
    yield totals(shown)

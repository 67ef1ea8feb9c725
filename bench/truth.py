"""Is what the office reads true? A town is loaded through its twelve real wires, and every figure made a second time.

For each mart and measure: true, told by the wires, in the warehouse, published, and what each difference comes from.
The same for the register. Exit status 1 when anything is unexplained, or a publication was held or failed.

    python -m bench.truth --profile small --seed 7                      a year, then one night, as in the demo
    python -m bench.truth --years 2018-2022 --order backward --kill     five years by the history path
    python -m bench.truth --nights 30                                   thirty nights running after the year
"""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import structlog

from bench._common import Line, Result, console, none_of, told
from bench._measure import scratch
from bench._towns import town
from bench._truth import report
from bench._truth.load import (
    FIRST,
    NIGHT,
    ORDERS,
    Published,
    following,
    publish,
    read_night,
    read_years,
    served,
    settled,
)
from bench._truth.past import Past, pasts
from simulator.audit.audit import Audit, audit
from simulator.audit.spread import Spread, spreads
from simulator.audit.town import Loads, TownFile


@dataclass(frozen=True)
class Call:
    """What is asked for."""

    profile: str = "small"
    seed: int = 7
    years: tuple[int, int] | None = None
    nights: int = 1
    order: str = "forward"
    killed: bool = False
    past: bool = False

    @property
    def name(self) -> str:
        """What tells one run from another in the file of results."""
        if self.years is None:
            return f"{self.profile} {self.seed} nights {self.nights}"
        return (
            f"{self.profile} {self.seed} {self.years[0]}-{self.years[1]} {self.order}{' killed' if self.killed else ''}"
        )


@dataclass
class Outcome:
    """What came of it."""

    call: Call
    audit: Audit
    published: list[Published]
    pasts: list[Past] = field(default_factory=list)
    spread: list[Spread] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Whether everything is explained and every night came out whole."""
        whole = all(not night.held and not night.failed for night in self.published)
        return whole and not self.audit.unexplained and all(past.holds for past in self.pasts)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "name": self.call.name,
            "call": asdict(self.call),
            "holds": self.holds,
            **self.audit.as_dict(),
            "published": [asdict(night) for night in self.published],
            "pasts": [past.as_dict() for past in self.pasts],
            "spread": [asdict(one) | {"explained": one.explained} for one in self.spread],
        }


def measure(call: Call, folder: Path) -> Outcome:
    """Load, build, publish, and hold all of it against the truth."""
    file = town(call.profile, call.seed).path
    with settled(folder):
        outcome = _years(call, file, folder) if call.years else _nights(call, file, folder)
        if call.past:
            told("the register as it was on three past days")
            outcome.pasts = pasts(folder / "warehouse.duckdb", TownFile(file), folder)
    if call.years:
        outcome.spread = spreads(TownFile(file))
    return outcome


def _nights(call: Call, file: Path, folder: Path) -> Outcome:
    first = (date.fromisoformat(NIGHT) - timedelta(days=1)).isoformat()
    told(f"the year up to {first}")
    with served(file, folder, following(first)) as home:
        read_night(home, first, FIRST)
    windows, published = [(FIRST, following(first))], []
    for number in range(call.nights):
        night = (date.fromisoformat(NIGHT) + timedelta(days=number)).isoformat()
        told(f"the night of {night}")
        with served(file, folder, following(night)) as home:
            read_night(home, night)
        published.append(publish(home, night))
        windows.append((night, following(night)))
    found = audit(home.warehouse, home.published, file, Loads.of(night, *windows))
    return Outcome(call, found, published)


def _years(call: Call, file: Path, folder: Path) -> Outcome:
    first, last = call.years or (2018, 2022)
    night = f"{last}-12-31"
    with served(file, folder, following(night)) as home:
        read_years(home, first, last, call.order, call.killed, call.seed, told)
        told(f"the night of {night}, which also reads what shows the present only")
        read_night(home, night)
    out = publish(home, night)
    found = audit(home.warehouse, home.published, file, Loads.of(night, *_months(first, last)))
    return Outcome(call, found, [out])


def _months(first: int, last: int) -> list[tuple[str, str]]:
    days = [date(year, month, 1) for year in range(first, last + 1) for month in range(1, 13)]
    days.append(date(last, 12, 31))
    ends = [*days[1:], date(last + 1, 1, 1)]
    return [(begin.isoformat(), end.isoformat()) for begin, end in zip(days, ends, strict=True)]


def run(profile: str, seed: int) -> Result:
    """The bench among the others: one night."""
    with scratch() as folder:
        outcome = measure(Call(profile, seed), folder)
    failed = sum(len(night.held) + len(night.failed) for night in outcome.published)
    lines: list[Line] = [
        none_of("figures that nothing explains", outcome.audit.unexplained),
        none_of("marts held or failed", failed),
    ]
    return Result("truth", profile, seed, lines, outcome.as_dict()["register"])


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m bench.truth", description=__doc__)
    parser.add_argument("--profile", default="small", choices=("small", "street"))
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--years", metavar="2018-2022", help="by the history path, all months of these years")
    parser.add_argument("--nights", type=int, default=1, help="nights running after the year's load")
    parser.add_argument("--order", choices=ORDERS, default="forward", help="of the months")
    parser.add_argument("--kill", action="store_true", help="stop in the middle, and go on")
    parser.add_argument("--past", action="store_true", help="and the register as it was on three past days")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the JSON object here")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="load here, and leave it")
    parser.add_argument("--record", action="store_true", help="put the result into bench/results/truth.json")
    asked = parser.parse_args(arguments)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    years = tuple(int(year) for year in asked.years.split("-")) if asked.years else None
    call = Call(
        asked.profile,
        asked.seed,
        (years[0], years[-1]) if years else None,
        asked.nights,
        asked.order,
        asked.kill,
        asked.past,
    )
    with ExitStack() as stack:
        outcome = measure(call, asked.keep or stack.enter_context(scratch()))
    for table in report.tables(outcome.as_dict()):
        console.print(table)
    if asked.json:
        asked.json.write_text(json.dumps(outcome.as_dict(), ensure_ascii=False, indent=1) + "\n", "utf8")
    if asked.record:
        report.record(outcome.as_dict())
    return 0 if outcome.holds else 1


if __name__ == "__main__":
    raise SystemExit(main())

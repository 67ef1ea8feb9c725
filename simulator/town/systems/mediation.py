"""05 Mediation: disputes between neighbours, tenants and shops, from acceptance to fulfilment."""

from collections.abc import Iterator
from functools import partial
from random import Random

from simulator.town.canary import add_canaries
from simulator.town.clock import DAY, day_text
from simulator.town.defects import Flaws
from simulator.town.rows import Fields, Row
from simulator.town.seeding import pick, weigh
from simulator.town.systems.cases import Stage, openings, versions
from simulator.town.systems.context import Grid, later

SYSTEM, ENTITY = "mediation", "dispute"
_TYPES = (
    "0101",
    "0102",
    "0103",
    "0201",
    "0302",
    "0401",
    "0503",
    "0601",
    "0804",
    "1002",
    "1201",
    "1401",
    "1501",
    "1602",
    "9901",
)
"""Kinds of dispute after GB/T 31000, 2 + 2 digits; 14, 15 and 16 are folded away at the edge."""


UNRATED = 0.12
"""Share of the disputes whose parties did not say how content they are."""


def emit(grid: Grid) -> Iterator[Row]:
    """Emit the disputes of one grid."""
    random, flaws = grid.random(SYSTEM, ENTITY), grid.flaws(SYSTEM, ENTITY)
    asked = grid.random(SYSTEM, "asked")
    for place, moment in enumerate(openings(grid, random, grid.town.profile.disputes_a_year)):
        key = f"TJ{day_text(moment // DAY, '')}{grid.index:05d}{place:05d}"
        close = partial(_close, number=grid.number(place))
        stages = _stages(grid, random, flaws, key, moment)
        if asked.random() < UNRATED:
            for _, fields, _ in stages:
                fields["satisfaction"] = None
        yield from versions(SYSTEM, ENTITY, key, stages, "update_time", close)


def _close(fields: Fields, number: int) -> Fields:
    fields["parties"] = [{"role": role} for role in ("申请人", "被申请人")]
    return add_canaries(SYSTEM, ENTITY, fields, number)


def _new_dispute(grid: Grid, random: Random, key: str, day: int) -> Fields:
    community = grid.cell.community
    return {
        "dispute_no": key,
        "source_type": weigh(random, (("01", 0.6), ("02", 0.25), ("03", 0.15))),
        "event_type": pick(random, _TYPES),
        "mediation_type": pick(random, ("01", "01", "02", "03")),
        "event_scale": weigh(random, (("01", 0.85), ("02", 0.12), ("03", 0.03))),
        "involved_cnt": 2 + int(random.expovariate(0.7)),
        "occur_date": day_text(day - int(random.expovariate(0.2))),
        "accept_date": day_text(day),
        "solve_deadline": day_text(day + 30),
        "mediation_org": f"{community.name}人民调解委员会",
        "solve_way": None,
        "is_success": None,
        "agreement_form": None,
        "agreement_amt": None,
        "judicial_confirm": "0",
        "finish_date": None,
        "fulfil_status": None,
        "satisfaction": None,
        "grid_code": grid.cell.code,
        "community_code": community.code,
    }


def _stages(grid: Grid, random: Random, flaws: Flaws, key: str, moment: int) -> list[Stage]:
    """Accepted, finished, and for agreements the fulfilment."""
    day = moment // DAY
    case = _new_dispute(grid, random, key, day)
    if flaws.hit("deadline_before_acceptance"):
        flaws.right(solve_deadline=case["solve_deadline"])
        case["solve_deadline"] = day_text(day - 1 - int(flaws.random.random() * 20))
    if flaws.hit("community_alias"):
        flaws.right(community_code=grid.cell.community.code)
        case["community_code"] = pick(flaws.random, grid.cell.community.aliases)
    defects = flaws.take()
    finished = later(random, moment, 14)
    stages: list[Stage] = [(moment, dict(case), defects)]
    success, fulfilled = random.random() < 0.86, later(random, finished, 30)
    amount = round(200 * random.paretovariate(0.8)) if random.random() < 0.5 else 0
    form, satisfaction = pick(random, ("01", "01", "02")), weigh(random, (("1", 0.7), ("2", 0.2), ("3", 0.1)))
    confirmed = random.random() < 0.1
    case |= {
        "solve_way": pick(random, ("01", "02", "03")),
        "is_success": "1" if success else "0",
        "finish_date": day_text(finished // DAY),
        "satisfaction": satisfaction,
    }
    if success:
        case |= {
            "agreement_form": form,
            "agreement_amt": amount,
            "fulfil_status": "01",
            "judicial_confirm": "1" if confirmed else "0",
        }
        defects += _spoil_agreement(flaws, case, amount)
    stages.append((finished, dict(case), defects))
    if success and random.random() < 0.8:
        state = "02" if case["agreement_form"] else None
        stages.append((fulfilled, {**case, "fulfil_status": state}, defects))
    return stages


def _spoil_agreement(flaws: Flaws, case: Fields, amount: int) -> tuple[str, ...]:
    if flaws.hit("success_without_agreement"):
        flaws.right(agreement_form=case["agreement_form"], agreement_amt=amount, fulfil_status="01")
        case |= {"agreement_form": None, "agreement_amt": None, "fulfil_status": None}
    elif amount and flaws.hit("amount_in_wan"):
        flaws.right(agreement_amt=amount)
        case["agreement_amt"] = f"{amount / 10_000:g}万元"
    return flaws.take()

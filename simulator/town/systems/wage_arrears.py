"""06 Wage arrears: clues against employers of the street, checked, ordered and paid."""

from collections.abc import Iterator
from functools import partial
from random import Random

from simulator.town.canary import add_canaries
from simulator.town.clock import DAY, day_text, stamp
from simulator.town.defects import Flaws
from simulator.town.organisations import Organisation, make_organisations
from simulator.town.rows import Fields, Row
from simulator.town.seeding import pick, weigh
from simulator.town.systems.cases import Stage, openings, versions
from simulator.town.systems.context import Grid, later

SYSTEM, ENTITY = "wage_arrears", "clue"
_CONCLUSIONS = tuple(f"{code:02d}" for code in range(1, 11))


def emit(grid: Grid) -> Iterator[Row]:
    """Emit the clues of one grid."""
    random, flaws = grid.random(SYSTEM, ENTITY), grid.flaws(SYSTEM, ENTITY)
    desk = grid.random(SYSTEM, "desk")
    organisations = make_organisations(grid.town, grid.index)
    for place, moment in enumerate(openings(grid, random, grid.town.profile.clues_a_year)):
        key = f"QX{day_text(moment // DAY, '')}{grid.index:05d}{place:04d}"
        clue = _new_clue(grid, random, flaws, key, moment, pick(random, organisations))
        close = partial(add_canaries, SYSTEM, ENTITY, number=grid.number(place))
        if desk.random() < 0.25:
            clue["handle_org"] = "白云区劳动保障监察大队"
        stages = _stages(random, desk, clue, moment, flaws.take())
        if desk.random() < 0.04:
            for _, fields, _ in stages:
                fields["worker_cnt"] = None  # nobody counted them
        yield from versions(SYSTEM, ENTITY, key, stages, "update_time", close)


def _new_clue(grid: Grid, random: Random, flaws: Flaws, key: str, moment: int, employer: Organisation) -> Fields:
    building, day = weigh(random, (("1", 0.35), ("2", 0.65))), moment // DAY
    workers = 1 + int(random.paretovariate(1.1))
    owed = workers * (3_000 + int(random.random() * 20_000))
    text: int | str = owed
    if flaws.hit("amount_as_text"):
        text = f"约{max(1, owed // 10_000)}万"
        flaws.right(owe_amt=owed)
    begin = day - 60 - int(random.random() * 300)
    return {
        "clue_no": key,
        "domain": building,
        "employer_name": employer.name,
        "employer_uscc": employer.credit_code,
        "project_name": f"{employer.name[3:5]}大厦装修工程" if building == "1" else None,
        "owe_addr_code": grid.cell.community.code,
        "owe_start": day_text(begin),
        "owe_end": day_text(begin + 30 + int(random.random() * 30)),
        "worker_cnt": workers,
        "owe_amt": text,
        "submit_time": stamp(moment),
        "dispatch_time": None,
        "sign_time": None,
        "deadline": day_text(day + (15 if random.random() < 0.5 else 30)),
        "handle_org": "鹤龙街道劳动监察中队",
        "conclusion": None,
        "paid_cnt": None,
        "paid_amt": None,
        "finish_time": None,
        "feedback_score": None,
    }


def _stages(random: Random, desk: Random, clue: Fields, moment: int, defects: tuple[str, ...]) -> list[Stage]:
    """Submitted, dispatched, signed for (now and then later than allowed), finished; not everybody gives points."""
    dispatched = later(random, moment, 0.8)
    signed = dispatched + 600 + int(random.random() * 5 * 3_600)
    lain, silent = desk.random() < 0.08, desk.random() < 0.2
    signed = later(desk, signed + 5 * DAY, 4) if lain else signed
    finished = later(random, signed, 12)
    stages: list[Stage] = [(moment, dict(clue), defects)]
    clue |= {"dispatch_time": stamp(dispatched)}
    stages.append((dispatched, dict(clue), defects))
    clue |= {"sign_time": stamp(signed)}
    stages.append((signed, dict(clue), defects))
    conclusion, workers = pick(random, _CONCLUSIONS), clue["worker_cnt"]
    paid = workers if conclusion in ("01", "02", "03") else int(workers * random.random())
    clue |= {
        "conclusion": conclusion,
        "paid_cnt": paid,
        "paid_amt": paid * (3_000 + int(random.random() * 9_000)),
        "finish_time": stamp(finished),
        "feedback_score": 1 + int(random.random() * 5),
    }
    if silent:
        clue["feedback_score"] = None
    if desk.random() < 0.08:
        clue |= {"paid_cnt": None, "paid_amt": None}  # closed with nothing said of a payment
    stages.append((finished, dict(clue), defects))
    return stages

"""03 Petitions: cases from registration to closing, and what the petitioners thought of the handling."""

from collections.abc import Iterator
from functools import partial
from random import Random

from simulator.town.canary import add_canaries
from simulator.town.clock import DAY, day_text, slashed, stamp
from simulator.town.defects import Flaws
from simulator.town.geography import STREET
from simulator.town.rows import Fields, Row
from simulator.town.seeding import pick, weigh
from simulator.town.systems.cases import Stage, openings, versions
from simulator.town.systems.context import Grid, later

SYSTEM = "petitions"
_FORMS = (("100", 0.12), ("200", 0.2), ("300", 0.4), ("400", 0.23), ("500", 0.05))
_PURPOSES = (("01", 0.3), ("02", 0.5), ("03", 0.12), ("04", 0.04), ("99", 0.04))
_TOPICS = ("010203", "020101", "030502", "040301", "050704", "060102", "070305", "110201", "150103")
_OFFICES = ("440111017000", "440111017100", "440111017200", "440111000300")
REGISTERED, ACCEPTED, CLOSED = "01", "02", "09"


def emit(grid: Grid) -> Iterator[Row]:
    """Emit the cases of one grid and their evaluations."""
    random, flaws = grid.random(SYSTEM, "case"), grid.flaws(SYSTEM, "case")
    desk = grid.random(SYSTEM, "decision")
    opinions = grid.flaws(SYSTEM, "evaluation")
    for place, moment in enumerate(openings(grid, random, grid.town.profile.petitions_a_year)):
        number = grid.number(place)
        key = f"XF{day_text(moment // DAY, '')}{grid.index:05d}{place:05d}"
        stages, closed = _stages(random, desk, flaws, key, grid.cell.community.code, moment)
        close = partial(add_canaries, SYSTEM, "case", number=number)
        yield from versions(SYSTEM, "case", key, stages, "lastmodifytime", close)
        wanted = random.random() < 0.6
        opinion = _opinion(random, opinions, key, closed)
        if wanted:
            close = partial(add_canaries, SYSTEM, "evaluation", number=number)
            yield from versions(SYSTEM, "evaluation", key, [opinion], "lastmodifytime", close)
        opinions.take()


def _new_case(random: Random, key: str, community: str, moment: int) -> Fields:
    place = weigh(random, ((community, 0.6), (STREET, 0.3), ("440111", 0.1)))
    return {
        "xfjid": key,
        "xzqh": STREET,
        "xfrq": day_text(moment // DAY, "/"),
        "xfxs": weigh(random, _FORMS),
        "xfrs": weigh(random, ((1, 0.8), (2 + int(random.random() * 3), 0.14), (5 + int(random.random() * 30), 0.06))),
        "djjgdm": pick(random, _OFFICES),
        "djsj": slashed(moment),
        "wtsddm": place,
        "nrfldm": pick(random, _TOPICS),
        "xfmddm": weigh(random, _PURPOSES),
        "xfjzt": REGISTERED,
        "blfs": pick(random, ("10", "20", "30")),
        "blsj": None,
        "qxjgdm": pick(random, _OFFICES),
        "xbjzsj": stamp(moment + 60 * DAY),
        "bjbz": "0",
        "bjsj": None,
        "zcslyjrq": None,
        "zcclyjrq": None,
        "cfxfbz": "1" if random.random() < 0.08 else "0",
        "fcbz": "1" if random.random() < 0.03 else "0",
        "fhbz": "1" if random.random() < 0.01 else "0",
    }


def _stages(
    random: Random, desk: Random, flaws: Flaws, key: str, community: str, moment: int
) -> tuple[list[Stage], int]:
    """Registered, accepted, perhaps extended, closed: (versions, moment of closing).

    A decision is told with the change that follows it: the one to accept when the case is passed on within a day, the
    one on the matter up to three days later, when the case is closed.
    """
    case = _new_case(random, key, community, moment)
    if flaws.hit("twelve_hour_clock"):
        # The source formats hh for HH: a quarter past midnight becomes a quarter past noon.
        moment = moment // DAY * DAY + 60 * int(flaws.random.random() * 60) + 7
        case["djsj"] = slashed(moment + DAY // 2)
        flaws.right(djsj=slashed(moment))
    clock = flaws.take()
    accepted, extended = later(random, moment, 5), random.random() < 0.08
    closed = later(random, accepted + (45 * DAY if extended else 0), 24)
    stages: list[Stage] = [(moment, dict(case), clock)]
    passed = accepted + int(desk.random() * DAY)
    case |= {"xfjzt": ACCEPTED, "blsj": stamp(passed), "zcslyjrq": day_text(accepted // DAY)}
    stages.append((passed, dict(case), clock))
    if extended:
        case["blfs"] = "40"
        moved = stamp(moment + 90 * DAY)
        if flaws.hit("extension_without_deadline"):
            flaws.right(xbjzsj=moved)
        else:
            case["xbjzsj"] = moved
        clock += flaws.take()
        stages.append((passed + DAY, dict(case), clock))
    closed = max(closed, passed + (2 * DAY if extended else 600))
    decided = max(accepted // DAY, closed // DAY - int(desk.random() * 4))
    case |= {"xfjzt": CLOSED, "bjbz": "1", "bjsj": stamp(closed), "zcclyjrq": day_text(decided)}
    if flaws.hit("closed_without_time"):
        case["bjsj"] = None
        flaws.right(bjsj=stamp(closed))
    stages.append((closed, dict(case), clock + flaws.take()))
    if flaws.hit("reopened_after_closing"):
        case |= {"xfjzt": ACCEPTED, "bjbz": "0", "bjsj": stamp(closed)}
        stages.append((closed + 5 * DAY, dict(case), clock + flaws.take()))
    return stages, closed


def _opinion(random: Random, flaws: Flaws, key: str, closed: int) -> Stage:
    """What the petitioner thought of the petition office and of the responsible office."""
    first = later(random, closed + DAY, 4)
    second = first + int(random.random() * 3 * DAY)
    office = weigh(random, (("1", 0.6), ("2", 0.2), ("3", 0.08), ("9", 0.12)))
    unit = weigh(random, (("1", 0.5), ("2", 0.22), ("3", 0.14), ("9", 0.14)))
    if flaws.hit("evaluated_before_closing"):
        flaws.right(dxfbmpjsj=stamp(first), dzrdwpjsj=stamp(second))
        first, second = closed - 3 * DAY, closed - 2 * DAY
    fields: Fields = {
        "xfjid": key,
        "dxfbmpj": office,
        "dzrdwpj": unit,
        "dxfbmpjsj": stamp(first),
        "dzrdwpjsj": stamp(second),
    }
    return max(second + 60, closed), fields, flaws.take()

"""10 Grid dispatch: events and their work orders, public facilities, grid cells, notices of late changes."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from random import Random

from simulator.town.canary import add_canaries
from simulator.town.clock import DAY, DAYS, END, NIGHT, day_text, office, stamp, utc_stamp
from simulator.town.defects import Flaws
from simulator.town.facilities import make_facilities
from simulator.town.geography import hyphened
from simulator.town.rows import Fields, Row
from simulator.town.seeding import pick, weigh
from simulator.town.systems.cases import Stage, openings, versions
from simulator.town.systems.context import Grid, later, touches

SYSTEM = "grid_dispatch"
_SOURCES = (("1", 0.6), ("2", 0.14), ("3", 0.08), ("4", 0.05), ("5", 0.05), ("6", 0.02), ("7", 0.06))
_TYPES = ("0101", "0105", "0110", "0203", "0301", "0404", "0502", "0601")
_UNITS = ("鹤龙街道综合行政执法办", "鹤龙街道环卫站", "鹤龙街道网格中心", "白云区水务局", "白云区城市管理局")
FILED, DISPATCHED, IN_HAND, CLOSED, VOID = "2", "3", "4", "6", "7"


def emit(grid: Grid) -> Iterator[Row]:
    """Emit the cell of a grid, its facilities, its events and the notices about some of them."""
    yield from _cell(grid)
    yield from _facilities(grid)
    yield from _events(grid)


def _cell(grid: Grid) -> Iterator[Row]:
    random, cell = grid.random(SYSTEM, "grid_cell"), grid.cell
    days = {int(random.random() * 20), *touches(random, 20, DAYS, 900)} | ({NIGHT} if grid.index == 0 else set())
    for seq, day in enumerate(sorted(days), 1):
        fields = {
            "grid_code": cell.code,
            "grid_name": cell.name,
            "community_code": cell.community.code,
            "polygon": cell.polygon,
        }
        yield Row(SYSTEM, "grid_cell", cell.code, seq, stamp(office(random, day)), fields)


def _facilities(grid: Grid) -> Iterator[Row]:
    random = grid.random(SYSTEM, "facility")
    for facility in make_facilities(grid.town, grid.index):
        first = int(random.random() * 200)
        for seq, day in enumerate((first, *touches(random, first, DAYS, 900)), 1):
            fields: Fields = {
                "ObjID": facility.part_code,
                "ObjName": facility.name,
                "DeptName1": facility.owner,
                "DeptName2": "鹤龙街道办事处",
                "DeptName3": pick(random, _UNITS[:3]),
                "BGID": grid.cell.code,
                "ObjState": weigh(random, (("0", 0.9), ("1", 0.06), ("2", 0.02), ("3", 0.02))),
                "X": facility.lng,
                "Y": facility.lat,
                "CHDate": day_text(day),
            }
            yield Row(SYSTEM, "facility", facility.part_code, seq, stamp(office(random, day)), fields)


def _events(grid: Grid) -> Iterator[Row]:
    random, flaws = grid.random(SYSTEM, "event"), grid.flaws(SYSTEM, "event")
    desk = grid.random(SYSTEM, "desk")
    for place, moment in enumerate(openings(grid, random, grid.town.profile.events_a_year)):
        key = f"{grid.index:05d}{place:07d}"
        close = partial(add_canaries, SYSTEM, "event", number=grid.number(place))
        stages = _stages(grid, random, desk, flaws, key, moment)
        yield from versions(SYSTEM, "event", key, stages, "modify_time", close)
        changed = [moment for moment, _, defects in stages if "reopened" not in defects][-1]
        yield from _notice(grid, random, key, changed)


def _notice(grid: Grid, random: Random, key: str, changed: int) -> Iterator[Row]:
    """Announce one event in a hundred days after its change; the first grid has some to tell in the night."""
    told, moment = random.random() < 0.01, changed + DAY + int(random.random() * 4 * DAY)
    if grid.index == 0 and (NIGHT - 20) * DAY <= changed < NIGHT * DAY:
        told, moment = True, NIGHT * DAY + 1_800 + int(random.random() * 1_800)
    if told and moment < END:
        fields = {"noticeId": f"N{key}", "recId": key, "noticeTime": stamp(moment)}
        yield Row(SYSTEM, "notice", f"N{key}", 1, stamp(moment), fields)


def _new_event(grid: Grid, random: Random, key: str, moment: int) -> Fields:
    facilities = make_facilities(grid.town, grid.index)
    part = pick(random, facilities).part_code if facilities and random.random() < 0.3 else None
    lng, lat = grid.cell.point(random)
    return {
        "rec_id": key,
        "task_num": f"RW{day_text(moment // DAY, '')}{key}",
        "create_time": stamp(moment),
        "event_src_id": weigh(random, _SOURCES),
        "rec_type_id": "1" if part else "2",
        "event_type_code": pick(random, _TYPES),
        "part_code": part,
        "community_id": grid.cell.community.code,
        "duty_grid_code": grid.cell.code,
        "coordinate_x": lng,
        "coordinate_y": lat,
        "event_state_id": FILED,
        "archive_type": None,
        "dispose_unit_name": None,
        "deadline": stamp(moment + 3 * DAY),
        "archive_time": None,
        "delay_flag": "0",
        "back_cnt": 0,
        "satisfaction": None,
    }


@dataclass(frozen=True, slots=True)
class _Desk:
    """What the desk decides about an event: more time, another kind of closing, whether the reporter was asked."""

    days: int
    archive: str | None
    asked: bool

    @classmethod
    def of(cls, desk: Random) -> "_Desk":
        more = weigh(desk, ((0, 0.94), (2, 0.04), (5, 0.02)))
        return cls(3 + more, weigh(desk, ((None, 0.96), ("3", 0.025), ("4", 0.015))), desk.random() < 0.86)


def _stages(grid: Grid, random: Random, desk: Random, flaws: Flaws, key: str, moment: int) -> list[Stage]:
    """Filed, dispatched in half of the cases as a version of its own, closed."""
    event = _new_event(grid, random, key, moment)
    _spoil_place(flaws, event)
    utc = flaws.hit("utc_clock")
    if utc:
        event |= {"create_time": utc_stamp(moment), "deadline": utc_stamp(moment + 3 * DAY)}
    defects = flaws.take()
    dispatched = moment + 900 + int(random.random() * 20_000)
    closed = later(random, dispatched, 1.6)
    shown, unit, back = random.random() < 0.4, pick(random, _UNITS), int(random.expovariate(3))
    decided = _Desk.of(desk)
    due = moment + decided.days * DAY
    ending = weigh(random, ((CLOSED, 0.97), (VOID, 0.03)))
    happy = weigh(random, (("1", 0.75), ("2", 0.17), ("3", 0.08)))
    stages: list[Stage] = [(moment, dict(event), defects)]
    event |= {"event_state_id": DISPATCHED, "dispose_unit_name": unit, "back_cnt": back}
    if decided.days > 3:
        event |= {"delay_flag": "1", "deadline": utc_stamp(due) if utc else stamp(due)}
    if shown:
        stages.append((dispatched, dict(event), defects))
    archived, late = closed, closed > due
    if flaws.hit("closed_before_dispatch"):
        archived = moment - 3_600
        flaws.right(archive_time=stamp(closed))
    event |= {
        "event_state_id": ending,
        "archive_type": decided.archive or ("2" if late else "1"),
        "archive_time": utc_stamp(archived) if utc else stamp(archived),
        "satisfaction": happy if decided.asked else None,
    }
    defects += flaws.take()
    stages.append((closed, dict(event), defects))
    if flaws.hit("reopened"):
        event |= {"event_state_id": IN_HAND, "back_cnt": back + 1}
        stages.append((closed + 2 * DAY, dict(event), defects + flaws.take()))
    return stages


def _spoil_place(flaws: Flaws, event: Fields) -> None:
    """Spoil the grid code or the coordinates."""
    if flaws.hit("grid_code_hyphens"):
        event["duty_grid_code"] = hyphened(event["duty_grid_code"])
    elif flaws.hit("grid_code_20_digits"):
        event["duty_grid_code"] = event["duty_grid_code"].ljust(20, "0")
    if flaws.hit("point_null"):
        flaws.right(coordinate_x=event["coordinate_x"], coordinate_y=event["coordinate_y"])
        event |= {"coordinate_x": "POINT (null null)", "coordinate_y": None}

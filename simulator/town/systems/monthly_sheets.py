"""02, 08 and 09: counts for the street as a whole, dropped as files; one record is one line of a file.

The key of a record is the name of its file, `seq` its line, `changed_at` the time at which the file was dropped.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from random import Random

from simulator.town.clock import DAY, DAYS, NIGHT, date_of, day_text, months, stamp
from simulator.town.defects import Flaws, Hit
from simulator.town.geography import COMMUNITIES, STREET
from simulator.town.profiles import Town
from simulator.town.rows import Fields, Row
from simulator.town.seeding import pick, stream

MENTAL, DRUG, INSURANCE = "mental_health_service", "drug_rehab_service", "insurance_enrolment"
_TYPES = tuple(f"{code:02d}" for code in range(1, 8))
_WIDE = str.maketrans("0123456789", "０１２３４５６７８９")


@dataclass(slots=True)
class _Line:
    fields: Fields
    defects: tuple[str, ...] = ()


def emit(town: Town) -> Iterator[Row]:
    """Emit every sheet of the street."""
    yield from _mental_health(town)
    yield from _drug_rehab(town)
    yield from _insurance(town)


def _scale(town: Town) -> float:
    return town.profile.residents / 120_000


def _mental_health(town: Town) -> Iterator[Row]:
    random, flaws = stream(town.seed, MENTAL), Flaws(town, MENTAL, "service_count", "street")
    for month, first, drop in months():
        report = drop * DAY - 30_000 + int(random.random() * 3_600)
        lines = [_Line(_service(random, town, month, kind, report)) for kind in _TYPES]
        _spoil_month(flaws, lines, month, first)
        if flaws.hit("twice_in_workbook"):
            lines[0].defects += flaws.take()
            again = {**lines[0].fields, "service_cnt": 7, "report_time": stamp(report + 5_000)}
            lines.append(_Line(again, lines[0].defects))
        moment, name = drop * DAY + 7_800 + int(random.random() * 240), f"服务量汇总_{month}"
        yield from _file(MENTAL, "service_count", f"{name}.xlsx", moment, lines)
        if flaws.hit("second_file"):
            newer = _again(lines, "staff_cnt", flaws.take())
            for number, line in enumerate(newer):
                again_in_file = number >= len(_TYPES)
                line.fields["report_time"] = stamp(report + 2 * DAY + (5_000 if again_in_file else 0))
            yield from _file(MENTAL, "service_count", f"{name}_2.xlsx", moment + 2 * DAY, newer)


def _service(random: Random, town: Town, month: str, kind: str, report: int) -> Fields:
    due = int((30 + 400 * random.random()) * (0.2 + _scale(town)))
    done = int(due * (0.8 + 0.25 * random.random()))
    return {
        "stat_month": month,
        "area_code": STREET,
        "service_type": kind,
        "service_cnt": done,
        "due_cnt": due,
        "ontime_cnt": int(min(done, due) * (0.8 + 0.2 * random.random())),
        "staff_cnt": 2 + int(random.random() * 12),
        "report_org": "鹤龙街道社区卫生服务中心",
        "report_time": stamp(report),
    }


def _spoil_month(flaws: Flaws, lines: list[_Line], month: str, first: int) -> None:
    """Write the month, or a count, in one of the other ways."""
    year, number = int(month[:4]), int(month[4:])
    if flaws.hit("month_written_otherwise"):
        serial = (date_of(first) - date(1899, 12, 30)).days
        form = pick(flaws.random, (f"{year}年{number}月", f"{year}.{number:02d}", serial))
        hits = flaws.take()
        for line in lines:
            line.fields["stat_month"], line.defects = form, hits
    for line in lines:
        if flaws.hit("count_with_unit"):
            line.fields["service_cnt"] = f"{line.fields['service_cnt']}人次"
            line.defects += flaws.take()


def _again(lines: list[_Line], counter: str, hits: tuple[str, ...]) -> list[_Line]:
    """Copy the lines of a file for its second version, with one count corrected."""
    copies = []
    for line in lines:
        old = line.fields[counter]
        new = str(int(old) + 1) if isinstance(old, str) else old + 1
        copies.append(_Line({**line.fields, counter: new}, line.defects + hits))
    return copies


def _file(system: str, entity: str, name: str, moment: int, lines: list[_Line]) -> Iterator[Row]:
    if moment < DAYS * DAY:
        for seq, line in enumerate(lines, 1):
            yield Row(system, entity, name, seq, stamp(moment), line.fields, defects=line.defects)


def _drug_rehab(town: Town) -> Iterator[Row]:
    random, flaws = stream(town.seed, DRUG), Flaws(town, DRUG, "service_count", "street")
    pace = stream(town.seed, DRUG, "pace")
    totals: Counter[tuple[str, str]] = Counter()
    for month, _, drop in months():
        moment, name = drop * DAY + 7_500 + int(random.random() * 240), f"JDFW_{month}"
        lines = [_Line(_help(random, pace, town, month, kind)) for kind in _TYPES]
        for line in lines:
            totals[month[:4], line.fields["service_type"]] += int(line.fields["service_cnt"])
        if flaws.hit("year_to_date"):
            (hit,) = flaws.take()
            for line in lines:
                line.defects = (Hit(hit, {"service_cnt": line.fields["service_cnt"]}),)
                line.fields["service_cnt"] = str(totals[month[:4], line.fields["service_type"]])
        _spoil_digits(flaws, lines)
        yield from _file(DRUG, "service_count", f"{name}.csv", moment, lines)
        if flaws.hit("second_file"):
            newer = _again(lines, "staff_cnt", flaws.take())
            yield from _file(DRUG, "service_count", f"{name}_2.csv", moment + 3 * DAY, newer)


def _help(random: Random, pace: Random, town: Town, month: str, kind: str) -> Fields:
    planned = int((5 + 60 * random.random()) * (0.2 + _scale(town)))
    done = 0 if random.random() < 0.1 else int(planned * (0.7 + 0.4 * random.random()))
    return {
        "stat_month": month,
        "area_code": STREET,
        "service_type": kind,
        "service_cnt": str(done),
        "planned_cnt": str(planned),
        "ontime_cnt": str(int(min(done, planned) * (0.7 + 0.3 * pace.random()))),
        "staff_cnt": str(1 + int(random.random() * 8)),
        "station_cnt": str(1 + int(pace.random() * 2)),
    }


def _spoil_digits(flaws: Flaws, lines: list[_Line]) -> None:
    for line in lines:
        if line.fields["service_cnt"] == "0" and flaws.hit("slash_for_zero"):
            line.fields["service_cnt"] = "/"
        if flaws.hit("full_width_digits"):
            line.fields["planned_cnt"] = line.fields["planned_cnt"].translate(_WIDE)
        line.defects += flaws.take()


def _insurance(town: Town) -> Iterator[Row]:
    """One bulk file each Saturday; the night of 2022-11-05 is one."""
    random, flaws = stream(town.seed, INSURANCE), Flaws(town, INSURANCE, "enrolment_task", "street")
    pace = stream(town.seed, INSURANCE, "pace")
    kinds = [(community.code, kind) for community in COMMUNITIES for kind in ("01", "02", "03", "04")]
    for day in range(NIGHT % 7, DAYS, 7):
        lines = [_Line(_task(random, pace, town, day, community, kind)) for community, kind in kinds]
        name = f"QMCB_{STREET}_{day_text(day, '')}"
        moment = day * DAY + 6_600 + int(random.random() * 600)
        yield from _file(INSURANCE, "enrolment_task", f"{name}_001.txt", moment, lines)
        if flaws.hit("second_file"):
            newer = _again(lines, "dup_cnt", flaws.take())
            yield from _file(INSURANCE, "enrolment_task", f"{name}_002.txt", moment + 1_200, newer)


def _task(random: Random, pace: Random, town: Town, day: int, community: str, kind: str) -> Fields:
    """Describe one task: most are done by the day they were due, some later, a few not at all."""
    issued = 5 + int(random.random() * 200 * (0.1 + _scale(town)))
    visited = int(issued * (0.6 + 0.4 * random.random()))
    found = int(visited * random.random())
    due, finished = day - 3 + int(10 * pace.random()), day - 1 - int(4 * pace.random())
    if pace.random() < 0.92:
        due = max(due, finished)
    return {
        "task_batch": f"QM{day_text(day, '')}",
        "community_code": community,
        "task_type": kind,
        "issued_cnt": str(issued),
        "visited_cnt": str(visited),
        "found_cnt": str(found),
        "notfound_cnt": str(visited - found),
        "dup_cnt": str(int(random.random() * 4)),
        "due_date": day_text(due),
        "finish_date": day_text(finished) if pace.random() < 0.95 else "",
    }

"""Counts that come as counts: services, enrolment tasks, movements of let rooms; as they were and as they were told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pandas as pd

from simulator.audit.reading import day
from simulator.audit.town import Fields, Loads, TownFile, Version

OVER_PLAN = 1.2
"""A month of rehabilitation that is over its plan by this, and at least what the year's earlier ones came to, is taken
for the year's to date."""
_MEASURES = ("given", "planned", "given_in_time")
_WIDE = str.maketrans("０１２３４５６７８９", "0123456789")
_EXCEL = date(1899, 12, 30)


@dataclass(frozen=True)
class Counts:
    """One mart's rows, true and told, and why a row may differ."""

    true: pd.DataFrame
    told: pd.DataFrame
    why: Mapping[str, str]


def number(value: Any) -> float | None:
    """A count as such sheets write it: with a unit, in full-width digits, or a stroke for none."""
    if value is None or value == "":
        return None
    text = str(value).translate(_WIDE).removesuffix("人次")
    return 0.0 if text == "/" else float(text)


def services(town: TownFile, loads: Loads) -> Counts:
    """Services given by month and kind: the newest report of each month."""
    true, told, why = [], [], {}
    for system, name, plan in (
        ("mental_health_service", "mental_health", "due_cnt"),
        ("drug_rehab_service", "rehabilitation", "planned_cnt"),
    ):
        earlier: dict[tuple[str, str], float] = {}  # by year and service, the months that are not over their plan
        for key, versions in sorted(_months(town, system, loads).items()):
            heard = [v for v in versions if loads.says(v.moment)]
            if not heard:
                continue
            fields = _usable(heard[-1])
            given, planned = number(fields["service_cnt"]), number(fields[plan])
            year = key[0][:4], key[1]
            over = given is not None and planned is not None and given > OVER_PLAN * planned
            to_date = over and name == "rehabilitation" and 0 < earlier.get(year, 0.0) <= (given or 0.0)
            earlier[year] = earlier.get(year, 0.0) + (0.0 if over or given is None else given)
            about = {"service_kind": name, "service_type": key[1], "month": key[0], "quarter": _quarter(key[0])}
            true.append(about | _given(versions[-1].right, plan))
            told.append(about | _given(fields | ({"service_cnt": None} if to_date else {}), plan))
            why["/".join((name, *key))] = _spoiled(versions[-1], to_date)
    return Counts(_indexed(true, why), _indexed(told, why), why)


def _spoiled(version: Version, to_date: bool) -> str:
    wrong = sorted(version.defects)
    if "year_to_date" in wrong and not to_date:
        return "not recognised: year_to_date"
    return f"rule: {', '.join(wrong)}" if wrong else "unexplained"


def _months(town: TownFile, system: str, loads: Loads) -> dict[tuple[str, str], list[Version]]:
    """The reports of each month and service, in order of report (of the file where none is given) and line."""
    found: dict[tuple[str, str], list[Version]] = {}
    for versions in town.versions(system, "service_count", loads.after).values():
        for version in versions:
            place = (_month(version.sent["stat_month"]), version.sent["service_type"])
            found.setdefault(place, []).append(version)
    for reports in found.values():
        reports.sort(key=lambda v: (str(v.sent.get("report_time", "")), v.moment, v.seq))
    return found


def _month(written: Any) -> str:
    """A month in any of its forms: 202211, 2022年11月, 2022.11, or the serial number of its first day."""
    text = str(written)
    if text.isdigit() and len(text) == 6:
        return f"{text[:4]}-{text[4:]}-01"
    if text.isdigit():
        return (_EXCEL + timedelta(days=int(text))).isoformat()
    year, _, month = text.removesuffix("月").replace("年", ".").partition(".")
    return f"{year}-{int(month):02d}-01"


def _usable(version: Version) -> Fields:
    fields = dict(version.sent)
    given, in_time = number(fields["service_cnt"]), number(fields["ontime_cnt"])
    if given is not None and in_time is not None and in_time > given:
        fields["ontime_cnt"] = None  # no more in time than at all
    return fields


def _given(fields: Fields, plan: str) -> dict[str, float | None]:
    values = (number(fields[name]) for name in ("service_cnt", plan, "ontime_cnt"))
    return dict(zip(_MEASURES, values, strict=True))


def tasks(town: TownFile, loads: Loads) -> Counts:
    """Enrolment tasks: the highest number of each file, in the month of the file."""
    found: dict[str, list[Version]] = {}
    for versions in town.versions("insurance_enrolment", "enrolment_task", loads.after).values():
        for version in versions:
            f = version.sent
            found.setdefault("/".join((f["task_batch"], f["community_code"], f["task_type"])), []).append(version)
    true, told, why = [], [], {}
    for key, reports in found.items():
        reports.sort(key=lambda v: v.key)
        heard = [v for v in reports if loads.says(v.moment)]
        if heard:
            why[key] = "not told"
            true.append({"key": key} | _task(reports[-1].sent, loads.night))
            told.append({"key": key} | _task(heard[-1].sent, loads.night))
    return Counts(pd.DataFrame(true).set_index("key"), pd.DataFrame(told).set_index("key"), why)


def _task(f: Fields, night: date) -> dict[str, object]:
    filed = date(int(f["task_batch"][2:6]), int(f["task_batch"][6:8]), 1)
    due, finished = day(f["due_date"]), day(f["finish_date"])
    done = finished is not None and finished <= night
    names = {"issued": "issued", "visited": "visited", "found": "found", "not_found": "notfound", "duplicates": "dup"}
    return {
        "month": filed.isoformat(),
        "task_type": f["task_type"],
        "community_code": f["community_code"],
        "tasks": 1.0,
        "tasks_finished": float(done),
        "tasks_finished_in_time": float(done and due is not None and finished is not None and finished <= due),
        "tasks_overdue": float(not done and due is not None and due <= night),
        **{name: number(f[f"{column}_cnt"]) for name, column in names.items()},
    }


def movements(town: TownFile, loads: Loads) -> Counts:
    """Let rooms taken and left by month and building; what is withheld below ten is not told."""
    true, told, why = [], [], {}
    names = {"moved_in": "checkin_cnt", "moved_out": "checkout_cnt", "renewed": "renew_cnt"}
    for key, versions in town.versions("cloud_shield", "month_count", loads.after).items():
        f = versions[-1].sent
        month = f"{f['stat_month'][:4]}-{f['stat_month'][4:]}-01"
        counts = {name: float(f[column]) for name, column in names.items()}
        shown = {name: None if 0 < count < 10 else count for name, count in counts.items()}
        hidden = float(None in shown.values())
        about: dict[str, object] = {"key": key, "month": month, "buildings": 1.0}
        if loads.says(versions[-1].moment):
            why[key] = "rule: 1 to 9 withheld at the edge"
            true.append(about | {"buildings_withheld": hidden} | counts)
            told.append(about | {"buildings_withheld": hidden} | shown)
    return Counts(pd.DataFrame(true).set_index("key"), pd.DataFrame(told).set_index("key"), why)


def _indexed(rows: list[dict[str, Any]], why: Mapping[str, str]) -> pd.DataFrame:
    made = pd.DataFrame(rows)
    made.index = pd.Index(["/".join((r["service_kind"], r["month"], r["service_type"])) for r in rows])
    return made


def _quarter(month: str) -> str:
    return f"{month[:4]}-Q{(int(month[5:7]) + 2) // 3}"


READERS: dict[str, Callable[[TownFile, Loads], Counts]] = {
    "service_delivery": services,
    "enrolment_progress": tasks,
    "rental_movement": movements,
}

"""Marts of things: objects in force, devices on line, employers, dwellings; thing by thing against the town."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import duckdb

from simulator.audit.compare import Line, Shown, plain, total
from simulator.audit.matching import Matched
from simulator.audit.things import Spoken
from simulator.audit.town import Loads, TownFile, Versions

ON = ("ON", "OK", "ONLINE", "1")


@dataclass(frozen=True)
class Standing:
    """Which things of one kind stand on the night, truly and by the last word of the wires; and who was told to end."""

    true: frozenset[str]
    told: frozenset[str]
    ended: frozenset[str]


def lines_of_objects(
    connection: duckdb.DuckDBPyConnection,
    found: Mapping[str, Matched],
    spoken: Mapping[str, Spoken],
    town: TownFile,
    loads: Loads,
    shown: Shown,
) -> Iterator[Line]:
    """objects_by_place by kind, and the night's month of device_online."""
    catalogue = town.versions("video_platform", "device", loads.after)
    doors = town.versions("cloud_shield", "door_device", loads.after)
    standing = {
        "device": _devices(catalogue, doors, town, loads),
        "vehicle": _vehicles(spoken["vehicle"], town, loads),
        "facility": Standing(
            frozenset(spoken["facility"].of.values()), frozenset(spoken["facility"].told), frozenset()
        ),
        "organisation": _organisations(spoken["organisation"], town, loads),
    }
    for kind, stands in standing.items():
        yield _in_force(connection, kind, found[kind], stands, shown)
    yield from _online(catalogue, doors, loads, shown)


def _in_force(connection: duckdb.DuckDBPyConnection, kind: str, found: Matched, stands: Standing, shown: Shown) -> Line:
    line = Line("objects_by_place", kind, len(stands.true), len(stands.told), None, None)
    rows = connection.execute(f"select {kind}_id from register.{kind} where in_force").fetchall()
    held = {found.of.get(one, one) for (one,) in rows}
    line.warehouse, line.published = (_sum(frame, kind) for frame in _tables(shown, "objects_by_place"))
    if line.warehouse is not None and line.warehouse != len(rows):
        line.say("unexplained", f"{len(rows)} in force in the register, {line.warehouse} in the mart")
    if line.published is not None and line.published != line.warehouse:
        line.say("unexplained", f"published {line.published}")
    for thing in sorted(stands.true ^ held):
        if thing in held:
            line.say("unexplained" if thing in stands.ended else "not told", f"{thing} is in force and was told to end")
        else:
            line.say("unexplained" if thing in stands.told else "not told", f"{thing} stands and is not in force")
    return line


def _tables(shown: Shown, mart: str) -> Iterable[list[tuple[str, float | None]] | None]:
    question = f"select object_kind, objects from marts.{mart}"
    for connection in (shown.warehouse, shown.out):
        yield None if connection is None else [(k, plain(v)) for k, v in connection.execute(question).fetchall()]


def _sum(rows: list[tuple[str, float | None]] | None, kind: str) -> float | None:
    return None if rows is None else total(value for name, value in rows if name == kind)


def _devices(catalogue: Versions, doors: Versions, town: TownFile, loads: Loads) -> Standing:
    night, after = loads.night.isoformat(), loads.after
    spans = town.rows("select device, begin, until from truth_device where begin < ?", (after,))
    secret = {key for key, versions in catalogue.items() if versions[0].sent.get("Secrecy") == "1"}
    true = {device for device, _, until in spans if (until is None or until > night) and device not in secret}
    true |= {key for key in catalogue if key not in {device for device, _, _ in spans}} - secret
    shown = (
        {key for key, versions in catalogue.items() if versions[-1].sent and key not in secret}
        if loads.pictures
        else set()
    )
    seen = {key: versions[-1] for key, versions in doors.items() if loads.pictures}
    up = {key for key, version in seen.items() if version.sent["install_status"] == "1"}
    gone = (set(catalogue) - shown if loads.pictures else set()) | (seen.keys() - up)
    return Standing(frozenset(true), frozenset(shown | up), frozenset(gone))


def _vehicles(spoken: Spoken, town: TownFile, loads: Loads) -> Standing:
    """Nobody tells that a vehicle has gone."""
    night = loads.night.isoformat()
    question = "select plate from truth_vehicle where begin <= ? and (until is null or until > ?)"
    true = frozenset(plate for (plate,) in town.rows(question, (night, night)))
    return Standing(true, frozenset(spoken.told), frozenset())


def _organisations(spoken: Spoken, town: TownFile, loads: Loads) -> Standing:
    """Nobody tells that an organisation has closed: it is just no longer touched."""
    night = loads.night.isoformat()
    question = "select organisation from truth_employer where opened <= ? and (closed is null or closed > ?)"
    true = frozenset(one for (one,) in town.rows(question, (night, night)))
    return Standing(true, frozenset(spoken.told), frozenset())


def _online(catalogue: Versions, doors: Versions, loads: Loads, shown: Shown) -> Iterator[Line]:
    """Devices of the night's month, by the last state that was told; only where pictures of them were taken."""
    month = loads.night.replace(day=1)
    states: dict[str, tuple[bool, bool]] = {}
    if loads.pictures:
        for key, versions in catalogue.items():
            last = versions[-1].sent
            if last and last["Secrecy"] != "1":
                states[key] = (last["Status"] in ON,) * 2
        for key, versions in doors.items():
            last = versions[-1].sent
            if last["install_status"] == "1":
                states[key] = (last["online"] == "1",) * 2
    measures = {"devices": len(states), "devices_online": sum(told for told, _ in states.values())}
    measures["devices_offline"] = measures["devices"] - measures["devices_online"]
    online = sum(true for _, true in states.values())
    true = {"devices": len(states), "devices_online": online, "devices_offline": len(states) - online}
    for measure, value in measures.items():
        line = Line("device_online", measure, true[measure], value, None, None)
        question = f"select sum({measure}) from marts.device_online where month = ?"
        line.warehouse, line.published = shown.asked(question, [month])
        if (line.warehouse or 0.0) != value:
            line.say(
                "unexplained", f"told {value}, warehouse {line.warehouse}", int(abs(value - (line.warehouse or 0.0)))
            )
        if true[measure] != value:
            line.say("not told", "", abs(true[measure] - value))
        yield line


def employers(town: TownFile, loads: Loads, shown: Shown) -> Iterator[Line]:
    """employers_by_industry: organisations that bear a number of the employers' register, by section of their trade."""
    of = {(k, s): o for k, s, o in town.rows("select key, seq, organisation from truth_organisation")}
    latest: dict[str, tuple[str, str | None, float | None]] = {}
    for key, versions in town.versions("hr_social_security", "employer", loads.after).items():
        for version in loads.told(versions, whole=True):
            organisation, sent = of[key, version.seq], version.sent
            trade = sent["hyfl"] if sent["hyfl"][:1].isalpha() else None
            heads = float(sent["ycbzrs"]) if sent["ycbzrs"].isdigit() and int(sent["ycbzrs"]) >= 10 else None
            if version.moment >= latest.get(organisation, ("",))[0]:
                latest[organisation] = version.moment, trade, heads
    night = loads.night.isoformat()
    open_now = {
        o for (o,) in town.rows("select organisation from truth_employer where closed is null or closed > ?", (night,))
    }
    insured = sum(value for _, _, value in latest.values() if value is not None)
    told = {"employers": float(len(latest)), "insured": insured}
    for measure, value in told.items():
        true = float(len(latest.keys() & open_now)) if measure == "employers" else value
        line = Line("employers_by_industry", measure, true, value, None, None)
        question = f"select sum({measure}) from marts.employers_by_industry"
        line.warehouse, line.published = shown.asked(question)
        if (line.warehouse or 0.0) != value:
            line.say("unexplained", f"told {value}, warehouse {line.warehouse}")
        if true != value:
            line.say("not told", "", int(abs(true - value)))
        yield line

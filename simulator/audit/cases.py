"""Cases, judged anew from the sentences of the marts' rules: once as they truly were, once as the wires told them.

A case is a row of measures with the columns a mart may be cut by; two frames with the same index, `true` and `told`,
so that every difference can be traced to a case, and from it to what was spoiled in it or never sent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

import pandas as pd

from simulator.audit.calendar import after_working_days
from simulator.audit.reading import KINDS, Told, moment, read, unusable
from simulator.audit.town import Fields, Loads, TownFile, Version, spoiled
from simulator.town.geography import COMMUNITIES, STREET

NOWHERE = f"{STREET}000"
PLACES = {name: c.code for c in COMMUNITIES for name in (c.code, c.name, *c.aliases)}
CUTS = (
    "kind",
    "month",
    "quarter",
    "office",
    "channel",
    "matter",
    "outcome",
    "community",
    "rated_month",
    "rated_quarter",
    "received_on",
    "closed_on",
    "due_by",
)
SHOWN_WHOLE = ("event", "window")
"""Kinds whose list shows every version of a window; the others show the newest."""
WORDS = {"1": "satisfied", "2": "mostly_satisfied", "3": "dissatisfied", "9": "not_rated"}


Row = dict[str, object]


@dataclass(frozen=True)
class Cases:
    """Both frames, and why a case differs between them."""

    true: pd.DataFrame
    told: pd.DataFrame
    why: Mapping[tuple[str, str], str]


def cases(town: TownFile, loads: Loads) -> Cases:
    """Every case of which a window told something, of all kinds."""
    true: list[Row] = []
    told: list[Row] = []
    why: dict[tuple[str, str], str] = {}
    ratings = town.versions("petitions", "evaluation", loads.after)
    notices = _noticed(town, loads)
    for kind, (system, entity) in KINDS.items():
        found = town.versions(system, entity, loads.after)
        whole = kind in SHOWN_WHOLE
        rated = ratings if kind == "petition" else {}
        for key in found.keys() | rated.keys():
            versions = found.get(key, [])
            if kind == "petition" and versions and versions[-1].sent["xfmddm"] == "04":
                versions = []  # an accusation is dropped at the edge; its rating stands by itself
            seen = loads.told(versions, whole)
            if kind == "event" and key in notices:
                seen = _announced(versions, seen, notices[key])
            opinion, heard = rated.get(key, []), loads.told(rated.get(key, []))
            if not seen and not heard:
                continue  # before the first window: the rows' coverage says so
            _add(true, kind, key, _truly(kind, versions, opinion), loads.night)
            _add(told, kind, key, _as_told(kind, seen, heard), loads.night)
            why[kind, key] = _why(kind, (versions, opinion), (seen, heard), true[-1:], loads)
    return Cases(_frame(true), _frame(told), why)


def case_rows(mart: str, frame: pd.DataFrame) -> pd.DataFrame:
    """The cases a mart is about."""
    if mart.startswith("wage"):
        return frame[frame["kind"] == "wage"]
    if mart.startswith("hotline"):
        return frame[(frame["kind"] == "event") & (frame["channel"] == "2")]
    return frame


def _noticed(town: TownFile, loads: Loads) -> dict[str, str]:
    """Events that notices told of, and when those were read: what is unsigned is sent, however old it is."""
    found: dict[str, str] = {}
    for versions in town.versions("grid_dispatch", "notice", loads.after).values():
        if read := loads.read_at(versions[0].moment):
            found[versions[0].sent["recId"]] = read
    return found


def _announced(versions: Sequence[Version], seen: list[Version], read: str) -> list[Version]:
    """With what a notice led to: the state of the event when the notice was read."""
    before = [v for v in versions if v.moment < read]
    if before and before[-1] not in seen:
        return sorted([*seen, before[-1]], key=lambda v: v.seq)
    return seen


def _truly(kind: str, versions: Sequence[Version], opinions: Sequence[Version]) -> tuple[Told, bool] | None:
    states = [read(kind, v.right) for v in versions]
    return _joined(states, [v.right for v in opinions], [v.moment for v in opinions])


def _as_told(kind: str, versions: Sequence[Version], opinions: Sequence[Version]) -> tuple[Told, bool] | None:
    states = [read(kind, unusable(kind, v.sent, v.defects)) for v in versions]
    closed = states[-1].closed_at if states else None
    return _joined(states, [_after_closing(v.sent, closed) for v in opinions], [v.moment for v in opinions])


def _after_closing(opinion: Fields, closed: datetime | None) -> Fields:
    """A rating that is older than the closing keeps what it says and loses when it was said."""
    said = moment(opinion["dxfbmpjsj"])
    if closed is None or said is None or said >= closed:
        return opinion
    return opinion | {"dxfbmpjsj": None, "dzrdwpjsj": None}


def _joined(
    states: Sequence[Told], opinions: Sequence[Mapping[str, object]], moments: Sequence[str]
) -> tuple[Told, bool] | None:
    """The newest state with its newest rating, and whether it was open again after a closing."""
    if not states and not opinions:
        return None
    closed = [number for number, state in enumerate(states) if state.closed]
    again = bool(closed) and any(not state.closed for state in states[closed[0] :])
    state = states[-1] if states else Told(received=None)
    again = again or (not state.closed and state.closed_at is not None)
    if opinions:
        last = opinions[-1]
        intake, responsible = (str(last[name]) for name in ("dxfbmpj", "dzrdwpj"))
        rated_at = moment(last["dzrdwpjsj"])
        if rated_at is None and state.closed_at is None and state.received is None:
            rated_at = moment(moments[-1])
        state = replace(state, intake=intake, responsible=responsible, rated_at=rated_at)
    return state, again


def _why(
    kind: str,
    all_of: tuple[Sequence[Version], ...],
    heard: tuple[Sequence[Version], ...],
    true: list[Row],
    loads: Loads,
) -> str:
    """What a difference of this case comes from: a rule about what was spoiled in it, or that not all was told."""
    (versions, opinions), (seen, rated) = all_of, heard
    soundly = _truly(kind, seen, rated)
    wrong = spoiled([*seen, *rated])
    if wrong and soundly and true and judged(kind, *soundly, night=loads.night).items() <= true[0].items():
        return f"rule: {', '.join(sorted(wrong))}"
    return "not told" if len(seen) < len(versions) or len(rated) < len(opinions) else "unexplained"


def _add(rows: list[Row], kind: str, key: str, found: tuple[Told, bool] | None, night: date) -> None:
    if found is not None:
        rows.append({"kind": kind, "key": key} | judged(kind, *found, night=night))


def judged(kind: str, case: Told, again: bool, *, night: date) -> dict[str, object]:
    """Every measure of one case on a night, and where it is counted."""
    received = case.received.date() if case.received else None
    counted = received is not None and received <= night
    live = counted and not case.voided
    place = PLACES.get(case.area or "") or PLACES.get((case.grid or "").replace("-", "")[:12]) or NOWHERE
    row: dict[str, object] = {
        "month": received.replace(day=1) if received else None,
        "quarter": _quarter(received),
        "office": case.office,
        "channel": case.channel,
        "matter": case.matter,
        "outcome": case.outcome,
        "community": place,
        "received_on": received if live else None,
        "closed_on": _closed_on(case, received),
        "received": counted,
        "withdrawn": counted and case.voided,
        "repeated": live and case.repeated,
        "sent_back": live and case.sent_back,
        "reopened": live and again,
    }
    return row | _timely(kind, case, live, night) | _ended(kind, case, live) | _rated(case, night)


def _timely(kind: str, case: Told, live: bool, night: date) -> dict[str, object]:
    if not live or case.received is None:
        return {}
    received = case.received.date()
    accepted = case.accepted if case.accepted and case.accepted <= night else None
    accept_by, legal = _limits(kind, received, accepted)
    stated = None
    if case.due and case.due.date() >= received:
        stated = _end_of_day(case.due.date()) if case.due.time() == time() else case.due
    due = stated or (_end_of_day(legal) if legal else None)
    judgeable = accept_by is not None and (accepted is not None or accept_by <= night)
    told = case.closed and due is not None and case.closed_at is not None
    in_time = told and case.closed_at is not None and due is not None and case.closed_at <= due
    return {
        "acceptance_judged": judgeable,
        "accepted_in_time": judgeable and accepted is not None and accept_by is not None and accepted <= accept_by,
        "closed": case.closed,
        "closed_in_time": in_time,
        "closed_late": told and not in_time,
        "closed_unjudged": case.closed and not told,
        "open": not case.closed,
        "open_overdue": not case.closed and due is not None and due <= _end_of_day(night),
        "extended": case.extended or (stated is not None and legal is not None and stated.date() > legal),
        "due_by_source": stated is not None,
        "limit_uncertain": False,  # the notices of all years of the town are out
        "due_by": due,
    }


def _closed_on(case: Told, received: date | None) -> date | None:
    """The day of the last closing; of one at a time nobody told, the day of receipt."""
    if not case.closed:
        return None
    return case.closed_at.date() if case.closed_at else received


def _limits(kind: str, received: date, accepted: date | None) -> tuple[date | None, date | None]:
    """The last day on which to accept, and the one on which to close, by law."""
    start = accepted or received
    if kind == "petition":
        return received + timedelta(days=15), start + timedelta(days=60)
    if kind == "wage":
        return after_working_days(received, 5), after_working_days(start, 60)
    return None, start + timedelta(days=30) if kind == "dispute" else None


def _ended(kind: str, case: Told, live: bool) -> dict[str, object]:
    done = live and case.closed
    paid = live and ((case.paid_people or 0) > 0 or (case.paid or 0) > 0)
    wage = live and kind == "wage"
    return {
        "cases": live,
        "succeeded": done and case.success == "1",
        "failed": done and case.success == "0",
        "undecided": done and case.success not in ("0", "1"),
        "clues": wage,
        "clues_closed": wage and case.closed,
        "clues_recovered": wage and paid,
        "clues_without_amount": wage and case.amount is None,
        "clues_without_workers": wage and case.people is None,
        "clues_without_payment": wage and case.closed and case.paid_people is None and case.paid is None,
        "workers": case.people if wage else None,
        "workers_recovered": case.paid_people if wage else None,
        "amount_owed": case.amount if wage else None,
        "amount_recovered": case.paid if wage else None,
    }


def _rated(case: Told, night: date) -> dict[str, object]:
    answers = (case.intake, case.responsible)
    at = case.rated_at or case.closed_at or case.received
    if at is None or at.date() > night or (answers == (None, None) and case.points is None):
        return {}
    row: dict[str, object] = {"rated_month": at.date().replace(day=1), "rated_quarter": _quarter(at.date())}
    for side, answer in zip(("intake", "responsible"), answers, strict=True):
        row[f"rated_{side}"] = answer in ("1", "2", "3")
        row[f"content_{side}"] = answer in ("1", "2")
        row |= {f"{word}_{side}": answer == code for code, word in WORDS.items()}
    return row | {"feedback_given": case.points is not None, "feedback_points": case.points}


def _quarter(of: date | None) -> str | None:
    return None if of is None else f"{of.year}-Q{(of.month + 2) // 3}"


def _end_of_day(of: date) -> datetime:
    return datetime.combine(of, time(23, 59, 59))


def _frame(rows: list[Row]) -> pd.DataFrame:
    made = pd.DataFrame(rows).set_index(["kind", "key"], drop=False)
    measures = [name for name in made.columns if name not in CUTS and name != "key"]
    made[measures] = made[measures].apply(pd.to_numeric, errors="coerce").astype(float)
    made.index = pd.MultiIndex.from_arrays([made["kind"], made["key"]], names=["of", "id"])
    return made

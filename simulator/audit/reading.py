"""One version of a case of each of the five kinds, read as its interface profile describes it.

`SPOILED` says which field a defect makes unusable: it is left empty, the case stays.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from simulator.audit.town import Fields

KINDS = {
    "petition": ("petitions", "case"),
    "dispute": ("mediation", "dispute"),
    "wage": ("wage_arrears", "clue"),
    "event": ("grid_dispatch", "event"),
    "window": ("hr_social_security", "window_service"),
}
SPOILED: dict[str, dict[str, tuple[str, ...]]] = {
    "petition": {"extension_without_deadline": ("xbjzsj",)},
    "dispute": {"deadline_before_acceptance": ("solve_deadline",), "amount_in_wan": ("agreement_amt",)},
    "wage": {"amount_as_text": ("owe_amt",)},
    "event": {"closed_before_dispatch": ("archive_time",)},
}
_FOLDED = {"14": "99", "15": "99", "16": "99"}


@dataclass(frozen=True)
class Told:
    """What one version says of a case."""

    received: datetime | None
    accepted: date | None = None
    due: datetime | None = None
    closed_at: datetime | None = None
    closed: bool = False
    voided: bool = False
    channel: str = "unknown"
    matter: str = "unknown"
    outcome: str = "unknown"
    success: str | None = None
    extended: bool = False
    repeated: bool = False
    sent_back: bool = False
    office: str = "unknown"
    area: str | None = None
    grid: str | None = None
    intake: str | None = None
    responsible: str | None = None
    rated_at: datetime | None = None
    points: int | None = None
    people: int | None = None
    amount: float | None = None
    paid_people: int | None = None
    paid: float | None = None
    count: str | None = None


def moment(value: Any) -> datetime | None:
    """A time of any of the forms the systems write; a clock with a zone is brought to Shanghai."""
    if value in (None, ""):
        return None
    text = str(value).replace("/", "-").replace("T", " ")
    if text.endswith("Z"):
        return datetime.fromisoformat(text[:-1]).replace(tzinfo=UTC).replace(tzinfo=None) + timedelta(hours=8)
    return datetime.fromisoformat(text)


def day(value: Any) -> date | None:
    """A date of any of the forms."""
    found = moment(value)
    return None if found is None else found.date()


def read(kind: str, fields: Fields) -> Told:
    """Read one version of a case."""
    return _READERS[kind](fields)


def unusable(kind: str, fields: Fields, defects: frozenset[str]) -> Fields:
    """The fields as sent, those that its defects make unusable emptied."""
    empty = {name for defect in defects for name in SPOILED.get(kind, {}).get(defect, ())}
    return {name: None if name in empty else value for name, value in fields.items()}


def _petition(f: Fields) -> Told:
    return Told(
        received=moment(f["djsj"]),
        accepted=day(f["zcslyjrq"]),
        due=moment(f["xbjzsj"]),
        closed_at=moment(f["bjsj"]),
        closed=f["bjbz"] == "1",
        channel=f["xfxs"],
        matter=f["nrfldm"][:2],
        repeated=f["cfxfbz"] == "1",
        office=f["qxjgdm"],
        area=f["wtsddm"],
    )


def _dispute(f: Fields) -> Told:
    matter = f["event_type"][:2]
    return Told(
        received=moment(f["accept_date"]),
        accepted=day(f["accept_date"]),
        due=moment(f["solve_deadline"]),
        closed_at=moment(f["finish_date"]),
        closed=f["finish_date"] is not None,
        channel=f["source_type"],
        matter=_FOLDED.get(matter, matter),
        outcome=f["solve_way"] or "unknown",
        success=f["is_success"],
        office=f["mediation_org"],
        area=f["community_code"],
        grid=f["grid_code"],
        responsible=f["satisfaction"],
    )


def _wage(f: Fields) -> Told:
    return Told(
        received=moment(f["submit_time"]),
        accepted=day(f["sign_time"]),
        due=moment(f["deadline"]),
        closed_at=moment(f["finish_time"]),
        closed=f["finish_time"] is not None,
        matter=f["domain"],
        outcome=f["conclusion"] or "unknown",
        office=f["handle_org"],
        area=f["owe_addr_code"],
        points=f["feedback_score"],
        people=f["worker_cnt"],
        amount=f["owe_amt"],
        paid_people=f["paid_cnt"],
        paid=f["paid_amt"],
    )


def _event(f: Fields) -> Told:
    return Told(
        received=moment(f["create_time"]),
        due=moment(f["deadline"]),
        closed_at=moment(f["archive_time"]),
        closed=f["event_state_id"] in ("6", "7"),
        voided=f["event_state_id"] == "7",
        channel=f["event_src_id"],
        matter=f["event_type_code"],
        outcome=f["archive_type"] or "unknown",
        extended=f["delay_flag"] == "1",
        sent_back=(f["back_cnt"] or 0) > 0,
        office=f["dispose_unit_name"] or "unknown",
        area=f["community_id"],
        grid=f["duty_grid_code"],
        responsible=f["satisfaction"],
    )


def _window(f: Fields) -> Told:
    return Told(
        received=moment(f["accept_time"]),
        closed_at=moment(f["finish_time"]),
        closed=f["finish_time"] is not None,
        channel=f["channel"],
        area=f["community_code"],
    )


_READERS: dict[str, Callable[[Fields], Told]] = {
    "petition": _petition,
    "dispute": _dispute,
    "wage": _wage,
    "event": _event,
    "window": _window,
}

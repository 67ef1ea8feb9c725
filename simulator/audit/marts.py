"""The marts that are counted from cases and from counts: how each is cut, and its comparison."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pandas as pd

from simulator.audit.cases import CUTS, WORDS, case_rows, cases
from simulator.audit.compare import Line, Mart, Shown, compare
from simulator.audit.counts import READERS
from simulator.audit.town import Loads, TownFile
from simulator.audit.yearly import yearly

TIMELY = (
    "received", "withdrawn", "acceptance_judged", "accepted_in_time", "closed", "closed_in_time", "closed_late",
    "closed_unjudged", "open", "open_overdue", "extended", "reopened", "sent_back", "repeated", "due_by_source",
    "limit_uncertain",
)  # fmt: skip
HOTLINE = (
    "received", "withdrawn", "closed", "closed_in_time", "closed_late", "closed_unjudged", "open", "open_overdue",
)  # fmt: skip
RATED = (
    *(f"{word}_{side}" for side in ("intake", "responsible") for word in ("rated", "content", *WORDS.values())),
    "feedback_given",
    "feedback_points",
)
ENDED = ("cases", "succeeded", "failed", "undecided", "open")
WAGES = (
    "clues", "clues_closed", "clues_recovered", "clues_without_amount", "clues_without_workers",
    "clues_without_payment", "workers", "workers_recovered", "amount_owed", "amount_recovered",
)  # fmt: skip
_MONTH, _QUARTER, _KIND = {"month": "month"}, {"quarter": "quarter"}, {"kind": "kind"}
_PLACE = {"community": "community_code"}
_RATED = {"rated_quarter": "quarter", "kind": "kind"}
OF_CASES = (
    Mart("case_timeliness", _MONTH | _KIND, TIMELY),
    Mart("case_timeliness_by_office", _QUARTER | _KIND | {"office": "handling_office"}, TIMELY),
    Mart("case_timeliness_by_community", _QUARTER | _KIND | _PLACE, TIMELY),
    Mart("case_timeliness_by_channel", _QUARTER | _KIND | {"channel": "channel"}, TIMELY),
    Mart("hotline_timeliness", _MONTH, HOTLINE),
    Mart("case_outcome", _QUARTER | _KIND | {"matter": "class_code", "outcome": "outcome"}, ENDED),
    Mart("case_satisfaction", {"rated_month": "month"} | _KIND, RATED),
    Mart("case_satisfaction_by_office", _RATED | {"office": "handling_office"}, RATED),
    Mart("case_satisfaction_by_community", _RATED | _PLACE, RATED),
    Mart("wage_recovery", _MONTH, WAGES),
    Mart("wage_recovery_by_community", _QUARTER | _PLACE, WAGES),
    Mart("wage_recovery_by_class", _QUARTER | {"matter": "class_code"}, WAGES),
)
YEAR_END = Mart("case_year_end", {"year": "year", "kind": "kind"}, ("open_at_year_end", "overdue_at_year_end"))
OF_COUNTS = (
    Mart("service_delivery", {n: n for n in ("quarter", "service_kind", "service_type")},
         ("given", "planned", "given_in_time")),
    Mart("enrolment_progress", {n: n for n in ("month", "task_type", "community_code")},
         ("tasks", "tasks_finished", "tasks_finished_in_time", "tasks_overdue", "issued", "visited", "found",
          "not_found", "duplicates")),
    Mart("rental_movement", _MONTH, ("buildings", "buildings_withheld", "moved_in", "moved_out", "renewed")),
)  # fmt: skip


def lines_of_cases(town: TownFile, loads: Loads, shown: Shown) -> Iterator[Line]:
    """Every mart made of cases."""
    found = cases(town, loads)
    for mart in OF_CASES:
        measures = set(mart.measures) | set(CUTS)
        true, told = (_only(frame, measures) for frame in (found.true, found.told))
        true, told = (case_rows(mart.name, frame) for frame in (true, told))
        yield from compare(mart, true, told, found.why, shown)
    true, told = (year_ends(frame, loads.night) for frame in (found.true, found.told))
    yield from compare(
        YEAR_END, true, told, {place: found.why[place[:2]] for place in (*true.index, *told.index)}, shown
    )
    yield yearly(town, loads, found, shown)


def lines_of_counts(town: TownFile, loads: Loads, shown: Shown) -> Iterator[Line]:
    """Every mart made of counts."""
    for mart in OF_COUNTS:
        found = READERS[mart.name](town, loads)
        yield from compare(mart, found.true, found.told, found.why, shown)


def year_ends(frame: pd.DataFrame, night: date) -> pd.DataFrame:
    """A row for each case and year at whose end (on the night, in its own year) the case had been received."""
    rows = []
    columns = ["kind", "key", "received_on", "closed_on", "due_by"]
    for kind, key, received, closed, due in frame[columns].itertuples(index=False, name=None):
        for year in range(2018, night.year + 1):
            end = min(date(year, 12, 31), night)
            if _there(received) and received <= end:
                still = not _there(closed) or closed > end
                over = still and _there(due) and due.date() <= end
                rows.append((kind, key, str(year), float(still), float(over)))
    made = pd.DataFrame(rows, columns=["kind", "key", "year", "open_at_year_end", "overdue_at_year_end"])
    made.index = pd.Index(list(zip(made["kind"], made["key"], made["year"], strict=True)), tupleize_cols=False)
    return made


def _there(value: object) -> bool:
    return value is not None and value == value


def _only(frame: pd.DataFrame, columns: set[str]) -> pd.DataFrame:
    return frame[[name for name in frame.columns if name in columns]]

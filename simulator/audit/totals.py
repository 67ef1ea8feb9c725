"""The published totals: each against the sum of the mart's cells in the warehouse, within the margin it states."""

from __future__ import annotations

import pandas as pd

from simulator.audit.compare import CENT, Line, Shown, plain, text

PERIODS = ("month", "quarter", "year")
PLACES = {"community": "community_code", "grid": "grid_code"}


def totals(shown: Shown) -> Line:
    """One line for all of people_totals; figures that are left out tell nothing and are counted as withheld."""
    line = Line("people_totals", "people", None, None, None, None)
    if shown.out is None:
        return line
    relation = shown.out.execute("select * from marts.people_totals")
    names = [str(column[0]) for column in relation.description or ()]
    rows = [dict(zip(names, row, strict=True)) for row in relation.fetchall()]
    marts = {name: _mart(shown, name) for name in {str(row["mart"]) for row in rows}}
    for row in rows:
        place = "/".join(text(row[name]) for name in names if name not in ("people", "margin"))
        if row["people"] is None:
            line.say("withheld", place)
            continue
        true, margin = _sum(marts[str(row["mart"])], row), plain(row.get("margin")) or 0.0
        off = abs(true - (plain(row["people"]) or 0.0))
        if off > CENT:
            cause = "rounding" if off <= margin + CENT else "unexplained"
            line.say(cause, f"{place}: warehouse {true}, published {row['people']}, margin {margin}")
    return line


def _mart(shown: Shown, name: str) -> pd.DataFrame:
    relation = shown.warehouse.execute(f'select * from marts."{name}"')
    columns = [str(column[0]) for column in relation.description or ()]
    return pd.DataFrame(relation.fetchall(), columns=columns, dtype=object)


def _sum(mart: pd.DataFrame, row: dict[str, object]) -> float:
    """The cells of one total: of its period, in its place, of its category."""
    chosen = mart
    period = next((name for name in PERIODS if name in mart.columns), None)
    wanted = [
        (period, row["period"]),
        (PLACES.get(str(row["level"])), row["place"]),
        (row["dimension"], row["category"]),
    ]
    for column, value in wanted:
        if column is not None and value is not None:
            same = _within if column == period else _equal
            chosen = chosen.loc[[same(text(found), text(value)) for found in chosen[str(column)]]]
    return float(sum(plain(value) or 0.0 for value in chosen[str(row["measure"])]))


def _equal(found: str, wanted: str) -> bool:
    return found == wanted


def _within(found: str, wanted: str) -> bool:
    """Whether a month or quarter lies in the month, quarter or year of a total."""
    if "-Q" in wanted and "-Q" not in found:
        return f"{found[:4]}-Q{(int(found[5:7]) + 2) // 3}" == wanted
    return found[: len(wanted)] == wanted

"""Each figure of a mart four times: true, told, in the warehouse, published; and what each difference comes from.

true -> told        a rule of quarantine (named by what was spoiled), or the wires did not tell it
told -> warehouse   must be equal
warehouse -> published   within the row's margin (rounding), or left empty (withheld)
Anything else is unexplained.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
import pandas as pd

CENT = 0.005


@dataclass
class Line:
    """One measure of one mart (or of the register), whole."""

    what: str
    measure: str
    true: float | None
    told: float | None
    warehouse: float | None
    published: float | None
    causes: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)

    @property
    def unexplained(self) -> int:
        """Cells or things whose difference nothing explains."""
        return self.causes["unexplained"]

    def say(self, cause: str, example: str, count: int = 1) -> None:
        """Note a difference; the first few unexplained ones are kept."""
        self.causes[cause] += count
        if cause == "unexplained" and len(self.examples) < 3:
            self.examples.append(example)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        named = {"what": self.what, "measure": self.measure, "true": self.true, "told": self.told}
        values = {"warehouse": self.warehouse, "published": self.published}
        return named | values | {"causes": dict(self.causes) or {"equal": 0}, "examples": self.examples}


@dataclass(frozen=True)
class Mart:
    """A mart: its name, the columns it is cut by (ours -> its), and the measures to compare."""

    name: str
    grain: Mapping[str, str]
    measures: Sequence[str]


def compare(mart: Mart, true: pd.DataFrame, told: pd.DataFrame, why: Mapping[Any, str], shown: Shown) -> list[Line]:
    """One line per measure. true, told: a row per case or record, indexed alike; why: what a difference of one is."""
    warehouse, published = shown.rows(mart.name, mart.grain.values()), shown.published(mart.name, mart.grain.values())
    lines = []
    for measure in mart.measures:
        if measure not in warehouse.columns:
            continue
        line = Line(mart.name, measure, _total(true, measure), _total(told, measure), None, None)
        _from_true(line, mart, true, told, why)
        _from_told(line, mart, told, warehouse)
        to_published(line, warehouse, published)
        lines.append(line)
    return lines


def _from_true(line: Line, mart: Mart, true: pd.DataFrame, told: pd.DataFrame, why: Mapping[Any, str]) -> None:
    """Every record whose figure or place differs, by what was done to it."""
    left, right = (_placed(frame, mart, line.measure) for frame in (true, told))
    for key in left.keys() | right.keys():
        if left.get(key) != right.get(key):
            line.say(why.get(key, "unexplained"), f"{key}: true {left.get(key)}, told {right.get(key)}")


def _placed(frame: pd.DataFrame, mart: Mart, measure: str) -> dict[Any, tuple[Any, ...]]:
    """Where a record counts and with how much; records that count nothing are left out."""
    if measure not in frame.columns:
        return {}
    columns = [*mart.grain, measure]
    rows = zip(frame.index, frame[columns].itertuples(index=False, name=None), strict=True)
    return {key: row for key, row in rows if row[-1] == row[-1] and row[-1] not in (None, 0, 0.0)}


def _from_told(line: Line, mart: Mart, told: pd.DataFrame, warehouse: pd.DataFrame) -> None:
    """Cell by cell, what was told and what the warehouse holds."""
    cells = summed(told, list(mart.grain), line.measure)
    held = _column(warehouse, line.measure)
    line.warehouse = total(held.values())
    for key in cells.keys() | held.keys():
        ours, theirs = cells.get(key), held.get(key)
        if not same(ours or 0.0, theirs or 0.0):
            line.say("unexplained", f"{key}: told {ours}, warehouse {theirs}")


def to_published(line: Line, warehouse: pd.DataFrame, published: pd.DataFrame | None) -> None:
    """Cell by cell: rounded within the margin of its row, left empty, or wrong."""
    if published is None or line.measure not in published.columns:
        return
    shown = _column(published, line.measure)
    margins = {key: value or 0.0 for key, value in _column(published, "margin").items()}
    line.published = total(shown.values())
    for key, held in _column(warehouse, line.measure).items():
        out = shown.get(key)
        if held is not None and out is None:
            line.say("withheld", str(key))
        elif held is not None and out is not None and not same(held, out):
            cause = "rounding" if abs(held - out) <= margins.get(key, 0.0) + CENT else "unexplained"
            line.say(cause, f"{key}: warehouse {held}, published {out}, margin {margins.get(key)}")
        elif held is None and out is not None:
            line.say("unexplained", f"{key}: nothing in the warehouse, published {out}")


def _column(frame: pd.DataFrame, name: str) -> dict[Any, float | None]:
    if name not in frame.columns:
        return {}
    return {key: plain(value) for key, value in zip(frame.index, frame[name], strict=True)}


def summed(frame: pd.DataFrame, grain: Sequence[str], measure: str) -> dict[tuple[Any, ...], float]:
    """The cells of a measure, as text keys; a cell without a figure is left out."""
    if measure not in frame.columns or frame.empty:
        return {}
    known = frame[frame[measure].notna()]
    if known.empty:
        return {}
    values = known[measure].astype(float)
    keys = list(zip(*([text(value) for value in known[name]] for name in grain), strict=True))
    found: dict[tuple[Any, ...], float] = {}
    for key, value in zip(keys, values, strict=True):
        found[key] = found.get(key, 0.0) + value
    return found


def same(a: float, b: float) -> bool:
    """Equal to the cent."""
    return abs(a - b) <= CENT


def plain(value: Any) -> float | None:
    """A figure as float; what is empty is None."""
    if value is None or value is pd.NA or value != value:
        return None
    return float(value)


def total(values: Any) -> float | None:
    """The sum of what is there; None of nothing."""
    known = [v for v in values if v is not None]
    return sum(known) if known else None


def _total(frame: pd.DataFrame, measure: str) -> float | None:
    return total(plain(v) for v in frame[measure]) if measure in frame.columns else None


def text(value: Any) -> str:
    """A key as text: a day as ISO, a number without fraction."""
    if value is None or value != value:
        return ""
    if isinstance(value, date):
        return value.isoformat()[:10]
    if isinstance(value, float | Decimal) and value == int(value):
        return str(int(value))
    return str(value)


class Shown:
    """The tables of a warehouse and of the published file, as frames with text keys."""

    def __init__(self, warehouse: duckdb.DuckDBPyConnection, published: duckdb.DuckDBPyConnection | None) -> None:
        self.warehouse, self.out = warehouse, published

    def asked(self, question: str, values: Sequence[Any] = ()) -> tuple[float | None, float | None]:
        """One figure of the warehouse and of the published file."""
        found = []
        for connection in (self.warehouse, self.out):
            row = None if connection is None else connection.execute(question, list(values)).fetchone()
            found.append(plain(row[0]) if row else None)
        return found[0], found[1]

    def rows(self, mart: str, grain: Any) -> pd.DataFrame:
        """A mart in the warehouse."""
        return _keyed(self.warehouse, mart, list(grain))

    def published(self, mart: str, grain: Any) -> pd.DataFrame | None:
        """A mart as readers have it; None without a published file or where it is not in it."""
        if self.out is None:
            return None
        found = self.out.execute(
            "select count(*) from duckdb_tables() where schema_name = 'marts' and table_name = ?", [mart]
        ).fetchone()
        return _keyed(self.out, mart, list(grain)) if found and found[0] else None


def _keyed(connection: duckdb.DuckDBPyConnection, mart: str, grain: list[str]) -> pd.DataFrame:
    relation = connection.execute(f'select * from marts."{mart}"')
    columns = [str(column[0]) for column in relation.description or ()]
    made = pd.DataFrame(relation.fetchall(), columns=columns, dtype=object)
    made.index = pd.Index(
        list(zip(*([text(v) for v in made[name]] for name in grain), strict=True)), tupleize_cols=False
    )
    return made

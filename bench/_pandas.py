"""The peer of the SQL bench: pandas `read_sql` and `to_parquet`, a view at a time, keeping every name and number.

It reads the columns our contract keeps (not those we leave out) and the window we read, but counts nothing,
orders nothing, reconciles nothing and tokenises nothing.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import sqlalchemy as sa

from bench._extract import source_of
from bench._measure import Work
from extractors import Source, Window


def prepare(work: dict[str, Any], warm: dict[str, Any]) -> Work:
    """The timed part: the same views and window as our side's. A smaller window has been read before it."""
    land(warm, Path("warm"))
    return lambda: land(work, Path("work"))


def land(work: dict[str, Any], place: Path) -> dict[str, Any]:
    """Every view into one Parquet file. Returns rows by view."""
    place.mkdir()
    source = source_of(work)
    engine = sa.create_engine(work["connection"]["extra"]["url"])
    rows = {}
    for entity, view in source.options["views"].items():
        frame = pd.read_sql(selection(source, entity, view), engine, params=bounds(source, work))
        frame.to_parquet(place / f"{entity}.parquet", index=False)
        rows[entity] = len(frame)
    return {"rows": rows, "bytes": sum(f.stat().st_size for f in place.iterdir())}


def selection(source: Source, name: str, view: str) -> sa.TextClause:
    """The contract's columns of a view, within the window."""
    entity = source.contract().entities[name]
    columns = ", ".join(f'"{c.name}"' for c in entity.columns if c.name != "deleted_at")
    changed = entity.changed_at
    return sa.text(f'select {columns} from "{view}" where "{changed}" >= :begin and "{changed}" < :end')


def bounds(source: Source, work: dict[str, Any]) -> dict[str, str]:
    """The window with the source's look-back, as the views write their times."""
    window = Window.parse(work["begin"], work["end"])
    return {"begin": str(window.begin - timedelta(days=source.lookback)), "end": str(window.end)}

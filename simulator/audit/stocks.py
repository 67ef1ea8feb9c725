"""Marts of what stands on the night: their whole against the register that was held against the town, and their cells
against what was published of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

import duckdb

from simulator.audit.compare import Line, Shown, plain, to_published, total
from simulator.audit.residents import Lived
from simulator.audit.town import TownFile

GRAINS: dict[str, tuple[str, ...]] = {
    "residents_by_grid": ("grid_code", "age_band", "sex", "registration_kind"),
    "residents_by_community": ("community_code", "age_band", "sex", "registration_kind"),
    "house_occupancy": ("grid_code", "use", "is_let"),
    "residence_by_tenure": ("community_code", "tenure"),
    "rental_hazards": ("building_id", "community_code", "hazard"),
    "objects_by_place": ("object_kind", "kind", "grid_code"),
    "device_online": ("month", "device_kind", "community_code"),
    "employers_by_industry": ("section",),
    "yearly_register": ("indicator",),
}
_NO_FIGURE = ("margin", "coverage", "year", "quarter", "month")


def lines_of_stocks(
    connection: duckdb.DuckDBPyConnection, residents: Line, town: TownFile, life: Lived, shown: Shown
) -> Iterator[Line]:
    """Each figure of these marts as a whole."""
    rooms = {room for (room,) in town.rows("select room from truth_dwelling")}
    lived_in = {room for _, room in life.pairs()}
    true = {
        ("residents_by_grid", "residents"): residents.true,
        ("residents_by_community", "residents"): residents.true,
        ("house_occupancy", "houses"): float(len(rooms)),
        ("house_occupancy", "houses_occupied"): float(len(lived_in)),
    }
    held = connection.execute("select count(*) from register.house where in_force").fetchone() or (0,)
    told = {
        ("residents_by_grid", "residents"): residents.warehouse,
        ("residents_by_community", "residents"): residents.warehouse,
        ("house_occupancy", "houses"): float(held[0]),
    }
    for mart, grain in GRAINS.items():
        for line in _lines(mart, grain, shown):
            place = (mart, line.measure)
            line.true = true.get(place)
            if line.measure == "residents" and mart.startswith("residents"):
                line.causes.update(residents.causes)
            elif place in true and line.true != line.warehouse:
                line.say("not told", "", int(abs((line.true or 0.0) - (line.warehouse or 0.0))))
            if place in told and told[place] != line.warehouse:
                line.say("unexplained", f"the register says {told[place]}, the mart {line.warehouse}")
            yield line


def _lines(mart: str, grain: Sequence[str], shown: Shown) -> Iterator[Line]:
    warehouse, published = shown.rows(mart, grain), shown.published(mart, grain)
    for measure in warehouse.columns:
        if (
            measure in grain
            or measure in _NO_FIGURE
            or any(isinstance(v, str | bool | date) for v in warehouse[measure])
        ):
            continue
        values = [plain(value) for value in warehouse[measure]]
        line = Line(mart, str(measure), None, None, total(values), None)
        to_published(line, warehouse, published)
        yield line

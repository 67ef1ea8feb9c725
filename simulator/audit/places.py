"""Where things stand: the grid cell of each object now, and the room of each organisation."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from simulator.audit.matching import Matched
from simulator.audit.residents import Agreement
from simulator.audit.town import Loads, TownFile


def locations(
    connection: duckdb.DuckDBPyConnection, found: Mapping[str, Matched], town: TownFile, loads: Loads
) -> Agreement:
    """The current place of devices, vehicles and facilities, by grid cell."""
    night, after = loads.night.isoformat(), loads.after
    grid_of = dict(town.rows("select building, grid from truth_building"))
    true: dict[tuple[str, str], set[str]] = {}
    for device, building in town.rows("select device, building from truth_device where begin < ?", (after,)):
        true.setdefault(("device", device), set()).add(grid_of.get(building, ""))
    for part, grid in town.rows("select part_code, grid from truth_facility"):
        true.setdefault(("facility", part), set()).add(grid)
    question = """select v.plate, d.grid from truth_vehicle as v join truth_dwelling as d using (room)
        where v.begin <= ? and (v.until is null or v.until > ?)"""
    for plate, grid in town.rows(question, (night, night)):
        true.setdefault(("vehicle", plate), set()).add(grid)
    rows = connection.execute(
        """select l.object_kind, l.object_id, coalesce(cell.grid_code, own.grid_code)
        from register.object_location as l
        left join register.grid_cell as cell on cell.grid_cell_id = l.grid_cell_id
        left join register.house_grid as g on g.house_id = l.house_id and g.is_current
        left join register.grid_cell as own on own.grid_cell_id = g.grid_cell_id
        where l.is_current"""
    ).fetchall()
    placed = {(kind, found[kind].of.get(one, one)): grid for kind, one, grid in rows if kind in found and grid}
    standing = {place: grids for place, grids in true.items() if place in placed}
    right = sum(grid in standing.get(place, ()) for place, grid in placed.items())
    return Agreement(len(placed), len(standing), right)


def premises(connection: duckdb.DuckDBPyConnection, found: Mapping[str, Matched], town: TownFile) -> Agreement:
    """The room each organisation sits in now."""
    true = dict(town.rows("select organisation, room from truth_employer"))
    rows = connection.execute(
        "select organisation_id, house_id from register.organisation_premises where is_current"
    ).fetchall()
    organisations, houses = found["organisation"].of, found["house"].of
    known = [(organisations.get(o), houses.get(h)) for o, h in rows]
    right = sum(o is not None and true.get(o) == h for o, h in known)
    return Agreement(len(known), len({o for o, _ in known}), right)

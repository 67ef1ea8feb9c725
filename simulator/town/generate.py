"""The whole town as one stream of rows, grid by grid; nothing but the current grid is ever in memory."""

from collections.abc import Iterator
from dataclasses import replace

from simulator.town.clock import DAY, NIGHT, moment_of, stamp
from simulator.town.profiles import Town
from simulator.town.rows import Row
from simulator.town.systems import (
    cloud_shield,
    grid_dispatch,
    hr_social_security,
    mediation,
    mobile_collection,
    monthly_sheets,
    petitions,
    social_governance,
    social_places,
    video_platform,
    wage_arrears,
)
from simulator.town.systems.context import Grid, make_grid

_BY_GRID = (
    social_governance,
    social_places,
    petitions,
    video_platform,
    mediation,
    wage_arrears,
    hr_social_security,
    grid_dispatch,
    cloud_shield,
    mobile_collection,
)
CHANGE_FIELDS = {
    ("social_governance", "registered_person"): "oper_date",
    ("social_governance", "floating_person"): "oper_date",
    ("social_governance", "overseas_person"): "oper_date",
    ("social_governance", "rental_house"): "oper_date",
    ("social_governance", "building"): "oper_date",
    ("petitions", "case"): "lastmodifytime",
    ("petitions", "evaluation"): "lastmodifytime",
    ("video_platform", "device"): "",
    ("mediation", "dispute"): "update_time",
    ("wage_arrears", "clue"): "update_time",
    ("hr_social_security", "employer"): "aae036",
    ("hr_social_security", "window_service"): "aae036",
    ("grid_dispatch", "event"): "modify_time",
    ("grid_dispatch", "facility"): "CHDate",
    ("cloud_shield", "door_device"): "update_time",
    ("cloud_shield", "rental_room"): "update_time",
}
"""The entities that are touched once more in the night of 2022-11-05, and the field that holds their change time."""


def town_rows(town: Town) -> Iterator[Row]:
    """Emit every row of a town: first the sheets of the street, then grid by grid."""
    yield from monthly_sheets.emit(town)
    for index in range(town.profile.grids):
        yield from grid_rows(make_grid(town, index))


def grid_rows(grid: Grid) -> Iterator[Row]:
    """Emit every row of one grid; the first grid has news of every entity in the night of 2022-11-05."""
    last: dict[tuple[str, str], dict[str, Row]] = {}
    for module in _BY_GRID:
        for row in module.emit(grid):
            yield row
            if grid.index == 0 and (row.system, row.entity) in CHANGE_FIELDS:
                last.setdefault((row.system, row.entity), {})[row.key] = row
    for rows in last.values():
        yield from _touch(list(rows.values()))


def _touch(rows: list[Row]) -> Iterator[Row]:
    """Of the newest versions of an entity, issue the latest sound one before the night again, but for the time."""
    sound = [row for row in rows if row.changed_at < stamp(NIGHT * DAY) and row.fields and not row.defects]
    for row in sorted(sound, key=lambda row: (row.changed_at, row.key))[-1:]:
        moment = stamp(NIGHT * DAY + 3_600 + moment_of(row.changed_at) % 36_000)
        fields, name = dict(row.fields), CHANGE_FIELDS[row.system, row.entity]
        if name:
            fields[name] = moment[:10] if name == "CHDate" else moment
        yield replace(row, seq=row.seq + 1, changed_at=moment, fields=fields)

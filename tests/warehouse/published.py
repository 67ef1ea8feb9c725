"""A small warehouse of marts to publish: residents of a few grids, without a register behind them."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb

from expectations.marts import Mart, Marts
from expectations.model import Text
from warehouse.engine.connection import open_warehouse

NIGHT = "2022-11-08"
T = Text("甲", "a")
_EMPTY: dict[str, Any] = {
    "title": T, "rule": T, "owner": T, "zone": None,
    "attributes": (), "people": (), "hierarchy": (), "may_be_empty": (),
    "refers": {}, "adds_up": {}, "at_most": {}, "amounts": {},
    "agrees": (), "examples": (),
}  # fmt: skip
BY_GRID = Mart(**{
    **_EMPTY, "name": "residents_by_grid", "group": "residents", "zone": "R", "grain": ("grid_code", "sex"),
    "attributes": ("community_code",), "measures": ("residents",), "people": ("residents",),
    "hierarchy": ("grid_code", "community_code"),
})  # fmt: skip
BY_COMMUNITY = replace(
    BY_GRID, name="residents_by_community", grain=("community_code", "sex"), attributes=(),
    hierarchy=("community_code",),
)  # fmt: skip
OBJECTS = Mart(**{
    **_EMPTY, "name": "objects_by_kind", "group": "objects", "grain": ("kind",), "measures": ("objects",),
})  # fmt: skip
SERVICES = Mart(**{
    **_EMPTY, "name": "services", "group": "services", "zone": "A", "grain": ("quarter", "community_code"),
    "measures": ("given", "tasks"), "services": ("given",), "hierarchy": ("community_code",),
})  # fmt: skip
DECLARED = Marts({m.name: m for m in (BY_GRID, BY_COMMUNITY, OBJECTS, SERVICES)}, {}, {})
# grid, community, men, women
PEOPLE = (
    ("g1", "c1", 101, 7), ("g2", "c1", 48, 53), ("g3", "c1", 1, 60), ("g4", "c2", 2, 1), ("g5", "c2", 0, 4),
    ("g6", "c2", 203, 198), ("g7", "c3", 1, 1), ("g8", "c3", 1, 88),
)  # fmt: skip


def fill_marts(warehouse: Path, people: Iterable[tuple[str, str, int, int]] = PEOPLE, objects: int = 12) -> Path:
    """The marts of a night, in the place of those before."""
    rows = [(g, c, sex, n) for g, c, men, women in people for sex, n in (("1", men), ("2", women)) if n]
    with open_warehouse(warehouse) as connection:
        connection.execute("create schema if not exists marts")
        connection.execute(
            "create or replace table marts.residents_by_grid (grid_code varchar, community_code varchar, sex varchar, "
            "residents bigint)"
        )
        connection.executemany("insert into marts.residents_by_grid values (?, ?, ?, ?)", rows)
        connection.execute(
            "create or replace table marts.residents_by_community as select community_code, sex, "
            "sum(residents)::bigint as residents from marts.residents_by_grid group by all"
        )
        connection.execute(
            "create or replace table marts.objects_by_kind as select 'lamp' as kind, $n::bigint as objects",
            {"n": objects},
        )
        connection.execute(
            "create or replace table marts.services as select * from (values ('2022-Q1', 'c1', 4, 2), "
            "('2022-Q1', 'c2', 3, 1), ('2022-Q2', 'c1', 61, 3)) as t(quarter, community_code, given, tasks)"
        )
    return warehouse


def ask(file: Path, query: str) -> list[Any]:
    """Rows of a published file."""
    with duckdb.connect(str(file), read_only=True) as connection:
        rows: list[Any] = connection.execute(query).fetchall()
        return rows


def copied(source: Path, target: Path) -> Path:
    """A second office in the same state."""
    shutil.copytree(source, target, symlinks=True)
    return target

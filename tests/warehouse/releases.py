"""Nights of a town after another: residents come back and cases come in, and every night is published."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from warehouse.engine.connection import open_warehouse
from warehouse.engine.marts import build_marts
from warehouse.publish.snapshot import CURRENT, Published, publish_duckdb

A_NIGHT = 6
_STAYS = """
    create or replace table away as
    select person_id, house_id, stay from register.person_house_link
    where is_current and person_id in (select unnest($ids))"""
_LEAVE = "update register.person set presence = 'gone' where person_id in (select unnest($ids))"
_EMPTY = "update register.person_house_link set is_current = false where person_id in (select unnest($ids))"
_RETURN = "update register.person set presence = 'resident' where person_id in (select unnest($ids))"
_MOVE_IN = """
    update register.person_house_link as stay set is_current = true from away
    where away.person_id = stay.person_id and away.house_id = stay.house_id and away.stay = stay.stay
        and stay.person_id in (select unnest($ids))"""


def nights(warehouse: Path, folder: Path, last: date, count: int) -> Iterator[tuple[Path, Published]]:
    """Publish the nights up to the last one; each as the file readers open, and what was said of it."""
    with open_warehouse(warehouse) as connection:
        there = connection.execute(
            "select person_id from register.person where presence = 'resident' order by 1"
        ).fetchall()
        away = random.Random(4).sample([person for (person,) in there], count * A_NIGHT)
        for statement in (_STAYS, _LEAVE, _EMPTY):
            connection.execute(statement, {"ids": away})
    for night in range(count):
        with open_warehouse(warehouse) as connection:
            for statement in (_RETURN, _MOVE_IN):
                connection.execute(statement, {"ids": away[night * A_NIGHT :][:A_NIGHT]})
            day = last - timedelta(count - 1 - night)
            held = build_marts(connection, day).held
        yield folder / CURRENT, publish_duckdb(warehouse, folder, day.isoformat(), held=held)

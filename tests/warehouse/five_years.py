"""A small office after five years: forty dwellings, a resident in each, a petition a day; published to a file.

Import the fixture you use: `home`, whose folder `published` is an office's.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tests.warehouse.registered import Hall, resident, room
from warehouse.engine import open_warehouse
from warehouse.engine.marts import build_marts
from warehouse.publish.snapshot import publish_duckdb

NIGHT = date(2022, 11, 5)
# One a day for five years; three of four are closed after a month, half of them with a rating.
PETITIONS = """
    insert into claims."case" by name
    with made as (select i, timestamp '2018-01-03 09:00:00' + interval 1 day * i as day from range(1750) as made(i))
    select 'c' || i as claim_id, 'hall' as source, 80 as trust, 'o' || i as obs_key, 'case' as entity, 'r' || i as
        source_record_id, 'h' || i as content_hash, 'upsert' as op, false as ended, 'petition' as kind, 'p' || i as
        case_ref, '440111017' as area_code, '甲办' as handling_office, day as received_at, day as accepted_at,
        day as changed_at, day as known_from, case when i % 4 > 0 then day + interval 30 day end as closed_at,
        case when i % 8 > 3 then '1' end as satisfaction, case when i % 8 > 3 then '1' end as satisfaction_intake
    from made
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty dwellings with a resident each in two communities, five years of petitions, published to a file."""
    hall = Hall(tmp_path_factory.mktemp("hall"))
    moved, numbers = "2022-11-01 10:00:00", range(1, 41)
    hall.night(
        1,
        cell=[{"pk": f"44011101700{n}001", "border": None, "moved": moved} for n in (1, 2)],
        room=[room(f"r{n}", code=f"C{n}", grid=f"44011101700{1 + n % 2}001", visit="1") for n in numbers],
        resident=[resident(str(n), sex=str(1 + n % 2)) for n in numbers],
    )
    with open_warehouse(hall.file) as connection:
        connection.execute('delete from claims."case"')
        connection.execute(PETITIONS)
        assert build_marts(connection, NIGHT).held == ()
    assert publish_duckdb(hall.file, hall.home / "published", NIGHT.isoformat()).as_dict()["exit_status"] == 0
    return hall.home

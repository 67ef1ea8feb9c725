"""Who stays where on a night: the one part of the register that depends on the day it is asked for.

Flow: present residences and members -> what was told of each stay -> when it ended -> the stay that tells where a
person is -> presence of the person. The night is an argument of the build, so that nothing here looks at a clock;
everything but `state`, `is_latest`, `is_current` and `presence` would be the same on any other night.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from expectations.sql import Sql
from warehouse.engine.connection import Connection
from warehouse.engine.houses import make_temp
from warehouse.engine.relation import REGISTER, relation

_STEPS = ("residence_told", "house_visit", "residence_stay", "residence_link")


def make_stays(connection: Connection, night: date, known: datetime | None) -> None:
    """Make the temporary tables of the stays, for the link and for who is present.

    known: only versions with known_from <= known count.
    """
    make_temp(connection, "residence_deleted", relation(REGISTER, "residence_deleted"), {"known": known})
    fold_stays(connection, night)


def fold_stays(connection: Connection, night: date) -> None:
    """The same once temp.residence_deleted is there."""
    make_temp(connection, "register_night", Sql("select $night::date as as_of_day"), {"night": night})
    for table in _STEPS:
        make_temp(connection, table, relation(REGISTER, table))


def last_day(known_until: datetime | None) -> date:
    """The last whole day whose news are known: a window ends at the midnight after it."""
    return (known_until - timedelta(seconds=1)).date() if known_until else date.min

"""The community of a resident or dwelling, as the register knows it: what a row of the decision store is filed under.

A person's is that of the current dwelling, else the registered one; a dwelling's that of its grid cell, else the one
its records name. What the register does not know has none, and is then the whole street's business.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

from expectations.code_lists import FOLDER
from expectations.strict import read_yaml
from warehouse.decisions.judgements import Record
from warehouse.engine.connection import Connection, open_warehouse

_HOUSES = """
select coalesce(cell.community_code, house.community_code)
from register.house as house
left join register.house_grid as link on link.house_id = house.house_id and link.is_current
left join register.grid_cell as cell on cell.grid_cell_id = link.grid_cell_id
where house.house_id in (select unnest($ids::varchar[]))
"""
_STAYS = (
    "select house_id from register.person_house_link where person_id in (select unnest($ids::varchar[])) and is_latest"
)
_REGISTERED = "select community_code from register.person where person_id in (select unnest($ids::varchar[]))"
_PERSON = "select person_id from register.person_member where obs_key = md5($record)"
_HOUSE = "select house_id from register.house_member where obs_key = md5($record)"
_TABLES = ("person", "person_member", "person_house_link", "house", "house_member", "house_grid", "grid_cell")


def community_of_person(connection: Connection, person_id: str) -> str | None:
    """The full code of a person's community; None where the register does not know it."""
    if not _is_built(connection):
        return None
    stays = _column(connection, _STAYS, ids=[person_id])
    return _canonical(_column(connection, _HOUSES, ids=stays)) or _canonical(
        _column(connection, _REGISTERED, ids=[person_id])
    )


def community_of_record(connection: Connection, record: Record) -> str | None:
    """That of the person or dwelling an observation belongs to."""
    if not _is_built(connection):
        return None
    if persons := _column(connection, _PERSON, record="|".join(record)):
        return community_of_person(connection, persons[0])
    return _canonical(_column(connection, _HOUSES, ids=_column(connection, _HOUSE, record="|".join(record))))


def community_of_subject(connection: Connection, records: Iterable[Record]) -> str | None:
    """The one community that the records of a resident lead to; None when they lead to none, or to several."""
    found = {community_of_record(connection, record) for record in records} - {None}
    return found.pop() if len(found) == 1 else None


def community_of_pair(warehouse: Path, records: Iterable[Record], wait: float | None = None) -> str | None:
    """The community that several observations have in common; None when they differ, or nothing is built."""
    if not warehouse.exists():
        return None
    with open_warehouse(warehouse, wait=wait) as connection:
        found = {community_of_record(connection, record) for record in records}
    return found.pop() if len(found) == 1 else None


def _is_built(connection: Connection) -> bool:
    rows = connection.execute("select table_name from duckdb_tables() where schema_name = 'register'").fetchall()
    return {table for (table,) in rows} >= set(_TABLES)


def _column(connection: Connection, text: str, **parameters: object) -> list[str]:
    return [found for (found,) in connection.execute(text, parameters).fetchall() if found is not None]


def _canonical(codes: list[str]) -> str | None:
    """The full code of names and aliases that all mean the same; an unknown one stands for itself."""
    found = {_aliases().get(code, code) for code in codes}
    return found.pop() if len(found) == 1 else None


@cache
def _aliases() -> dict[str, str]:
    listed = read_yaml(FOLDER / "communities.yml")
    return {alias: code for code, names in listed.items() for alias in (code, *names)}

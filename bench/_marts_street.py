"""A warehouse with a register of life size, for the marts: real tables, made rows.

Every table of claims and register is made by the real build over nothing; then rows are written into the ones the marts
read, by number and without chance: a street of 120,000 residents with five years of cases, versions included.

Flow: `street_warehouse(profile)` -> a DuckDB file under var/bench, kept from run to run.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from bench._common import told
from bench._measure import Side, Work, run_side
from bench._towns import cellar

NIGHT = "2022-11-05"
# Residents, dwellings, buildings, grids, organisations, devices, events, other cases, of the profile `street`.
SIZE = {
    "persons": 120_000, "houses": 75_000, "buildings": 6_500, "grids": 120, "organisations": 15_000, "devices": 7_800,
    "vehicles": 30_000, "facilities": 8_000, "events": 195_000, "matters": 60_000, "months": 60,
}  # fmt: skip
COMMUNITIES = ("001", "002", "003", "005", "006", "008", "009", "011", "012", "013", "014")

# Per table the rows, as columns over `i` of a range; what is not named stays null.
ROWS: dict[str, tuple[Callable[[SimpleNamespace], int], dict[str, str]]] = {
    "register.grid_cell": (lambda s: s.grids, {
        "grid_cell_id": "'G' || i", "grid_code": "{community} || lpad((i // 11 + 1)::varchar, 3, '0')",
        "name": "'网格' || i", "community_code": "{community}", "in_force": "true", "records": "2", "sources": "2"}),
    "register.building": (lambda s: s.buildings, {
        "building_id": "'B' || i", "community_code": "{community}", "in_force": "true", "records": "9", "sources": "2",
        "lng": "113.2 + i / 1e6", "lat": "23.2 + i / 1e6"}),
    "register.house": (lambda s: s.houses, {
        "house_id": "'H' || i", "building_id": "'B' || (i % {buildings})", "use": "'0' || (1 + i % 6)",
        "is_let": "(i % 2)::varchar", "hazard": "case when i % 40 = 0 then '01' else '00' end",
        "state": "(1 + i % 5)::varchar", "area_m2": "30 + i % 90", "rooms": "1 + i % 4", "in_force": "i % 50 > 0",
        "community_code": "{community}", "records": "7", "sources": "2"}),
    "register.house_grid": (lambda s: s.houses, {
        "house_id": "'H' || i", "grid_cell_id": "'G' || (i % {grids})", "known_by": "'point'", "is_current": "true"}),
    "register.person": (lambda s: s.persons, {
        "person_id": "'P' || i", "birth_date": "date '1930-01-01' + (i * 7919 % 33000)::integer",
        "sex": "(1 + i % 2)::varchar", "registration_kind": "(1 + i % 3)::varchar", "community_code": "{community}",
        "is_provisional": "i % 100 = 0", "in_force": "i % 30 > 0", "records": "4", "sources": "2",
        "presence": "case when i % 30 > 0 then 'resident' else 'ended' end"}),
    "register.person_member": (lambda s: s.persons * 4, {"obs_key": "'o' || i", "person_id": "'P' || (i % {persons})",
        "alike": "'a'", "component": "0"}),
    "register.person_house_link": (lambda s: s.persons * 3 // 2, {
        "person_id": "'P' || (i % {persons})", "house_id": "'H' || (i * 31 % {houses})", "stay": "0",
        "kind": "'found'", "tenure": "'0' || (1 + i % 7)", "is_current": "i < {persons} and i % {persons} % 30 > 0",
        "is_latest": "i < {persons}", "state": "case when i % {persons} % 30 > 0 then 'open' else 'ended' end"}),
    "register.device": (lambda s: s.devices, {
        "device_id": "'D' || i", "kind": "case when i % 5 = 0 then 'camera' else 'door' end", "in_force": "true",
        "records": "1", "sources": "1"}),
    "register.device_state": (lambda s: s.devices * 12, {
        "device_id": "'D' || (i % {devices})", "state": "case when i // {devices} % 2 = 0 then 'on' else 'off' end",
        "valid_from": "timestamp '2018-01-01 08:00:00' + interval 1 day * (i // {devices} * 147)",
        "valid_to": "case when i // {devices} < 11 then timestamp '2018-01-01 08:00:00' "
                    "+ interval 1 day * ((i // {devices} + 1) * 147) end"}),
    "register.vehicle": (lambda s: s.vehicles, {
        "vehicle_id": "'V' || i", "kind": "'02'", "in_force": "true", "records": "2", "sources": "1"}),
    "register.facility": (lambda s: s.facilities, {
        "facility_id": "'F' || i", "part_code": "'4401110' || (1 + i % 5) || lpad(i::varchar, 8, '0')",
        "in_force": "true", "records": "2", "sources": "1"}),
    "register.organisation": (lambda s: s.organisations, {
        "organisation_id": "'O' || i", "kind": "'10'", "trade": "chr((65 + i % 20)::integer) || '1234'",
        "in_force": "true", "head_count": "case when i % 3 = 0 then 10 + i % 90 end", "records": "1", "sources": "1"}),
    "register.organisation_premises": (lambda s: s.organisations, {
        "organisation_id": "'O' || i", "house_id": "'H' || (i % {houses})", "is_current": "true", "in_force": "true"}),
    "register.object_location": (lambda s: s.devices + s.vehicles + s.facilities, {
        "object_kind": "case when i < {devices} then 'device' when i < {devices} + {vehicles} then 'vehicle' "
                       "else 'facility' end",
        "object_id": "case when i < {devices} then 'D' || i when i < {devices} + {vehicles} "
                     "then 'V' || (i - {devices}) else 'F' || (i - {devices} - {vehicles}) end",
        "house_id": "case when i >= {devices} and i < {devices} + {vehicles} then 'H' || (i % {houses}) end",
        "building_id": "case when i < {devices} then 'B' || (i % {buildings}) end",
        "grid_cell_id": "case when i >= {devices} + {vehicles} then 'G' || (i % {grids}) end",
        "is_current": "true", "in_force": "true"}),
    # Three versions of an event: filed, dispatched, closed.
    'claims."case"': (lambda s: s.events * 3, {
        "claim_id": "md5('e' || i)", "obs_key": "md5('e' || (i // 3))", "source": "'a'", "entity": "'event'",
        "source_record_id": "'e' || (i // 3)", "content_hash": "md5('h' || i)", "trust": "80", "op": "'upsert'",
        "ended": "false", "kind": "'event'", "case_ref": "'e' || (i // 3)", "channel": "(1 + i // 3 % 7)::varchar",
        "class_code": "'0' || (100 + i // 3 % 8)", "received_at": "{event_at}", "due_at": "{event_at} + interval 3 day",
        "closed_at": "case when i % 3 = 2 then {event_at} + interval 1 hour * (i // 3 % 90) end",
        "is_closed": "case when i % 3 = 2 then '1' else '0' end", "satisfaction": "(1 + i // 3 % 3)::varchar",
        "is_extended": "'0'", "times_sent_back": "0", "handling_office": "'单位' || (i // 3 % 5)",
        "changed_at": "{event_at} + interval 20 hour * (i % 3)", "known_from": "{event_at} + interval 4 day",
        "area_code": "{community_of_three}"}),
    'claims."case" ': (lambda s: s.matters, {
        "claim_id": "md5('m' || i)", "obs_key": "md5('m' || i)", "source": "'b'", "entity": "'matter'",
        "source_record_id": "'m' || i", "content_hash": "md5('n' || i)", "trust": "80", "op": "'upsert'",
        "ended": "false", "kind": "(['petition', 'dispute', 'wage', 'window'])[1 + i % 4]", "case_ref": "'m' || i",
        "received_at": "{matter_at}", "accepted_at": "{matter_at} + interval 1 day * (i % 20)",
        "closed_at": "{matter_at} + interval 1 day * (i % 100)", "satisfaction": "(1 + i % 3)::varchar",
        "satisfaction_intake": "case when i % 4 = 0 then (1 + i % 3)::varchar end", "changed_at": "{matter_at}",
        "known_from": "{matter_at} + interval 1 day", "area_code": "{community}", "people_count": "i % 9",
        "amount": "i % 90000", "settled_count": "i % 5", "settled_amount": "i % 40000", "handling_office": "'办'",
        "is_success": "(i % 2)::varchar"}),
    "claims.service_count": (lambda s: s.buildings * s.months, {
        "claim_id": "md5('s' || i)", "obs_key": "md5('s' || i)", "source": "'c'", "entity": "'count'",
        "source_record_id": "'s' || i", "content_hash": "md5('t' || i)", "trust": "80", "op": "'upsert'",
        "ended": "false", "kind": "case when i % 100 < 97 then 'let_rooms' when i % 100 = 97 then 'mental_health' "
                                  "when i % 100 = 98 then 'rehabilitation' else 'enrolment' end",
        "month": "{month}", "area_code": "{community}", "service_type": "'0' || (1 + i % 7)", "given": "i % 50",
        "due": "i % 60", "on_time": "i % 40", "moved_in": "case when i % 9 = 0 then 10 + i % 20 end",
        "moved_out": "0", "renewed": "0", "due_on": "{month} + 20", "finished_on": "{month} + 19",
        "changed_at": "{month}::timestamp + interval 35 day", "known_from": "{month}::timestamp + interval 40 day"}),
}  # fmt: skip


def street_warehouse(profile: str) -> Path:
    """The file, made if no earlier run has left it: `small` is a tenth of `street`."""
    place = cellar() / f"marts-{profile}-2.duckdb"
    if not place.exists():
        told(f"making a register of the size {profile}")
        run_side(Side("bench._marts_street:make", {"place": str(place), "part": 1 if profile == "street" else 10}))
    return place


def make(place: str, part: int) -> Work:
    """Tables by the real build over nothing, then the rows."""

    def work() -> dict[str, Any]:
        from expectations.desk import prepare
        from warehouse.engine.claims import build_claims
        from warehouse.engine.connection import open_warehouse
        from warehouse.engine.register import build_register
        from warehouse.resolver import model_in_use

        file = Path("made.duckdb")
        with open_warehouse(file) as connection:
            prepare(connection)
            build_claims(connection, [])
            build_register(connection, "sqlite:///nothing.db", model_in_use())
            rows = {table.strip(): _fill(connection, table, part) for table in ROWS}
        file.replace(place)
        return rows

    return work


def _fill(connection: Any, table: str, part: int) -> int:
    count, columns = ROWS[table]
    size = {k: max(v // part, 11) if k != "months" else v for k, v in SIZE.items()}
    communities = "[" + ", ".join(f"'440111017{c}'" for c in COMMUNITIES) + "]"
    day = "timestamp '2018-01-01 09:00:00' + interval 1 minute * "
    words = {
        **size, "community": f"{communities}[1 + i % 11]", "community_of_three": f"{communities}[1 + i // 3 % 11]",
        "event_at": f"({day}(i // 3 * 2500000 // {size['events']}))",
        "matter_at": f"({day}(i * 2500000 // {size['matters']}))",
        "month": "(date '2017-12-01' + to_months((i % 60)::integer))::date",
    }  # fmt: skip
    rows = count(SimpleNamespace(**size))
    select = ", ".join(f"{told_as.format(**words)} as {column}" for column, told_as in columns.items())
    connection.execute(f"insert into {table} by name select {select} from range({rows}) as made(i)")
    return rows

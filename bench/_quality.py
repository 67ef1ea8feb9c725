"""The two sides of bench.quality, and the staged warehouse that both of them read.

The data are the dwellings of the collection extractor, staged over the real wire, then repeated inside DuckDB under
fresh keys, with all their versions, cancellations and defects: its contract has exactly twenty rules, three of which
look at other rows. The peer is what a person would write who wants the same twenty counts and nothing else.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench import _extract
from bench._measure import Side, Work, run_side
from bench._towns import cellar, town, wire
from expectations.contract import Contract, load_contract

KEY, ENTITY, NIGHT = "mobile_collection", "house", "2022-12-31"
TABLE = f"staging.{KEY}__{ENTITY}"
YEARS = ("2018-01-01", "2023-01-01")

IN_BAIYUN = "{x} between 113.12 and 113.53 and {y} between 23.08 and 23.46"
RIGHT = IN_BAIYUN.format(x="lng", y="lat")
SWAPPED = IN_BAIYUN.format(x="lat", y="lng")
MICRO = IN_BAIYUN.format(x="lng / 1000000", y="lat / 1000000")
BY_HAND = {
    "operation_is_a_known_code": "source_op is null or source_op not in ('A', 'U', 'V', 'C')",
    "grid_of_collector_has_its_form": "not regexp_full_match(collector_grid, '440111[0-9]{9}')",
    "visit_is_a_known_code": "verify_result is null or verify_result not in ('1', '2', '3', '4', '5')",
    "upload_follows_collection": "upload_time < collect_time",
    "offline_no_longer_than_14_days": "date_diff('day', collect_time, upload_time) > 15",
    "cancellation_has_its_record": "source_op = 'C' and collect_time >= (select begun from first) and made is null",
    "collection_is_stated_once": "source_op in ('A', 'U', 'V') and made > 1",
    "dwelling_is_given": "house_id is null and source_op in ('A', 'U', 'V')",
    "grid_code_has_its_form": "not regexp_full_match(grid_code, '440111[0-9]{9}')",
    "room_is_written_plainly": "not regexp_full_match(room_no, '[0-9]{3,4}')",
    "building_is_the_dwellings": "odd",
    "area_is_positive": "area <= 0",
    "area_is_a_number": "map_contains(untyped, 'area')",
    "use_is_a_known_code": "use_way not in ('01', '02', '03', '04', '05', '06', '99')",
    "rented_is_yes_or_no": "rent_flag not in ('0', '1')",
    "hazard_is_a_known_code": "hazard not in ('00', '01', '04', '99')",
    "coordinates_are_measured": "lng = 0 or lat = 0",
    "coordinates_are_not_swapped": SWAPPED,
    "coordinates_are_degrees": MICRO,
    "coordinates_lie_in_district": f"not ({RIGHT}) and not ({SWAPPED}) and not ({MICRO}) and lng <> 0 and lat <> 0",
}
"""Every rule of the contract as a person would count it."""

JUDGED = f"""
with first as (select min(window_begin) as begun from ledger.load where source = '{KEY}' and entity = '{ENTITY}'),
told as (
    select source_record_id as id, count(*) as made
    from {TABLE} where op = 'upsert' and source_op in ('A', 'U', 'V') group by 1
),
newest as (
    select source_record_id as id, max_by(content_hash, (changed_at, content_hash)) as hash
    from {TABLE} group by 1 having count(*) > 1
),
stands as (
    select house_id, build_id, count(*) as records
    from {TABLE} left join newest on newest.id = source_record_id
    where op = 'upsert' and house_id is not null and build_id is not null and (hash is null or hash = content_hash)
    group by 1, 2
),
best as (
    select house_id, max(records) as most, count(*) as variants from stands group by 1 having count(*) > 1
),
mixed as (
    select house_id, build_id,
        records < most or count(*) filter (records = most) over (partition by house_id) > 1 as odd
    from stands join best using (house_id)
)
select {{counts}}
from {TABLE}
left join told on told.id = source_record_id
left join mixed using (house_id, build_id)
left join newest on newest.id = source_record_id
where op = 'upsert' and (newest.hash is null or newest.hash = content_hash)
"""
"""What is asked of the newest version of each record, with what other rows say of it beside it."""


def contract() -> Contract:
    """The dwellings alone, judged by their twenty rules; how many should have come is no rule of a row."""
    whole = load_contract(KEY)
    house = replace(whole.entities[ENTITY], rows=None, fresh=None)
    if {c.rule for c in house.checks} != set(BY_HAND):
        raise RuntimeError("the contract's rules and those written by hand are not the same twenty")
    return replace(whole, entities={ENTITY: house})


def warehouse(rows: int, seed: int) -> Path:
    """A staged warehouse with so many versions of dwellings, made if an earlier run has not left it."""
    place = cellar() / f"quality-{seed}-{rows}.duckdb"
    if not place.exists():
        base = cellar() / f"quality-{seed}-base.duckdb"
        town("small", seed)
        if not base.exists():
            run_side(Side("bench._quality:stage_base", {"place": str(base), "seed": seed}))
        run_side(Side("bench._quality:grow", {"base": str(base), "place": str(place), "rows": rows}))
    return place


def stage_base(place: str, seed: int) -> Work:
    """Read five years of collections over the real wire, and stage them."""

    def make() -> dict[str, Any]:
        from warehouse.engine import stage_source

        os.environ.update(_extract.KEYS)
        with wire(KEY, town("small", seed).path) as connection:
            _extract.extract(_extract.job(KEY, connection, *YEARS), Path("landing"))
        report = stage_source(load_contract(KEY), Path("landing"), Path("base.duckdb"))
        if report.errors:
            raise RuntimeError(str([e.as_dict() for e in report.errors]))
        shutil.move("base.duckdb", place)
        return {}

    return make


def grow(base: str, place: str, rows: int) -> Work:
    """Repeat the staged dwellings under fresh keys until there are enough, each record with all its versions."""

    def make() -> dict[str, Any]:
        import duckdb

        shutil.copyfile(base, "grown.duckdb")
        with duckdb.connect("grown.duckdb", config={"threads": 2}) as connection:
            [(held,)] = connection.execute(f"select count(*) from {TABLE}").fetchall()
            connection.execute(f"create temp table kept as select * from {TABLE}")
            connection.execute(f"delete from {TABLE}")
            for number in range(rows // held + 1):
                connection.execute(
                    f"""insert into {TABLE} select * replace (
                        $block || source_record_id as source_record_id, $block || collect_id as collect_id,
                        $block || house_id as house_id, sha256($block || content_hash) as content_hash
                    ) from kept order by source_record_id, content_hash limit $left""",
                    {"block": f"{number:05}-", "left": min(held, rows - number * held)},
                )
            # The repeated rows came with the one load there is: the check holds what is staged against the ledger.
            connection.execute(
                """update ledger.load set "new" = $rows, landed = $rows, source_total = $rows
                where source = $source and entity = $entity""",
                {"rows": rows, "source": KEY, "entity": ENTITY},
            )
            loads = connection.execute("select count(*) from ledger.load where entity = ?", [ENTITY]).fetchall()
            if loads != [(1,)]:
                raise RuntimeError(f"{loads[0][0]} loads of dwellings instead of one")
            connection.execute("checkpoint")
        shutil.move("grown.duckdb", place)
        return {}

    return make


def ours(place: str, small: str) -> Work:
    """The timed part: open, judge by Great Expectations, split, persist, close. A small table was judged before it."""
    from warehouse.engine.check import check_source

    judged = contract()
    for name, path in (("warm", small), ("w", place)):
        shutil.copyfile(path, f"{name}.duckdb")
    check_source(judged, Path("landing"), Path("warm.duckdb"), NIGHT)

    def check() -> dict[str, Any]:
        return check_source(judged, Path("landing"), Path("w.duckdb"), NIGHT)

    return lambda: _told(check(), Path("w.duckdb"))


def _told(verdict: dict[str, Any], path: Path) -> dict[str, Any]:
    """What was written, so that nothing counts as done that was not."""
    import duckdb

    if verdict["verdict"] not in ("pass", "flagged"):
        raise RuntimeError(str(verdict))
    with duckdb.connect(str(path), read_only=True) as connection:
        counts = dict(connection.execute("select rule, failing from quality.result where entity = 'house'").fetchall())
        [(incidents,)] = connection.execute("select count(*) from quality.quarantine").fetchall()
        by_label = f"select label, count(*) from acceptance.{KEY}__{ENTITY} group by 1"
        labels = dict(connection.execute(by_label).fetchall())
    return {"counts": {rule: counts[rule] for rule in BY_HAND}, "incidents": incidents, "labels": labels}


def scan(place: str) -> Work:
    """The timed part of the peer: open, count twenty times in one statement, close. Nothing is split or written."""
    import duckdb

    counts = ", ".join(f'coalesce(count_if({bad}), 0) as "{rule}"' for rule, bad in BY_HAND.items())
    shutil.copyfile(place, "w.duckdb")

    def count() -> dict[str, Any]:
        with duckdb.connect("w.duckdb", read_only=True, config={"threads": 2}) as connection:
            row = connection.execute(JUDGED.format(counts=counts)).fetchall()[0]
        return {"counts": dict(zip(BY_HAND, row, strict=True))}

    return count

"""Three peers of bench.quality: Great Expectations alone, pointblank and pandera, the last two on polars.

Each reads the versions our check judges from the staged table (Arrow, the same query for all), asks the same twenty
rules, and writes every failing row, one per row and rule, with its keys and its value to Parquet. Each uses its own
expectation where it has one (codes, patterns, bounds), else an expression over columns; Great Expectations, on its
pandas engine (it has no dialect for DuckDB), has no expectation that takes one: such a column is made beside the data.

None of the three finds the newest version of a record, looks at other rows or into a map of untyped texts: the query
answers four rules for them (`looked up` in `CODES`), and counts the days a visit was on its way. Reading and looking
up is timed, since ours does both, and told apart, too. Nobody keeps a history, labels versions or masks values here:
ours does, and is timed with it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

import duckdb

from bench._measure import Work, cpu_seconds
from bench._quality import BY_HAND, JUDGED

PEERS = {"pandera": "by_pandera", "pointblank": "by_pointblank", "great_expectations": "by_great_expectations"}
KEYS = ["source_record_id", "content_hash"]
CODES = {
    "operation_is_a_known_code": ("source_op", ["A", "U", "V", "C"]),
    "visit_is_a_known_code": ("verify_result", ["1", "2", "3", "4", "5"]),
    "use_is_a_known_code": ("use_way", ["01", "02", "03", "04", "05", "06", "99"]),
    "rented_is_yes_or_no": ("rent_flag", ["0", "1"]),
    "hazard_is_a_known_code": ("hazard", ["00", "01", "04", "99"]),
    # looked up:
    "cancellation_has_its_record": ("cancels_nothing", [False]),
    "collection_is_stated_once": ("stated_again", [False]),
    "building_is_the_dwellings": ("another_building", [False]),
    "area_is_a_number": ("area_untyped", [False]),
}
PATTERNS = {
    "grid_of_collector_has_its_form": ("collector_grid", "^440111[0-9]{9}$"),
    "grid_code_has_its_form": ("grid_code", "^440111[0-9]{9}$"),
    "room_is_written_plainly": ("room_no", "^[0-9]{3,4}$"),
}
AREA, DAYS = ("area_is_positive", "area", 0), ("offline_no_longer_than_14_days", "days_offline", 15)
EXPRESSED = {
    "upload_follows_collection": "upload_time",
    "dwelling_is_given": "house_id",
    "coordinates_are_measured": "lng",
    "coordinates_are_not_swapped": "lng",
    "coordinates_are_degrees": "lng",
    "coordinates_lie_in_district": "lng",
}
_READ = """
    source_record_id, content_hash, source_op, verify_result, use_way, rent_flag, hazard, collector_grid, grid_code,
    room_no, house_id, collect_time, upload_time, area::double as area, lng::double as lng, lat::double as lat,
    coalesce(date_diff('day', collect_time, upload_time), 0) as days_offline,
    coalesce(source_op = 'C' and collect_time >= (select begun from first) and made is null, false) as cancels_nothing,
    coalesce(source_op in ('A', 'U', 'V') and made > 1, false) as stated_again,
    coalesce(odd, false) as another_building,
    coalesce(map_contains(untyped, 'area'), false) as area_untyped
"""


def good(column: Callable[[str], Any], given: Callable[[Any], Any]) -> dict[str, Any]:
    """The rules that compare columns, as expressions of polars or series of pandas that are true for a good row."""
    lng, lat = column("lng"), column("lat")

    def inside(x: Any, y: Any) -> Any:
        return (x >= 113.12) & (x <= 113.53) & (y >= 23.08) & (y <= 23.46)

    measured, swapped = (lng != 0) & (lat != 0), inside(lat, lng)
    scaled = inside(lng / 1_000_000, lat / 1_000_000)
    return {
        "upload_follows_collection": column("upload_time") >= column("collect_time"),
        "dwelling_is_given": given(column("house_id")) | (column("source_op") == "C"),
        "coordinates_are_measured": measured,
        "coordinates_are_not_swapped": ~swapped,
        "coordinates_are_degrees": ~scaled,
        "coordinates_lie_in_district": inside(lng, lat) | swapped | scaled | ~measured,
    }


def by_pandera(place: str, small: str) -> Work:
    """pandera: one schema, judged lazily, so that every failing row is told."""
    import pandera.polars as pa
    import polars as pl

    checks: dict[str, list[Any]] = {}
    for rule, (column, codes) in CODES.items():
        checks.setdefault(column, []).append(pa.Check.isin(codes, error=rule))
    for rule, (column, pattern) in PATTERNS.items():
        checks.setdefault(column, []).append(pa.Check.str_matches(pattern, error=rule))
    checks.setdefault(AREA[1], []).append(pa.Check.gt(AREA[2], error=AREA[0]))
    checks.setdefault(DAYS[1], []).append(pa.Check.le(DAYS[2], error=DAYS[0]))
    for rule, expression in good(pl.col, pl.Expr.is_not_null).items():
        made = pa.Check(lambda data, good=expression: data.lazyframe.select(good), error=rule)
        checks.setdefault(EXPRESSED[rule], []).append(made)
    schema = pa.DataFrameSchema({name: pa.Column(checks=found, nullable=True) for name, found in checks.items()})

    def check(table: Any) -> dict[str, int]:
        frame = pl.DataFrame(table)
        try:
            schema.validate(frame, lazy=True)
        except pa.errors.SchemaErrors as errors:
            cases = errors.failure_cases
        else:
            raise RuntimeError("nothing fails")
        keys = frame.select(KEYS).with_row_index("index").with_columns(pl.col("index").cast(cases["index"].dtype))
        failing = cases.select("index", "check", "failure_case").join(keys, on="index").drop("index")
        failing.write_parquet("failing.parquet")
        return dict(failing.group_by("check").len().iter_rows())

    return _timed(check, place, small)


def by_pointblank(place: str, small: str) -> Work:
    """pointblank: one interrogation, whose extracts hold every failing row."""
    import polars as pl

    pb: Any = import_module("pointblank")  # it has no types

    def plan(frame: Any) -> tuple[list[str], Any]:
        asked, names = pb.Validate(frame), [*CODES, *PATTERNS, AREA[0], DAYS[0], *EXPRESSED]
        for column, codes in CODES.values():  # its sets find no boolean
            plain = codes == [False]
            asked = asked.col_vals_expr(~pl.col(column)) if plain else asked.col_vals_in_set(column, codes)
        for column, pattern in PATTERNS.values():
            asked = asked.col_vals_regex(column, pattern)
        asked = asked.col_vals_gt(AREA[1], AREA[2]).col_vals_le(DAYS[1], DAYS[2])
        expressions = good(pl.col, pl.Expr.is_not_null)
        for rule in EXPRESSED:
            asked = asked.col_vals_expr(expressions[rule])
        return names, asked

    def check(table: Any) -> dict[str, int]:
        frame = pl.DataFrame(table)
        names, asked = plan(frame)
        found = asked.interrogate(collect_tbl_checked=False, extract_limit=frame.height).get_data_extracts()
        columns = dict(zip(names, [*_columns(), *EXPRESSED.values()], strict=True))
        failing = pl.concat([
            found[place].select(*KEYS, check=pl.lit(rule), failure_case=pl.col(columns[rule]).cast(pl.String))
            for place, rule in enumerate(names, 1) if found.get(place) is not None
        ])  # fmt: skip
        failing.write_parquet("failing.parquet")
        return dict(failing.group_by("check").len().iter_rows())

    return _timed(check, place, small)


def by_great_expectations(place: str, small: str) -> Work:
    """Great Expectations without anything of ours: stock expectations, pandas, and all unexpected rows asked for."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations as gx
    import pandas as pd

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    batches = (
        context.data_sources.add_pandas("rows").add_dataframe_asset("rows").add_batch_definition_whole_dataframe("all")
    )
    suite = gx.ExpectationSuite(name="twenty", expectations=list(_expectations(gx.expectations)))

    def check(table: Any) -> dict[str, int]:
        frame = table.to_pandas()
        frame = frame.assign(**good(frame.__getitem__, pd.Series.notna))
        asked = {"result_format": "COMPLETE", "include_unexpected_rows": False}
        result = batches.get_batch({"dataframe": frame}).validate(suite, result_format=asked)
        parts = []
        for found in result.results:
            if found.exception_info.get("raised_exception", True):
                raise RuntimeError(f"not judged: {found.expectation_config.meta}")
            rule, rows = found.expectation_config.meta["rule"], found.result["unexpected_index_list"] or []
            column = EXPRESSED.get(rule, found.expectation_config.kwargs["column"])
            part = frame.loc[rows, KEYS].assign(check=rule, failure_case=frame.loc[rows, column].astype(str))
            parts.append(part)
        failing = pd.concat(parts)
        failing.to_parquet("failing.parquet")
        return {str(rule): int(count) for rule, count in failing["check"].value_counts().items()}

    return _timed(check, place, small)


def _expectations(known: Any) -> Iterator[Any]:
    for rule, (column, codes) in CODES.items():
        yield known.ExpectColumnValuesToBeInSet(column=column, value_set=codes, meta={"rule": rule})
    for rule, (column, pattern) in PATTERNS.items():
        yield known.ExpectColumnValuesToMatchRegex(column=column, regex=pattern, meta={"rule": rule})
    rule, column, least = AREA
    yield known.ExpectColumnValuesToBeBetween(column=column, min_value=least, strict_min=True, meta={"rule": rule})
    rule, column, most = DAYS
    yield known.ExpectColumnValuesToBeBetween(column=column, max_value=most, meta={"rule": rule})
    for rule in EXPRESSED:
        yield known.ExpectColumnValuesToBeInSet(column=rule, value_set=[True], meta={"rule": rule})


def _columns() -> list[str]:
    return [*(c for c, _ in CODES.values()), *(c for c, _ in PATTERNS.values()), AREA[1], DAYS[1]]


def _timed(check: Callable[[Any], dict[str, int]], place: str, small: str) -> Work:
    """Read and check a small table first, as ours does before it is timed; then the large one."""

    def work(path: str) -> dict[str, Any]:
        begun = cpu_seconds()
        with duckdb.connect(path, read_only=True, config={"threads": 2}) as connection:
            table = connection.sql(JUDGED.format(counts=_READ)).to_arrow_table()
        read = cpu_seconds() - begun
        counts = check(table)
        return {"counts": {rule: counts.get(rule, 0) for rule in BY_HAND}, "reading": read}

    for name, path in (("warm", small), ("w", place)):
        shutil.copyfile(path, f"{name}.duckdb")
    work("warm.duckdb")
    return lambda: work("w.duckdb")

"""The benches measure what they say: the harness on things of known cost, the peers on the same rows as ours."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import pytest

from bench import report
from bench._common import RESULTS, Line, Result, counts_hold, faster, none_of, within
from bench._extract import job
from bench._fresh import COLLECTION, REGISTERED, endless, grown_town
from bench._measure import Side, run_side, take_turns
from bench._pages import fill_spool
from bench._server import serving
from bench._towns import wire
from bench.rest import KEY, NESTED, YEAR, at
from bench.sql import DAY, PERSONS, YEARS, rows_of
from simulator.store import Store
from simulator.town.numbers import id_is_valid


def test_a_side_costs_its_own_cpu_and_its_own_memory() -> None:
    cost = run_side(Side("bench._measure:spin", {"seconds": 0.3, "megabytes": 200}))
    assert 0.3 <= cost.cpu < cost.wall
    assert 200 < cost.peak_mb < 400
    assert cost.result == {"held": 200 << 20}


def test_a_side_that_fails_says_why() -> None:
    with pytest.raises(RuntimeError, match="unexpected keyword argument 'colour'"):
        run_side(Side("bench._measure:spin", {"colour": 1}))


def test_sides_take_turns() -> None:
    told: list[str] = []
    idle = Side("bench._measure:spin", {"seconds": 0.0})
    costs = take_turns({"a": idle, "b": idle}, 2, told.append)
    assert told == ["a, 1 of 2", "b, 1 of 2", "a, 2 of 2", "b, 2 of 2"]
    assert {name: len(runs) for name, runs in costs.items()} == {"a": 2, "b": 2}


@pytest.mark.parametrize(
    ("line", "holds"),
    [
        (faster("x", 30.0, "peer", 10.0, "rows", 3.0), True),
        (faster("x", 29.0, "peer", 10.0, "rows", 3.0), False),
        (within("x", 500.0, "bound", 500.0, "MiB"), True),
        (within("x", 501.0, "bound", 500.0, "MiB"), False),
        (none_of("x", 0), True),
        (none_of("x", 1), False),
        (Line("x", 1.0, "", "told only", 2.0, 0.5), True),
    ],
)
def test_a_line_holds_or_misses_its_bar(line: Line, holds: bool) -> None:
    assert line.holds is holds


def test_only_a_count_fails_a_run_and_a_slow_machine_does_not() -> None:
    slow = Result("x", "small", 7, [faster("x", 1.0, "peer", 10.0, "rows", 3.0)]).as_dict()
    torn = Result("x", "small", 7, [none_of("x", 1)]).as_dict()
    assert (slow["holds"], counts_hold(slow), counts_hold(torn)) == (False, True, False)


def test_records_come_again_as_those_of_other_people(small_town: Store) -> None:
    first = [record.fields for record in small_town.iterate(*COLLECTION) if record.fields]
    made = [record.fields for record in islice(endless(small_town, COLLECTION, Random(1)), 2 * len(first))]
    assert made[: len(first)] == first
    before, after = ({p["id_no"] for c in half for p in c["persons"]} for half in (first, made[len(first) :]))
    sound = {number for number in after if number and id_is_valid(number)}
    assert len(sound - before) > 0.9 * len(sound)
    assert len({c["collect_id"] for c in made[len(first) :]}) == len(first)


def test_a_grown_town_may_have_all_its_rows_in_one_second(small_town: Store, register_env: Path) -> None:
    path = grown_town("tied", small_town, {REGISTERED: 3_000}, 7, lambda _: "2022-11-05 03:00:00")
    grown = Store.open(path)
    assert grown.count(*REGISTERED, "2022-11-05 03:00:00", "2022-11-05 03:00:01") == 3_000


@pytest.fixture
def jobs(small_town: Store, register_env: Path) -> Iterator[dict[str, Any]]:
    work, spool = fill_spool("work", small_town, 1_500, 7)
    assert spool.pages == 2
    with serving(work.parent) as url:
        one = job(KEY, at(f"{url}/{work.name}"), *YEAR)
        yield {"work": one, "warm": one, "rows": spool.wire_rows}


def test_dlt_reads_the_same_rows_as_our_extractor(jobs: dict[str, Any]) -> None:
    arguments = {"work": jobs["work"], "warm": jobs["warm"]}
    ours = run_side(Side("bench._extract:prepare", arguments)).result["rows"]
    theirs = run_side(Side("bench._dlt:prepare", arguments)).result["rows"]
    assert sum(ours[name] for name in NESTED) == sum(theirs.values()) == jobs["rows"]


def test_pandas_reads_the_same_rows_as_our_extractor(small_town: Store) -> None:
    with wire("social_governance", small_town.path) as connection:
        work, warm = (job("social_governance", connection, *window, PERSONS) for window in (YEARS, DAY))
        ours, theirs = (
            run_side(Side(f"bench.{side}:prepare", {"work": work, "warm": warm})) for side in ("_extract", "_pandas")
        )
    assert rows_of(ours, theirs) > 5_000


def test_the_document_says_what_the_results_say() -> None:
    results = report.latest(json.loads(RESULTS.read_text("utf8")))
    text = report.DOCUMENT.read_text("utf8")
    assert report.filled(text, report.table(results)) == text
    assert all(line["figure"] is not None and line["against"] for result in results for line in result["lines"])


def test_the_plot_is_made_of_the_same_file(tmp_path: Path) -> None:
    results = report.latest(json.loads(RESULTS.read_text("utf8")))
    report.plot(results, tmp_path / "plot.svg")
    svg = (tmp_path / "plot.svg").read_text("utf8")
    assert len(svg) < 64_000
    assert results[0]["lines"][0]["what"] in svg

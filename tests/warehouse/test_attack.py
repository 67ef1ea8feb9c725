"""The attack on what is published, and what the release step does until it fails."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pytest

from tests.warehouse.published import BY_COMMUNITY, BY_GRID, DECLARED, PEOPLE, fill_marts
from warehouse.publish import rounding
from warehouse.publish.attack import Attack, Sum
from warehouse.publish.cells import Cells, read_cells
from warehouse.publish.control import figures_of
from warehouse.publish.history import Said
from warehouse.publish.programme import Part
from warehouse.publish.protect import WIDTH, Release, attack_of, protect


def cells_of(warehouse: Path) -> Cells:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return read_cells(connection, [m for m in DECLARED.marts.values() if m.counts])


def town(seed: int) -> list[tuple[str, str, int, int]]:
    chance = random.Random(seed)
    counts = (0, 1, 1, 2, 3, 5, 7, 8, 12, 48, 52, 101, 103, 250)
    return [(f"g{n}", f"c{n % 4}", chance.choice(counts), chance.choice(counts)) for n in range(24)]


def weakest(release: Release) -> float:
    """The narrowest interval of a small count, each end found by a programme of its own, over everything at once."""
    attack = attack_of(release)
    small = [cell for cell in range(len(release.base)) if release.is_small(cell)]
    assert small
    return min(high - low for low, high in map(attack.interval, small))


def naive(cells: Cells) -> Release:
    release = protect(cells, [])
    release.base = [rule.base for rule in cells.rules]
    release.hidden = set()
    return release


@pytest.mark.parametrize(("count", "figure"), [(0, 0), (1, 5), (7, 5), (8, 10), (12, 10), (13, 15), (102, 100)])
def test_counts_are_rounded_to_five_and_one_to_seven_look_alike(count: int, figure: int) -> None:
    assert rounding.shown(count, 5) == figure
    assert rounding.interval(count, 5).holds(count)


@pytest.mark.parametrize("base", [5, 10])
def test_an_interval_holds_exactly_the_counts_that_look_alike_and_wider_bases_hold_narrower_ones(base: int) -> None:
    for count in range(1, 400):
        found = rounding.interval(count, base)
        same = [n for n in range(1, 900) if rounding.shown(n, base) == rounding.shown(count, base)]
        assert (found.low, found.high) == (min(same), max(same))
        wider = rounding.interval(count, base * rounding.STEP)
        assert rounding.wider(3, base * 3) == rounding.WITHHELD and rounding.wider(3, rounding.WITHHELD) is None
        assert wider.low <= found.low and found.high <= wider.high


def test_plain_rounding_gives_small_counts_away_and_the_attack_finds_them() -> None:
    seven_ones = Attack([1] * 8, [7] * 8, [Sum(7, tuple(range(7)))], [1] * 7 + [7])
    assert seven_ones.interval(0) == (1, 1)
    for look in (seven_ones.narrow, seven_ones.plainly_narrow):
        assert {w.cell for w in look(range(7), WIDTH)} == set(range(7))
    beside_a_large_one = Attack([98, 1, 98], [102, 7, 102], [Sum(2, (0, 1))], [100, 2, 102])
    assert beside_a_large_one.interval(1) == (1, 4)


def test_a_bound_within_a_row_is_used_too() -> None:
    attack = Attack([8, 1], [12, 30], [Sum(0, (1,), at_least=True)], [9, 3])
    assert attack.interval(1) == (1, 12)


@pytest.mark.parametrize("seed", range(4))
def test_no_small_count_is_known_to_less_than_five(seed: int, tmp_path: Path) -> None:
    release = protect(cells_of(fill_marts(tmp_path / "w.duckdb", town(seed))), [])
    assert release.out == set()
    assert weakest(release) >= WIDTH - 1e-6
    assert all(release.known(c).holds(n) for c, n in enumerate(release.cells.truth)), "no figure is a lie"


def test_without_protection_the_same_attack_succeeds(tmp_path: Path) -> None:
    cells = cells_of(fill_marts(tmp_path / "w.duckdb", PEOPLE))
    assert weakest(naive(cells)) < WIDTH - 1
    assert weakest(protect(cells, [])) >= WIDTH - 1e-6


def test_twelve_releases_together_say_no_more(tmp_path: Path) -> None:
    people = town(5)
    history: list[dict[str, Said]] = []
    chance = random.Random(1)
    for _ in range(12):
        release = protect(cells_of(fill_marts(tmp_path / "w.duckdb", people)), history)
        history = [dict(figures_of(release)), *history]
        place = chance.randrange(len(people))
        grid, community, men, women = people[place]
        people[place] = (grid, community, men + 1, women)
    assert len(history) == 12
    assert weakest(release) >= WIDTH - 1e-6


def test_an_old_figure_binds_the_same_count_and_any_count_when_the_key_is_lost(tmp_path: Path) -> None:
    before = protect(cells_of(fill_marts(tmp_path / "w.duckdb", [("g1", "c1", 60, 61)])), [], b"key")
    told = [figures_of(before, b"key")]
    cells = cells_of(fill_marts(tmp_path / "w.duckdb", [("g1", "c1", 60, 62)]))
    men, women = (cells.numbers["residents_by_grid.residents", (("grid_code", "g1"), ("sex", s))] for s in "12")
    after, lost = protect(cells, told, b"key"), protect(cells, told, b"another")
    assert after.before[men] == lost.before[men] == rounding.interval(60, 5)
    assert after.before[women] == rounding.ANYTHING and lost.before[women] == rounding.interval(62, 5)


def test_a_cell_that_two_marts_show_is_one_cell(tmp_path: Path) -> None:
    cells = cells_of(fill_marts(tmp_path / "w.duckdb"))
    shown = [n for n in cells.shown[BY_COMMUNITY.name, "residents"] if n is not None]
    finest = [n for n in cells.shown[BY_GRID.name, "residents"] if n is not None]
    assert shown and set(shown) <= {s.total for s in cells.sums} | set(finest)
    names = [text for texts in cells.texts() for text in texts]
    assert len(names) == len(set(names)) and "residents_by_community.residents[community_code=c1, sex=1]" in names
    assert "residents_by_grid.residents[community_code=c1, sex=1]" not in names


def test_sums_are_true_and_reach_from_grid_to_street(tmp_path: Path) -> None:
    cells = cells_of(fill_marts(tmp_path / "w.duckdb"))
    assert cells.sums and all(cells.truth[s.total] == sum(cells.truth[p] for p in s.parts) for s in cells.sums)
    street = cells.numbers["residents_by_grid.residents", ()]
    assert cells.truth[street] == sum(men + women for _, _, men, women in PEOPLE)
    assert street in {s.total for s in cells.sums}


def test_a_small_group_of_one_kind_does_not_show_it(tmp_path: Path) -> None:
    release = protect(cells_of(fill_marts(tmp_path / "w.duckdb")), [])
    only_women = release.cells.numbers["residents_by_grid.residents", (("grid_code", "g5"), ("sex", "2"))]
    assert release.figure(only_women) is None


def test_a_street_wide_count_of_a_sensitive_service_starts_at_ten(tmp_path: Path) -> None:
    release = protect(cells_of(fill_marts(tmp_path / "w.duckdb")), [])
    total: Sequence[int] = [
        n for (m, key), n in release.cells.numbers.items() if m == "services.given" and key == (("quarter", "2022-Q1"),)
    ]
    assert [release.figure(n) for n in total] == [10]
    assert [release.cells.truth[n] for n in total] == [7]


def test_a_solver_without_an_answer_makes_its_own_component_unsafe_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cells = cells_of(fill_marts(tmp_path / "w.duckdb", town(1)))
    people = {n for (m, _), n in cells.numbers.items() if m.startswith("residents")}
    asked = Part._answer
    monkeypatch.setattr(Part, "_answer", lambda self, aim: None if set(self.members) & people else asked(self, aim))
    release = protect(cells, [])
    assert release.unanswered > 0 and {place.table.split()[-1] for place in release.out} != {"services"}
    assert not any(release.is_small(n) and n in people for n in range(len(cells.truth))), "nothing of it is shown"
    assert all(release.figure(n) is not None for n in set(range(len(cells.truth))) - people if cells.holders[n])


@pytest.mark.parametrize(("count", "figure", "margin"), [(0, 0, 0), (3, 5, 4), (9, 5, 4), (10, 10, 0), (1234, 1234, 0)])
def test_people_of_the_whole_street_are_exact_from_ten_on(count: int, figure: int, margin: int) -> None:
    base = rounding.PEOPLE_STREET.base
    assert rounding.shown(count, base, rounding.PEOPLE_STREET) == figure
    assert rounding.margin(figure, base, rounding.PEOPLE_STREET) == margin


@pytest.mark.parametrize(
    "rule", [rounding.WORK_STREET, rounding.PEOPLE_STREET, rounding.PEOPLE, rounding.WORK, rounding.SERVICES]
)
def test_no_count_lies_further_from_its_figure_than_the_margin_and_intervals_hold_who_looks_alike(
    rule: rounding.Rule,
) -> None:
    for count in range(200):
        base: int | None = rule.base
        while base is not None and base >= rounding.EXACT:
            figure = rounding.shown(count, base, rule)
            assert figure is not None and abs(figure - count) <= rounding.margin(figure, base, rule)
            assert rounding.interval(count, base, rule).holds(count)
            base = rounding.wider(count, base, rule)

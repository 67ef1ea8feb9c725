"""An attacker with all published tables, the public rules and a solver; shares no code with what protects them.

Every printed figure is an unknown in the interval the rules of rounding give it; what the whole street shows of work is
known to the unit. Two tables of one measure agree wherever their coordinates meet; rows add up as `marts.yml` says. The
true marts are read only to know which counts are small, which rows were left out, and which old figures speak of
today's count: of people while the count is the same, of work while its whole column of the slice is.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, product
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from expectations.marts import Figure, Mart, Marts
from tests.warehouse.solving import solve

TIMES = ("month", "quarter", "year")
Row = Mapping[str, Any]
Interval = tuple[float, float]
ENDLESS = 1e6


def allowed(figure: int | None, base: int | None, exact_from: int = 0) -> Interval:
    """What a printed figure may stand for: 1 to 7 look like 5, other bases alike; where none is printed, 1 or more.

    base: 1 is to the unit, for people from `exact_from` on; None is a column that is left empty in the whole slice.
    """
    if base is None or figure is None:
        return (0 if base is None else 1), ENDLESS
    if base == 1 and figure:
        return (figure, figure) if figure >= exact_from else (1, exact_from - 1)
    if base == 5 and figure >= exact_from > 0:
        return max(exact_from, figure - 2), figure + 2
    return (1 if figure == base else figure - base // 2, figure + (base - 1) // 2) if figure else (0, 0)


class Table:
    """One measure in one table: rows of coordinates with a truth and what is printed of it."""

    def __init__(self, mart: Mart, column: str, own: bool, rows: list[tuple[dict[str, Any], int, Interval]]) -> None:
        self.mart, self.column, self.own, self.rows = mart, column, own, rows
        self.numbers: list[int] = []


class Attacker:
    """Reads releases one after the other, the newest last; `intervals` is what the last one comes to."""

    def __init__(self, declared: Marts) -> None:
        self.marts = {n: m for n, m in declared.marts.items() if m.counts}
        self.earlier: list[dict[str, tuple[int, Interval]]] = []
        self.family = {n: n for n in self.marts}
        for mart in self.marts.values():
            for agreed in mart.agrees:
                other = agreed.there.table.removeprefix("marts.")
                some = agreed.here.when or agreed.there.when or agreed.here.less or agreed.there.less
                if other in self.marts and agreed.here.column == agreed.there.column and not some:
                    self.family[mart.name] = self.family[other]

    def read(self, published: Path, warehouse: Path) -> None:
        """One release."""
        with (
            duckdb.connect(str(published), read_only=True) as seen,
            duckdb.connect(str(warehouse), read_only=True) as true,
        ):
            self.bases = dict(seen.execute("select figure, base from marts.coarser_figures").fetchall())
            assert seen.execute("select 1 from marts.generation where held").fetchall() == []
            self.tables = [table for mart in self.marts.values() for table in self._tables(mart, seen, true)]
            self.tables += list(self._totals(seen))
        self.names: list[str] = []
        self.truth: list[int] = []
        self.found: list[Interval] = []
        self.small: list[float] = []  # how wide the interval of a small count must be, 0 of others
        self.slices: list[tuple[Any, ...] | None] = []
        for table in self.tables:
            own: dict[tuple[Any, ...], int] = defaultdict(int)
            for row, truth, _ in table.rows:
                own[_slice(row)] += truth
            for row, truth, interval in table.rows:
                table.numbers.append(len(self.names))
                self.names.append(f"{table.mart.name}.{table.column} {sorted(row.items(), key=str)}")
                self.truth.append(truth)
                self.found.append(interval)
                first, exact_from = rule(table.mart, table.column, row)
                below = {1: exact_from, 5: 8, 10: 10}[first]
                empty = interval == (0, ENDLESS)
                left_out = empty and not self._is_empty(table, row)
                need = 0 if self._is_told(table, row) else min(5, own[_slice(row)]) if empty else 5
                self.small.append(need if 0 < truth < below and not left_out else 0)
                work = table.column in table.mart.work and first == 5
                self.slices.append((table.mart.name, table.column, _slice(row)) if work else None)
        self.numbers = {name: n for n, name in enumerate(self.names)}
        self.earlier.insert(0, dict(zip(self.names, zip(self.truth, self.found, strict=True), strict=True)))

    def _tables(self, mart: Mart, seen: Any, true: Any) -> Iterator[Table]:
        keys = [*mart.grain, *(c for c in mart.attributes if c in (*mart.hierarchy, *TIMES))]
        if "value" in mart.columns:
            yield from self._traced(mart, seen, true)
            return
        listed = ", ".join(f'"{c}"' for c in (*keys, *mart.counts))
        grain = len(keys)
        printed = {r[:grain]: r[grain:] for r in seen.execute(f"select {listed} from marts.{mart.name}").fetchall()}
        real = {r[:grain]: r[grain:] for r in true.execute(f"select {listed} from marts.{mart.name}").fetchall()}
        assert set(printed) <= set(real)
        dims = [c for c in mart.grain if c not in mart.hierarchy[mart.hierarchy.index(_finest(mart)) + 1 :]] \
            if mart.hierarchy else list(mart.grain)  # fmt: skip
        for place, column in enumerate(mart.counts):
            rows = []
            for key, counts in real.items():
                row = dict(zip(keys, key, strict=True))
                figure = printed[key][place] if key in printed else None
                base = self._base(mart, column, {d: row[d] for d in dims})
                left_out = key not in printed or (column in mart.services and mart.hierarchy)
                if counts[place] or (column in mart.work and counts[place] == 0):
                    told = allowed(figure, base, rule(mart, column, row)[1])
                    rows.append((_placed(row), counts[place], (0, ENDLESS) if left_out else told))
                else:
                    assert left_out or figure == counts[place]
            yield Table(mart, column, True, rows)

    def _base(self, mart: Mart, column: str, row: Row) -> int | None:
        if self._is_empty(Table(mart, column, True, []), row):
            return None
        text = f"{mart.name}.{column}[{', '.join(f'{d}={row[d]}' for d in sorted(row))}]"
        return int(self.bases.get(text, rule(mart, column, row)[0]))

    def _is_told(self, table: Table, row: Row) -> bool:
        """Whether a table of the whole street shows this very count of a finer cut to the unit."""
        return any(
            agreed.there.table == f"marts.{table.mart.name}" and agreed.there.column == table.column
            and agreed.there.when and all(row.get(c) in values for c, values in agreed.there.when.items())
            and set(table.mart.grain) <= {*TIMES, *agreed.there.when}
            for mart in self.marts.values() if not mart.is_cut for agreed in mart.agrees
        )  # fmt: skip

    def _is_empty(self, table: Table, row: Row) -> bool:
        place = {d: row[d] for d in ("kind", "quarter") if d in table.mart.grain and d in row}
        return f"{table.mart.name}.{table.column}[{', '.join(f'{d}={v}' for d, v in place.items())}]" in self.bases

    def _traced(self, mart: Mart, seen: Any, true: Any) -> Iterator[Table]:
        query = f"select indicator, year, mart, kind, measure, value from marts.{mart.name}"
        printed = {r[:5]: r[5] for r in seen.execute(query).fetchall()}
        for key, value in ((r[:5], r[5]) for r in true.execute(query).fetchall()):
            _, year, source, kind, measure = key
            if value and source in self.marts and measure in (*self.marts[source].people, *self.marts[source].services):
                dated = {"year": year} if set(TIMES) & set(self.marts[source].grain) else {}
                row = dated | ({"kind": kind} if kind else {})
                base = self._base(self.marts[source], measure, row)
                figure = printed[key]
                told = rule(self.marts[source], measure, row)[1]
                interval = (0.0, ENDLESS) if figure is None else allowed(int(figure), base, told)
                yield Table(self.marts[source], measure, False, [(row, int(value), interval)])

    def _totals(self, seen: Any) -> Iterator[Table]:
        """`people_totals`, with the truth added up from the mart."""
        own = {(t.mart.name, t.column): t for t in self.tables if t.own}
        grouped: dict[tuple[Any, ...], list[tuple[Row, int | None]]] = defaultdict(list)
        rows = seen.execute("select mart, measure, period, level, place, dimension, category, people "
                            "from marts.people_totals").fetchall()  # fmt: skip
        for mart, measure, period, level, place, dimension, category, people in rows:
            row: dict[str, Any] = {dimension: category} if dimension else {}
            if period:
                row[next(t for t, p in zip(TIMES, ("-..-", "Q", ""), strict=True) if re.search(p, period))] = period
            if level != "street":
                row[next(c for c in self.marts[mart].hierarchy if c.startswith(level))] = place
            grouped[mart, measure, tuple(sorted(row))].append((row, people))
        for (mart, measure, dims), found in grouped.items():
            sums = _added(own[mart, measure], dims)
            yield Table(self.marts[mart], measure, False, [
                (_typed(row), sums[key], allowed(figure, self._base(self.marts[mart], measure, row),
                                                 rule(self.marts[mart], measure, row)[1]))
                for row, figure in found if (key := tuple(str(row[d]) for d in dims)) in sums])  # fmt: skip

    def equations(self) -> Iterator[tuple[list[int], list[int], bool]]:
        """Numbers that add up to the same as others, or (True) to no more."""
        by_measure: dict[tuple[str, str], list[Table]] = defaultdict(list)
        own = {(t.mart.name, t.column): t for t in self.tables if t.own}
        for table in self.tables:
            by_measure[self.family[table.mart.name], table.column].append(table)
        for tables in by_measure.values():
            for one, other in combinations([t for t in tables if t.own], 2):
                yield from _meeting([(one, +1), (other, -1)], {}, {})
        for total in (t for t in self.tables if not t.own and t.rows):
            yield from _meeting([(total, +1), (own[total.mart.name, total.column], -1)], {}, {}, only_both=True)
        for mart in self.marts.values():
            yield from self._in_rows(mart, own)
            for agreed in mart.agrees:
                yield from self._agreed(agreed.here, agreed.there, own)

    def _in_rows(self, mart: Mart, own: dict[tuple[str, str], Table]) -> Iterator[tuple[list[int], list[int], bool]]:
        at = {c: {str(row): n for (row, _, _), n in zip(own[mart.name, c].rows, own[mart.name, c].numbers, strict=True)}
              for c in mart.counts if (mart.name, c) in own}  # fmt: skip
        for whole, parts in mart.adds_up.items():
            for key, number in at.get(whole, {}).items():
                yield [number], [at[p][key] for p in parts if key in at[p]], False
        for less, more in mart.at_most.items():
            for key, number in at.get(less, {}).items():
                if key in at.get(more, {}):
                    yield [at[more][key]], [number], True

    def _agreed(
        self, here: Figure, there: Figure, own: dict[tuple[str, str], Table]
    ) -> Iterator[tuple[list[int], list[int], bool]]:
        left, right = here.table.removeprefix("marts."), there.table.removeprefix("marts.")
        sides = [(m, c, sign * s) for m, f, s in ((left, here, 1), (right, there, -1))
                 for c, sign in ((f.column, 1), (f.less, -1)) if c]  # fmt: skip
        if right not in self.marts or any((m, c) not in own for m, c, _ in sides):
            return
        kin = [[n for n in self.marts if self.family[n] == self.family[m]] for m in (left, right)]
        for first, second in product(*kin):
            names = [(second if m == right else first, c, sign) for m, c, sign in sides]
            signed = [(own[m, c], sign) for m, c, sign in names if (m, c) in own]
            if len(signed) == len(sides):
                yield from _meeting(signed, here.when, there.when, second)

    def intervals(self) -> Iterator[tuple[str, float, float, float]]:
        """Per small count its name, least and greatest, and how wide it must be; wide ones are only proved to be so."""
        low, high = (np.array(ends, float) for ends in zip(*self.found, strict=True))
        for release in self.earlier[1:]:
            moved = {s for n, s in zip(self.names, self.slices, strict=True)
                     if s and release.get(n, (None,))[0] != self.truth[self.numbers[n]]}  # fmt: skip
            for n, name in enumerate(self.names):
                count, told = release.get(name, (None, (0, ENDLESS)))
                # Nobody told the attacker which did not change; this one knows.
                if count == self.truth[n] and self.slices[n] not in moved:
                    low[n], high[n] = max(low[n], told[0]), min(high[n], told[1])
        small, truth = np.array(self.small, float), np.array(self.truth, float)
        yield from solve(low, high, truth, small, list(self.equations()), self.names)


def rule(mart: Mart, column: str, row: Row) -> tuple[int, int]:
    """The base that a count begins with, and from where on people are shown to the unit."""
    finer = set(row) - {*TIMES, "kind", "service_kind"}
    if column in mart.services:
        return 10, 0
    if column in mart.people:
        placed = bool(finer & {"grid_code", "community_code", "building_id"})
        return (5, 0) if finer and (mart.work or placed or len(finer) > 1) else (1, 10)
    return (5, 0) if finer else (1, 0)


def _slice(row: Row) -> tuple[Any, ...]:
    return row.get("quarter"), row.get("kind"), row.get("year") if "quarter" not in row else None


def _finest(mart: Mart) -> str:
    return next(c for c in mart.hierarchy if c in (*mart.grain, *mart.attributes))


def _placed(row: dict[str, Any]) -> dict[str, Any]:
    if "month" in row:
        row["quarter"] = f"{row['month'].year}-Q{(row['month'].month + 2) // 3}"
    if "quarter" in row:
        row["year"] = int(row["quarter"][:4])
    if "service_kind" in row:
        row["kind"] = row["service_kind"]
    return row


def _typed(row: Row) -> dict[str, Any]:
    typed = dict(row)
    if "month" in typed:
        typed["month"] = np.datetime64(typed["month"]).item()
    if "year" in typed:
        typed["year"] = int(typed["year"])
    return _placed(typed)


def _added(table: Table, dims: Sequence[str]) -> dict[tuple[str, ...], int]:
    sums: dict[tuple[str, ...], int] = defaultdict(int)
    for row, truth, _ in table.rows:
        sums[tuple(str(row[d]) for d in dims)] += truth
    return dict(sums)


def _meeting(
    signed: Sequence[tuple[Table, int]], here: Mapping[str, tuple[Any, ...]], there: Mapping[str, tuple[Any, ...]],
    second: str = "", only_both: bool = False,
) -> Iterator[tuple[list[int], list[int], bool]]:  # fmt: skip
    """Sums that must be equal at all coordinates the tables have in common, under the conditions of each side."""
    if not all(table.rows for table, _ in signed):
        return
    for table, _ in signed:  # a condition on what a table of the family does not tell says nothing of its cells
        if not set(there if table.mart.name == second else here) <= set(table.rows[0][0]):
            return
    common = sorted(set.intersection(*(set(table.rows[0][0]) for table, _ in signed)) - {*here, *there})
    met: dict[tuple[Any, ...], tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    sides: dict[tuple[Any, ...], set[int]] = defaultdict(set)
    for place, (table, sign) in enumerate(signed):
        when = there if table.mart.name == second else here
        for (row, _, _), number in zip(table.rows, table.numbers, strict=True):
            if all(row[c] in values for c, values in when.items()):
                key = tuple(row[c] for c in common)
                met[key][sign < 0].append(number)
                sides[key].add(place)
    for key, (plus, minus) in met.items():
        if not only_both or len(sides[key]) == len(signed):
            yield plus, minus, False

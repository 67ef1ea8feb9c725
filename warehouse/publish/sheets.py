"""The measures of the marts that count people, as they were built: rows, coordinates, and which are the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, TypeAlias

from expectations.marts import Mart
from expectations.sql import fill, joined, name
from warehouse.engine.connection import Connection

TIMES: Final = ("day", "month", "quarter", "year")
KIND: Final = ("service_kind", "kind")
Key: TypeAlias = tuple[tuple[str, Any], ...]
Row: TypeAlias = tuple[Mapping[str, Any], int | None]


@dataclass
class Sheet:
    """One measure of one mart: each row's coordinates, and its count.

    dims: the coordinates that name a cell; coarser levels and longer periods follow from them. traced: rows that name
    the mart and the measure they sum up.
    """

    mart: Mart
    column: str
    dims: tuple[str, ...]
    rows: Sequence[Row]
    measure: str = ""
    traced: bool = False

    @property
    def is_root(self) -> bool:
        """Whether the measure bears this mart's name: the most detailed table that shows it."""
        return self.measure == f"{self.mart.name}.{self.column}"

    @property
    def levels(self) -> tuple[str, ...]:
        """Geography, from the finest that the mart has."""
        return tuple(c for c in self.mart.hierarchy if c in (*self.mart.grain, *self.mart.attributes))

    def follows(self, dims: Iterable[str]) -> frozenset[str]:
        """What is known with some coordinates: the community of a grid, the quarter and year of a month."""
        known = set(dims)
        for order in (self.levels, TIMES):
            if found := [n for n, fine in enumerate(order) if fine in known]:
                known |= set(order[found[0] :])
        if known & set(KIND) or not set(KIND) & set(self.dims):
            known.add("kind")
        return frozenset(known)

    def sums(self, dims: Sequence[str], *, zeros: bool = False) -> dict[Key, int]:
        """The counts added up by some coordinates; what is 0 is there with `zeros` only."""
        sums: dict[Key, int] = defaultdict(int)
        for row, count in self.rows:
            if count or (zeros and count == 0):
                sums[key_of(row, dims)] += count
        return dict(sums)

    @property
    def attributes(self) -> tuple[str, ...]:
        """What is told of the people counted: neither where nor when."""
        return tuple(d for d in self.dims if d not in (*self.mart.hierarchy, *TIMES))

    @property
    def times(self) -> tuple[str, ...]:
        """The period, if there is one."""
        return tuple(d for d in self.dims if d in TIMES)


def read_sheets(connection: Connection, marts: Sequence[Mart]) -> list[Sheet]:
    """The sheets of all marts that count people, each measure under one name."""
    by_name = {mart.name: mart for mart in marts}
    sheets = [
        s for m in marts if m.counts for s in (_traced(connection, m, by_name) if m.is_traced else _own(connection, m))
    ]
    plain = [s for s in sheets if not s.traced]
    _link(plain)
    same = {f"{s.mart.name}.{s.column}": s.measure for s in plain}
    for sheet in sheets:
        sheet.measure = same.get(sheet.measure, sheet.measure)
    return sheets


def key_of(row: Mapping[str, Any], dims: Iterable[str]) -> Key:
    """Coordinates of a row; dims in alphabetical order, so that equal cells have equal keys."""
    return tuple((d, row[d]) for d in dims)


def placed(row: dict[str, Any]) -> dict[str, Any]:
    """A row with what follows from it: quarter and year of its day, month or quarter; the kind of its service."""
    for period in TIMES[:3]:
        if (value := row.get(period)) is None:
            continue
        is_date = isinstance(value, date)
        row.setdefault("year", value.year if is_date else int(str(value)[:4]))
        row.setdefault("quarter", f"{value.year}-Q{(value.month + 2) // 3}" if is_date else value)
    for word in KIND:
        row.setdefault("kind", row.get(word))
    return row


def rows_of(connection: Connection, mart: Mart, column: str) -> list[Row]:
    """The rows of one measure in the order of the grain, with what follows from them and what is shown as it is."""
    columns = [c for c in mart.columns if c not in (*mart.counts, *mart.amounts)]
    picked = joined([name(c) for c in (*columns, column)], ", ")
    order = joined([name(c) for c in mart.grain], ", ")
    query = fill("select {{c}} from {{t}} order by {{o}}", c=picked, t=name("marts", mart.name), o=order)
    return [
        (placed(dict(zip(columns, row[:-1], strict=True))), None if row[-1] is None else int(row[-1]))
        for row in connection.execute(query).fetchall()
    ]


def _own(connection: Connection, mart: Mart) -> Iterator[Sheet]:
    places = [c for c in mart.hierarchy if c in (*mart.grain, *mart.attributes)]
    periods = [c for c in mart.grain if c in TIMES][:1]
    rest = [c for c in mart.grain if c not in places and c not in TIMES]
    for column in mart.counts:
        yield Sheet(mart, column, (*places[:1], *periods, *rest), rows_of(connection, mart, column))


def _traced(connection: Connection, mart: Mart, marts: Mapping[str, Mart]) -> Iterator[Sheet]:
    """One sheet per measure that is traced to people or services; work is to the unit for the whole street."""
    rows = rows_of(connection, mart, "value")
    for source, measure in sorted({(r["mart"], r["measure"]) for r, _ in rows if not r.get("of")}):
        origin = marts.get(source)
        if origin is None or measure not in (*origin.people, *origin.services):
            continue
        dims = ("year", "kind") if set(TIMES) & set(origin.grain) else ("kind",)
        chosen = [
            (r, n if (r["mart"], r["measure"]) == (source, measure) and not r.get("of") else None) for r, n in rows
        ]
        yield Sheet(mart, "value", dims, chosen, f"{source}.{measure}", traced=True)


def _link(sheets: Sequence[Sheet]) -> None:
    """Name the measure of each sheet: of two marts with a column of one name and equal sums it is the same.

    The first that `marts.yml` declares gives the name: it must be the same every night, or no release could be held
    against the next.
    """
    for number, sheet in enumerate(sheets):
        sheet.measure = sheet.measure or f"{sheet.mart.name}.{sheet.column}"
        for other in sheets[number + 1 :]:
            if other.measure or other.column != sheet.column or not sheet.rows or not other.rows:
                continue
            common = sorted((sheet.follows(sheet.dims) & other.follows(other.dims)) - {"kind"})
            if common and sheet.sums(common) == other.sums(common):
                other.measure = sheet.measure

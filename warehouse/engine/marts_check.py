"""The checks of `expectations/marts.yml` over the marts as they were made: counts of rows that break a promise.

Every mart: its columns are the declared ones, its grain is unique, nothing but `may_be_empty` is null, no measure is
negative. By declaration: places that nest, references, sums within a row, bounds, totals that agree with another table.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import duckdb

from expectations.marts import Agreement, Figure, Mart, Marts
from expectations.sql import Sql, fill, joined, name, value, values
from warehouse.engine.connection import Connection


@dataclass(frozen=True)
class Failure:
    """A check of a mart that does not hold: how many rows break it, or by how much two totals differ."""

    mart: str
    group: str
    check: str
    failing: float

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self)


def check_marts(connection: Connection, declared: Marts) -> list[Failure]:
    """Every failing check, by mart; a mart that is not there fails as a whole."""
    return [failure for mart in declared.marts.values() for failure in _check(connection, mart)]


def held_groups(declared: Marts, failures: list[Failure], reads: Mapping[str, Set[str]]) -> tuple[str, ...]:
    """The consistency groups that must not be published: those of failing marts, and of all that read from a held one.

    reads: per mart the marts it is made from.
    """
    held = {f.group for f in failures}
    rests = {m: {r for r in _behind(m, reads) if r in declared.marts} for m in declared.marts}
    while True:
        spread = {declared.marts[m].group for m, behind in rests.items()
                  for r in behind if declared.marts[r].group in held} - held  # fmt: skip
        if not spread:
            return tuple(sorted(held))
        held |= spread


def _behind(mart: str, reads: Mapping[str, Set[str]]) -> set[str]:
    """Whatever a mart is made from, working tables looked through."""
    found: set[str] = set()
    waiting = [*reads.get(mart, ())]
    while waiting:
        if (file := waiting.pop()) not in found:
            found.add(file)
            waiting += reads.get(file, ())
    return found


def _check(connection: Connection, mart: Mart) -> Iterator[Failure]:
    columns = connection.execute(
        "select column_name from duckdb_columns() where schema_name = 'marts' and table_name = $mart",
        {"mart": mart.name},
    ).fetchall()
    if wrong := {c for (c,) in columns} ^ set(mart.columns):
        yield Failure(mart.name, mart.group, "columns_are_the_declared_ones", len(wrong))
        return
    table = name("marts", mart.name)
    promises = dict(_promises(mart))
    counts = joined([fill("count(*) filter (where {{bad}})", bad=bad) for bad in promises.values()], ", ")
    [found] = connection.execute(fill("select {{counts}} from {{table}}", counts=counts, table=table)).fetchall()
    told = dict(zip(promises, found, strict=True)) | dict(_lookups(connection, mart, table))
    for check, failing in told.items():
        if failing:
            yield Failure(mart.name, mart.group, check, float(failing))


def _promises(mart: Mart) -> Iterator[tuple[str, Sql]]:
    """What a row can break by itself: the name of the check and the condition of a bad row."""
    for column in mart.columns:
        if column not in mart.may_be_empty:
            yield f"{column}_is_never_null", fill("{{c}} is null", c=name(column))
    for column in mart.measures:
        yield f"{column}_is_not_negative", fill("{{c}} < 0", c=name(column))
    for whole, parts in mart.adds_up.items():
        sum_of = joined([name(p) for p in parts], " + ")
        yield f"{whole}_is_the_sum_of_its_parts", fill("{{w}} <> {{s}}", w=name(whole), s=sum_of)
    for less, more in mart.at_most.items():
        yield f"{less}_is_at_most_{more}", fill("{{l}} > {{m}}", l=name(less), m=name(more))


def _lookups(connection: Connection, mart: Mart, table: Sql) -> Iterator[tuple[str, float]]:
    grain = joined([name(c) for c in mart.grain], ", ")
    twice = fill(
        "select count(*) from (select {{grain}} from {{table}} group by {{grain}} having count(*) > 1) as twice",
        grain=grain, table=table,
    )  # fmt: skip
    yield "grain_is_unique", _one(connection, twice)
    for fine, coarse in pairwise(mart.hierarchy):
        apart = fill(
            "select count(*) from (select {{f}} from {{table}} group by 1 having count(distinct {{c}}) > 1) as apart",
            f=name(fine), c=name(coarse), table=table,
        )  # fmt: skip
        yield f"{fine}_lies_in_one_{coarse}", _one(connection, apart)
    for column, other in mart.refers.items():
        lost = fill(
            "select count(*) from {{table}} where {{c}} is not null and {{c}} not in (select {{c}} from {{other}})",
            table=table, c=name(column), other=name("marts", other),
        )  # fmt: skip
        yield f"{column}_is_in_{other}", _one(connection, lost)
    for agreement in mart.agrees:
        yield _agrees(connection, agreement)


def _agrees(connection: Connection, agreement: Agreement) -> tuple[str, float]:
    here, there = agreement.here, agreement.there
    differ = fill("select abs(({{here}}) - ({{there}}))", here=_figure(here), there=_figure(there))
    label = f"{here.column or 'rows'}_agrees_with_{there.table.replace('.', '_')}"
    try:
        return label, _one(connection, differ)
    except duckdb.CatalogException:  # what it is compared with is not there: nothing was proved
        return label, 1.0


def _figure(figure: Figure) -> Sql:
    sums = [fill("coalesce(sum({{c}}), 0)", c=name(c)) for c in (figure.column, figure.less) if c]
    what = joined(sums, " - ") if sums else Sql("count(*)")
    when = [fill("{{c}} in {{v}}", c=name(c), v=values(v)) for c, v in figure.when.items()]
    when += [fill("{{c}} >= {{v}}", c=name(c), v=value(v)) for c, v in figure.since.items()]
    return fill(
        "select {{what}} from {{table}} where {{when}}",
        what=what, table=name(*figure.table.split(".")), when=joined(when, " and ") or value(True),
    )  # fmt: skip


def _one(connection: Connection, query: Sql) -> float:
    [(found,)] = connection.execute(query).fetchall()
    return float(found or 0)

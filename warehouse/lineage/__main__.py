"""python -m warehouse.lineage marts.<mart>[.<column>] | --field <source>.<entity>.<field> | --evidence  [--json]

Which fields of which systems are in a figure and what decides it; or the other way round, where a field goes to;
or which fields are kept as evidence only. Reads code and contracts, no data. Exit status: 0, 2 for a bad call.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from warehouse.lineage.boundary import kept_as_evidence_only
from warehouse.lineage.graph import Lineage, as_column, read_lineage
from warehouse.lineage.parts import ROWS, Column
from warehouse.lineage.told import ColumnTold, FieldTold, named, tell


def main(arguments: Sequence[str] | None = None) -> int:
    """Answer one question."""
    parser = argparse.ArgumentParser(prog="python -m warehouse.lineage", description=__doc__)
    parser.add_argument("column", nargs="?", help="marts.<mart>.<column>, or a whole relation")
    parser.add_argument("--field", help="<source>.<entity>.<field>; * for the records themselves")
    parser.add_argument("--evidence", action="store_true", help="fields that are kept as evidence only")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    if sum(map(bool, (options.column, options.field, options.evidence))) != 1:
        parser.error("one of a column, --field or --evidence is wanted")
    lineage = read_lineage()
    try:
        if options.column:
            told = [tell(lineage, c) for c in _asked(lineage, options.column)]
            _say([t.as_dict() for t in told] if options.json else _columns_table(told))
        elif options.field:
            reached = _reached(lineage, options.field)
            _say(list(map(str, reached)) if options.json else _reached_table(options.field, reached))
        else:
            kept = named(lineage, kept_as_evidence_only(lineage))
            _say([f.as_dict() for f in kept] if options.json else _fields_table(kept))
    except (LookupError, ValueError) as error:
        parser.error(str(error))
    return 0


def _asked(lineage: Lineage, given: str) -> list[Column]:
    if given in lineage.columns:
        return [Column(given, name) for name in lineage.columns[given]]
    return [as_column(given)]


def _reached(lineage: Lineage, field: str) -> list[Column]:
    """Raises LookupError for a field that no contract declares."""
    start = as_column(field)
    if start not in lineage.fields():
        raise LookupError(f"{field} is in no contract")
    shown = ("claims.", "register.", "prepared.", "marts.")
    return sorted(c for c in lineage.downstream(start) if c.relation.startswith(shown) and c.name != ROWS)


def _say(answer: Any) -> None:
    if isinstance(answer, Table):
        Console(file=sys.stdout).print(answer)
        return
    json.dump(answer, sys.stdout, ensure_ascii=False, indent=1)
    sys.stdout.write("\n")


def _table(*headings: str) -> Table:
    """A table that folds long names where rich would cut them."""
    table = Table()
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def _columns_table(told: Sequence[ColumnTold]) -> Table:
    table = _table("column", "系统 / system", "记录 / record", "字段 / field", "作用 / part")
    for column in told:
        for field in column.fields:
            table.add_row(str(column.column), *_names(field), "在数值中 / in the value")
        for field in column.deciding:
            table.add_row(str(column.column), *_names(field), "决定取舍 / decides")
        for relation, title in column.origins:
            table.add_row(str(column.column), title.zh, "", relation, "参照 / reference")
    return table


def _fields_table(fields: Sequence[FieldTold]) -> Table:
    table = _table("系统 / system", "记录 / record", "字段 / field")
    for field in fields:
        table.add_row(*_names(field))
    return table


def _names(field: FieldTold) -> tuple[str, str, str]:
    return field.system.zh, field.entity.zh, f"{field.field.zh} ({field.column})"


def _reached_table(field: str, reached: Sequence[Column]) -> Table:
    table = _table("relation", "column")
    table.title = field
    for column in reached:
        table.add_row(column.relation, column.name)
    return table


if __name__ == "__main__":
    sys.exit(main())

"""The shape of one staged table, made from its contract entity at run time.

`StagedEntity` knows the table's name, its columns and the SQL fragments that turn a landed text into them. Two
contracts with the same `shape` stage the same rows; a changed shape stages the entity anew from the landing zone.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property

from expectations.contract import Contract
from expectations.errors import CallRejected
from expectations.model import COMPARED, SNAPSHOT, Column, Entity
from warehouse.engine.sql import (
    FALSE,
    NULL,
    Sql,
    any_of,
    array,
    call,
    cast,
    concatenated,
    content,
    listing,
    name,
    named,
    rules_version,
    typed,
    value,
)  # fmt: skip

SCHEMA = "staging"
LINEAGE = (
    "load_id", "source", "source_record_id", "seen_at", "content_hash", "changed_at", "known_from", "op", "untyped",
)  # fmt: skip
TYPES = {
    "text": "VARCHAR", "code": "VARCHAR", "integer": "BIGINT", "decimal": "DECIMAL(18,6)",
    "date": "DATE", "datetime": "TIMESTAMP", "boolean": "BOOLEAN",
}  # fmt: skip
RULES = ("_types", "batch_insert", "version_insert")  # the templates that decide what a staged row looks like
DELETED_AT = "deleted_at"
PLACE = "file_row_number"
_PACKED = {"%Y": 4, "%m": 2, "%d": 2, "%H": 2, "%M": 2, "%S": 2}


def table_name(source: str, entity: str) -> str:
    """`<source>__<entity>`, in schema `staging`."""
    return f"{source}__{entity}"


def staged_name(column: str) -> str:
    """The staged name of a contract column: its own, or `source_<name>` where a lineage column has that name."""
    return f"source_{column}" if column.casefold() in LINEAGE else column


@dataclass(frozen=True)
class StagedEntity:
    """One entity of a contract as a staged table."""

    source: str
    entity: Entity

    def __post_init__(self) -> None:
        """Raises CallRejected CT-SPEC for what a contract may say but a table cannot hold."""
        names = [n.casefold() for n in (*LINEAGE, *(staged_name(c.name) for c in self.columns))]
        landed = {c.name for c in self.columns}
        faults = [f"two columns would be named {n!r}" for n in sorted({n for n in names if names.count(n) > 1})]
        faults += [f"{PLACE!r} is a word of the Parquet reader"] * (PLACE in names)
        faults += [
            f"{n!r} does not land"
            for n in (*self.entity.key, self.entity.changed_at, *self.entity.clock_else)
            if n and n not in landed
        ]
        faults += [f"{c.name!r} has no readable format" for c in self.columns if not _readable(c)]
        if faults:
            raise CallRejected("CT-SPEC", detail=f"{self.source}: {self.entity.name}: {faults[0]}")

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """The landed columns, in the contract's order."""
        return self.entity.landed()

    @property
    def table(self) -> Sql:
        return name(SCHEMA, table_name(self.source, self.entity.name))

    @property
    def snapshot(self) -> bool:
        """Whether absence in a complete load closes a record: the contract says so, not the manifest alone."""
        return self.entity.delivery == SNAPSHOT or self.compared

    @property
    def compared(self) -> bool:
        """Whether its complete loads are comparisons of keys beside the loads of its changes."""
        return self.entity.deletions == COMPARED

    @cached_property
    def shape(self) -> str:
        """SHA-256 over all that decides the staged rows: the rules, and the entity's columns, key and delivery.

        A new canonical key is a new shape too, so records are keyed anew instead of doubling silently.
        """
        facts = [
            rules_version(*RULES), self.entity.key, self.entity.changed_at, self.entity.clock_else, self.snapshot,
            [(c.name, c.type, c.formats, c.nulls, *([c.was] if c.was else [])) for c in self.columns],
        ]  # fmt: skip
        return hashlib.sha256(repr(facts).encode()).hexdigest()

    def declarations(self) -> Sql:
        """The typed columns of the table."""
        return listing(typed(name(staged_name(c.name)), TYPES[c.type]) for c in self.columns)

    def names(self) -> Sql:
        """The staged names of the contract columns, in order."""
        return listing(name(staged_name(c.name)) for c in self.columns)

    def present_in(self, fields: Collection[str]) -> dict[str, str]:
        """Per column that a landed file has, the field that holds it: under its name, else under its latest old one."""
        named_so = ((c.name, (c.name, *reversed(c.was or ()))) for c in self.columns)
        found = ((column, next((n for n in names if n in fields), None)) for column, names in named_so)
        return {column: field for column, field in found if field is not None}

    def landed(self, present: Mapping[str, str]) -> Sql:
        """Per column `l<i>`: the landed text; NULL for one that an older contract did not know.

        present: as `present_in` tells of the file.
        """
        return listing(
            named(name(present[c.name]) if c.name in present else cast(NULL, "VARCHAR"), _indexed("l", i))
            for i, c in enumerate(self.columns)
        )

    def landed_column(self, column: str) -> Sql:
        """The alias `l<i>` of a landed column."""
        return _indexed("l", self._place(column))

    def content_hash(self) -> Sql:
        """The hash of a landed row: length, name and text of every value, in name order, by the oldest names."""
        return call("md5", content((c.tag, _indexed("l", i)) for i, c in enumerate(self.columns)))

    def record_id(self) -> Sql:
        """The source's key in canonical form; a compound key joins its parts with `|`."""
        parts = [_indexed("l", self._place(k)) for k in self.entity.key]
        if len(parts) == 1:
            return call("stage_key", parts[0])
        first, *rest = (call("stage_key_part", p) for p in parts)
        return concatenated([first, *(piece for part in rest for piece in (value("|"), part))])

    def values(self) -> Sql:
        """Per column `v<i>`: the landed text, NULL where the contract calls it null or it is blank."""
        return listing(named(_value(c, _indexed("l", i)), _indexed("v", i)) for i, c in enumerate(self.columns))

    def typings(self) -> Sql:
        """Per column `c<i>`: the typed value."""
        return listing(named(_typed(c, _indexed("v", i)), _indexed("c", i)) for i, c in enumerate(self.columns))

    def results(self) -> Sql:
        """The typed columns by index, in the table's order."""
        return listing(_indexed("c", i) for i in range(len(self.columns)))

    def failed(self) -> Sql:
        """Whether any column of the row failed to type."""
        return any_of(call("stage_failed", _indexed("v", i), _indexed("c", i)) for i, _ in self._fallible())

    def untyped(self) -> Sql:
        """The map of the columns that failed to type, with their landed text."""
        entries = [
            call("stage_untyped", value(staged_name(c.name)), _indexed("v", i), _indexed("c", i))
            for i, c in self._fallible()
        ]
        return call("stage_untyped_map", array(entries)) if entries else NULL

    def _fallible(self) -> list[tuple[int, Column]]:
        return [(i, c) for i, c in enumerate(self.columns) if TYPES[c.type] != "VARCHAR"]

    def deleted(self) -> Sql:
        """Whether the row is a tombstone: it carries `deleted_at`, typed or not."""
        names = [c.name for c in self.columns]
        return call("stage_given", _indexed("v", names.index(DELETED_AT))) if DELETED_AT in names else FALSE

    def changed_at(self) -> Sql:
        """The source's own time of the version; a tombstone has the time of the deletion, a picture when it was taken.

        NULL where no clock of the record can be used: such a version never displaces one that has a time.
        """
        clocks = (DELETED_AT, self.entity.changed_at, *self.entity.clock_else)
        there = [n for n in clocks if n in {c.name for c in self.columns}]
        moments = [call("stage_clock", cast(self._moment(self._place(n)), "TIMESTAMP")) for n in there if n is not None]
        return call("coalesce", *moments, *([] if self.clocked else [Sql("$seen_at")]), NULL)

    @property
    def clocked(self) -> bool:
        """Whether the source says when a record changed; if not, it changed when it was first seen."""
        return self.entity.changed_at is not None

    def carried(self) -> Sql:
        """What a closing or return takes from the version it stands on: the key always, the rest if it returns."""
        return listing(
            _origin(c) if c.name in self.entity.key else call("stage_returned", name("derived", "op"), _origin(c))
            for c in self.columns
        )

    def _moment(self, place: int) -> Sql:
        """The column as a moment; a change time that a contract left as text is read by the default format."""
        if TYPES[self.columns[place].type] in ("DATE", "TIMESTAMP"):
            return _indexed("c", place)
        return call("stage_clock_text", _indexed("v", place))

    def _place(self, name: str) -> int:
        return [c.name for c in self.columns].index(name)


def staged_entities(contract: Contract) -> dict[str, StagedEntity]:
    """All entities of a contract, by name."""
    return {name: StagedEntity(contract.source, entity) for name, entity in sorted(contract.entities.items())}


def _origin(column: Column) -> Sql:
    return name("origin", staged_name(column.name))


def _indexed(letter: str, place: int) -> Sql:
    # By place, not by name: no column of a source can clash with an alias of ours.
    return name(f"{letter}{place}")


def _value(column: Column, landed: Sql) -> Sql:
    words = [value(n) for n in column.nulls if "\0" not in n]
    return call("stage_value", landed, array(words)) if words else call("stage_blank", landed)


def _typed(column: Column, text: Sql) -> Sql:
    if column.type in ("integer", "decimal", "boolean"):
        return call(f"stage_{column.type}", text)
    if column.type in ("date", "datetime"):
        moments = [_by_format(text, f) for f in column.formats]
        return cast(call("coalesce", *moments), TYPES[column.type])
    return text


def _readable(column: Column) -> bool:
    """Whether the formats of a moment are made of directives the warehouse knows."""
    if TYPES[column.type] not in ("DATE", "TIMESTAMP"):
        return True
    return bool(column.formats) and all(re.fullmatch(r"(%[YmdHMSfIpz]|[^%])+", f) for f in column.formats)


def _by_format(text: Sql, form: str) -> Sql:
    """One format of the contract; those without separators must match to the digit."""
    if "%z" in form:
        return call("stage_moment_zoned", text, value(form))
    if re.fullmatch(r"(%[YmdHMS])+", form):
        digits = sum(_PACKED[d] for d in re.findall(r"%\w", form))
        return call("stage_moment_packed", text, value(form), value(digits))
    return call("stage_moment", text, value(form))

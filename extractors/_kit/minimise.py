"""Minimise at the edge (privacy.md, rule 1): only contract fields leave the decoder.

A field the contract neither keeps nor ignores by name is dropped, counted and reported as drift; a required field
that is missing stops the source; rows a drop rule names are dropped under that name. Identity becomes tokens, mask
and facets; the clear value goes to the vault and nowhere else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import compress
from typing import Any, Protocol

import pyarrow as pa

from expectations.contract import Column, Entity
from expectations.errors import SourceChanged
from extractors._kit.context import Page
from extractors._kit.edge import Values, canonical_code, plain_verb, suppress, texts, without_urls
from extractors._kit.identity import mask_plate
from extractors._kit.person_columns import PersonTokeniser
from extractors._kit.tokens import Tokeniser
from warehouse.decisions.tombstones import RULE, canonical_record_id

# pa.array() is twice as fast as a builder, but its first call imports pandas: more CPU than a small night costs.
BULK = 20_000


Stays = Callable[[str, Sequence[str], Sequence[str | None] | None], list[bool]]  # entity, record ids, id tokens


class VaultSink(Protocol):
    """Takes (token, kind, clear) of identities."""

    def __call__(self, token: str, kind: str, clear: str) -> None: ...


@dataclass
class Findings:
    """What the edge saw of one entity: conservation and drift."""

    received: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    undeclared: Counter[str] = field(default_factory=Counter)
    urls_removed: Counter[str] = field(default_factory=Counter)
    seen: set[str] = field(default_factory=set)
    keyless: int = 0
    unshaped: int = 0


class Minimiser:
    """Turns the pages of one entity into Arrow batches of its landed columns, all text."""

    def __init__(
        self, entity: Entity, tokeniser: Tokeniser, vault: VaultSink | None, stays: Stays | None = None
    ) -> None:
        """stays: which records may be landed, asked only while there are erasures that concern the entity."""
        self.entity = entity
        self._stays = stays
        self.findings = Findings()
        self.schema = pa.schema([pa.field(c.name, pa.string()) for c in entity.landed()])
        self._tokeniser = tokeniser
        self._vault = vault
        self._persons = PersonTokeniser(tokeniser, vault_sink=vault) if entity.identity else None
        self._names = frozenset(c.name for c in entity.columns)
        self._read = tuple(dict.fromkeys((*(c.name for c in entity.columns), *(d.column for d in entity.drops))))
        self._ignored: set[str] = set()
        self._verbs = {c.name: plain_verb(c) for c in entity.columns}

    def restart(self) -> None:
        """Forget what was seen: the entity is read again from the start."""
        self.findings = Findings()

    def batch(self, page: Page) -> pa.RecordBatch:
        """Minimise one page. Raises SourceChanged DE-SCHEMA, EX-SHAPE."""
        columns = self._columns(page)
        self.findings.received += len(page)
        if not page.deletes:  # a tombstone holds nothing that a rule could go by
            columns = self._without_dropped(columns)
        columns = self._without_keyless(columns)
        if self._stays is not None:
            columns = self._without_erased(columns, self._stays)
        landed = self._landed(columns)
        if page.deletes:
            landed = self._tombstones(landed)
        bulk = self.findings.received > BULK
        return pa.record_batch([_strings(landed[n], bulk) for n in self.schema.names], schema=self.schema)

    def _columns(self, page: Page) -> dict[str, Values]:
        """The declared columns of a page as text, and what drop rules go by; everything else is seen by name only."""
        required = self.entity.key if page.deletes else tuple(c.name for c in self.entity.columns if c.required)
        if page.columns is not None:
            self._audit(page.columns, len(page), None)
            self._demand(required, page.columns.keys())
            blank: list[None] = [None] * len(page)
            return self._flat({name: page.columns.get(name, blank) for name in self._read})
        records = self._shaped(page.records)
        found = set().union(*records) if records else set()
        self._audit(found, len(page), records)
        if records:
            self._demand(required, found)
        # One record without its key is set aside, one without another required field lands as null (faults.md 23);
        # but nobody can tell whether a drop rule speaks of a record that lacks the field the rule goes by.
        for name in {rule.column for rule in self.entity.drops}.intersection(required):
            if missing := sum(name not in r for r in records):
                raise SourceChanged("DE-SCHEMA", detail=f"{self.entity.name}.{name} is missing in {missing} records")
        return self._flat({name: [r.get(name) for r in records] for name in self._read})

    def _flat(self, columns: Mapping[str, Sequence[Any]]) -> dict[str, Values]:
        """The columns as text, without the records that hold a structure where a value is agreed.

        Raises SourceChanged EX-SHAPE where every record does.
        """
        try:
            return {name: texts(values, name) for name, values in columns.items()}
        except SourceChanged:
            flat = [not any(map(_is_structure, row)) for row in zip(*columns.values(), strict=True)]
            if not any(flat):
                raise
        self.findings.unshaped += flat.count(False)
        return {name: texts(list(compress(values, flat)), name) for name, values in columns.items()}

    def _shaped(self, records: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
        """The records that are objects. Raises SourceChanged EX-SHAPE where none is: then the source has changed."""
        sound = [record for record in records if isinstance(record, Mapping)]
        if records and not sound:
            raise SourceChanged("EX-SHAPE", detail=f"{self.entity.name}: the records are no objects")
        self.findings.unshaped += len(records) - len(sound)
        return sound

    def _demand(self, required: Sequence[str], found: Any) -> None:
        if missing := [n for n in required if n not in found]:
            raise SourceChanged("DE-SCHEMA", detail=f"{self.entity.name}: missing {', '.join(missing)}")

    def _audit(self, found: Any, rows: int, records: Sequence[Mapping[str, Any]] | None) -> None:
        """Count what is neither kept nor ignored: news for the steward, not data."""
        self.findings.seen.update(n for n in found if n in self._names)
        for name in found:
            if name in self._names or name in self._ignored:
                continue
            if self.entity.ignores(name):
                self._ignored.add(name)
                continue
            self.findings.undeclared[name] += rows if records is None else sum(name in r for r in records)

    def _without_dropped(self, columns: dict[str, Values]) -> dict[str, Values]:
        for rule in self.entity.drops:
            values = columns[rule.column]
            if gone := {v for v in set(values) if rule.drops(v)}:
                stays = [v not in gone for v in values]
                self.findings.dropped[rule.name] += stays.count(False)
                columns = {n: list(compress(vs, stays)) for n, vs in columns.items()}
        return columns

    def _without_keyless(self, columns: dict[str, Values]) -> dict[str, Values]:
        """A record without its key cannot be addressed: it is counted as rejected, not landed."""
        for key in self.entity.key:
            if None not in columns[key] and all(map(str.strip, columns[key])):  # type: ignore[arg-type]
                continue
            whole = [bool(v) and not v.isspace() for v in columns[key]]  # type: ignore[union-attr]
            if not all(whole):
                self.findings.keyless += whole.count(False)
                columns = {n: list(compress(vs, whole)) for n, vs in columns.items()}
        return columns

    def _without_erased(self, columns: dict[str, Values], stays: Stays) -> dict[str, Values]:
        """Records that were erased do not come back; before the tokens, or their names would reach the vault."""
        keys = zip(*(columns[k] for k in self.entity.key), strict=True)
        records = [canonical_record_id([part or "" for part in key]) for key in keys]
        tokens = None
        if self._persons is not None and self.entity.identity is not None:
            numbers = columns[self.entity.identity.number]
            tokens = self._persons.id_tokens(numbers, self._number_types(columns, len(numbers)))
        kept = stays(self.entity.name, records, tokens)
        if all(kept):
            return columns
        self.findings.dropped[RULE] += kept.count(False)
        return {n: list(compress(vs, kept)) for n, vs in columns.items()}

    def _number_types(self, columns: dict[str, Values], rows: int) -> Values:
        kind = self.entity.identity.number_type if self.entity.identity else None
        return columns[kind] if kind else ["111"] * rows

    def _tombstones(self, landed: dict[str, Values]) -> dict[str, Values]:
        """Key and time of deletion; the facets of an absent identity would look like facts."""
        kept = {*self.entity.key, "deleted_at"}
        return {n: vs if n in kept else [None] * len(vs) for n, vs in landed.items()}

    def _landed(self, columns: dict[str, Values]) -> dict[str, Values]:
        landed: dict[str, Values] = {}
        for column in self.entity.columns:
            values = columns[column.name]
            if self.entity.no_urls:
                values, removed = without_urls(values)
                if removed:
                    self.findings.urls_removed[column.name] += removed
            if column.edge == "token":
                landed |= self._token(column, values)
            elif column.edge == "suppress":
                kept, flags = suppress(values, column.args["below"], column.nulls)
                landed |= {column.name: kept, f"{column.name}_suppressed": flags}
            elif column.edge != "identity":
                landed[column.name] = self._verbs[column.name](values)
        if self._persons is not None:
            landed |= self._person(columns)
        return landed

    def _token(self, column: Column, values: Values) -> dict[str, Values]:
        purpose = column.args["purpose"]
        # A written-out null must not become a token: all the rows that hold it would seem to belong together.
        clear = [None if v in column.nulls else canonical_code(v) for v in values]
        tokens = self._tokeniser.tokens(purpose, clear)
        if self._vault is not None:
            for token, value in zip(tokens, clear, strict=True):
                if token is not None and value is not None:
                    self._vault(token, purpose, value)
        landed: dict[str, Values] = {column.name: tokens}
        if column.args.get("mask"):
            landed[f"{column.name}_mask"] = [None if v is None else mask_plate(v) for v in clear]
        return landed

    def _person(self, columns: dict[str, Values]) -> dict[str, Values]:
        identity = self.entity.identity
        assert identity is not None and self._persons is not None
        rows = len(columns[identity.number])
        kinds = self._number_types(columns, rows)
        parts = [columns[n] for n in identity.name]
        names: Values = parts[0] if len(parts) == 1 else [
            " ".join(p for p in name if p) or None for name in zip(*parts, strict=True)
        ]  # fmt: skip
        return self._persons.columns(
            columns[identity.number], kinds, names, columns[identity.birth], columns[identity.sex]
        )


def _is_structure(value: Any) -> bool:
    return isinstance(value, Mapping) or (isinstance(value, Sequence) and not isinstance(value, str))


def _strings(values: Values, bulk: bool) -> pa.Array:
    if bulk:
        return pa.array(values, pa.string())
    builder = pa.lib.StringBuilder()
    builder.append_values(values)
    return builder.finish()

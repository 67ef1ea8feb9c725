"""The nouns of a contract: columns and how they leave the decoder, entities, drop rules, texts in two languages.

Made by `expectations.contract.load_contract`; everybody else reads them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Any

TYPES = ("text", "code", "integer", "decimal", "date", "datetime", "boolean")
EDGES = ("keep", "token", "identity", "band", "below", "prefix", "map", "suppress")
ZONES = {"R": "register", "W": "work orders without persons", "A": "aggregates", "I": "inventory"}
DELIVERIES = ("changes", "snapshot", "files")
# How a source tells that a record is gone: a log of its own, a record that says so, a complete picture, a comparison of
# keys that we make, or not at all.
LOG, TOMBSTONE, SNAPSHOT, COMPARED, NOT_TOLD = DELETIONS = ("log", "tombstone", "snapshot", "compared", "not_told")
SEVERITIES = ("critical", "warning")
BLANK, QUARANTINE, NOTE = EFFECTS = ("blank", "quarantine", "note")
NULL_POLICIES = ("pass", "fail")
PURPOSES = ("case", "household", "vehicle", "service")
CLAIM_TYPES = (*TYPES, "token", "guid", "grid", "credit", "month")

DEFAULT_FORMATS = {"date": ("%Y-%m-%d",), "datetime": ("%Y-%m-%d %H:%M:%S",)}

# What an entity with an `identity` block lands in place of number and name (register.md, Persons).
IDENTITY_COLUMNS = (
    "id_token", "id_mask", "id_type", "id_check", "id_birth", "id_sex", "id_division", "id_tail_token",
    "name_token", "name_mask", "name_sound_token", "name_chars_token",
    "surname_birth_token", "given_sound_birth_token", "char1_birth_token", "char2_birth_token",
    "surname_idbirth_token", "given_sound_idbirth_token", "char1_idbirth_token", "char2_idbirth_token",
    "sound_id_token", "chars_id_token", "given_sound_id_token", "surname_char1_id_token", "surname_char2_id_token",
    "name_flag", "name_rarity",
)  # fmt: skip


@dataclass(frozen=True)
class Text:
    """A text for stewards: Simplified Chinese first, English by switch."""

    zh: str
    en: str


@dataclass(frozen=True)
class Column:
    """One declared field: `name` as the source writes it, `edge` how it leaves the decoder, `type` what staging makes.

    args holds the arguments of the edge verb: purpose, bands, below, length, map, other. was: the names the source gave
    it before, oldest first, under which older landed files hold it; empty where the contract says that it is new; None
    where it says nothing.
    """

    name: str
    title: Text
    type: str = "text"
    formats: tuple[str, ...] = ()
    edge: str = "keep"
    args: Mapping[str, Any] = field(default_factory=dict)
    required: bool = False
    nulls: tuple[str, ...] = ()
    was: tuple[str, ...] | None = None

    @property
    def tag(self) -> str:
        """Its oldest name: under it a value is hashed, so that a renamed field makes no other version of a record."""
        return self.was[0] if self.was else self.name

    def derived(self, suffix: str, title: Text, kind: str = "text") -> Column:
        """The column `<name>_<suffix>` that the edge lands beside it, which follows its names."""
        was = None if self.was is None else tuple(f"{name}_{suffix}" for name in self.was)
        return Column(f"{self.name}_{suffix}", title, kind, was=was)


@dataclass(frozen=True)
class Identity:
    """Which columns of a person entity hold number, type of number, name, birth and sex."""

    number: str
    name: tuple[str, ...]
    birth: str
    sex: str
    number_type: str | None = None  # a column; None: every number is a resident ID (111)


@dataclass(frozen=True)
class DropRule:
    """Rows whose `column` holds one of `values` are dropped at the edge, counted under `name`.

    With `keep` the list is turned round: only rows whose `column` holds one of it stay.
    """

    name: str
    column: str
    values: tuple[str, ...]
    keep: bool = False

    def drops(self, value: str | None) -> bool:
        """Whether a row with this value goes."""
        # Sources pad codes with blanks or write them full width: no row may be lost or come through by that.
        return (unicodedata.normalize("NFKC", value or "").strip() in self.values) != self.keep


@dataclass(frozen=True)
class Check:
    """One rule of an entity: `kind` is a verb of `expectations/checks`, the rest are its nouns.

    severity: `critical` holds the source when more than `tolerance` of the rows fail, `warning` flags it.
    effect: `blank` empties `blanks` (without it the columns the rule speaks of) in what everybody after the checks
    reads and accepts the row: a figure never drops a case for a field it does not use. `quarantine` keeps the whole
    row out, only where its identity, its key or the order of its times cannot be used, and says why in `because`.
    `note` changes nothing and counts, for what the pipeline reads anyway (a room written `302房`) or the register
    needs as it is (a person whose number is wrong).
    nulls: what a row is when one of the columns is empty. when: the rule concerns only rows with these codes.
    """

    rule: str
    kind: str
    columns: tuple[str, ...]
    title: Text
    severity: str
    tolerance: float = 0.0
    effect: str = "blank"
    nulls: str = "pass"
    when: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    args: Mapping[str, Any] = field(default_factory=dict)
    fix_hint: Text | None = None  # None: the contract's
    owner: Text | None = None
    blanks: tuple[str, ...] = ()
    because: Text | None = None


@dataclass(frozen=True)
class Volume:
    """How many rows are plausible, as ratios to the median of the last good loads."""

    min: float | None = None
    max: float | None = None


@dataclass(frozen=True)
class Said:
    """Where an attribute of a claim comes from: a column, its codes translated where listed, or a constant.

    digits: only these characters of the column count (first and last, from 1); then a code that is not listed says
    nothing.
    given: instead of these, `1` where the source stated one of the columns, also one that a check has emptied since:
    a closing whose time is impossible is a closing all the same.
    """

    column: str | None
    constant: str | None = None
    given: tuple[str, ...] = ()
    codes: Mapping[str, str] = field(default_factory=dict)
    trust: int | None = None  # None: the claim's
    digits: tuple[int, int] | None = None


@dataclass(frozen=True)
class Claim:
    """What an entity says of one kind of thing of `claims.yml`.

    ended: the codes by which the source itself says that it is withdrawn, cancelled or left. emptied: columns that say
    so although a check has emptied them: who left on an impossible day has left. of: the entity whose record of the
    same key is the person of a residence. whole: the column that names the record this one is a part of; only the parts
    of its newest version count. void: the codes that take a residence back as if it had never been said. lists_all: the
    codes by which a record of a dwelling is known to list all who live there. confirmed_for: how long what it says
    stands without being said again; None: until the source takes it back.
    """

    entity: str
    trust: int
    attributes: Mapping[str, Said]
    ended: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    emptied: tuple[str, ...] = ()
    of: str | None = None
    whole: str | None = None
    void: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    lists_all: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    confirmed_for: timedelta | None = None


@dataclass(frozen=True)
class Entity:
    """One kind of record of a source.

    delivery: `changes` (a page never proves absence), `snapshot` (a complete one closes what it no longer
    holds) or `files` (the later file supersedes by its key).
    """

    name: str
    title: Text
    key: tuple[str, ...]
    changed_at: str | None
    delivery: str
    empty_ok: bool
    columns: tuple[Column, ...]
    ignore: tuple[str, ...]
    drops: tuple[DropRule, ...]
    identity: Identity | None
    no_urls: bool
    floor: float | None
    checks: tuple[Check, ...] = ()
    rows: Volume | None = None
    fresh: timedelta | None = None  # how old the newest change may be when the night ends
    claims: tuple[Claim, ...] = ()
    deletions: str = NOT_TOLD
    clock_else: tuple[str, ...] = ()  # what dates a version whose change time is a stand-in; a month is its first day

    def column(self, name: str) -> Column:
        """The declared column of that name."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def ignores(self, name: str) -> bool:
        """Whether the contract leaves this field out by name (a trailing `*` stands for a family of names)."""
        return any(fnmatchcase(name, pattern) for pattern in self.ignore)

    def landed(self) -> tuple[Column, ...]:
        """The columns of the landed file, in order: the kept ones, then what the edge derives."""
        kept = [c for c in self.columns if c.edge != "identity"]
        flags = [
            c.derived("suppressed", Text(f"{c.title.zh}（小于阈值已隐去）", f"{c.title.en} (suppressed)"), "boolean")
            for c in self.columns
            if c.edge == "suppress"
        ]
        masks = [
            c.derived("mask", Text(f"{c.title.zh}（掩码）", f"{c.title.en} (mask)"))
            for c in self.columns
            if c.edge == "token" and c.args.get("mask")
        ]
        derived = [_identity_column(n) for n in IDENTITY_COLUMNS] if self.identity else []
        return (*kept, *flags, *masks, *derived)


@dataclass(frozen=True)
class Contract:
    """The whole contract of a source; `version` is the SHA-256 of the file, so every load names what it obeyed."""

    source: str
    zone: str
    title: Text
    owner: Text
    fix_hint: Text
    retention: str
    entities: Mapping[str, Entity]
    version: str


def _identity_column(name: str) -> Column:
    kind = {"id_birth": "date"}.get(name, "text")
    return Column(name, Text(name, name), kind, DEFAULT_FORMATS.get(kind, ()))

"""Observations of persons as the resolver takes them, with the person each one truly speaks of, as a Parquet file.

Flow: clear rows of a town or a made city -> the edge's own tokeniser -> file. The clear values end here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from expectations.contract import IDENTITY_COLUMNS
from extractors._kit.person_columns import PersonTokeniser, birth_of
from extractors._kit.tokens import Tokeniser

KEY = bytes(range(32))
_BATCH = 50_000
_SCHEMA = pa.schema([
    *((name, pa.string()) for name in ("obs_key", "source", "entity", "source_record_id")),
    ("changed_at", pa.timestamp("us")),
    ("birth_date", pa.date32()),
    ("sex", pa.string()),
    *((name, pa.date32() if name == "id_birth" else pa.string()) for name in IDENTITY_COLUMNS),
    *((name, pa.string()) for name in ("house_key", "household_token", "person")),
])  # fmt: skip


@dataclass(slots=True)
class Clear:
    """One record in clear, as a source writes it; `person` is the truth."""

    source: str
    entity: str
    record: str
    changed_at: str
    number: str
    number_type: str | None
    name: str
    birth: str
    sex: str
    house: str | None
    household: str | None
    person: str


def write_observations(rows: Iterable[Clear], path: Path) -> int:
    """Tokenise and write; the number of rows."""
    tokeniser = Tokeniser(KEY)
    persons = PersonTokeniser(tokeniser)
    partial, written = path.with_suffix(".part"), 0
    with pq.ParquetWriter(partial, _SCHEMA, compression="zstd") as writer:
        for batch in _batches(iter(rows)):
            writer.write_table(_table(batch, tokeniser, persons))
            written += len(batch)
    partial.replace(path)
    return written


def _batches(rows: Iterator[Clear]) -> Iterator[list[Clear]]:
    while batch := list(islice(rows, _BATCH)):
        yield batch


def _table(batch: list[Clear], tokeniser: Tokeniser, persons: PersonTokeniser) -> pa.Table:
    source, entity, record, at, number, kind, name, birth, sex, house, household, person = (
        list(column) for column in zip(*map(astuple, batch), strict=True)
    )
    keys = ["|".join(parts) for parts in zip(source, entity, record, strict=True)]
    made = persons.columns(number, kind, name, birth, sex)
    columns: dict[str, list[str | None]] = {
        "obs_key": [hashlib.md5(key.encode()).hexdigest() for key in keys],
        "source": source,
        "entity": entity,
        "source_record_id": record,
        "changed_at": at,
        "birth_date": [birth_of(value) for value in birth],
        "sex": sex,
        **made,
        "house_key": house,
        "household_token": tokeniser.tokens("household", household),
        "person": person,
    }
    return pa.table([_array(columns[field.name], field.type) for field in _SCHEMA], schema=_SCHEMA)


def _array(values: list[str | None], kind: pa.DataType) -> pa.Array:
    return pa.array(values, pa.string()).cast(kind)

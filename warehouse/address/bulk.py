"""A column of addresses: each distinct text is read once.

Flow: Arrow strings -> dictionary -> `read` of each distinct one -> Arrow table.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from warehouse.address.read import read

COLUMNS = (
    "raw", "key", "block", "village_key", "building_key", "door_key", "road", "door", "building", "unit", "floor",
    "room", "ambiguous", "reason",
)  # fmt: skip
_BATCH = 8192  # rows die young: the collector of cycles does not walk through a million of them
SCHEMA = pa.schema([(name, pa.bool_() if name == "ambiguous" else pa.string()) for name in COLUMNS])


def address_table(texts: pa.Array | pa.ChunkedArray) -> pa.Table:
    """One row per distinct non-null text, in order of first appearance: COLUMNS, absent values null.

    door: number or number-sub; reason: codes of the ambiguities, by comma. Spans and titles: `parse`.
    """
    distinct = pc.unique(texts).drop_null().cast(pa.string())
    batches = [_batch(distinct.slice(start, _BATCH)) for start in range(0, len(distinct), _BATCH)]
    return pa.Table.from_batches(batches, schema=SCHEMA)


def _batch(texts: pa.Array) -> pa.RecordBatch:
    rows = [_row(text) for text in texts.to_pylist()]
    fields = list(SCHEMA)[1:]
    arrays = [pa.array(column, field.type) for column, field in zip(zip(*rows, strict=True), fields, strict=True)]
    return pa.RecordBatch.from_arrays([texts, *arrays], schema=SCHEMA)


def _row(text: str) -> tuple[Any, ...]:
    parts, keys, ambiguities = read(text)
    _, _, road, number, sub, _, building, unit, floor, room = parts
    key, block, village_key, building_key, door_key = keys
    return (
        key, block, village_key, building_key, door_key, road or None, (f"{number}-{sub}" if sub else number) or None,
        building or None, unit or None, floor or None, room or None, bool(ambiguities),
        ",".join([a.code for a in ambiguities]) if ambiguities else None,
    )  # fmt: skip

"""Cases for a steward: one per open person, its candidates, and the evidence in words."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import yaml

from warehouse.engine.connection import Connection
from warehouse.resolver.components import keep
from warehouse.resolver.sql import statement

TEXTS = Path(__file__).with_name("texts.yml")
_SCHEMA = pa.schema([
    *((n, pa.string()) for n in ("case_id", "obs_key", "person_id", "evidence_zh", "evidence_en")),
    ("weight", pa.int32()), ("levels", pa.string()), ("component", pa.uint64()),
])  # fmt: skip


def build_reviews(connection: Connection) -> None:
    """Make r_kept_review."""
    found = connection.execute(statement("review")).fetchall()
    rows = [_row(*case) for case in found]
    keep(connection, "r_kept_review", pa.Table.from_pylist(rows, schema=_SCHEMA))


def evidence_text(levels: str, language: str) -> str:
    """The levels of an edge in words, `zh` or `en`; levels that say nothing are left out."""
    known = texts()
    said = (known[level][language] for level in levels.split() if known[level][language])
    return ("；" if language == "zh" else "; ").join(said)


@cache
def texts() -> dict[str, dict[str, str]]:
    """Level -> words in two languages."""
    raw: dict[str, dict[str, str]] = yaml.safe_load(TEXTS.read_text("utf8"))
    return raw


def _row(obs_key: str, person_id: str, weight: int, levels: str, component: int) -> dict[str, Any]:
    return {
        "case_id": "R" + hashlib.sha256(obs_key.encode()).hexdigest()[:20],
        "obs_key": obs_key,
        "person_id": person_id,
        "evidence_zh": evidence_text(levels, "zh"),
        "evidence_en": evidence_text(levels, "en"),
        "weight": weight,
        "levels": levels,
        "component": component,
    }

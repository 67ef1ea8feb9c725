"""A year of twelve sources: how long the report may take and how large it may be."""

from __future__ import annotations

import time
from pathlib import Path

from tests.report.synthetic import write_year
from warehouse.report import build_report

SECONDS = 10.0  # of CPU
BYTES = 20_000_000


def test_a_year_of_twelve_sources_is_built_within_the_budget(tmp_path: Path) -> None:
    warehouse = write_year(tmp_path / "w.duckdb", nights=365)
    started = time.process_time()
    summary = build_report(warehouse, tmp_path / "site")
    assert time.process_time() - started < SECONDS
    assert summary.bytes < BYTES
    assert sum(summary.verdicts.values()) == 12

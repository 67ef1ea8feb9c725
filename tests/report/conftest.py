"""One site of two months over made-up verdicts, built once per session."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.report.synthetic import write_year
from warehouse.report import ReportSummary, build_report


@pytest.fixture(scope="session")
def summary(tmp_path_factory: pytest.TempPathFactory) -> ReportSummary:
    folder = tmp_path_factory.mktemp("report")
    return build_report(write_year(folder / "w.duckdb", nights=60), folder / "site")


@pytest.fixture(scope="session")
def site(summary: ReportSummary) -> Path:
    return Path(summary.page).parent

"""The steward's morning report: a static site drawn from the tables `quality.*` and `ledger.load`.

`build_report` reads the warehouse once, writes the site beside the present one and swaps it in by rename.
Alone: python -m warehouse.report --warehouse FILE --site DIR [--night YYYY-MM-DD]
"""

from warehouse.report.build import ReportSummary, build_report

__all__ = ["ReportSummary", "build_report"]

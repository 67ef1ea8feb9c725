"""python -m warehouse.report [--warehouse FILE] [--site DIR] [--night YYYY-MM-DD] [--json]

Builds the steward's report and prints where it is. Without paths, REGISTER_HOME (default `var/`) holds both. Exit
status: 0, 2 bad call, 3 later, 4 a person must look; what was published before stays on any error.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from expectations.errors import PipelineError
from warehouse.report.build import ReportSummary, build_report


def main(arguments: list[str] | None = None) -> int:
    """Run the command; the summary or the error goes to standard output."""
    options = _parser().parse_args(arguments)
    try:
        summary = build_report(options.warehouse, options.site, options.night)
    except PipelineError as error:
        json.dump(error.as_dict(), sys.stdout, ensure_ascii=False, indent=1)
        sys.stdout.write("\n")
        return error.exit_status
    if options.json:
        json.dump(summary.as_dict(), sys.stdout, ensure_ascii=False, indent=1)
        sys.stdout.write("\n")
    else:
        sys.stdout.write(_told(summary))
    return 0


def _told(summary: ReportSummary) -> str:
    verdicts = ", ".join(f"{count} {verdict}" for verdict, count in sorted(summary.verdicts.items()))
    held = f"held back: {', '.join(summary.held)}\n" if summary.held else ""
    problems = f"{summary.incidents} open problems, {summary.rows_open} rows to mend"
    return (
        f"night {summary.night}: {verdicts}; {problems}\n{held}"
        f"{summary.files} files, {summary.bytes / 1e6:.1f} MB, {summary.seconds:.1f} s\n{summary.page}\n"
    )


def _parser() -> argparse.ArgumentParser:
    home = Path(os.environ.get("REGISTER_HOME", Path(__file__).resolve().parents[2] / "var"))
    parser = argparse.ArgumentParser(prog="python -m warehouse.report", description=__doc__)
    parser.add_argument("--warehouse", type=Path, default=home / "warehouse.duckdb")
    parser.add_argument("--site", type=Path, default=home / "report")
    parser.add_argument("--night", help="the night to report on; the last that was judged if left out")
    parser.add_argument("--json", action="store_true", help="print the summary as JSON")
    return parser


if __name__ == "__main__":
    sys.exit(main())

"""python -m docs.dictionary [--site DIR] [--published FILE] [--json]

Builds the data dictionary of the marts; `index.html` in DIR opens from the disk. With a published file (as readers
open it, `…/published/current`) the pages show the answers to the example queries and how old the data are. Exit status:
0, 2 bad call, 3 later; what was there before stays on any error.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from docs.dictionary.build import build_dictionary
from expectations.errors import PipelineError


def main(arguments: list[str] | None = None) -> int:
    """Run the command; the summary or the error goes to standard output."""
    home = Path(os.environ.get("REGISTER_HOME", Path(__file__).resolve().parents[2] / "var"))
    parser = argparse.ArgumentParser(prog="python -m docs.dictionary", description=__doc__)
    parser.add_argument("--site", type=Path, default=home / "dictionary")
    parser.add_argument("--published", type=Path, help="a published file; without it the pages show no figures")
    parser.add_argument("--json", action="store_true", help="print the summary as JSON")
    options = parser.parse_args(arguments)
    try:
        summary = build_dictionary(options.site, published=options.published)
    except PipelineError as error:
        json.dump(error.as_dict(), sys.stdout, ensure_ascii=False, indent=1)
        sys.stdout.write("\n")
        return error.exit_status
    if options.json:
        json.dump(summary.as_dict(), sys.stdout, ensure_ascii=False, indent=1)
        sys.stdout.write("\n")
    else:
        sys.stdout.write(
            f"{summary.marts} marts, {summary.columns} columns, {summary.answers} answers; {summary.files} files, "
            f"{summary.bytes / 1e6:.1f} MB, {summary.seconds:.1f} s\n{summary.page}\n"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())

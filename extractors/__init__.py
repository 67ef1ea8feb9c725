"""Where the data comes from: one folder per source system, and the kit they share.

Runs without Airflow: `python -m extractors <source> --begin D --end D --landing DIR`. Importing the package stays
cheap (no Arrow, no HTTP), because every DAG parse does; `extractors._kit.run.run_source` is imported by who runs it.
"""

from extractors._kit.spec import Source, discover
from extractors._kit.window import Window

__all__ = ["Source", "Window", "discover"]

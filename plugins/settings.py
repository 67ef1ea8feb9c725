"""Where the three stores lie, from the environment: the one place the DAGs read it.

REGISTER_HOME holds landing/, warehouse.duckdb and report/; keys and the decision store have variables of their own
(`.env.example`). REGISTER_TODAY sets the calendar back for a simulated town, whose years are past.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from extractors._kit.clock import today

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Settings:
    """Paths of one office's stores."""

    landing: Path
    warehouse: Path
    report: Path
    today: date

    @classmethod
    def from_env(cls) -> Settings:
        """REGISTER_HOME, default `var/` in the checkout."""
        home = Path(os.environ.get("REGISTER_HOME", ROOT / "var"))
        return cls(
            landing=home / "landing",
            warehouse=home / "warehouse.duckdb",
            report=home / "report",
            today=today(),
        )

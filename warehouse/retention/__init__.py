"""The end of a record's time: what is past the period of its contract leaves landing, staging, claims and vault.

`plan` says what would go, `purge` does it. The present state is never past, so the register stays as it is, and a
rebuild from the purged landing zone makes the purged warehouse again. See README.md for what is counted from what.
"""

from warehouse.retention.purge import plan, purge

__all__ = ["plan", "purge"]

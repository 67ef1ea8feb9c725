"""The machinery under the numbered folders: the one warehouse file, its lock, its ledger, and staging.

`stage_source` loads what is landed, `open_warehouse` is how every writer gets in, `rebuild` makes the file anew from
the landing zone, `digest_table` says whether two tables hold the same rows.
"""

from warehouse.engine.connection import open_warehouse
from warehouse.engine.digest import digest_schemas, digest_table
from warehouse.engine.rebuild import rebuild
from warehouse.engine.report import EntityReport, StageReport
from warehouse.engine.staged import staged_name, table_name
from warehouse.engine.staging import stage_source

__all__ = [
    "EntityReport", "StageReport", "digest_schemas", "digest_table", "open_warehouse", "rebuild", "stage_source",
    "staged_name", "table_name",
]  # fmt: skip

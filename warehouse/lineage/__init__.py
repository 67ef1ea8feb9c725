"""Column lineage: which fields of which system are in a figure, and what decides it, read off the SQL.

`read_lineage` has the engine build an empty warehouse and reads every statement; `boundary` proves on it what
privacy.md demands. Alone: python -m warehouse.lineage marts.<mart>.<column>
"""

from warehouse.lineage.graph import Lineage, read_lineage
from warehouse.lineage.parts import Column, Dep

__all__ = ["Column", "Dep", "Lineage", "read_lineage"]

"""The weight of each compared pair under the model, and the best pair of each two groups."""

from __future__ import annotations

from warehouse.engine.connection import Connection
from warehouse.resolver.compare import levels_of, levels_text, verdict_of, weight_of
from warehouse.resolver.model import Model
from warehouse.resolver.sql import statement


def build_scores(connection: Connection, model: Model) -> None:
    """Make r_scored from r_pair and r_side."""
    parts = {
        "levels": levels_of(model),
        "weight": weight_of(model),
        "verdict": verdict_of(model),
        "text": levels_text(model),
    }
    connection.execute(statement("scored", **parts), {"same": model.same, "review": model.review})

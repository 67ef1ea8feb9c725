"""Who is who: observations of persons into persons, as a pure function of observations, judgements and a frozen model.

Flow: evidence -> candidates -> score -> judgement -> clusters -> ids, each a file; SQL in `sql/`, comparison rules in
`models/`. Nothing here looks at a clock, at the order of rows or at how large a block is today.
"""

from warehouse.resolver.model import Model, load_model, model_in_use
from warehouse.resolver.resolve import ResolveReport, resolve

__all__ = ["Model", "ResolveReport", "load_model", "model_in_use", "resolve"]

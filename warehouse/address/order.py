"""Which element follows which: the weights of data/order.yml, read once."""

from __future__ import annotations

from functools import lru_cache

from expectations.strict import read_yaml
from warehouse.address.normal import DATA

# Forms that are read apart and mean the same kind of element.
KIND = {
    "house_no": "house", "house_bare": "house", "cell_no": "cell", "cell_bare": "cell", "cell_street": "cell",
    "room_no": "room", "room_bare": "room", "door_bare": "door", "named_group": "group",
}  # fmt: skip


@lru_cache(maxsize=1)
def follows() -> dict[str, dict[str, float]]:
    """Form to weights by what stands before it; `otherwise` is the default."""
    return {form: dict(weights) for form, weights in read_yaml(DATA / "order.yml").items()}


@lru_cache(maxsize=8192)
def after(form: str, before: str, dash: bool) -> float:
    """The weight of a form after an element, with or without a dash between them."""
    weights = follows()[form]
    if dash and (found := weights.get("-" + before)) is not None:
        return found
    return weights.get(before, weights["otherwise"])

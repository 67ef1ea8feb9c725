"""The register of kinds: what a check of the contract may be called, and which arguments it takes.

`@kind(...)` enters a function; `find_kind` is how the contract reader meets it. Arguments are read by parsers, so
that a wrong one is refused when the contract loads and not in the night.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module

from expectations.checks.arguments import Argument
from expectations.checks.scope import Scope
from expectations.model import Check
from expectations.sql import Sql

Predicate = Callable[[Scope, Check], Sql]
FAMILIES = (
    "presence", "values", "times", "identity", "organisations", "things", "places", "sums", "versions", "references",
)  # fmt: skip


@dataclass(frozen=True)
class Kind:
    """One verb. columns: how many columns it speaks of, at least and at most (None: any number)."""

    name: str
    predicate: Predicate
    columns: tuple[int, int | None]
    arguments: Mapping[str, Argument] = field(default_factory=dict)

    @property
    def standard(self) -> str:
        """What the rows are held against: the first paragraph of the function's docstring."""
        return (self.predicate.__doc__ or "").split("\n\n")[0].strip()


_KINDS: dict[str, Kind] = {}


def kind(
    name: str, *, columns: int | tuple[int, int | None] = 1, **arguments: Argument
) -> Callable[[Predicate], Predicate]:
    """Enter a predicate under the name that contracts use."""
    span = (columns, columns) if isinstance(columns, int) else columns

    def enter(predicate: Predicate) -> Predicate:
        if name in _KINDS or not predicate.__doc__:
            raise ValueError(f"kind {name!r} is declared twice, or names no standard")
        _KINDS[name] = Kind(name, predicate, span, arguments)
        return predicate

    return enter


def all_kinds() -> dict[str, Kind]:
    """Every kind by name."""
    for family in FAMILIES:
        import_module(f"expectations.checks.{family}")
    return dict(sorted(_KINDS.items()))

"""The wires: one module per system, each a server that speaks as that system speaks.

`simulator/wires/<key>.py` exposes `make(store, *, port=0, at=None, options=None) -> Wire`, and may name its `NUMBER`
(1-12, which orders the list and the ports) and its `TITLE`. Modules with a leading underscore are no wires.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from simulator.faults import FaultPlan

if TYPE_CHECKING:
    from simulator.store import Store


class Wire(Protocol):
    """One running system: HTTP and SFTP wires get most of it from their base class."""

    key: str
    faults: FaultPlan

    def start(self) -> None:
        """Begin to serve, in the background."""

    def stop(self) -> None:
        """Stop serving."""

    def connection(self) -> dict[str, Any]:
        """The Airflow connection, as JSON has it."""

    def holds(self) -> str:
        """One line on what it holds."""


class Make(Protocol):
    """How a module makes its wire. `at`: the wire shows the town as it was then (yyyy-MM-dd HH:mm:ss)."""

    def __call__(
        self, store: Store, *, port: int = 0, at: str | None = None, options: dict[str, Any] | None = None
    ) -> Wire: ...


@dataclass(frozen=True)
class Found:
    """One wire module: its key, its number in the list of systems, its title and its maker."""

    key: str
    number: int
    title: str
    make: Make


def discover_wires(only: Collection[str] | None = None) -> list[Found]:
    """Every wire, or those asked for, in the order of the systems. Raises ValueError for a key without a module."""
    keys = sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))
    unknown = set(only or ()) - set(keys)
    if unknown:
        raise ValueError(f"no wire for {', '.join(sorted(unknown))}; there are {', '.join(keys) or 'none yet'}")
    found = []
    for place, key in enumerate(keys):
        if only and key not in only:
            continue
        module = importlib.import_module(f"{__name__}.{key}")
        number = getattr(module, "NUMBER", 13 + place)
        found.append(Found(key, number, getattr(module, "TITLE", key), module.make))
    return sorted(found, key=lambda wire: (wire.number, wire.key))

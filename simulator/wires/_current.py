"""A list as a system of cases shows it: of each case the newest version of the window, in the order of change.

Such a system knows only the present. The store holds every version, so a window that is read later still shows what
it showed when it ended; a nightly run over past weeks then sees what it would have seen night by night.
"""

from __future__ import annotations

from typing import Any

from simulator.store import Store

Place = tuple[str, str, int]


class Current:
    """The places (moment, key, version) of one entity in [begin, end); the fields are read when they are asked for."""

    def __init__(self, store: Store, system: str, entity: str, begin: str, end: str) -> None:
        self._store, self._system, self._entity = store, system, entity
        newest = {row.key: (row.changed_at, row.key, row.seq) for row in store.iterate(system, entity, begin, end)}
        self.places: list[Place] = sorted(newest.values())

    def fields(self, places: list[Place]) -> list[dict[str, Any]]:
        """The records at these places."""
        return [self._at(*place) for place in places]

    def _at(self, moment: str, key: str, seq: int) -> dict[str, Any]:
        after = (moment, key, seq - 1)
        found = self._store.page(self._system, self._entity, moment, None, after=after, limit=1)
        return found[0].fields

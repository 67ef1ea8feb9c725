"""The truth beside a simulated town: who is who, which room is which, what was spoiled and how much there is."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple


class PersonTruth(NamedTuple):
    """The person a record speaks of; `ordinal` is the place in its list of persons (0 where there is one)."""

    system: str
    entity: str
    key: str
    seq: int
    ordinal: int
    person: str


class RoomTruth(NamedTuple):
    """The room a record speaks of."""

    system: str
    entity: str
    key: str
    seq: int
    room: str


class OrganisationTruth(NamedTuple):
    """The organisation a record speaks of."""

    system: str
    entity: str
    key: str
    seq: int
    organisation: str


class DefectTruth(NamedTuple):
    """One defect in one version of a record."""

    system: str
    entity: str
    key: str
    seq: int
    defect: str


class CountTruth(NamedTuple):
    """How many versions of an entity were changed in a month (`yyyy-MM`)."""

    system: str
    entity: str
    month: str
    rows: int


class Resident(NamedTuple):
    """A human being, with the right name, sex, birth date and number."""

    person: str
    name: str
    sex: str
    birth: str
    id_type: str
    id_no: str
    pop_type: str


class StayTruth(NamedTuple):
    """A person lived in a room from `begin` until the day `until` (None: still there at the end of 2022)."""

    person: str
    room: str
    begin: str
    until: str | None
    died: int


class Dwelling(NamedTuple):
    """A room with its building, grid, use, standard address, floor area in m2 and number of spaces."""

    room: str
    building: str
    grid: str
    use: str
    rented: int
    address: str
    area: float
    rooms: int


class Truth:
    """Reads the truth tables of a store."""

    def __init__(self, rows: Callable[..., list[Any]]) -> None:
        self._rows = rows

    def persons(self, system: str | None = None, entity: str | None = None) -> Iterator[PersonTruth]:
        """Stream who is who in the records."""
        return map(PersonTruth._make, self._read("truth_person", system=system, entity=entity))

    def rooms(self, system: str | None = None, entity: str | None = None) -> Iterator[RoomTruth]:
        """Stream which room is which in the records."""
        return map(RoomTruth._make, self._read("truth_room", system=system, entity=entity))

    def organisations(self, system: str | None = None, entity: str | None = None) -> Iterator[OrganisationTruth]:
        """Stream which organisation is which in the records."""
        return map(OrganisationTruth._make, self._read("truth_organisation", system=system, entity=entity))

    def defects(
        self, system: str | None = None, entity: str | None = None, defect: str | None = None
    ) -> Iterator[DefectTruth]:
        """Stream what was spoiled."""
        return map(DefectTruth._make, self._read("truth_defect", system=system, entity=entity, defect=defect))

    def counts(self, system: str | None = None, entity: str | None = None) -> list[CountTruth]:
        """List how many versions each entity has in each month."""
        return list(map(CountTruth._make, self._read("truth_count", system=system, entity=entity)))

    def residents(self) -> Iterator[Resident]:
        """Stream every human being of the town."""
        return map(Resident._make, self._read("truth_resident"))

    def stays(self, person: str | None = None, room: str | None = None) -> Iterator[StayTruth]:
        """Stream who lived where and when."""
        return map(StayTruth._make, self._read("truth_stay", person=person, room=room))

    def dwellings(self) -> Iterator[Dwelling]:
        """Stream every room of the town."""
        return map(Dwelling._make, self._read("truth_dwelling"))

    def _read(self, table: str, **wanted: str | None) -> Iterator[tuple[Any, ...]]:
        """Read a table in blocks of rowids, so that memory stays flat."""
        tests = {name: value for name, value in wanted.items() if value is not None}
        where = "".join(f" and {name} = ?" for name in tests)
        last = 0
        while True:
            rows = self._rows(
                f"select rowid, * from {table} where rowid > ?{where} order by rowid limit 5000",
                [last, *tests.values()],
            )
            yield from (row[1:] for row in rows)
            if len(rows) < 5_000:
                return
            last = rows[-1][0]

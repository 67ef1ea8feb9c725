"""How the residents of a grid live from 2018 to 2022: they arrive, move, marry, have children, leave, come back, die.

A grid's life plays in its own rooms and in a few of the next grid, so that people also move between grids while
each grid can still be generated on its own. Everything is one queue of dated happenings, worked off in order.
"""

from dataclasses import dataclass
from functools import lru_cache
from heapq import heappop, heappush
from random import Random

from simulator.town.buildings import Room, make_layout
from simulator.town.clock import DAYS
from simulator.town.families import make_household, newborn, newcomer_spouse
from simulator.town.people import DAUGHTER, HEAD, OTHER, SON, SPOUSE, Household, Member, Person, Registry
from simulator.town.profiles import Town
from simulator.town.seeding import stream

ANNEX = 0.06
"""Share of a grid's rooms that belong to the life of the grid before it."""

NAMESAKES = 2
"""Pairs in a grid who share name and building, beyond those that chance brings."""

DWELT = {False: 0.88, True: 0.775}
"""Share of owned and of rented dwellings that are lived in; set so that the residents come out as the profile says."""


@dataclass(slots=True)
class Stay:
    """One person living in one room; `end` is the day it ended, None while it goes on."""

    person: Person
    room: Room
    begin: int
    end: int | None
    relation: str
    household: Household
    died: bool = False


@dataclass(frozen=True)
class Life:
    """What happened in one grid: its rooms, people and stays (by room and by person, in order of time)."""

    rooms: tuple[Room, ...]
    people: tuple[Person, ...]
    by_room: dict[str, list[Stay]]
    by_person: dict[str, list[Stay]]


@lru_cache(maxsize=2)
def live(town: Town, grid: int) -> Life:
    """Play the five years of one grid."""
    return _Play(town, grid).run()


def rooms_of(town: Town, grid: int) -> tuple[Room, ...]:
    """List the rooms a grid's life plays in: its own without the annex, and the annex of the next grid."""
    own = make_layout(town, grid).rooms
    following = make_layout(town, (grid + 1) % town.profile.grids).rooms
    return own[: _annex(len(own))] + following[_annex(len(following)) :]


def _annex(rooms: int) -> int:
    return rooms - int(rooms * ANNEX)


class _Play:
    def __init__(self, town: Town, grid: int) -> None:
        self.random: Random = stream(town.seed, "life", grid)
        self.registry = Registry(town, grid, self.random)
        self.rooms = rooms_of(town, grid)
        self.by_room: dict[str, list[Stay]] = {room.room: [] for room in self.rooms}
        self.by_person: dict[str, list[Stay]] = {}
        self.queue: list[tuple[int, int, str, Room, Household | None]] = []
        self.waiting: list[tuple[int, Household]] = []
        self.events = 0

    def run(self) -> Life:
        for room in self.rooms:
            if room.use == "01" and self.random.random() < DWELT[room.rented]:
                before = int(self.random.random() * (650 if room.rented else 4_500))
                self._settle(room, make_household(self.registry, 0, not room.rented), -before)
            elif room.use == "01" and room.rented and self.random.random() < 0.5:
                self._plan(int(self.random.random() * DAYS), "start", room)
        while self.queue:
            day, _, what, room, household = heappop(self.queue)
            if day < DAYS:
                getattr(self, f"_{what}")(day, room, household)
        self._name_alike()
        return Life(self.rooms, tuple(self.registry.people), self.by_room, self.by_person)

    def _name_alike(self) -> None:
        """Give some singles the name of a neighbour in the same building: nobody's kin, yet the same name."""
        heads: dict[tuple[str, int], Stay] = {}
        renamed = 0
        for room in self.rooms:
            for stay in self.by_room[room.room]:
                place = room.building.building, stay.person.sex
                if stay.relation != HEAD or stay.person.id_type != "111" or "·" in stay.person.name:
                    continue
                first = heads.setdefault(place, stay)
                if first.household is not stay.household and stay.person.single and renamed < NAMESAKES:
                    stay.person.name, stay.person.surname = first.person.name, first.person.surname
                    del heads[place]
                    renamed += 1

    def _plan(self, day: int, what: str, room: Room, household: Household | None = None) -> None:
        self.events += 1
        heappush(self.queue, (day, self.events, what, room, household))

    def _settle(self, room: Room, household: Household, begin: int) -> None:
        """Move a household in and plan what will happen to it."""
        random = self.random
        for member in household.members:
            self._open(member.person, room, max(begin, member.person.birth), member.relation, household)
        first = max(begin, 0)
        if room.rented:
            self._plan(first + 20 + int(random.expovariate(1 / 820)), "vacate", room, household)
        elif random.random() < 0.1:
            self._plan(first + int(random.random() * DAYS), "vacate", room, household)
        for what, chance in (("birth", 0.34), ("marry", 0.16), ("alone", 0.1), ("death", 0.6)):
            if random.random() < chance:
                self._plan(first + 15 + int(random.random() * DAYS), what, room, household)

    def _open(self, person: Person, room: Room, begin: int, relation: str, household: Household) -> None:
        stay = Stay(person, room, begin, None, relation, household)
        self.by_room[room.room].append(stay)
        self.by_person.setdefault(person.person, []).append(stay)

    def _close(self, person: Person, room: Room, day: int, died: bool = False) -> bool:
        """End the person's open stay in the room, if there is one."""
        last = self.by_person[person.person][-1]
        if last.end is not None or last.room is not room or last.begin >= day:
            return False
        last.end, last.died = day, died
        return True

    def _here(self, room: Room, household: Household, day: int) -> list[Member]:
        """Who of the household lives in the room on this day."""
        found = []
        for member in household.members:
            last = self.by_person[member.person.person][-1]
            if last.room is room and last.end is None and last.begin < day and last.household is household:
                found.append(member)
        return found

    def _vacate(self, day: int, room: Room, household: Household) -> None:
        """A household leaves: for another room here, for good, or to come back later."""
        members = [m for m in self._here(room, household, day) if self._close(m.person, room, day)]
        fate = self.random.random()
        if members and fate < 0.4:
            household.members = members
            away = 0 if fate < 0.3 else 150 + int(self.random.random() * 500)
            self.waiting.append((day + away, household))
        if self.random.random() < 0.93:
            self._plan(day + 3 + int(self.random.random() * 100), "start", room)

    def _start(self, day: int, room: Room, _: None) -> None:
        """A vacant room is taken: by a household that waits for one, else by a new one."""
        for place, (ready, household) in enumerate(self.waiting):
            if ready <= day and household.owner is not room.rented:
                del self.waiting[place]
                self._settle(room, household, day)
                return
        self._settle(room, make_household(self.registry, day, not room.rented), day)

    def _birth(self, day: int, room: Room, household: Household) -> None:
        here = {member.relation: member.person for member in self._here(room, household, day)}
        couple = [here[relation] for relation in (HEAD, SPOUSE) if relation in here]
        mother = next((person for person in couple if person.sex == 2 and 20 <= person.age(day) <= 42), None)
        if len(couple) < 2 or mother is None or mother.id_type != "111":
            return
        father = couple[0] if couple[1] is mother else couple[1]
        baby = newborn(self.registry, day, mother, father.surname)
        relation = SON if baby.sex == 1 else DAUGHTER
        household.members.append(Member(baby, relation))
        self._open(baby, room, baby.birth, relation, household)

    def _marry(self, day: int, room: Room, household: Household) -> None:
        """A single head marries: somebody from outside, or a single neighbour of the grid who moves in."""
        here = self._here(room, household, day)
        head = here[0].person if here and here[0].relation == HEAD else None
        if head is None or not head.single or len(here) > 1 or not 21 <= head.age(day) <= 45:
            return
        spouse = self._single_neighbour(head, day) or newcomer_spouse(self.registry, head)
        head.single = spouse.single = False
        household.members = [Member(head, HEAD), Member(spouse, SPOUSE)]
        self._open(spouse, room, day, SPOUSE, household)
        self._plan(day + 300 + int(self.random.random() * 600), "birth", room, household)

    def _single_neighbour(self, head: Person, day: int) -> Person | None:
        """Find a single of the other sex and a fitting age, and take him or her out of the old room."""
        start = int(self.random.random() * len(self.registry.people))
        for person in self.registry.people[start : start + 40]:
            stays = self.by_person.get(person.person)
            if not (person.single and person.sex != head.sex and stays and abs(person.birth - head.birth) < 2_500):
                continue
            if stays[-1].end is None and self._close(person, stays[-1].room, day):
                return person
        return None

    def _alone(self, day: int, room: Room, household: Household) -> None:
        """One grown-up who is not the head goes away alone; half of them come back to the household."""
        for member in self._here(room, household, day):
            if member.relation in (SON, DAUGHTER, OTHER) and member.person.age(day) >= 17:
                if self._close(member.person, room, day) and self.random.random() < 0.5:
                    self._plan(day + 90 + int(self.random.random() * 500), "back", room, household)
                return

    def _back(self, day: int, room: Room, household: Household) -> None:
        if not self._here(room, household, day):
            return
        for member in household.members:
            last = self.by_person[member.person.person][-1]
            if last.end is not None and not last.died and last.room is room and last.end < day:
                self._open(member.person, room, day, member.relation, household)
                return

    def _death(self, day: int, room: Room, household: Household) -> None:
        """The planned day of a death takes only the old, and more of the very old."""
        for member in self._here(room, household, day):
            risk = (member.person.age(day) - 62) * 0.03
            if self.random.random() < risk and self._close(member.person, room, day, died=True):
                household.members = [m for m in household.members if m is not member]
                return

"""Residents and the households they form: local owners, tenants from elsewhere, sharers, families, elders alone."""

from dataclasses import dataclass, field, replace
from random import Random

from simulator.town.clock import date_of
from simulator.town.names import dotted_name, foreign_name, given_name, surname
from simulator.town.numbers import PREFIXES, IdPool, permanent_card, twin_id
from simulator.town.profiles import Town
from simulator.town.seeding import pick, weigh

LOCAL, CITY, MIGRANT, COMPATRIOT, FOREIGN = 1, 2, 3, 4, 5
"""`pop_type`: registered here, elsewhere in the city, from elsewhere, Hong Kong / Macau / Taiwan, foreign."""

HEAD, SPOUSE, SON, DAUGHTER, GRANDCHILD, PARENT, OTHER = "02", "10", "20", "30", "40", "50", "97"
"""Relation to the head of the household (GB/T 4761)."""

_OLD_DIVISIONS = ("440102", "440107", "440126", "512221", "422421", "432326", "452325")
"""Abolished GB/T 2260 codes, still written as places of registration."""
_DIVISIONS = (
    "430121",
    "430281",
    "450821",
    "360731",
    "421087",
    "511321",
    "500235",
    "522422",
    "411524",
    "340826",
    "441481",
    "445281",
    "440923",
    "441581",
    "460028",
)
_CITY_DIVISIONS = ("440103", "440104", "440105", "440106", "440112", "440113", "440114", "440115", "440117", "440118")
COUNTRIES = {
    "USA": "840",
    "KOR": "410",
    "JPN": "392",
    "NGA": "566",
    "MLI": "466",
    "IND": "356",
    "RUS": "643",
    "VNM": "704",
}
"""Where foreign residents come from (GB/T 2659, letters and digits)."""


@dataclass(slots=True)
class Person:
    """One human being of the truth; `id_from` is the first day on which he or she has a number."""

    person: str
    name: str
    sex: int
    birth: int
    pop_type: int
    id_type: str
    id_no: str
    id_from: int
    hk_place: str
    country: str = "CHN"
    last_name: str = ""
    first_name: str = ""
    surname: str = ""
    single: bool = False

    def age(self, day: int) -> int:
        """Age in full years, near enough."""
        return int((day - self.birth) / 365.25)


@dataclass(slots=True)
class Member:
    """A person's place in a household."""

    person: Person
    relation: str


@dataclass(slots=True)
class Household:
    """People who live together; `number` is the household number on their booklet, `plates` their vehicles."""

    number: str
    owner: bool
    members: list[Member] = field(default_factory=list)
    plates: list[int] = field(default_factory=list)


class Registry:
    """Makes the people and households of one grid and keeps them."""

    def __init__(self, town: Town, grid: int, random: Random) -> None:
        self.grid, self.random = grid, random
        self.people: list[Person] = []
        self.pool = IdPool(grid, town.profile.grids)
        self.households = 0
        self.vehicles = 0

    def born(self, day: int, age: float) -> int:
        """Pick the birth day of somebody of about this age on `day`."""
        return day - int((age + self.random.random()) * 365.25)

    def person(
        self, sex: int, birth: int, pop_type: int, family: str = "", hk_place: str = "", *, baby: bool = False
    ) -> Person:
        """Make a resident-ID holder; a baby gets its number one to eight months after birth."""
        random = self.random
        local = pop_type == LOCAL
        prefix = PREFIXES[0] if local or random.random() < 0.25 else pick(random, PREFIXES)
        number, birth = self.pool.take(random, birth, sex, prefix)
        family = family or surname(random, local or random.random() < 0.3)
        name = family + given_name(random, sex, date_of(birth).year)
        id_from = birth + 30 + int(random.random() * 210) if baby else -100_000
        hk_place = hk_place or self._hk_place(pop_type)
        made = Person(self._key(), name, sex, birth, pop_type, "111", number, id_from, hk_place, surname=family)
        self.people.append(made)
        return made

    def twin(self, first: Person, sex: int) -> Person:
        """Make the twin of a child: same family and birth day, a name that shares a character, another number."""
        start = first.name[: len(first.surname) + 1]
        name = start + given_name(self.random, sex, date_of(first.birth).year)[-1]
        while name == first.name:
            name = start + given_name(self.random, sex, 2010)[-1]
        made = replace(first, person=self._key(), name=name, sex=sex, id_no=twin_id(first.id_no, sex))
        self.people.append(made)
        return made

    def dotted(self, sex: int, birth: int) -> Person:
        """Make a person whose name is written with a middle dot."""
        made = self.person(sex, birth, MIGRANT)
        made.name = dotted_name(self.random)
        made.surname = made.name.split("·")[1]
        return made

    def visitor(self, birth: int, sex: int, foreign: bool) -> Person:
        """Make a resident from Hong Kong, Macau, Taiwan or abroad, with a pass, passport or residence card."""
        random, serial = self.random, 10_000 * self.grid + len(self.people)
        if foreign:
            country, numeric = pick(random, tuple(COUNTRIES.items()))
            last, first = foreign_name(random, country)
            card = ("414", f"ZZ{serial:08d}")
            if random.random() < 0.3:
                card = ("553", permanent_card(numeric, birth, len(self.people)))
            name, pop_type = f"{first} {last}", FOREIGN
        else:
            last, first = surname(random, True), given_name(random, sex, date_of(birth).year)
            country = weigh(random, (("HKG", 0.65), ("MAC", 0.15), ("TWN", 0.2)))
            number = str(90_000_000 - serial)
            card = ("511", number) if country == "TWN" else ("516", country[0] + number)
            name, pop_type = last + first, COMPATRIOT
        made = Person(self._key(), name, sex, birth, pop_type, card[0], card[1], -100_000, "", country, last, first)
        self.people.append(made)
        return made

    def household(self, owner: bool, people: list[tuple[Person, str]]) -> Household:
        """Join people into a household; one in eight residents brings a vehicle."""
        self.households += 1
        made = Household(
            f"{self.grid:04d}{self.households:05d}", owner, [Member(p, relation) for p, relation in people]
        )
        for _ in people:
            if self.random.random() < (0.2 if owner else 0.09):
                self.vehicles += 1
                made.plates.append(self.grid * 400 + self.vehicles % 400)
        return made

    def _key(self) -> str:
        return f"P{self.grid:04d}-{len(self.people):05d}"

    def _hk_place(self, pop_type: int) -> str:
        if pop_type == LOCAL:
            return "440111"
        if pop_type == CITY:
            return pick(self.random, _CITY_DIVISIONS)
        return pick(self.random, _OLD_DIVISIONS if self.random.random() < 0.03 else _DIVISIONS)
